"""What stepping thousands of simulations reads and writes: little of each, and all of it at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from sqlalchemy import and_, bindparam, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.feeds import Feed
from storage.simulations import RUNNING, Simulation

if TYPE_CHECKING:
    from sqlalchemy import Table


@dataclass(frozen=True, slots=True)
class Census:
    """How many simulations on a feed have begun, have not, or lag behind, and the most candles looked back at."""

    begun: int
    waiting: int
    behind: int
    look_back: int


@dataclass(frozen=True, slots=True)
class Seat:
    """What stepping a simulation needs, and no more, since there may be thousands."""

    id: str
    next_start: int
    start: int
    program: bytes
    run: bytes


@dataclass(frozen=True, slots=True)
class StateChange:
    """What a step from the candle `at` on leaves in a simulation."""

    id: str
    at: int
    next_start: int
    run: bytes
    quantity: float
    equity: float


# Built once: a step of thousands of simulations should not build them again and again.
_TABLE = cast("Table", Simulation.__table__)
_ON_FEED = and_(_TABLE.c.feed_id == bindparam("feed"), _TABLE.c.state == RUNNING)
_FEED = cast("Table", Feed.__table__)
_ON_FEEDS = and_(_TABLE.c.feed_id.in_(bindparam("feeds", expanding=True)), _TABLE.c.state == RUNNING)
_CENSUSES = (
    select(
        _TABLE.c.feed_id,
        func.count(_TABLE.c.next_start),
        func.count() - func.count(_TABLE.c.next_start),
        func.count(case((_TABLE.c.next_start < _FEED.c.next_start, 1))),
        func.max(_TABLE.c.look_back),
    )
    .join_from(_TABLE, _FEED, _FEED.c.id == _TABLE.c.feed_id)
    .where(_ON_FEEDS)
    .group_by(_TABLE.c.feed_id)
)
_SEATS_OF = (
    select(
        _TABLE.c.feed_id,
        _TABLE.c.id,
        _TABLE.c.next_start,
        _TABLE.c.start,
        _TABLE.c.program,
        _TABLE.c.run,
    )
    .join_from(_TABLE, _FEED, _FEED.c.id == _TABLE.c.feed_id)
    .where(_ON_FEEDS, _TABLE.c.next_start == _FEED.c.next_start)
)
_SEATS = (
    select(_TABLE.c.id, _TABLE.c.next_start, _TABLE.c.start, _TABLE.c.program, _TABLE.c.run)
    .where(_ON_FEED, _TABLE.c.next_start == bindparam("at"), _TABLE.c.id > bindparam("after"))
    .order_by(_TABLE.c.id)
    .limit(bindparam("most"))
)
_WRITE_STATE = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("of"), _TABLE.c.next_start == bindparam("was"), _TABLE.c.state == RUNNING)
    .values(
        next_start=bindparam("next"),
        run=bindparam("bytes"),
        quantity=bindparam("held"),
        equity=bindparam("worth"),
        failures=0,
        error=None,
    )
)


class Steps:
    """Queries over running simulations; writing belongs under `unit.lock(lock_name(…))` of their feed."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def censuses(self, feed_ids: Sequence[int]) -> dict[int, Census]:
        """Who runs on some feeds; a feed on which nobody runs is left out."""
        rows = await self._session.execute(_CENSUSES, {"feeds": feed_ids})
        return {feed_id: Census(*counts) for feed_id, *counts in rows.all()}

    async def seats_of(self, feed_ids: Sequence[int]) -> dict[int, list[Seat]]:
        """All running simulations that are where their feed is, of some feeds."""
        rows = await self._session.execute(_SEATS_OF, {"feeds": feed_ids})
        seats: dict[int, list[Seat]] = {}
        for feed_id, id_, next_start, start, program, run in rows.all():
            seats.setdefault(feed_id, []).append(Seat(id_, next_start, start, program or b"", run or b""))
        return seats

    async def seats(self, feed_id: int, at: int, after: str, limit: int) -> Sequence[Seat]:
        """Some running simulations whose next candle starts at `at`, by id, those behind `after`."""
        given = {"feed": feed_id, "at": at, "after": after, "most": limit}
        rows = await self._session.execute(_SEATS, given)
        return [
            Seat(id_, next_start, start, program or b"", run or b"")
            for id_, next_start, start, program, run in rows.all()
        ]

    async def behind(self, feed_id: int, at: int) -> Sequence[str]:
        """The running simulations whose next candle starts before `at`: they are done alone."""
        statement = select(Simulation.id).where(
            Simulation.feed_id == feed_id, Simulation.state == RUNNING, Simulation.next_start < at
        )
        return (await self._session.scalars(statement.order_by(Simulation.id))).all()

    async def running_at(self, ids: Sequence[str]) -> dict[str, int | None]:
        """Where those simulations are that still run."""
        statement = select(Simulation.id, Simulation.next_start).where(
            Simulation.id.in_(ids), Simulation.state == RUNNING
        )
        rows = await self._session.execute(statement)
        return {row.id: row.next_start for row in rows.all()}

    async def write_states(self, changes: Sequence[StateChange]) -> None:
        """Write down what a step has left, and that nothing failed; whoever no longer runs there stays as they are."""
        if not changes:
            return
        rows = [
            {"of": each.id, "was": each.at, "next": each.next_start, "bytes": each.run}
            | {"held": each.quantity, "worth": each.equity}
            for each in changes
        ]
        connection = await self._session.connection()
        await connection.execute(_WRITE_STATE, rows)
