"""ccxt takes seconds to import, so nobody does who does not use it; what is set up wrongly stops the start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.market.sources import build_market
from bot.settings import Settings
from storage.database import Database
from tests.fakes.clock import StoppedClock


def test_ccxt_is_not_imported_by_who_does_not_use_it() -> None:
    code = "import sys; import bot.app, bot.market.sources; sys.exit('ccxt' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_ccxt_the_operator_reads_how_to_install_it() -> None:
    code = (
        "import sys; sys.modules['ccxt'] = None\n"
        "from bot.market.exchange import _imported\n"
        "try: _imported()\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.startswith("SettingsError")
    assert "pip install randebu[exchange]" in done.stdout


async def test_an_exchange_that_nobody_knows_stops_the_start(open_database: Database, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, market_source="exchange:nosuchexchange")
    with pytest.raises(SettingsError, match="ccxt knows no exchange nosuchexchange"):
        await build_market(settings, open_database, StoppedClock())
