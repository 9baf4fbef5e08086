"""Seeded candle series for the engine's tests: wild ones of many kinds, and hand-made ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from numpy.typing import NDArray

from bot.trading.candles import Candles

BEGIN = 1_700_006_400
"""The start of the first candle: midnight UTC, a whole multiple of every timeframe up to a day."""


def wild(seed: int, count: int, timeframe: int, base: float) -> Candles:
    """A random walk from `base` with jumps between candles, crashes, spikes, and often filled gaps or no volume."""
    random = np.random.default_rng(seed)
    swing = random.choice([0.002, 0.01, 0.04])
    moves = random.normal(0.0, swing, count)
    jumps = np.where(
        random.random(count) < random.choice([0.0, 0.1, 0.5]), random.normal(0, swing, count), 0.0
    )
    crashes = random.random(count) < 0.01
    moves[crashes] += random.normal(0.0, 0.4, int(crashes.sum()))
    share_of_gaps = random.choice([0.0, 0.05, 0.3])
    gap = random.random(count) < share_of_gaps
    gap[0] = False
    volume = np.exp(random.normal(8.0, 1.0, count))
    columns = np.empty((4, count))
    last = base
    for index in range(count):
        if gap[index]:
            columns[:, index] = last
            volume[index] = 0.0
            continue
        open_ = last * np.exp(jumps[index])
        close = open_ * np.exp(moves[index])
        high = max(open_, close) * (1.0 + abs(random.normal(0.0, swing)))
        low = min(open_, close) / (1.0 + abs(random.normal(0.0, swing)))
        columns[:, index] = open_, high, low, close
        last = close
    if random.random() < 0.15:
        volume[:] = 0.0
    return series(timeframe, columns[0], columns[1], columns[2], columns[3], volume)


def series(
    timeframe: int,
    open_: object,
    high: object,
    low: object,
    close: object,
    volume: object,
) -> Candles:
    """Candles one after another from `BEGIN` on."""
    columns = [np.array(column, dtype=np.float64) for column in (open_, high, low, close, volume)]
    start = BEGIN + timeframe * np.arange(len(columns[0]), dtype=np.int64)
    return Candles(timeframe, start, columns[0], columns[1], columns[2], columns[3], columns[4])


def candles(*rows: tuple[float, ...], timeframe: int = 300) -> Candles:
    """Hand-made candles of (open, high, low, close), or of (open, high, low, close, volume); volume 1 if left out."""
    full = [(*row, 1.0)[:5] for row in rows]
    return series(timeframe, *zip(*full, strict=True))


def changed(found: Candles, change: Callable[[str, NDArray[np.float64]], NDArray[np.float64]]) -> Candles:
    """The same candles with every column as `change(name, column)` makes it."""
    return replace(
        found,
        open=change("open", found.open),
        high=change("high", found.high),
        low=change("low", found.low),
        close=change("close", found.close),
        volume=change("volume", found.volume),
    )


def around(base: float) -> SearchStrategy[float]:
    """Prices up to a fifth away from a base."""
    return st.floats(0.8, 1.2).map(lambda factor: base * factor)


BASES: tuple[float, ...] = (1.0, 3e-8, 2_500.0)
LEVELS = {base: around(base) for base in BASES}
"""Prices around each base, for `price_level`."""
