"""What every source promises, whoever stands behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from bot.errors import NoData, ProviderDown
from bot.market.provider import NotServed
from tests.fakes.market_world import PEPE
from tests.market.serving import LIVE, OpenServed, Served

HOUR, DAY = 3_600, 86_400


@pytest.fixture(params=(*LIVE, "synthetic"))
async def any_market(open_served: OpenServed, request: pytest.FixtureRequest) -> AsyncIterator[Served]:
    async with open_served(request.param) as opened:
        yield opened


async def test_tokens_are_found_described_priced_and_looked_at(any_market: Served) -> None:
    market = any_market.market
    found = await market.search(" pepe ")
    assert found[0].symbol == "PEPE"
    assert len({(token.chain, token.address) for token in found}) == len(found)
    liquid = [token.liquidity_usd or 0.0 for token in found]
    assert liquid == sorted(liquid, reverse=True)

    token = await market.token(found[0].address, found[0].chain)
    assert (token.address, token.symbol, token.pool) == (found[0].address, "PEPE", found[0].pool)
    trending = await market.trending()
    assert any(each.address == token.address for each in trending)

    cake = next(each for each in await market.search("CAKE") if each.symbol == "CAKE")
    prices = await market.prices([cake, token])
    assert [price.token.symbol for price in prices] == ["CAKE", "PEPE"]
    assert all(price.usd > 0 and price.at <= market.now() for price in prices)
    assert (await market.risk(token)).verdict == "no warning found"


async def test_what_is_not_there_is_said(any_market: Served) -> None:
    assert list(await any_market.market.search("NOSUCHTHING")) == []
    chain = (await any_market.pepe()).chain
    with pytest.raises(NoData):
        await any_market.market.token("0x" + "9" * 40, chain)


async def test_candles_are_closed_whole_and_in_order(any_market: Served) -> None:
    any_market.clock.move(seconds=17)
    pepe, now = await any_market.pepe(), any_market.now
    for timeframe in (60, 900, 1_800, 7_200, 21_600, DAY, 420):
        start = now - 30 * timeframe - 5
        candles = await any_market.market.candles(pepe, timeframe, start, now + DAY)
        assert len(candles) in (29, 30)
        assert (np.diff(candles.start) == timeframe).all()
        assert candles.start[0] % timeframe == 0
        assert candles.start[0] >= start
        assert now - timeframe < candles.start[-1] + timeframe <= now
        assert candles.missing == 0
        assert (candles.low > 0).all()
        for column in (candles.open, candles.close):
            assert (candles.low <= column).all()
            assert (candles.high >= column).all()


async def test_larger_candles_are_built_from_smaller_ones(served: Served) -> None:
    pepe, now = await served.pepe(), served.now
    small = await served.market.candles(pepe, 900, now - DAY, now)
    for timeframe in (1_800, 7_200):
        large = await served.market.candles(pepe, timeframe, now - DAY, now)
        per = timeframe // 900
        assert len(large) == len(small) // per
        assert np.allclose(large.open, small.open[::per], rtol=1e-9)
        assert np.allclose(large.close, small.close[per - 1 :: per], rtol=1e-9)


async def test_candles_are_the_truth(served: Served) -> None:
    now = served.now
    candles = await served.market.candles(await served.pepe(), HOUR, now - 5 * HOUR, now)
    truth = [PEPE.candle(start, HOUR) for start in range(now - 5 * HOUR, now, HOUR)]
    table = np.array(
        [candles.start, candles.open, candles.high, candles.low, candles.close, candles.volume], dtype=float
    ).T
    assert np.allclose(table, truth, rtol=1e-9, atol=0)


async def test_nothing_is_fetched_twice_not_even_after_a_restart(open_served: OpenServed, live: str) -> None:
    async with open_served(live) as served:
        pepe, now = await served.pepe(), served.now
        first = await served.market.candles(pepe, 300, now - 9 * DAY, now)
        count = len(served.candle_requests)
        assert count >= 3
        again = await served.market.candles(pepe, 300, now - 5 * DAY, now - DAY)
        assert np.array_equal(again.close, first.close[4 * 288 : 8 * 288])
        assert len(served.candle_requests) == count
    async with open_served(live) as served:
        kept = await served.market.candles(pepe, 300, now - 9 * DAY, now)
        assert np.array_equal(kept.close, first.close)
        assert len(served.candle_requests) == count
        served.clock.move(hours=1)
        longer = await served.market.candles(pepe, 300, now - 9 * DAY, now + HOUR)
        assert len(longer) == len(first) + 12
        newest = served.candle_requests[count:]
        assert len(newest) == 1
        if "limit" in newest[0].query and live != "exchange:binance":
            assert newest[0].query["limit"] == "12"


async def test_everybody_who_waits_for_the_same_shares_one_fetch(served: Served) -> None:
    pepe, now = await served.pepe(), served.now
    served.apis.asked.clear()
    alone = await served.market.candles(pepe, 300, now - 2 * DAY, now)
    needed = len(served.candle_requests)
    served.apis.asked.clear()
    both = await asyncio.gather(*(served.market.candles(pepe, 900, now - 12 * DAY, now) for _ in range(20)))
    assert all(np.array_equal(each.close, both[0].close) for each in both)
    assert len(served.candle_requests) <= 4 * needed
    served.apis.asked.clear()
    await asyncio.gather(*(served.market.prices([pepe]) for _ in range(20)))
    assert len(served.apis.asked) == 1
    assert len(alone)


async def test_without_network_what_is_kept_is_given(open_served: OpenServed, live: str) -> None:
    async with open_served(live) as served:
        pepe, now = await served.pepe(), served.now
        await served.market.prices([pepe])
        kept = await served.market.candles(pepe, 300, now - 9 * DAY, now)
        served.clock.move(hours=3)
        served.apis.fault = lambda asked: "drop"
        shorter = await served.market.candles(pepe, 300, now - 9 * DAY, served.now)
        assert np.array_equal(shorter.close, kept.close)
        (price,) = await served.market.prices([pepe])
        assert (served.market.now() - price.at).total_seconds() >= 3 * HOUR
        found = (await served.market.search("PEPE"))[0]
        assert found.as_of is not None
        assert (served.market.now() - found.as_of).total_seconds() >= 3 * HOUR
        assert served.market.health().breaker == "open"
        with pytest.raises(ProviderDown):
            await served.market.trending()


async def test_a_stretch_before_the_beginning_begins_where_there_is_something(served: Served) -> None:
    pepe, now = await served.pepe(), served.now
    candles = await served.market.candles(pepe, DAY, now - 400 * DAY, now)
    assert candles.start[0] == int(PEPE.born.timestamp())
    with pytest.raises(NoData, match="no candles of PEPE"):
        await served.market.candles(pepe, DAY, now - 4000 * DAY, now - 3000 * DAY)


async def test_progress_ends_with_everything(served: Served) -> None:
    pepe, told = await served.pepe(), list[float]()
    await served.market.candles(pepe, 300, served.now - 12 * DAY, served.now, told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 3


async def test_another_place_gets_a_sentence(served: Served) -> None:
    with pytest.raises(NotServed, match="CHAINS"):
        await served.market.search("PEPE", "solana")


async def test_how_it_is_doing_can_be_asked_without_asking_anybody(served: Served) -> None:
    assert served.market.health().last_success is None
    await served.pepe()
    served.apis.asked.clear()
    health = served.market.health()
    assert health.source == served.market.source
    assert health.last_success == served.clock()
    assert health.breaker == "closed"
    assert health.calls is not None
    assert health.calls_used >= 1
    assert served.apis.asked == []


async def test_a_timeframe_that_cannot_be_built_names_those_that_can(served: Served) -> None:
    with pytest.raises(NoData, match="15m"):
        await served.market.candles(await served.pepe(), 90, served.now - DAY, served.now)
