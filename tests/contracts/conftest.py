"""Every platform, one after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from bot.settings import Settings
from bot.workers import Workers
from tests.contracts.harness import Harness
from tests.contracts.on_discord import open_discord
from tests.contracts.on_fake import open_fake
from tests.contracts.on_telegram import open_telegram
from tests.contracts.on_terminal import open_terminal
from tests.databases import ready_database

PLATFORMS = (open_fake, open_terminal, open_telegram, open_discord)
"""Each opens a house on a platform; a new adapter is added here."""

OpenHarness = Callable[..., AbstractAsyncContextManager[Harness]]


@pytest.fixture(params=PLATFORMS, ids=lambda platform: platform.__name__.removeprefix("open_"))
async def open_harness(request: pytest.FixtureRequest, tmp_path: Path, workers: Workers) -> OpenHarness:
    """Opens a house on the platform under test."""
    url = await ready_database("sqlite", tmp_path)

    def open_(model: Any = None) -> AbstractAsyncContextManager[Harness]:
        opened: AbstractAsyncContextManager[Harness] = request.param(
            Settings(data_dir=tmp_path, database_url=url), workers, model
        )
        return opened

    return open_


@pytest.fixture
async def harness(open_harness: OpenHarness) -> AsyncIterator[Harness]:
    """A house on the platform under test."""
    async with open_harness() as opened:
        yield opened
