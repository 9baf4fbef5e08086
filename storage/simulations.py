"""Simulations, their states, and what happened in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Double,
    ForeignKey,
    Index,
    Select,
    UniqueConstraint,
    Update,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, defer, mapped_column

from storage.base import Base, change, insert_once, new_id
from storage.feeds import Feed
from storage.people import Owner, held, owned_by
from storage.privacy import Personal, Traces, belongs
from storage.trading import TradingBot

RUNNING, PAUSED, STOPPED = "running", "paused", "stopped"

_RUNNING = text("state = 'running'")


class Simulation(Base):
    """A bot's version on paper; starts of candles are epoch seconds, `quiet_*` minutes of the day in `zone`.

    From `start` on rules fire; the candles from `warm_from` up to there only warm it up.

    `state` is running, paused or stopped, `reason` why it no longer runs (person, restart, deleted, drawdown, chat,
    failures, source, no_data). `program` and `run` are what the engine goes on from, None until the warm-up is done.
    `entry` names the message that told of the open position's first buy.
    """

    __tablename__ = "simulations"
    __privacy__ = Personal(
        lambda of: belongs(Simulation, of),
        lambda _of, at: {
            **dict.fromkeys(("user_id", "anonymous_token", "program", "run", "entry", "error", "summary_at")),
            **dict.fromkeys(("platform", "chat", "thread", "name"), ""),
            **dict.fromkeys(("quiet_from", "quiet_to", "told_start")),
            **dict.fromkeys(("quantity", "equity", "initial_balance"), 0.0),
            "state": STOPPED,
            "reason": "deleted",
            "ended_at": func.coalesce(Simulation.ended_at, at),
            "notify": "off",
            "zone": "UTC",
            "untold": False,
        },
    )
    __table_args__ = (
        Index("ix_simulations_feed_id_state", "feed_id", "state"),
        Index("ix_simulations_user_id", "user_id"),
        Index("ix_simulations_anonymous_token", "anonymous_token"),
        Index("ix_simulations_thread", "platform", "chat", "thread", "state"),
        Index("ix_simulations_state_summary_at", "state", "summary_at"),
        Index("ix_simulations_untold", "untold"),
        Index(
            "uq_simulations_running",
            "bot_id",
            unique=True,
            sqlite_where=_RUNNING,
            postgresql_where=_RUNNING,
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(unique=True)
    bot_id: Mapped[str] = mapped_column(ForeignKey("bots.id", ondelete="CASCADE"), index=True)
    version: Mapped[int]
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    anonymous_token: Mapped[str | None] = mapped_column(ForeignKey("anonymous_users.id"))
    feed_id: Mapped[int] = mapped_column(ForeignKey("feeds.id"))
    platform: Mapped[str]
    chat: Mapped[str]
    thread: Mapped[str]
    name: Mapped[str]
    alert: Mapped[bool]
    initial_balance: Mapped[float] = mapped_column(Double)
    state: Mapped[str]
    reason: Mapped[str | None]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    start: Mapped[int]
    warm_from: Mapped[int | None]
    volume_known: Mapped[bool] = mapped_column(default=True)
    look_back: Mapped[int] = mapped_column(default=0)
    program: Mapped[bytes | None]
    run: Mapped[bytes | None]
    next_start: Mapped[int | None]
    quantity: Mapped[float] = mapped_column(Double, default=0.0)
    equity: Mapped[float] = mapped_column(Double)
    entry: Mapped[str | None]
    failures: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    notify: Mapped[str] = mapped_column(default="all")
    quiet_from: Mapped[int | None]
    quiet_to: Mapped[int | None]
    zone: Mapped[str] = mapped_column(default="UTC")
    summary_at: Mapped[datetime | None]
    untold: Mapped[bool] = mapped_column(default=False)
    told_start: Mapped[int | None]

    @property
    def owner(self) -> Owner:
        """Whose it is."""
        return Owner(user_id=self.user_id, anonymous_token=self.anonymous_token)


class SimulationEvent(Base):
    """Something that happened in a simulation, on the candle that starts at `time`, as the `place`-th there."""

    __tablename__ = "simulation_events"
    __privacy__ = Personal(lambda of: SimulationEvent.simulation_id.in_(simulations_of(of)))
    __table_args__ = (UniqueConstraint("simulation_id", "time", "place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    simulation_id: Mapped[str] = mapped_column(ForeignKey("simulations.id", ondelete="CASCADE"))
    time: Mapped[int]
    place: Mapped[int]
    body: Mapped[dict[str, Any]]


class Simulations:
    """Queries over simulations; whatever changes what has been stepped belongs under `unit.lock(lock_name(…))`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def feeds_in_use(self) -> Sequence[tuple[int, int, int]]:
        """The feeds with running simulations: id, timeframe, and how many simulations have not begun."""
        waiting = func.sum(func.coalesce(Simulation.next_start * 0, 1))
        rows = await self._session.execute(
            select(Feed.id, Feed.timeframe, waiting)
            .join(Simulation, Simulation.feed_id == Feed.id)
            .where(Simulation.state == RUNNING)
            .group_by(Feed.id, Feed.timeframe)
            .order_by(Feed.id)
        )
        return [(feed_id, timeframe, count or 0) for feed_id, timeframe, count in rows.all()]

    async def begin(self, simulation: Simulation) -> Simulation:
        """Write down a new simulation; that of an earlier call with its key is returned.

        Raises `AlreadyRunning`, which leaves the unit usable.
        """
        owner = await held(self._session, simulation.owner)
        simulation.user_id, simulation.anonymous_token = owner.user_id, owner.anonymous_token
        if await insert_once(self._session, simulation):
            return simulation
        earlier = await self.by_key(simulation.key)
        if earlier is None:
            raise AlreadyRunning("This bot has a running simulation.")
        return earlier

    async def by_key(self, key: str) -> Simulation | None:
        """The simulation that this call began, if it already has."""
        return await self._session.scalar(select(Simulation).where(Simulation.key == key))

    async def get(self, simulation_id: str) -> Simulation | None:
        """One simulation, read fresh."""
        return await self._session.get(Simulation, simulation_id, populate_existing=True)

    async def owned(self, simulation_id: str, owner: Owner) -> Simulation | None:
        """A simulation by id if it belongs to this owner; the first 8 characters of an id are enough."""
        if len(simulation_id) < 8:
            return None
        named = Simulation.id.startswith(simulation_id.lower(), autoescape=True)
        return await self._session.scalar(
            select(Simulation).where(named, owned_by(Simulation, owner)).limit(1)
        )

    async def running_of(self, bot_id: str) -> Simulation | None:
        """The running simulation of a bot."""
        statement = select(Simulation).where(Simulation.bot_id == bot_id, Simulation.state == RUNNING)
        return await self._session.scalar(statement.execution_options(populate_existing=True))

    async def latest_of(self, bot_id: str, owner: Owner) -> Simulation | None:
        """The running simulation of a bot, or else its latest one."""
        return await self._session.scalar(
            select(Simulation)
            .where(Simulation.bot_id == bot_id, owned_by(Simulation, owner))
            .order_by((Simulation.state == RUNNING).desc(), Simulation.created_at.desc())
            .limit(1)
        )

    async def of_owner(self, owner: Owner, limit: int) -> Sequence[Simulation]:
        """Somebody's simulations, running ones first, then the latest; deleted bots' are left out."""
        return (
            await self._session.scalars(
                select(Simulation)
                .join(TradingBot, TradingBot.id == Simulation.bot_id)
                .where(owned_by(Simulation, owner), TradingBot.deleted_at.is_(None))
                .order_by((Simulation.state == RUNNING).desc(), Simulation.created_at.desc())
                .limit(limit)
                .options(defer(Simulation.run), defer(Simulation.program))
            )
        ).all()

    async def count_running(self, owner: Owner) -> int:
        """How many simulations somebody has running."""
        statement = select(func.count()).where(Simulation.state == RUNNING, owned_by(Simulation, owner))
        return await self._session.scalar(statement) or 0

    async def waiting(self, feed_id: int) -> Sequence[Simulation]:
        """The simulations of a feed that have not begun."""
        return (
            await self._session.scalars(
                select(Simulation)
                .where(
                    Simulation.feed_id == feed_id,
                    Simulation.state == RUNNING,
                    Simulation.next_start.is_(None),
                )
                .order_by(Simulation.created_at)
            )
        ).all()

    async def add_events(self, simulation_id: str, events: Sequence[tuple[int, int, dict[str, Any]]]) -> None:
        """Write down what happened: time, place among those of the candle, and the event as JSON."""
        rows = [
            {"simulation_id": simulation_id, "time": time, "place": place, "body": body}
            for time, place, body in events
        ]
        if rows:
            await self._session.execute(insert(SimulationEvent), rows)

    async def events(
        self, simulation_id: str, *, after: int | None = None, latest: int | None = None
    ) -> Sequence[SimulationEvent]:
        """What happened, in order; only on candles that start after `after`, and only the `latest` so many."""
        statement = select(SimulationEvent).where(SimulationEvent.simulation_id == simulation_id)
        if after is not None:
            statement = statement.where(SimulationEvent.time > after)
        if latest is None:
            statement = statement.order_by(SimulationEvent.time, SimulationEvent.place)
            return (await self._session.scalars(statement)).all()
        newest = statement.order_by(SimulationEvent.time.desc(), SimulationEvent.place.desc()).limit(latest)
        return tuple(reversed((await self._session.scalars(newest)).all()))

    async def end(self, simulation_id: str, state: str, reason: str, at: datetime) -> bool:
        """Pause or stop a running simulation; False says that it was not running."""
        statement = update(Simulation).where(Simulation.id == simulation_id, Simulation.state == RUNNING)
        values = {"state": state, "reason": reason, "ended_at": at}
        return bool(await change(self._session, Simulation, statement.values(**values)))

    async def lock_of(self, owner: Owner) -> None:
        """Let nobody else change somebody's simulations until this unit ends."""
        mine = select(Simulation.id).where(owned_by(Simulation, owner)).order_by(Simulation.id)
        await self._session.execute(mine.with_for_update())

    async def feeds_of(self, owner: Owner) -> Sequence[int]:
        """The feeds on which somebody has simulations, in the order in which they are locked."""
        mine = select(Simulation.feed_id).where(owned_by(Simulation, owner)).distinct()
        return sorted((await self._session.scalars(mine)).all())

    async def set_running(self, simulation_id: str, **values: Any) -> None:
        """Change some columns of a simulation that runs; one that was stopped or forgotten stays as it is."""
        statement = update(Simulation).where(Simulation.id == simulation_id, Simulation.state == RUNNING)
        await change(self._session, Simulation, statement.values(**values))

    async def set(self, simulation_id: str, **values: Any) -> None:
        """Change some columns of a simulation."""
        statement = update(Simulation).where(Simulation.id == simulation_id).values(**values)
        await change(self._session, Simulation, statement)

    async def running_on(self, feed_id: int) -> Sequence[Simulation]:
        """Every running simulation of a feed, without what the engine needs."""
        return (
            await self._session.scalars(
                select(Simulation)
                .where(Simulation.feed_id == feed_id, Simulation.state == RUNNING)
                .order_by(Simulation.id)
                .options(defer(Simulation.run), defer(Simulation.program))
            )
        ).all()

    async def many(self, ids: Sequence[str]) -> Mapping[str, Simulation]:
        """Some simulations by their ids, without what the engine needs."""
        rows = await self._session.scalars(
            select(Simulation)
            .where(Simulation.id.in_(ids))
            .options(defer(Simulation.run), defer(Simulation.program))
        )
        return {each.id: each for each in rows.all()}

    async def summary_due(self, now: datetime, limit: int) -> Sequence[str]:
        """The running simulations whose daily summary is due."""
        statement = (
            select(Simulation.id)
            .where(Simulation.state == RUNNING, Simulation.summary_at <= now)
            .order_by(Simulation.summary_at)
            .limit(limit)
        )
        return (await self._session.scalars(statement)).all()

    async def take_summary(self, simulation_id: str, expected: datetime, following: datetime) -> bool:
        """Take the daily summary that is due, once; False when it was taken already."""
        statement = update(Simulation).where(
            Simulation.id == simulation_id, Simulation.summary_at == expected, Simulation.state == RUNNING
        )
        return bool(await change(self._session, Simulation, statement.values(summary_at=following)))

    async def untold(self) -> Sequence[str]:
        """The simulations with something that was not told yet."""
        statement = select(Simulation.id).where(Simulation.untold)
        return (await self._session.scalars(statement.order_by(Simulation.id))).all()

    async def take_untold(self, simulation_id: str) -> Simulation | None:
        """Take what was not told yet, once; None when it was taken already, or nobody is there to be told."""
        statement = update(Simulation).where(Simulation.id == simulation_id, Simulation.untold)
        taken = await change(self._session, Simulation, statement.values(untold=False))
        return taken[0] if taken else None

    async def fail(self, simulation_id: str, error: str) -> int:
        """Count one more failure in a row; gives how many there are."""
        statement = update(Simulation).where(Simulation.id == simulation_id, Simulation.state == RUNNING)
        values = {"failures": Simulation.failures + 1, "error": error}
        changed = await change(self._session, Simulation, statement.values(**values))
        return changed[0].failures if changed else 0


class AlreadyRunning(Exception):
    """The bot has a running simulation; the unit stays usable."""


def simulations_of(person: Traces) -> Select[str]:
    """The ids of a person's simulations."""
    return select(Simulation.id).where(belongs(Simulation, person))


def pausing_of_chat(platform: str, chat: str, thread: str) -> Update:
    """The statement that pauses the running simulations of a chat thread that is closed to us."""
    return (
        update(Simulation)
        .where(
            Simulation.platform == platform,
            Simulation.chat == chat,
            Simulation.thread == thread,
            Simulation.state == RUNNING,
        )
        .values(state=PAUSED, reason="chat")
    )
