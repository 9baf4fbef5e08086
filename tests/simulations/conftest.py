"""What tests of simulations share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.workers import Workers
from tests.simulations.desk import Desk, open_desk


@pytest.fixture
async def desk(tmp_path: Path, workers: Workers) -> AsyncIterator[Desk]:
    """A desk on SQLite."""
    async with open_desk("sqlite", tmp_path, workers) as opened:
        yield opened
