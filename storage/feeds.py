"""Feeds: pools at a timeframe, and the candles of them that simulations have stepped, which never change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, cast

from sqlalchemy import ForeignKey, Select, UniqueConstraint, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, change, insert_for, insert_once
from storage.privacy import Impersonal

if TYPE_CHECKING:
    from sqlalchemy import Table


class Feed(Base):
    """One pool at one timeframe (seconds), whose candles are fetched once for all simulations on it.

    `next_start` is where the next candle starts (epoch seconds): whatever lies before it was stepped, and is stored.
    `revised` counts stepped candles that the provider has changed afterwards.
    """

    __tablename__ = "feeds"
    __privacy__ = Impersonal("prices of the market, shared by everybody")
    __table_args__ = (UniqueConstraint("source", "chain", "address", "pool", "timeframe"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str]
    chain: Mapped[str]
    address: Mapped[str]
    pool: Mapped[str]
    symbol: Mapped[str]
    timeframe: Mapped[int]
    next_start: Mapped[int | None]
    revised: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None]
    outage_told: Mapped[bool] = mapped_column(default=False)


class CandleBlock(Base):
    """Some candles of a feed in a row; `data` are their columns, five little-endian doubles for each candle."""

    __tablename__ = "candle_blocks"
    __privacy__ = Impersonal("prices of the market, shared by everybody")

    feed_id: Mapped[int] = mapped_column(ForeignKey("feeds.id", ondelete="CASCADE"), primary_key=True)
    start: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int]
    data: Mapped[bytes]


@dataclass(frozen=True, slots=True)
class Place:
    """What names a feed; `timeframe` in seconds, `pool` empty for the most liquid one."""

    source: str
    chain: str
    address: str
    pool: str
    symbol: str
    timeframe: int


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """Candles in a row from `start` on, as `CandleBlock` keeps them."""

    start: int
    count: int
    data: bytes


@dataclass(frozen=True, slots=True)
class FeedMove:
    """Where a feed is after a step, and how many known candles the provider has revised."""

    id: int
    next_start: int
    revised: int


_BLOCK = select(CandleBlock.start, CandleBlock.count, CandleBlock.data).where(
    CandleBlock.feed_id == bindparam("feed"), CandleBlock.start < bindparam("end")
)
_BLOCKS = _BLOCK.where(CandleBlock.start > bindparam("after")).order_by(CandleBlock.start)
_BLOCKS_OF = (
    select(CandleBlock.feed_id, CandleBlock.start, CandleBlock.count, CandleBlock.data)
    .where(
        CandleBlock.feed_id.in_(bindparam("feeds", expanding=True)),
        CandleBlock.start >= bindparam("after"),
        CandleBlock.start < bindparam("end"),
    )
    .order_by(CandleBlock.feed_id, CandleBlock.start)
)
_PLACES = select(Feed.id, Feed.next_start).where(Feed.id.in_(bindparam("feeds", expanding=True)))
_TABLE = cast("Table", Feed.__table__)
_MOVE = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("of"))
    .values(next_start=bindparam("next"), revised=_TABLE.c.revised + bindparam("more"))
)
_BLOCK_BEFORE = _BLOCK.order_by(CandleBlock.start.desc()).limit(1)


class Feeds:
    """Queries over feeds; whatever moves one on belongs under `unit.lock(lock_name(…))`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of(self, place: Place) -> Feed:
        """The feed of a place, made at its first use."""
        found = await self._session.scalar(_feed(place))
        if found is not None:
            return found
        feed = Feed(
            source=place.source,
            chain=place.chain,
            address=place.address,
            pool=place.pool,
            symbol=place.symbol,
            timeframe=place.timeframe,
            revised=0,
            outage_told=False,
        )
        if await insert_once(self._session, feed):
            return feed
        return (await self._session.scalars(_feed(place))).one()

    async def get(self, feed_id: int) -> Feed | None:
        """One feed, read fresh."""
        return await self._session.get(Feed, feed_id, populate_existing=True)

    async def many(self, feed_ids: Sequence[int]) -> dict[int, Feed]:
        """Some feeds, read fresh."""
        statement = select(Feed).where(Feed.id.in_(feed_ids)).execution_options(populate_existing=True)
        return {feed.id: feed for feed in (await self._session.scalars(statement)).all()}

    async def places(self, feed_ids: Sequence[int]) -> dict[int, int | None]:
        """Where some feeds are."""
        rows = await self._session.execute(_PLACES, {"feeds": feed_ids})
        return {row.id: row.next_start for row in rows.all()}

    async def move_all(self, moves: Sequence[FeedMove]) -> None:
        """Move feeds on that the caller has locked and looked at."""
        if not moves:
            return
        rows = [{"of": each.id, "next": each.next_start, "more": each.revised} for each in moves]
        connection = await self._session.connection()
        await connection.execute(_MOVE, rows)

    async def blocks_of(
        self, feed_ids: Sequence[int], after: int, end: int
    ) -> Sequence[tuple[int, StoredBlock]]:
        """The blocks of some feeds that begin in [after, end), each with its feed, in order."""
        rows = await self._session.execute(_BLOCKS_OF, {"feeds": feed_ids, "after": after, "end": end})
        return [(feed_id, StoredBlock(start, count, data)) for feed_id, start, count, data in rows.all()]

    async def move(self, feed_id: int, expected: int | None, next_start: int, revised: int = 0) -> bool:
        """Say that a feed's candles are stored up to `next_start`; False when another process was faster."""
        at = Feed.next_start.is_(None) if expected is None else Feed.next_start == expected
        statement = update(Feed).where(Feed.id == feed_id, at)
        values = {"next_start": next_start, "revised": Feed.revised + revised}
        return bool(await change(self._session, Feed, statement.values(**values)))

    async def fails(self, feed: Feed, since: datetime | None, *, told: bool) -> bool:
        """Write down since when a feed's provider fails, and whether that was told; None when it answers again.

        False when another process has written that down meanwhile.
        """
        statement = update(Feed).where(Feed.id == feed.id, Feed.outage_told == feed.outage_told)
        values = {"failing_since": since, "outage_told": told}
        return bool(await change(self._session, Feed, statement.values(**values)))

    async def blocks(self, feed_id: int, start: int, end: int, longest: int) -> Sequence[StoredBlock]:
        """The blocks of a feed that reach into [start, end), in order; `longest` is the length of one in seconds."""
        given = {"feed": feed_id, "after": start - longest, "end": end}
        rows = await self._session.execute(_BLOCKS, given)
        return [StoredBlock(*row) for row in rows.all()]

    async def block_before(self, feed_id: int, start: int) -> StoredBlock | None:
        """The last block of a feed that begins before `start`."""
        row = (await self._session.execute(_BLOCK_BEFORE, {"feed": feed_id, "end": start})).one_or_none()
        return None if row is None else StoredBlock(*row)

    async def write_blocks(self, feed_id: int, blocks: Sequence[StoredBlock]) -> None:
        """Write blocks down, new ones and longer ones."""
        for block in blocks:
            values = {"feed_id": feed_id, "start": block.start, "count": block.count, "data": block.data}
            statement = insert_for(self._session, CandleBlock)
            longer = {"count": statement.excluded.count, "data": statement.excluded.data}
            await self._session.execute(
                statement.on_conflict_do_update(index_elements=["feed_id", "start"], set_=longer), values
            )


def lock_name(feed_id: int) -> str:
    """The name under which a feed's stepping is locked against other processes."""
    return f"feed:{feed_id}"


def _feed(place: Place) -> Select[Feed]:
    return select(Feed).where(
        Feed.source == place.source,
        Feed.chain == place.chain,
        Feed.address == place.address,
        Feed.pool == place.pool,
        Feed.timeframe == place.timeframe,
    )
