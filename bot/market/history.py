"""Past candles of a live source: fetched by pages, kept in the database, and never fetched twice."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bot.clock import Clock
from bot.errors import NoData, ProviderDown
from bot.market.provider import OnProgress, Token
from bot.market.rows import Unusable, usable_rows
from bot.market.sharing import Cache, SingleFlight
from bot.market.source import HOUR, Source
from bot.trading.candles import Candles, Seconds, assemble, resample
from bot.trading.timeframe import format_timeframe
from storage.candles import Known, Series, Table, joined, packed, unpacked
from storage.database import Database

_EMPTY_FOR_SECONDS = 300.0
"""So long a page in which nothing was found is not asked for again; it is not kept, since it may be a failure."""

_LAGGING_FOR_SECONDS = 10.0
"""So long the newest page is not asked for again when its last candle was not there yet."""

_SETTLED_SECONDS = 2 * HOUR
"""Of a page that ended longer ago nothing more is to come."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """What was asked for, in whole candles: starts in [first, end), built from candles of the series."""

    token: Token
    series: Series
    first: int
    end: int

    @property
    def pages(self) -> range:
        """The numbers of its pages."""
        return range(self.first // self.series.page_seconds, (self.end - 1) // self.series.page_seconds + 1)

    def wanted_until(self, page: int) -> int:
        """Up to where a page is needed."""
        return min((page + 1) * self.series.page_seconds, self.end)


class History:
    """The candles of one source."""

    def __init__(self, database: Database, source: Source, clock: Clock) -> None:
        self._database = database
        self._source = source
        self._clock = clock
        self._flights = SingleFlight()
        self._empty: Cache[bool] = Cache(clock, _EMPTY_FOR_SECONDS)
        self._lagging: Cache[bool] = Cache(clock, _LAGGING_FOR_SECONDS)

    async def candles(
        self, token: Token, timeframe: Seconds, start: int, end: int, on_progress: OnProgress | None
    ) -> Candles:
        """Closed candles with a start in [start, end), as far as there are any without a hole in what is known.

        While the source is away, what is kept is given. Raises `NoData` when there is nothing, or too many holes.
        """
        stretch = self._stretch(token, timeframe, start, end)
        if stretch.first >= stretch.end:
            raise NoData(f"No candle of {format_timeframe(timeframe)} has ended in this time yet.")
        pages = await self._pages(stretch, on_progress)
        candles = await asyncio.to_thread(_assembled, stretch, timeframe, pages)
        if not len(candles):
            raise NoData(
                f"{self._source.name} has no candles of {token.symbol} for this time. "
                "Take a later stretch, or another token."
            )
        return candles

    async def close(self) -> None:
        """End what is under way."""
        await self._flights.close()

    def _stretch(self, token: Token, timeframe: Seconds, start: int, end: int) -> _Stretch:
        smaller = [each for each in self._source.timeframes if timeframe % each == 0]
        if timeframe <= 0 or not smaller:
            there_are = ", ".join(format_timeframe(each) for each in sorted(self._source.timeframes))
            raise NoData(
                f"{self._source.name} has no candles from which {timeframe} s could be built; it has {there_are}, "
                "and whole multiples of them work."
            )
        series = Series(self._source.name, self._source.market_key(token), max(smaller))
        now = int(self._clock().timestamp())
        first, last = (
            -(-start // timeframe) * timeframe,
            min(-(-end // timeframe), now // timeframe) * timeframe,
        )
        return _Stretch(token, series, first, last)

    async def _pages(self, stretch: _Stretch, on_progress: OnProgress | None) -> dict[int, Known]:
        """The pages from the newest back to the first unknown one, fetched where they are not kept."""
        series, numbers = stretch.series, stretch.pages
        async with self._database.view() as view:
            kept = await view.candles.load(series, numbers[0], numbers[-1])
        found: dict[int, Known] = {}
        empty, down = 0, None
        for done, page in enumerate(reversed(numbers), 1):
            known = kept.get(page)
            if (known is None or known.until < stretch.wanted_until(page)) and down is None:
                try:
                    known = await self._fetched(stretch, page, known)
                except NoData:
                    # Some sources refuse to look back further than they can, instead of finding nothing there.
                    if not found:
                        raise
                    break
                except ProviderDown as error:
                    down = error
            whole = known is not None and known.until >= stretch.wanted_until(page)
            if found and down is not None and not whole:
                break
            if known is None:
                empty += 1
                if down is None and empty >= self._source.patience and page != numbers[-1]:
                    break
            else:
                found[page] = known
                empty = 0
            if on_progress is not None:
                on_progress(done / len(numbers))
        if not found and down is not None:
            raise down
        if on_progress is not None:
            on_progress(1.0)
        return found

    async def _fetched(self, stretch: _Stretch, page: int, known: Known | None) -> Known | None:
        """A page with what was missing of it; None when there is nothing in it. Parallel askers share the fetch."""
        key = (stretch.series, page)
        if self._empty.fresh(key) or (known is not None and self._lagging.fresh((key, stretch.end))):
            return known
        fetched = await self._flights.run(key, lambda: self._fetch(stretch, page, known))
        if fetched is None:
            self._empty.keep(key, True)
        elif fetched.until < stretch.wanted_until(page):
            self._lagging.keep((key, stretch.end), True)
        return fetched

    async def _fetch(self, stretch: _Stretch, page: int, known: Known | None) -> Known | None:
        series, now = stretch.series, int(self._clock().timestamp())
        page_end = (page + 1) * series.page_seconds
        # Somebody else, also in another process, may have fetched it since this asker looked.
        async with self._database.view() as view:
            known = (await view.candles.load(series, page, page)).get(page, known)
        if known is not None and known.until >= stretch.wanted_until(page):
            return known
        first = page * series.page_seconds if known is None else known.until
        end = min(page_end, now // series.timeframe * series.timeframe)
        rows = await self._source.rows(stretch.token, series.timeframe, first, end)
        try:
            fresh = await asyncio.to_thread(usable_rows, rows, series.timeframe, first, end)
        except Unusable as error:
            raise ProviderDown(
                f"{self._source.name} sent candles that cannot be used: prices of nothing, or no numbers. "
                "Try again later, or take another token."
            ) from error
        more = _with_more(known, fresh, end if page_end <= now - _SETTLED_SECONDS else None, series.timeframe)
        if more is not None and more is not known:
            async with self._database.unit() as unit:
                await unit.candles.save(series, page, more)
        return more


def _with_more(
    known: Known | None, fresh: Table, settled_until: int | None, timeframe: Seconds
) -> Known | None:
    """A page with fresh candles; known up to its last candle, or to `settled_until` where nothing more will come."""
    if not fresh.shape[1]:
        return (
            Known(settled_until, known.content) if known is not None and settled_until is not None else known
        )
    until = settled_until if settled_until is not None else int(fresh[0, -1]) + timeframe
    whole = fresh if known is None else np.concatenate([unpacked(known.content), fresh], axis=1)
    return Known(until, packed(whole))


def _assembled(stretch: _Stretch, timeframe: Seconds, pages: Mapping[int, Known]) -> Candles:
    """The candles in the stretch, holes filled and counted, in the timeframe that was asked for."""
    table = joined(pages)
    table = table[:, (table[0] >= stretch.first) & (table[0] < stretch.end)]
    start = table[0].astype(np.int64)
    columns = (np.ascontiguousarray(column) for column in table[1:])
    candles = assemble(stretch.series.timeframe, start, *columns)
    return resample(candles, timeframe) if len(candles) else candles
