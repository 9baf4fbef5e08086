"""The indicators against TA-Lib, and on prices where they could go wrong."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import talib

from bot.trading import indicators
from bot.trading.layout import Floats

CLOSE_ENOUGH = 1e-9
COUNT = 20_000
CUTS = [1, 2, 3, 7, 50, 51, 52, 1_000, 1_003, 9_999]
"""Where the series is cut into stretches: what an indicator carries over must change nothing."""


def prices(seed: int, base: float = 1.0) -> Floats:
    random = np.random.default_rng(seed)
    moves = random.normal(0.0, 0.01, COUNT)
    # A third of the candles without any change, as of tokens that hardly trade.
    moves[random.random(COUNT) < 0.33] = 0.0
    walk: Floats = base * np.exp(np.cumsum(moves - 0.0005 * np.sin(np.arange(COUNT) / 500)))
    return walk


def stretches(values: Floats, look_back: int) -> list[tuple[Floats, int, int, int]]:
    """(values with what comes before them, how many those are, candles seen before, length) of every stretch."""
    found = []
    edges = [0, *(cut for cut in CUTS if cut < len(values)), len(values)]
    for begin, end in pairwise(edges):
        # Before the very first candle stands a copy of it, as in the engine.
        known = values[max(0, begin - look_back) : begin]
        lead = np.concatenate([np.full(look_back - len(known), values[0]), known])
        found.append((np.concatenate([lead, values[begin:end]]), look_back, begin, end - begin))
    return found


def same(found: Floats, expected: Floats, from_place: int) -> None:
    np.testing.assert_allclose(found[from_place:], expected[from_place:], rtol=CLOSE_ENOUGH, atol=0.0)


def mean(values: Floats, period: int) -> Floats:
    memory, out = np.zeros(2 + period), []
    for column, lead, seen, count in stretches(values, period):
        out.append(np.empty(count))
        indicators.moving_mean(column, lead, seen, period, memory, out[-1])
    return np.concatenate(out)


def deviation(values: Floats, period: int) -> tuple[Floats, Floats]:
    memory = np.zeros(3 + 2 * period)
    means, deviations = [], []
    for column, lead, seen, count in stretches(values, period):
        means.append(np.empty(count))
        deviations.append(np.empty(count))
        indicators.moving_deviation(column, lead, seen, period, memory, means[-1], deviations[-1])
    return np.concatenate(means), np.concatenate(deviations)


def exponential(values: Floats, fast: int, slow: int) -> tuple[Floats, Floats]:
    memory = np.zeros(2)
    fasts, slows = [], []
    for column, lead, seen, count in stretches(values, slow):
        fasts.append(np.empty(count))
        slows.append(np.empty(count))
        indicators.exponential_means(column, lead, seen, fast, slow, memory, fasts[-1], slows[-1])
    return np.concatenate(fasts), np.concatenate(slows)


def strength(values: Floats, period: int) -> Floats:
    memory, out = np.zeros(2), []
    for column, lead, seen, count in stretches(values, period + 1):
        out.append(np.empty(count))
        indicators.relative_strength(column, lead, seen, period, memory, out[-1])
    return np.concatenate(out)


BASES = [3e-8, 1.0, 60_000.0]


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("period", [2, 14, 200])
def test_the_simple_mean_agrees_with_talib(base: float, period: int) -> None:
    values = prices(period, base)
    same(mean(values, period), talib.SMA(values / base, period) * base, period - 1)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize(("fast", "slow"), [(2, 3), (9, 21), (50, 200)])
def test_the_exponential_means_agree_with_talib(base: float, fast: int, slow: int) -> None:
    values = prices(fast, base)
    found_fast, found_slow = exponential(values, fast, slow)
    same(found_fast, talib.EMA(values, fast), fast - 1)
    same(found_slow, talib.EMA(values, slow), slow - 1)


def test_an_exponential_mean_of_one_candle_is_the_close() -> None:
    values = prices(1)
    same(exponential(values, 1, 5)[0], values, 0)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("period", [2, 14, 100])
def test_the_strength_index_agrees_with_talib(base: float, period: int) -> None:
    values = prices(period, base)
    # TA-Lib takes mean changes under 1e-14 for nothing, so it is shown prices around 1.
    expected = talib.RSI(values / base * 1e3, period)
    moving = expected > 0.0
    found = strength(values, period)
    np.testing.assert_allclose(found[period:][moving[period:]], expected[period:][moving[period:]], rtol=1e-9)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("period", [5, 20, 200])
def test_the_bands_agree_with_talib(base: float, period: int) -> None:
    values = prices(period, base)
    middle, width = deviation(values, period)
    upper, expected, lower = talib.BBANDS(values / base, period, 2.0, 2.0)
    same(middle, expected * base, period - 1)
    same(middle + 2.0 * width, upper * base, period - 1)
    same(middle - 2.0 * width, lower * base, period - 1)


@pytest.mark.parametrize("price", [1.0, 0.1, 3.3e-9, 61_234.56])
def test_a_constant_price_has_no_strength_no_width_and_itself_as_mean(price: float) -> None:
    values = np.full(3_000, price)
    assert set(strength(values, 14)[14:].tolist()) == {50.0}
    middle, width = deviation(values, 20)
    assert set(middle[19:].tolist()) == {price}
    assert set(width[19:].tolist()) == {0.0}
    assert set(mean(values, 20)[19:].tolist()) == {price}


def test_the_strength_of_a_token_that_died_becomes_50_again() -> None:
    values = np.concatenate([prices(5)[:500], np.full(COUNT, 0.02)])
    assert strength(values, 14)[-1] == 50.0


def test_only_rises_are_100_and_only_falls_0() -> None:
    values = 1.01 ** np.arange(400.0)
    assert strength(values, 14)[14:] == pytest.approx(100.0, rel=1e-14)
    assert strength(values[::-1].copy(), 14)[14:].max() == 0.0
