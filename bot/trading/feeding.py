"""What a feed of candles makes of a provider's answers: which candles are final, which are gaps, which were revised.

All of it is pure. A feed's candles are stored in blocks and never change; a provider may repeat, skip and revise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bot.trading.candles import Candles, Seconds
from bot.trading.layout import Floats, Integers

BLOCK = 120
"""Candles in a full block: short enough to be written anew with each candle, long enough to be few."""

PATIENCE = 3
"""Intervals that must have passed after a missing candle's close before it counts as a gap, if no later one comes."""

_COLUMNS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class Block:
    """Candles in a row from `start` on (epoch seconds), as bytes."""

    start: int
    count: int
    data: bytes


@dataclass(frozen=True, slots=True)
class News:
    """What an answer brings: the next candles, gaps filled, and how many known ones the provider has changed."""

    candles: Candles
    revised: int


def no_candles(timeframe: Seconds) -> Candles:
    """None at all."""
    nothing = np.empty(0)
    return Candles(timeframe, np.empty(0, np.int64), nothing, nothing, nothing, nothing, nothing)


def news_in(answer: Candles, known: Candles, next_start: int, now: float, *, patient: bool) -> News:
    """The candles from `next_start` on that are final, in a row, and how many of the `known` ones differ now.

    `known` are the last ones before it. A missing candle is a gap, the last price without volume, when a later one
    is there; without one when `PATIENCE` intervals have passed and we are not `patient` any more.
    """
    timeframe = answer.timeframe
    whole = (answer.start % timeframe == 0) & (answer.start + timeframe <= now)
    fresh = np.flatnonzero(whole & (answer.start >= next_start))
    end = next_start
    if len(fresh):
        end = int(answer.start[fresh].max()) + timeframe
    if not patient and len(known):
        passed = int((now - next_start) // timeframe) - PATIENCE
        end = max(end, next_start + passed * timeframe)
    if len(fresh) and not len(known):
        # Nothing is known to fill a gap at the very beginning with: the first candle is the beginning.
        next_start = int(answer.start[fresh].min())
    return News(_filled(answer, known, next_start, end), _revised(answer, known))


def _filled(answer: Candles, known: Candles, begin: int, end: int) -> Candles:
    timeframe = answer.timeframe
    count = (end - begin) // timeframe
    if count <= 0:
        return no_candles(timeframe)
    columns = [getattr(answer, column) for column in _COLUMNS]
    there = {start: place for place, start in enumerate(answer.start.tolist()) if begin <= start < end}
    price = float(known.close[-1]) if len(known) else 0.0
    rows = np.empty((count, len(_COLUMNS)))
    for place in range(count):
        at = there.get(begin + place * timeframe)
        if at is None:
            rows[place] = (price, price, price, price, 0.0)
        else:
            rows[place] = [column[at] for column in columns]
            price = float(answer.close[at])
    starts = begin + timeframe * np.arange(count, dtype=np.int64)
    missing = count - sum(start in there for start in starts.tolist())
    return replace(_of_rows(timeframe, starts, rows), missing=missing)


def _revised(answer: Candles, known: Candles) -> int:
    """How many candles the provider tells otherwise than before."""
    _, now, before = np.intersect1d(answer.start, known.start, assume_unique=False, return_indices=True)
    changed = np.zeros(len(now), np.bool_)
    for column in _COLUMNS:
        changed |= getattr(answer, column)[now] != getattr(known, column)[before]
    return int(np.count_nonzero(changed))


def joined(first: Candles, second: Candles) -> Candles:
    """Two stretches, the second right after the first, as one."""
    if not len(first) or not len(second):
        return first if len(first) else second
    starts = np.concatenate((first.start, second.start))
    return _of_rows(first.timeframe, starts, np.concatenate((_rows(first), _rows(second))))


def to_blocks(candles: Candles, last: Block | None = None) -> Iterator[Block]:
    """Candles in a row as blocks, the `last` one of the feed made longer first, if they follow it."""
    place, step = 0, candles.timeframe
    follows = last is not None and len(candles) and last.start + last.count * step == candles.start[0]
    if last is not None and follows and last.count < BLOCK:
        place = min(BLOCK - last.count, len(candles))
        yield Block(last.start, last.count + place, last.data + _bytes(candles, 0, place))
    for begin in range(place, len(candles), BLOCK):
        end = min(begin + BLOCK, len(candles))
        yield Block(int(candles.start[begin]), end - begin, _bytes(candles, begin, end))


def from_blocks(blocks: Sequence[Block], timeframe: Seconds, begin: int, end: int) -> Candles:
    """The candles of [begin, end) that are in blocks, ascending; holes between blocks stay holes."""
    if not blocks:
        return no_candles(timeframe)
    rows = np.frombuffer(b"".join(block.data for block in blocks), "<f8").reshape(-1, len(_COLUMNS))
    starts = np.concatenate(
        [block.start + timeframe * np.arange(block.count, dtype=np.int64) for block in blocks]
    )
    chosen = np.flatnonzero((starts >= begin) & (starts < end))
    return _of_rows(timeframe, starts[chosen], rows[chosen])


def last_in_a_row(candles: Candles) -> Candles:
    """The end of ascending candles that has no hole."""
    holes = np.flatnonzero(np.diff(candles.start) != candles.timeframe)
    return candles if not len(holes) else _from(candles, int(holes[-1]) + 1)


def missing_in(candles: Candles, begin: int, end: int) -> bool:
    """Whether ascending candles leave anything of [begin, end) out."""
    return len(candles) < (end - begin) // candles.timeframe


def not_in(candles: Candles, known: Candles) -> Iterator[Candles]:
    """Those candles whose start is not among the `known` ones, as stretches in a row."""
    new = np.flatnonzero(~np.isin(candles.start, known.start))
    breaks = np.flatnonzero(np.diff(new) != 1) + 1
    for places in np.split(new, breaks):
        if len(places):
            yield _cut(candles, int(places[0]), int(places[-1]) + 1)


def _from(candles: Candles, begin: int) -> Candles:
    return _cut(candles, begin, len(candles))


def _cut(candles: Candles, begin: int, end: int) -> Candles:
    return _of_rows(candles.timeframe, candles.start[begin:end], _rows(candles)[begin:end])


def _rows(candles: Candles) -> Floats:
    return np.stack([getattr(candles, column) for column in _COLUMNS], axis=1)


def _of_rows(timeframe: Seconds, starts: Integers, rows: Floats) -> Candles:
    opens, highs, lows, closes, volumes = (np.ascontiguousarray(rows[:, place]) for place in range(5))
    return Candles(timeframe, starts, opens, highs, lows, closes, volumes)


def _bytes(candles: Candles, begin: int, end: int) -> bytes:
    return _rows(candles)[begin:end].astype("<f8").tobytes()
