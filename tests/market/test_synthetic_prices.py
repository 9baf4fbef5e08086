"""Made-up prices: a pure function of the minute, the same for everybody, and as lively as a market."""

from __future__ import annotations

import time
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.market.synthetic_prices import PriceProcess, key_of, minute_candles, price_at
from bot.market.synthetic_tokens import TOKENS
from bot.trading.candles import Candles, resample

NOW = 29_900_160
"""Some minute of November 2026."""

COLUMNS = ("start", "open", "high", "low", "close", "volume")
minutes = st.integers(20_000_000, 40_000_000)


def process_of(symbol: str, seed: int = 1) -> PriceProcess:
    token = next(token for token in TOKENS if token.symbol == symbol)
    return PriceProcess(key_of(seed, token.address), token.level, token.yearly_volatility, token.daily_volume)


PEPE = process_of("PEPE")


def digest(candles: Candles) -> str:
    """What is the same on every machine, or the machines have other prices."""
    columns = (np.ascontiguousarray(getattr(candles, name)).astype("<f8").tobytes() for name in COLUMNS)
    return sha256(b"".join(columns)).hexdigest()[:16]


@pytest.mark.parametrize(
    ("symbol", "seed", "first", "length", "pinned"),
    [
        ("PEPE", 1, NOW, 10_000, "1475745a3e5f17ed"),
        ("PEPE", 2, NOW, 1_000, "d1e062ad09ba4688"),
        ("BTC", 1, NOW - 1_000_000, 10_000, "ea10521c652b8cf0"),
        ("BABYDOGE", 1, 28_000_000, 1_000, "803c999ce2059a47"),
    ],
)
def test_prices_are_the_same_on_every_machine(
    symbol: str, seed: int, first: int, length: int, pinned: str
) -> None:
    assert digest(minute_candles(process_of(symbol, seed), first, first + length)) == pinned


@given(minutes, st.integers(1, 3000), st.integers(0, 2999), st.integers(1, 3000))
def test_a_stretch_is_the_same_whatever_was_asked_around_it(
    first: int, length: int, skipped: int, taken: int
) -> None:
    whole = minute_candles(PEPE, first, first + length)
    begin, end = min(skipped, length - 1), min(skipped + taken, length)
    part = minute_candles(PEPE, first + begin, first + max(end, begin + 1))
    for name in COLUMNS:
        assert np.array_equal(getattr(whole, name)[begin : max(end, begin + 1)], getattr(part, name))


@given(minutes, st.integers(1, 500))
def test_candles_are_possible_and_join_without_a_jump(first: int, length: int) -> None:
    candles = minute_candles(PEPE, first, first + length)
    assert np.all(candles.low > 0)
    assert np.all(candles.low <= np.minimum(candles.open, candles.close))
    assert np.all(candles.high >= np.maximum(candles.open, candles.close))
    assert np.array_equal(candles.open[1:], candles.close[:-1])
    assert np.all(candles.volume > 0)
    assert candles.open[0] == price_at(PEPE, first)
    assert candles.close[-1] == price_at(PEPE, first + length)


@given(minutes, st.sampled_from([(120, 600), (300, 900), (900, 3600), (3600, 86_400)]))
def test_candles_of_all_timeframes_agree(first: int, timeframes: tuple[int, int]) -> None:
    candles = minute_candles(PEPE, first - first % 1440, first - first % 1440 + 1440)
    small, large = (resample(candles, timeframe) for timeframe in timeframes)
    joined = resample(small, timeframes[1])
    for name in COLUMNS:
        assert np.array_equal(getattr(joined, name), getattr(large, name))


def test_no_minutes_are_no_candles() -> None:
    assert len(minute_candles(PEPE, NOW, NOW)) == 0


def test_another_seed_and_another_token_have_other_prices() -> None:
    prices = {price_at(process_of(*which), NOW) for which in (("PEPE", 1), ("PEPE", 2), ("CAKE", 1))}
    assert len(prices) == 3


@pytest.mark.parametrize("token", TOKENS, ids=lambda token: f"{token.symbol}-{token.address[-4:]}")
def test_prices_wander_around_their_level_for_years(token: object) -> None:
    listed = next(known for known in TOKENS if known is token)
    process = PriceProcess(
        key_of(1, listed.address), listed.level, listed.yearly_volatility, listed.daily_volume
    )
    prices = np.array([price_at(process, minute) for minute in range(26_300_000, 36_800_000, 100_000)])
    assert np.all(prices > listed.level / 64)
    assert np.all(prices < listed.level * 64)
    assert prices.max() > prices.min() * 1.2


@pytest.mark.parametrize("season", range(4))
def test_pepe_falls_five_percent_in_an_hour_now_and_then_and_rises_by_ten(season: int) -> None:
    end = NOW - season * 90 * 1440
    close = resample(minute_candles(PEPE, end - 90 * 1440, end), 900).close
    fallen = close[4:] <= close[:-4] * 0.95
    falls = np.count_nonzero(fallen[1:] & ~fallen[:-1])
    assert 3 <= falls <= 60
    assert np.any(close[96:] >= close[:-96] * 1.1)


def test_volume_follows_the_day_and_sometimes_bursts() -> None:
    candles = minute_candles(PEPE, NOW - 30 * 1440, NOW)
    daily = candles.volume.sum() / 30
    assert PEPE.daily_volume / 3 < daily < PEPE.daily_volume * 3
    assert np.count_nonzero(candles.volume > 10 * np.median(candles.volume)) > 100


def test_ninety_days_of_minutes_take_a_blink() -> None:
    minute_candles(PEPE, NOW - 1440, NOW)
    begin = time.process_time()
    minute_candles(PEPE, NOW - 90 * 1440, NOW)
    assert time.process_time() - begin < 0.2
