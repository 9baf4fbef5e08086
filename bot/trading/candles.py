"""Candles as columns, and the only place where they are sorted, de-duplicated, filled and resampled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.errors import NoData

Seconds = int

REFUSED_SHARE_MISSING = 0.20
"""Above this fraction of missing candles a series is refused."""

WARNED_SHARE_MISSING = 0.03
"""Above this fraction of missing candles a result carries a warning."""


@dataclass(frozen=True, slots=True, eq=False)
class Candles:
    """Closed candles of one market, ascending and without holes, as columns of equal length.

    `start` is in epoch seconds (the start of the interval, UTC), prices and `volume` in quote currency,
    `timeframe` in seconds. `missing` counts the intervals that were filled (O=H=L=C=previous close, V=0).
    """

    timeframe: Seconds
    start: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]
    missing: int = 0

    def __len__(self) -> int:
        return len(self.start)


def assemble(
    timeframe: Seconds,
    start: NDArray[np.int64],
    open_: NDArray[np.float64],
    high: NDArray[np.float64],
    low: NDArray[np.float64],
    close: NDArray[np.float64],
    volume: NDArray[np.float64],
) -> Candles:
    """Candles from rows in any order: sorted, of equal starts the last row kept, missing intervals filled.

    Raises `NoData` when more than a fifth is missing, and `ValueError` when the starts do not lie whole
    timeframes apart, which a reader has to notice before.
    """
    order = np.argsort(start, kind="stable")
    ascending = start[order]
    last_of_each = np.ones(len(ascending), dtype=np.bool_)
    last_of_each[:-1] = ascending[1:] != ascending[:-1]
    order = order[last_of_each]
    ascending = ascending[last_of_each]
    if len(ascending) == 0:
        return Candles(
            timeframe, ascending, open_[order], high[order], low[order], close[order], volume[order]
        )
    place, remainder = np.divmod(ascending - ascending[0], timeframe)
    if remainder.any():
        raise ValueError(f"The starts do not lie whole timeframes of {timeframe} s apart.")
    length = int(place[-1]) + 1
    missing = length - len(ascending)
    if missing > length * REFUSED_SHARE_MISSING:
        raise NoData(
            f"{missing:,} of {length:,} candles are missing, more than {REFUSED_SHARE_MISSING:.0%}: too many "
            "for a result that means something. Take a larger timeframe, or a stretch with fewer holes."
        )
    if missing == 0:
        return Candles(
            timeframe, ascending, open_[order], high[order], low[order], close[order], volume[order]
        )
    source = np.zeros(length, dtype=np.int64)
    source[place] = np.arange(len(ascending))
    source = np.maximum.accumulate(source)
    hole = np.ones(length, dtype=np.bool_)
    hole[place] = False
    last_close = close[order][source]

    def filled(column: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(hole, last_close, column[order][source])

    return Candles(
        timeframe,
        ascending[0] + timeframe * np.arange(length, dtype=np.int64),
        filled(open_),
        filled(high),
        filled(low),
        last_close,
        np.where(hole, 0.0, volume[order][source]),
        missing,
    )


def resample(candles: Candles, timeframe: Seconds) -> Candles:
    """The same stretch in a larger timeframe on UTC boundaries, without the broken intervals at the ends.

    An interval counts as missing when all of it was filled. Raises `ValueError` when `timeframe` is no whole
    multiple, or the candles do not start on their own boundaries.
    """
    if timeframe == candles.timeframe:
        return candles
    per_interval, remainder = divmod(timeframe, candles.timeframe)
    if remainder or per_interval < 1 or (len(candles) and candles.start[0] % candles.timeframe):
        raise ValueError(f"Candles of {candles.timeframe} s cannot be joined to candles of {timeframe} s.")
    first = -int(candles.start[0]) % timeframe // candles.timeframe if len(candles) else 0
    count = max(0, (len(candles) - first) // per_interval)

    def grouped(column: NDArray[np.float64]) -> NDArray[np.float64]:
        return column[first : first + count * per_interval].reshape(count, per_interval)

    open_, high, low = grouped(candles.open)[:, 0], grouped(candles.high), grouped(candles.low)
    close, parts = grouped(candles.close)[:, -1], grouped(candles.volume)
    highest, lowest = high.max(axis=1), low.min(axis=1)
    volume = np.zeros(count)
    # Column by column, since the order of numpy's own sum over floats may differ between machines.
    for part in range(per_interval):
        volume += parts[:, part]
    missing = 0
    if candles.missing:
        previous_close = np.append(open_[:1], close[:-1])
        flat = (open_ == previous_close) & (highest == open_) & (lowest == open_) & (close == open_)
        missing = min(candles.missing // per_interval, int(np.count_nonzero(flat & (volume == 0))))
    start = candles.start[first : first + count * per_interval : per_interval].copy()
    return Candles(timeframe, start, open_.copy(), highest, lowest, close.copy(), volume, missing)


def share_missing(candles: Candles) -> float:
    """The fraction of candles, from 0 to 1, that had to be filled."""
    return candles.missing / len(candles) if len(candles) else 0.0


def missing_warning(candles: Candles) -> str | None:
    """A sentence for the reader of a result when more than 3 % of the candles had to be filled."""
    if share_missing(candles) <= WARNED_SHARE_MISSING:
        return None
    return (
        f"{candles.missing:,} of {len(candles):,} candles ({share_missing(candles):.1%}) were missing and "
        "are taken as unchanged prices without volume; the result is less certain for it."
    )
