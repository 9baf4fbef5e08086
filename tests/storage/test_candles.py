"""Candles by pages: given back to the bit, known up to where they are known, and never less than before."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from storage.candles import COLUMNS, PAGE, Known, Series, Table, joined, packed, unpacked
from storage.database import Database

SERIES = Series("geckoterminal", "bsc:0xpool:0xtoken", 300)


def a_table(first: int, count: int) -> Table:
    """Candles with prices that have no short form."""
    start = (first + np.arange(count)) * SERIES.timeframe
    return np.vstack([start.astype(float), *(np.pi * 1e-9 * (start + each + 1) for each in range(5))])


def a_page(number: int, count: int = PAGE) -> Known:
    return Known(
        number * SERIES.page_seconds + count * SERIES.timeframe, packed(a_table(number * PAGE, count))
    )


async def test_what_is_kept_comes_back_to_the_bit(database: Database) -> None:
    pages = {number: a_page(number) for number in range(5, 9)}
    async with database.unit() as unit:
        for number, known in pages.items():
            await unit.candles.save(SERIES, number, known)
    async with database.view() as view:
        kept = await view.candles.load(SERIES, 6, 20)
    assert kept == {number: pages[number] for number in (6, 7, 8)}
    table = joined(kept)
    assert table.shape == (len(COLUMNS), 3 * PAGE)
    assert np.array_equal(table, a_table(6 * PAGE, 3 * PAGE))


async def test_series_are_kept_apart(database: Database) -> None:
    others = (
        Series("ave", SERIES.market, 300),
        Series(SERIES.source, "bsc:0xother", 300),
        Series(SERIES.source, SERIES.market, 60),
    )
    async with database.unit() as unit:
        for each in others:
            await unit.candles.save(each, 5, a_page(5))
    async with database.view() as view:
        assert await view.candles.load(SERIES, 0, 10) == {}
        for each in others:
            assert list(await view.candles.load(each, 0, 10)) == [5]


async def test_a_page_only_ever_grows(database: Database, other_process: Database) -> None:
    async with database.unit() as unit:
        await unit.candles.save(SERIES, 5, a_page(5, 700))
    async with other_process.unit() as unit:
        await unit.candles.save(SERIES, 5, a_page(5, 300))
    async with database.unit() as unit:
        await unit.candles.save(SERIES, 5, a_page(5, 900))
    async with other_process.view() as view:
        assert await view.candles.load(SERIES, 5, 5) == {5: a_page(5, 900)}


async def test_processes_that_save_at_once_leave_the_longest(
    database: Database, other_process: Database
) -> None:
    async def save(into: Database, count: int) -> None:
        async with into.unit() as unit:
            await unit.candles.save(SERIES, 5, a_page(5, count))

    places = (database, other_process)
    await asyncio.gather(*(save(places[count % 2], 100 * count) for count in (3, 8, 1, 10, 2, 7)))
    async with database.view() as view:
        assert (await view.candles.load(SERIES, 5, 5))[5] == a_page(5, 1000)


def test_nothing_is_a_table_too() -> None:
    assert joined({}).shape == (len(COLUMNS), 0)
    assert unpacked(packed(a_table(0, 0))).shape == (len(COLUMNS), 0)


def test_what_is_no_page_is_refused() -> None:
    with pytest.raises(ValueError, match=r"buffer|reshape"):
        unpacked(b"12345678" * 7)
