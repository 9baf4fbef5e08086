"""Totals over everybody, counted by the database: what a range of time brought, day by day, and how things stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import ColumnElement, case, distinct, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from storage.approvals import Approval
from storage.conversations import RESOLVED, Conversation
from storage.deliveries import DeliveryRow
from storage.faults import Fault
from storage.journal import IncomingRow, Step, Turn
from storage.people import ChatUse, PlatformIdentity
from storage.simulations import Simulation
from storage.trading import Backtest, TradingBot

ESCALATED = "escalated"

Bucket = Literal["hour", "day"]

_FORMATS: Mapping[Bucket, tuple[str, str]] = {
    "hour": ("%Y-%m-%d %H", "YYYY-MM-DD HH24"),
    "day": ("%Y-%m-%d", "YYYY-MM-DD"),
}


@dataclass(frozen=True, slots=True)
class Activity:
    """What a range of time brought; cost in US dollars, states with their counts."""

    people: int
    new_people: int
    active_people: int
    conversations: int
    new_conversations: int
    resolved: int
    escalated: int
    chats: int
    bots: int
    turns: int
    failed_turns: int
    tokens: int
    cost_usd: Decimal
    backtests: Mapping[str, int]
    simulations_begun: int
    simulations_running: int
    approvals: Mapping[str, int]
    faults: int


@dataclass(frozen=True, slots=True)
class Spell:
    """One hour or day in UTC, named as in ISO 8601: turns, people who talked, tokens."""

    name: str
    turns: int
    people: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Queues:
    """How things stand: what waits to be worked on and to be sent, and the oldest that waits."""

    incoming: Mapping[str, int]
    deliveries: Mapping[str, int]
    oldest_delivery: datetime | None
    running_backtests: int
    running_simulations: int
    open_approvals: int


@dataclass(frozen=True, slots=True)
class Rates:
    """How much went wrong since a time, of how much."""

    turns: int
    failed_turns: int
    faults: int
    failed_deliveries: int
    delivered: int


class Statistics:
    """Aggregates; every one is counted inside the database, whatever its size."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def activity(self, since: datetime) -> Activity:
        """What happened from a time until now."""
        owner = func.coalesce(PlatformIdentity.user_id, PlatformIdentity.anonymous_token)
        people = await self._one(func.count(distinct(owner)))
        new = await self._one(func.count(distinct(owner)), PlatformIdentity.created_at >= since)
        talked = (
            await self._session.execute(
                select(
                    func.count(),
                    func.count(distinct(func.coalesce(Turn.user_id, Turn.anonymous_token))),
                    func.sum(case((Turn.state == "failed", 1), else_=0)),
                    func.sum(Turn.tokens),
                    func.sum(Turn.cost_usd),
                ).where(Turn.created_at >= since)
            )
        ).one()
        turns, active, failed, tokens, cost = talked
        conversations, begun, resolved, escalated = (
            await self._session.execute(
                select(
                    func.count(),
                    func.sum(case((Conversation.created_at >= since, 1), else_=0)),
                    func.sum(case((Conversation.resolution_type == RESOLVED, 1), else_=0)),
                    func.sum(case((Conversation.resolution_type == ESCALATED, 1), else_=0)),
                ).where(Conversation.updated_at >= since, Conversation.turn_count > 0)
            )
        ).one()
        return Activity(
            people=people,
            new_people=new,
            active_people=active,
            conversations=conversations,
            new_conversations=int(begun or 0),
            resolved=int(resolved or 0),
            escalated=int(escalated or 0),
            chats=await self.chats(since),
            bots=await self._one(func.count(TradingBot.id), TradingBot.created_at >= since),
            turns=turns,
            failed_turns=int(failed or 0),
            tokens=int(tokens or 0),
            cost_usd=cost or Decimal(0),
            backtests=await self._by(Backtest.state, Backtest.created_at >= since),
            simulations_begun=await self._one(func.count(Simulation.id), Simulation.created_at >= since),
            simulations_running=await self._one(func.count(Simulation.id), Simulation.state == "running"),
            approvals=await self._by(
                Approval.state, Approval.created_at >= since, Approval.kind != "question"
            ),
            faults=await self._one(func.count(Fault.id), Fault.at >= since),
        )

    async def chats(self, since: datetime) -> int:
        """How many chats were charged since a time."""
        return await self._one(func.count(ChatUse.incoming_id), ChatUse.at >= since)

    async def spells(self, since: datetime, bucket: Bucket) -> Sequence[Spell]:
        """The hours or days since a time in which somebody talked, in order."""
        name = self._bucket(Turn.created_at, bucket)
        people = func.count(distinct(func.coalesce(Turn.user_id, Turn.anonymous_token)))
        rows = await self._session.execute(
            select(name.label("name"), func.count(), people, func.sum(Turn.tokens))
            .where(Turn.created_at >= since)
            .group_by(text("1"))
            .order_by(text("1"))
        )
        return [Spell(str(name), turns, people, int(tokens or 0)) for name, turns, people, tokens in rows]

    async def empty(self) -> bool:
        """True while nobody has ever said anything."""
        return not await self._one(func.count(IncomingRow.id)) and not await self._one(
            func.count(PlatformIdentity.id)
        )

    async def queues(self) -> Queues:
        """What waits now."""
        waiting = IncomingRow.state.in_(("waiting", "running"))
        unsent = DeliveryRow.state.in_(("pending", "attempting"))
        return Queues(
            incoming=await self._by(IncomingRow.state, waiting),
            deliveries=await self._by(DeliveryRow.platform, unsent),
            oldest_delivery=await self._session.scalar(
                select(func.min(DeliveryRow.created_at)).where(unsent)
            ),
            running_backtests=await self._one(func.count(Backtest.id), Backtest.state == "running"),
            running_simulations=await self._one(func.count(Simulation.id), Simulation.state == "running"),
            open_approvals=await self._one(func.count(Approval.id), Approval.state == "open"),
        )

    async def rates(self, since: datetime) -> Rates:
        """How much went wrong since a time."""
        turns = await self._by(Turn.state, Turn.created_at >= since)
        deliveries = await self._by(DeliveryRow.state, DeliveryRow.id > await self._first_delivery(since))
        return Rates(
            turns=sum(turns.values()),
            failed_turns=turns.get("failed", 0),
            faults=await self._one(func.count(Fault.id), Fault.at >= since),
            failed_deliveries=deliveries.get("failed", 0),
            delivered=deliveries.get("delivered", 0),
        )

    async def last_response(self) -> datetime | None:
        """When a model has answered last."""
        return await self._session.scalar(
            select(Step.at).where(Step.kind == "response").order_by(Step.id.desc()).limit(1)
        )

    async def database_bytes(self) -> int:
        """How large the database is."""
        if self._postgresql:
            size = text("SELECT pg_database_size(current_database())")
            return int(await self._session.scalar(size) or 0)
        size = text("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
        return int(await self._session.scalar(size) or 0)

    @property
    def engine(self) -> str:
        """Which database this is, in words."""
        return "PostgreSQL" if self._postgresql else "SQLite"

    @property
    def _postgresql(self) -> bool:
        return self._session.get_bind().dialect.name == "postgresql"

    async def _first_delivery(self, since: datetime) -> int:
        """The id before those of a time: the ids grow with time, and there is no index on it."""
        newest = select(DeliveryRow.id).where(DeliveryRow.created_at < since)
        return await self._session.scalar(newest.order_by(DeliveryRow.id.desc()).limit(1)) or 0

    def _bucket(self, column: Any, bucket: Bucket) -> ColumnElement[str]:
        sqlite, postgresql = _FORMATS[bucket]
        if self._postgresql:
            return func.to_char(func.timezone("UTC", column), text(f"'{postgresql}'"))
        return func.strftime(text(f"'{sqlite}'"), column)

    async def _one(self, counted: Any, *conditions: ColumnElement[bool]) -> int:
        return await self._session.scalar(select(counted).where(*conditions)) or 0

    async def _by(self, column: Any, *conditions: ColumnElement[bool]) -> dict[str, int]:
        statement = select(column, func.count()).where(*conditions).group_by(column)
        return {str(row[0]): int(row[1]) for row in await self._session.execute(statement)}
