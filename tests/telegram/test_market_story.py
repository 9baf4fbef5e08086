"""From "find PEPE" to a backtest on its candles, on Telegram and on a live source."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.fakes.market_apis import MarketApis
from tests.fakes.market_world import PEPE
from tests.fakes.telegram_house import TelegramHouse
from tests.stories.test_first_bot import DIP
from tests.telegram.conftest import OpenTelegram


@pytest.fixture
async def apis() -> AsyncIterator[MarketApis]:
    async with MarketApis() as served:
        yield served


@pytest.fixture
async def house(open_telegram: OpenTelegram, apis: MarketApis) -> AsyncIterator[TelegramHouse]:
    given = apis.settings("geckoterminal", anonymous_backtests=None)
    async with open_telegram(given=given, clock=apis.world.clock) as opened:
        yield opened


async def test_from_finding_pepe_to_a_backtest_on_its_candles(house: TelegramHouse, apis: MarketApis) -> None:
    alice = house.world.person("Alice")
    chat = house.world.private(alice)

    found = await house.says(alice, "find PEPE")
    assert PEPE.address in found.text
    assert "geckoterminal" in found.text
    assert "synthetic" not in found.text

    which = await house.says(alice, "/risk PEPE")
    assert "2 tokens are called PEPE" in which.text
    assert which.labels[0] == "1. Pepe"
    for said in ("0x0000…25d8", "$2,400,000", "4 months old"):
        assert said in which.text
    risk = await house.presses(alice, which.labels[0])
    assert "no warning found" in risk.text
    assert "GoPlus" in risk.text

    asked = await house.says(alice, DIP)
    choice = next(label for label in asked.labels if "25d8" in label)
    question = await house.presses(alice, choice)
    assert PEPE.address in question.text
    assert PEPE.pool in question.text
    await house.presses(alice, "Create")

    await house.says(alice, "backtest it on 15m candles for the last 30 days")
    report = "\n".join(each.text for each in chat.ours())
    assert "Data: geckoterminal" in report
    assert "2,880 candles of 15 minutes" in report
    assert "Asked for: 2 May 2026 12:00 to 1 Jun 2026 11:45 UTC" in report
    assert "made up" not in report
    assert any(each.photo for each in chat.ours())
    pages = apis.counted("gecko")[f"networks/bsc/pools/{PEPE.pool}/ohlcv/minute"]
    assert pages == 4

    price = await house.says(alice, "/price PEPE")
    assert "Source: geckoterminal" in price.text
    apis.world.clock.move(hours=2)
    apis.fault = lambda asked: "html"
    old = await house.says(alice, "/price PEPE")
    assert "2 hours ago" in old.text
    away = await house.says(alice, "/trending")
    assert "GeckoTerminal" in away.text
    assert "<" not in away.text
