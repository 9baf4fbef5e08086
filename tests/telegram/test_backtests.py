"""The backtest on Telegram: a picture, its key figures, and buttons that lead on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.fakes.telegram_house import TelegramHouse
from tests.stories.test_first_bot import DIP
from tests.telegram.conftest import OpenTelegram


@pytest.fixture
async def house(open_telegram: OpenTelegram) -> AsyncIterator[TelegramHouse]:
    async with open_telegram(given={"anonymous_backtests": None}) as opened:
        yield opened


async def test_a_chart_with_figures_and_three_ways_on(house: TelegramHouse) -> None:
    alice = house.world.person("Alice")
    chat = house.world.private(alice)
    await house.says(alice, DIP)
    await house.presses(alice, "Create")
    await house.says(alice, "backtest it on 15m candles for the last 30 days")
    picture = next(each for each in chat.ours() if each.photo)
    assert picture.photo is not None
    assert picture.photo.startswith(b"\x89PNG")
    assert "%" in picture.text
    assert len(picture.labels) == 3

    details, trades, again = picture.labels
    before = len(chat.ours())
    await house.presses(alice, details)
    assert len(chat.ours()) > before
    await house.presses(alice, trades)
    file = next(each.document for each in reversed(chat.ours()) if each.document)
    assert file[0].endswith(".csv")
    before = len(chat.ours())
    await house.presses(alice, again)
    assert len(chat.ours()) > before
