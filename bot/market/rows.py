"""Candles as they come from a provider, made into a table of those that can be used; the rest is left out."""

from __future__ import annotations

from typing import cast

import numpy as np

from bot.market.decoding import LARGEST_PRICE, SMALLEST_PRICE, Rows, number
from storage.candles import COLUMNS, Table

MOST_UNUSABLE = 0.20
"""Above this fraction of rows that cannot be used, an answer is refused as a whole."""


class Unusable(Exception):
    """Most of an answer was no candles."""


def usable_rows(rows: Rows, timeframe: int, first: int, end: int) -> Table:
    """The closed candles with a start in [first, end), ascending, of equal starts the last; none is made up.

    A row needs six numbers, prices above nothing and a start on a boundary. High and low are widened to hold open and
    close. Where no row tells a volume it is 0 throughout. Raises `Unusable`.
    """
    if not rows:
        return np.empty((len(COLUMNS), 0))
    table = np.array([_numbers(row) for row in rows]).T
    if np.isnan(table[5]).all():
        table[5] = 0.0
    start, prices, volume = table[0], table[1:5], table[5]
    fits = (
        (start % timeframe == 0)
        & (prices >= SMALLEST_PRICE).all(axis=0)
        & (prices <= LARGEST_PRICE).all(axis=0)
        & (volume >= 0)
    )
    if np.count_nonzero(~fits) > MOST_UNUSABLE * len(rows):
        raise Unusable
    table = table[:, fits & (start >= first) & (start < end)]
    table = table[:, np.argsort(table[0], kind="stable")]
    last_of_each = np.append(table[0, 1:] != table[0, :-1], np.True_)[: table.shape[1]]
    table = table[:, last_of_each]
    table[2], table[3] = table[1:5].max(axis=0), table[1:5].min(axis=0)
    return cast("Table", table)


def _numbers(row: object) -> list[float]:
    if not isinstance(row, list | tuple) or len(row) < len(COLUMNS):
        return [np.nan] * len(COLUMNS)
    return [np.nan if (value := number(cell)) is None else value for cell in row[: len(COLUMNS)]]
