"""Feeds: candles fetched once for all simulations of a pool and timeframe, and stored as they were stepped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import NoData
from bot.market.provider import Market, Token
from bot.trading.candles import Candles
from bot.trading.feeding import (
    BLOCK,
    PATIENCE,
    Block,
    News,
    from_blocks,
    joined,
    missing_in,
    news_in,
    no_candles,
    not_in,
    to_blocks,
)
from bot.trading.live import part
from storage.feeds import StoredBlock

if TYPE_CHECKING:
    from storage.database import Database, Unit
    from storage.feeds import Feed

MOST_AT_ONCE = 2_000
"""Candles that are caught up with in one go."""


class Feeds:
    """Asks the market for what comes next, and keeps what was stepped."""

    def __init__(self, database: Database, market: Market) -> None:
        self._database = database
        self._market = market
        # How often in a row an answer had nothing new: one wrong clock must not turn hours into gaps.
        self._quiet: dict[int, int] = {}

    def has_more(self, feed: Feed) -> bool:
        """Whether a candle after the last one has closed."""
        return (feed.next_start or 0) + feed.timeframe <= self._market.now().timestamp()

    async def news(self, feed: Feed, known: Candles) -> News:
        """The next final candles of a feed after the `known` ones, at most `MOST_AT_ONCE`. Raises `ProviderDown`."""
        timeframe, begin = feed.timeframe, feed.next_start or 0
        now = self._market.now().timestamp()
        end = min(int(now) // timeframe * timeframe, begin + MOST_AT_ONCE * timeframe)
        if end <= begin:
            return News(no_candles(timeframe), 0)
        # The last known one is asked for again, to see whether the provider has revised it.
        last = part(known, max(0, len(known) - 1), len(known))
        answer = await self._asked(feed, begin - len(last) * timeframe, end)
        quiet = self._quiet.get(feed.id, 0)
        found = news_in(answer, last, begin, min(now, end), patient=quiet < PATIENCE)
        traded = len(found.candles) > found.candles.missing
        self._quiet[feed.id] = 0 if traded else quiet + 1
        return found

    async def ensured(self, feed: Feed, begin: int, end: int) -> Candles:
        """The stored candles of [begin, end); what was never stored is fetched, and stored. Raises `ProviderDown`."""
        async with self._database.view() as view:
            known = await stored(view, feed, begin, end)
        if not missing_in(known, begin, end):
            return known
        answer = await self._market.candles(token_of(feed), feed.timeframe, begin, end)
        async with self._database.unit() as unit:
            await unit.lock(f"candles:{feed.id}")
            known = await stored(unit, feed, begin, end)
            for stretch in not_in(_in_a_row(answer, begin, end), known):
                await keep(unit, feed, stretch)
            known = await stored(unit, feed, begin, end)
            whole = _in_a_row(known, begin, end)
            for stretch in not_in(whole, known):
                await keep(unit, feed, stretch)
        return whole

    async def _asked(self, feed: Feed, begin: int, end: int) -> Candles:
        """What the market has of [begin, end); a stretch with too many holes for it is asked for in halves."""
        timeframe = feed.timeframe
        try:
            return await self._market.candles(token_of(feed), timeframe, begin, end)
        except NoData:
            count = (end - begin) // timeframe
            if count <= 1:
                return no_candles(timeframe)
        middle = begin + count // 2 * timeframe
        first = await self._asked(feed, begin, middle)
        return joined(first, await self._asked(feed, middle, end))


def token_of(feed: Feed) -> Token:
    """The token of a feed, as the market knows it."""
    return Token(feed.chain, feed.address, feed.symbol, feed.symbol, feed.pool or None)


async def stored(unit: Unit, feed: Feed, begin: int, end: int) -> Candles:
    """The candles of [begin, end) that are stored, ascending; there may be holes."""
    rows = await unit.feeds.blocks(feed.id, begin, end, BLOCK * feed.timeframe)
    blocks = [Block(row.start, row.count, row.data) for row in rows]
    return from_blocks(blocks, feed.timeframe, begin, end)


async def keep(unit: Unit, feed: Feed, candles: Candles) -> None:
    """Store candles that are not stored yet, in the caller's unit."""
    if not len(candles):
        return
    first = int(candles.start[0])
    before = await unit.feeds.block_before(feed.id, first)
    last = None if before is None else Block(before.start, before.count, before.data)
    blocks = [StoredBlock(each.start, each.count, each.data) for each in to_blocks(candles, last)]
    await unit.feeds.write_blocks(feed.id, blocks)


def _in_a_row(candles: Candles, begin: int, end: int) -> Candles:
    """The candles of [begin, end) from the first one on, with gaps where some are missing."""
    return news_in(candles, no_candles(candles.timeframe), begin, end, patient=True).candles
