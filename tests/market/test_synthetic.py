"""The synthetic market as its users see it: tokens and prices that agree, and a clock that goes on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from bot.errors import NoData
from bot.market.provider import Market, Token
from bot.market.sources import build_market
from bot.market.synthetic import SyntheticMarket
from bot.market.synthetic_clock import FACT
from bot.settings import Settings
from storage.database import Database
from tests.databases import open_test_database
from tests.fakes.clock import StoppedClock

NOW = datetime(2026, 6, 1, 12, 0, 30, tzinfo=UTC)
DAY = 86_400
SYMBOLS = ("BNB", "ETH", "BTC", "CAKE", "DOGE", "SHIB", "FLOKI", "PEPE", "TRUMP")


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(NOW)


@pytest.fixture
def market(clock: StoppedClock) -> SyntheticMarket:
    return SyntheticMarket(1, clock)


@pytest.fixture
async def pepe(market: SyntheticMarket) -> Token:
    return (await market.search("PEPE"))[0]


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())


async def test_it_says_that_it_is_synthetic(market: Market) -> None:
    assert market.synthetic
    assert market.source == "synthetic"


@pytest.mark.parametrize("symbol", SYMBOLS)
async def test_the_usual_symbols_are_one_token_each(market: Market, symbol: str) -> None:
    exact = [token for token in await market.search(symbol.lower()) if token.symbol == symbol]
    assert len(exact) == 1
    assert re.fullmatch(r"0x[0-9a-f]{40}", exact[0].address)
    assert exact[0].pool is not None
    assert re.fullmatch(r"0x[0-9a-f]{40}", exact[0].pool)


async def test_no_two_tokens_share_an_address(market: Market) -> None:
    tokens = await market.trending(limit=100)
    addresses = [address for token in tokens for address in (token.address, token.pool)]
    assert len(set(addresses)) == 2 * len(tokens)


async def test_moon_is_two_tokens_the_most_liquid_first(market: Market) -> None:
    found = await market.search("$MOON")
    assert [token.symbol for token in found] == ["MOON", "MOON"]
    first, second = (token.liquidity_usd or 0 for token in found)
    assert first > second


async def test_a_token_is_found_by_name_and_by_address(market: Market, pepe: Token) -> None:
    assert (await market.search("pancakeswap"))[0].symbol == "CAKE"
    assert await market.search(pepe.address.upper().replace("0X", "0x")) == [pepe]
    assert await market.token(pepe.address, "bsc") == pepe
    assert await market.search("babyd", limit=1) == await market.search("BABYDOGE")


async def test_what_is_not_there_is_not_found(market: Market, pepe: Token) -> None:
    assert await market.search("no such token") == []
    assert await market.search("") == []
    assert await market.search("PEPE", chain="solana") == []
    assert await market.trending(chain="solana") == []
    with pytest.raises(NoData, match="no token 0x00 on bsc"):
        await market.token("0x00", "bsc")
    with pytest.raises(NoData, match="on eth"):
        await market.token(pepe.address, "eth")


async def test_risks_are_of_three_kinds_and_unknown_taxes_stay_unknown(market: Market) -> None:
    risks = {token.symbol: await market.risk(token) for token in await market.trending(limit=100)}
    assert risks["PEPE"].verdict == "no warning found"
    assert risks["SQUID"].verdict == "danger"
    assert risks["SQUID"].sell_tax_percent == 99
    assert risks["GLORP"].verdict == "unknown"
    assert risks["GLORP"].buy_tax_percent is None
    assert all(risk.reasons and risk.source == "synthetic" for risk in risks.values())


async def test_trending_is_ordered_by_volume(market: Market) -> None:
    volumes = [token.volume_24h_usd or 0 for token in await market.trending(limit=5)]
    assert len(volumes) == 5
    assert volumes == sorted(volumes, reverse=True)


async def test_the_price_is_where_the_last_closed_candle_ended(market: Market, pepe: Token) -> None:
    cake = (await market.search("CAKE"))[0]
    cake_price, price = await market.prices([cake, pepe])
    candles = await market.candles(pepe, 60, seconds(NOW) - 2 * DAY, seconds(NOW))
    assert (cake_price.token, price.token) == (cake, pepe)
    assert price.usd == candles.close[-1] == pepe.price_usd
    assert price.at == NOW.replace(second=0)
    assert price.change_24h_percent == pytest.approx((price.usd / candles.close[-1441] - 1) * 100)
    assert pepe.change_24h_percent == pytest.approx(price.change_24h_percent)
    assert pepe.volume_24h_usd == candles.volume[-1440:].sum()


@pytest.mark.parametrize("timeframe", [60, 300, 900, 3600, 14_400, DAY, 7 * DAY])
async def test_the_unfinished_candle_is_never_given(market: Market, pepe: Token, timeframe: int) -> None:
    candles = await market.candles(pepe, timeframe, seconds(NOW) - 30 * DAY, seconds(NOW) + 30 * DAY)
    assert candles.timeframe == timeframe
    last_end = int(candles.start[-1]) + timeframe
    assert last_end <= seconds(NOW) < last_end + timeframe
    assert np.all(candles.start % timeframe == 0)
    assert np.all(np.diff(candles.start) == timeframe)


async def test_a_stretch_holds_the_candles_that_start_in_it(market: Market, pepe: Token) -> None:
    start = seconds(NOW) // 900 * 900 - 90_000
    candles = await market.candles(pepe, 900, start, start + 4500)
    assert list(candles.start) == [start, start + 900, start + 1800, start + 2700, start + 3600]
    later = await market.candles(pepe, 900, start + 1, start + 4501)
    assert list(later.start) == [*candles.start[1:], start + 4500]
    assert len(await market.candles(pepe, 900, start, start)) == 0
    assert len(await market.candles(pepe, 900, seconds(NOW) + DAY, seconds(NOW) + 2 * DAY)) == 0


async def test_long_stretches_are_the_same_as_short_ones_and_tell_how_far_they_are(
    market: Market, pepe: Token
) -> None:
    told: list[float] = []
    end = seconds(NOW)
    whole = await market.candles(pepe, 300, end - 200 * DAY, end, told.append)
    part = await market.candles(pepe, 300, end - 120 * DAY, end - 80 * DAY)
    inside = np.isin(whole.start, part.start)
    assert np.count_nonzero(inside) == len(part)
    assert np.array_equal(whole.close[inside], part.close)
    assert np.array_equal(whole.volume[inside], part.volume)
    assert len(told) > 2
    assert told == sorted(told)
    assert told[-1] == 1


async def test_there_are_no_candles_before_a_token_was_created(market: Market, pepe: Token) -> None:
    assert pepe.created_at is not None
    created = seconds(pepe.created_at)
    candles = await market.candles(pepe, 3600, created - 10 * DAY, created + DAY)
    assert candles.start[0] == created
    with pytest.raises(NoData, match="PEPE was created on 15 December 2021"):
        await market.candles(pepe, 3600, created - 10 * DAY, created - DAY)


async def test_odd_timeframes_are_refused_with_a_way_out(market: Market, pepe: Token) -> None:
    with pytest.raises(NoData, match="take 1m or more"):
        await market.candles(pepe, 90, 0, 10)


async def test_years_of_candles_do_not_hold_the_event_loop(market: Market, pepe: Token) -> None:
    loop = asyncio.get_running_loop()
    turns = [loop.time()]
    done = False

    def turn() -> None:
        turns.append(loop.time())
        if not done:
            loop.call_soon(turn)

    loop.call_soon(turn)
    await market.candles(pepe, 300, seconds(NOW) - 3 * 365 * DAY, seconds(NOW))
    done = True
    # All of it takes half a second and more; some room is left for a busy machine.
    assert np.diff(turns).max() < 0.2


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_test_database("sqlite", tmp_path) as opened:
        yield opened


def fast(speed: float, tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, synthetic_speed=speed)


async def test_at_speed_one_the_market_has_our_time(
    database: Database, clock: StoppedClock, tmp_path: Path
) -> None:
    market = await build_market(fast(1, tmp_path), database, clock)
    assert market.now() == NOW
    clock.move(hours=5)
    assert market.now() == NOW + timedelta(hours=5)


async def test_a_fast_market_goes_on_after_a_restart(
    database: Database, clock: StoppedClock, tmp_path: Path
) -> None:
    market = await build_market(fast(60, tmp_path), database, clock)
    clock.move(minutes=1)
    assert market.now() == NOW + timedelta(hours=1)
    restarted = await build_market(fast(60, tmp_path), database, clock)
    clock.move(minutes=1)
    assert restarted.now() == market.now() == NOW + timedelta(hours=2)
    pepe = (await restarted.search("PEPE"))[0]
    candles = await restarted.candles(pepe, 60, seconds(NOW), seconds(NOW) + DAY)
    assert candles.start[-1] + 60 == seconds(NOW + timedelta(hours=2)) // 60 * 60


async def test_another_speed_goes_on_from_where_the_market_is(
    database: Database, clock: StoppedClock, tmp_path: Path
) -> None:
    await build_market(fast(60, tmp_path), database, clock)
    clock.move(minutes=10)
    slower = await build_market(fast(2, tmp_path), database, clock)
    assert slower.now() == NOW + timedelta(minutes=600)
    clock.move(minutes=10)
    assert slower.now() == NOW + timedelta(minutes=620)
    usual = await build_market(fast(1, tmp_path), database, clock)
    clock.move(minutes=10)
    assert usual.now() == NOW + timedelta(minutes=630)
    async with database.view() as unit:
        stored = await unit.facts.get(FACT)
    assert stored is not None
    assert stored["speed"] == 1
    assert datetime.fromisoformat(stored["market_origin"]) == NOW + timedelta(minutes=620)


async def test_while_our_clock_is_set_back_the_market_stands_still(
    database: Database, clock: StoppedClock, tmp_path: Path
) -> None:
    market = await build_market(fast(60, tmp_path), database, clock)
    clock.move(hours=-1)
    assert market.now() == NOW
    clock.move(hours=1, minutes=1)
    assert market.now() == NOW + timedelta(hours=1)


async def test_another_seed_is_another_market(
    database: Database, clock: StoppedClock, tmp_path: Path
) -> None:
    prices = []
    for seed in (1, 1, 2):
        market = await build_market(Settings(data_dir=tmp_path, synthetic_seed=seed), database, clock)
        pepe = (await market.search("PEPE"))[0]
        prices.append((await market.prices([pepe]))[0].usd)
    assert prices[0] == prices[1] != prices[2]
