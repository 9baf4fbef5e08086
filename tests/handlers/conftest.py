"""A desk for every test of commands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.workers import Workers
from tests.tools.desk import Desk, open_desk


@pytest.fixture
async def desk(tmp_path: Path, workers: Workers) -> AsyncIterator[Desk]:
    """A desk with the usual limits lifted; tests of limits open their own."""
    async with open_desk(tmp_path, workers, anonymous_bots=None, anonymous_backtests=None) as opened:
        yield opened
