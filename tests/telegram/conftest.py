"""A house on Telegram for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from bot.settings import Settings
from bot.workers import Workers
from tests.databases import ready_database
from tests.fakes.bot_api import BotApi
from tests.fakes.telegram_house import TelegramHouse, open_telegram_house

OpenTelegram = Callable[..., AbstractAsyncContextManager[TelegramHouse]]


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    """A Bot API that outlives the houses of a test."""
    async with BotApi() as served:
        yield served


@pytest.fixture
async def open_telegram(tmp_path: Path, workers: Workers) -> OpenTelegram:
    """Opens a house on Telegram on this test's database; `api` of an earlier one makes it a restart."""
    url = await ready_database("sqlite", tmp_path)

    def open_(
        *, given: dict[str, Any] | None = None, **options: Any
    ) -> AbstractAsyncContextManager[TelegramHouse]:
        settings = Settings(data_dir=tmp_path, database_url=url, **(given or {}))
        return open_telegram_house(settings, workers, **options)

    return open_


@pytest.fixture
async def house(open_telegram: OpenTelegram) -> AsyncIterator[TelegramHouse]:
    """A house with its usual settings."""
    async with open_telegram() as opened:
        yield opened
