"""A house on Discord for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from bot.settings import Settings
from bot.workers import Workers
from tests.databases import ready_database
from tests.fakes.discord_api import DiscordApi
from tests.fakes.discord_house import DiscordHouse, open_discord_house

OpenDiscord = Callable[..., AbstractAsyncContextManager[DiscordHouse]]


@pytest.fixture
async def api() -> AsyncIterator[DiscordApi]:
    """A Discord that outlives the houses of a test."""
    async with DiscordApi() as served:
        yield served


@pytest.fixture
async def open_discord(tmp_path: Path, workers: Workers) -> OpenDiscord:
    """Opens a house on Discord on this test's database; `api` of an earlier one makes it a restart."""
    url = await ready_database("sqlite", tmp_path)

    def open_(
        *, given: dict[str, Any] | None = None, **options: Any
    ) -> AbstractAsyncContextManager[DiscordHouse]:
        settings = Settings(data_dir=tmp_path, database_url=url, **(given or {}))
        return open_discord_house(settings, workers, **options)

    return open_


@pytest.fixture
async def house(open_discord: OpenDiscord) -> AsyncIterator[DiscordHouse]:
    """A house with its usual settings."""
    async with open_discord() as opened:
        yield opened
