"""Candles from a CSV file: whatever is wrong in it is told with its line number, and nothing is guessed.

The first line names the columns `time,open,high,low,close,volume` in any order; further columns are ignored.
`time` is the start of a candle in epoch seconds, epoch milliseconds or ISO 8601 (UTC where no offset is
written), in the same form on every line, ascending.
"""

from __future__ import annotations

from datetime import UTC, datetime
from math import isfinite
from pathlib import Path

import numpy as np

from bot.errors import Refused
from bot.numbers import exact
from bot.trading.candles import Candles, Seconds, assemble
from bot.trading.csv_reading import COLUMNS, Floats, Problem, Times, read_table
from bot.trading.timeframe import format_timeframe


def read_csv_candles(path: Path, timeframe: Seconds) -> Candles:
    """The candles of a file, whose spacing must be `timeframe`; missing intervals are filled and counted.

    Raises `Refused` with a sentence that names the file, and the line where there is one; `NoData` when more
    than a fifth of the candles is missing.
    """
    table = read_table(path)
    start = table.times
    problems = (_first_impossible(*table.values), _first_misplaced(start, timeframe), table.unreadable)
    first = min(filter(None, problems), key=lambda problem: problem.index, default=None)
    if first is not None:
        raise Refused(f"{path.name}, line {table.lines[first.index]}: {first.text}")
    if len(start) == 0:
        raise Refused(f"{path.name} holds no candle below its header.")
    if len(start) > 1 and (spacing := int(np.diff(start).min())) > timeframe:
        raise Refused(
            f"{path.name}, line {table.lines[1]}: the candles of this file are {_length(spacing)} apart, but "
            f"the timeframe of the run is {_length(timeframe)}; run it with the timeframe of the file."
        )
    return assemble(timeframe, start, *table.values)


def _first_impossible(
    open_: Floats, high: Floats, low: Floats, close: Floats, volume: Floats
) -> Problem | None:
    """The first candle that no market can have made."""
    inside = (low <= open_) & (open_ <= high) & (low <= close) & (close <= high)
    possible = inside & (low > 0) & (high < np.inf) & (volume >= 0) & (volume < np.inf)
    if possible.all():
        return None
    index = int(np.argmin(possible))
    candle = zip(
        COLUMNS[1:], (float(column[index]) for column in (open_, high, low, close, volume)), strict=True
    )
    return Problem(index, _why_impossible(dict(candle)))


def _why_impossible(candle: dict[str, float]) -> str:
    for column, value in candle.items():
        if not isfinite(value):
            return f"{column} is {value}, which is no finite number."
        if column == "volume" and value < 0:
            return f"volume {exact(value)} is negative."
        if column != "volume" and value <= 0:
            return f"{column} {exact(value)} is not above zero."
    if candle["high"] < candle["low"]:
        return f"high {exact(candle['high'])} is below low {exact(candle['low'])}."
    column = next(name for name in ("open", "close") if not candle["low"] <= candle[name] <= candle["high"])
    between = f"low {exact(candle['low'])} to high {exact(candle['high'])}"
    return f"{column} {exact(candle[column])} lies outside of {between}."


def _first_misplaced(start: Times, timeframe: Seconds) -> Problem | None:
    """The first candle that does not begin whole timeframes after the one before it."""
    steps = np.diff(start)
    misplaced = (steps <= 0) | (steps % timeframe != 0)
    if not misplaced.any():
        return None
    index = int(np.argmax(misplaced)) + 1
    step, moment = (
        int(steps[index - 1]),
        f"{datetime.fromtimestamp(int(start[index]), UTC):%Y-%m-%d %H:%M:%S} UTC",
    )
    if step == 0:
        return Problem(index, f"the time {moment} is there twice.")
    if step < 0:
        return Problem(index, f"the time {moment} is before that of the candle above; times must ascend.")
    return Problem(
        index,
        f"it begins {_length(step)} after the candle above, which is no multiple of {_length(timeframe)}, "
        "the timeframe of the run; run it with the timeframe of the file.",
    )


def _length(seconds: Seconds) -> str:
    return f"{seconds:,} s" if seconds % 60 else format_timeframe(seconds)
