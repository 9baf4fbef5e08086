"""Everybody's rows in pages, for operators: people, conversations, what happened in one step by step, deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, and_, func, literal, or_, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.base import change
from storage.conversations import Conversation, Message
from storage.deliveries import DeliveryRow
from storage.journal import IncomingRow, Step, Turn
from storage.people import AnonymousUser, Owner, PlatformIdentity, User
from storage.trading import TradingBot

_STUCK = ("pending", "attempting", "failed")


@dataclass(frozen=True, slots=True)
class Person:
    """One person with all their identities and what they have used; cost in US dollars."""

    owner: Owner
    identities: tuple[PlatformIdentity, ...]
    turns: int
    tokens: int
    cost_usd: Decimal
    last_turn_at: datetime | None

    @property
    def id(self) -> str:
        """The id of the account, or the anonymous token."""
        return self.owner.user_id or self.owner.anonymous_token or ""


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened in a conversation: a step of a turn, or a command and what was said to it."""

    at: datetime
    turn_id: str | None
    kind: str
    name: str | None
    text: str | None
    data: dict[str, Any]
    tokens: int
    duration_ms: int | None


class Overview:
    """Queries that reach over all people; nothing of it is ever shown to anybody but operators."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def owners(self, prefix: str, limit: int = 2) -> Sequence[Owner]:
        """Accounts and anonymous people whose id begins like this, whatever its case."""
        accounts = select(User.id).where(User.id.startswith(prefix.lower(), autoescape=True)).limit(limit)
        tokens = (
            select(AnonymousUser.id)
            .where(AnonymousUser.id.startswith(prefix.lower(), autoescape=True))
            .limit(limit)
        )
        found = [Owner(user_id=each) for each in (await self._session.scalars(accounts)).all()]
        found += [Owner(anonymous_token=each) for each in (await self._session.scalars(tokens)).all()]
        return found[:limit]

    async def people(self, query: str, limit: int, offset: int = 0) -> Sequence[Person]:
        """People whose name or user id contains, or whose id begins with, a text; the newest first."""
        key = func.coalesce(PlatformIdentity.user_id, PlatformIdentity.anonymous_token)
        statement = select(func.max(PlatformIdentity.user_id), func.max(PlatformIdentity.anonymous_token))
        if query:
            statement = statement.where(
                or_(
                    PlatformIdentity.name.icontains(query, autoescape=True),
                    PlatformIdentity.user.contains(query, autoescape=True),
                    PlatformIdentity.platform == query.lower(),
                    PlatformIdentity.user_id.startswith(query.lower(), autoescape=True),
                    PlatformIdentity.anonymous_token.startswith(query.lower(), autoescape=True),
                )
            )
        newest = func.max(PlatformIdentity.id).desc()
        rows = await self._session.execute(
            statement.group_by(key).order_by(newest).limit(limit).offset(offset)
        )
        owners = [
            Owner(user_id=user_id, anonymous_token=None if user_id else token)
            for user_id, token in rows.all()
        ]
        return [await self.person(owner) for owner in owners]

    async def person(self, owner: Owner) -> Person:
        """One person."""
        identities = (
            await self._session.scalars(
                select(PlatformIdentity).where(_of(PlatformIdentity, owner)).order_by(PlatformIdentity.id)
            )
        ).all()
        turns, tokens, cost, last = (
            await self._session.execute(
                select(
                    func.count(), func.sum(Turn.tokens), func.sum(Turn.cost_usd), func.max(Turn.created_at)
                ).where(_of(Turn, owner))
            )
        ).one()
        return Person(owner, tuple(identities), turns, int(tokens or 0), cost or Decimal(0), last)

    async def bots(self, owner: Owner, limit: int) -> Sequence[TradingBot]:
        """A person's bots, the deleted ones too, the latest first."""
        statement = select(TradingBot).where(_of(TradingBot, owner)).order_by(TradingBot.created_at.desc())
        return (await self._session.scalars(statement.limit(limit))).all()

    async def conversations(
        self,
        limit: int,
        offset: int = 0,
        *,
        owner: Owner | None = None,
        status: str | None = None,
        title: str = "",
    ) -> Sequence[Conversation]:
        """Conversations, the latest first; of one person, in one status, with words in their title."""
        statement = select(Conversation).order_by(Conversation.updated_at.desc(), Conversation.id)
        if owner is not None:
            statement = statement.where(_of(Conversation, owner))
        if status is not None:
            statement = statement.where(
                or_(Conversation.status == status, Conversation.resolution_type == status)
            )
        if title:
            statement = statement.where(Conversation.title.icontains(title, autoescape=True))
        return (await self._session.scalars(statement.limit(limit).offset(offset))).all()

    async def conversations_by_prefix(self, prefix: str, limit: int = 2) -> Sequence[Conversation]:
        """Conversations whose id begins like this, whoever owns them."""
        wanted = Conversation.id.startswith(prefix.lower(), autoescape=True)
        return (await self._session.scalars(select(Conversation).where(wanted).limit(limit))).all()

    async def count_moments(self, conversation_id: str) -> int:
        """How many things have happened in a conversation."""
        counted = select(func.count()).select_from(_moments(conversation_id).subquery())
        return await self._session.scalar(counted) or 0

    async def moments(
        self, conversation_id: str, limit: int | None = None, offset: int = 0
    ) -> Sequence[Moment]:
        """What has happened in a conversation, in order; `limit` None means all."""
        order = _moments(conversation_id).subquery()
        chosen = select(order).order_by(order.c.at, order.c.of_turn, order.c.id)
        rows = (await self._session.execute(chosen.limit(limit).offset(offset))).all()
        steps = await self._rows(Step, [row.id for row in rows if row.of_turn])
        said = await self._rows(Message, [row.id for row in rows if not row.of_turn])
        return [_from_step(steps[row.id]) if row.of_turn else _from_message(said[row.id]) for row in rows]

    async def turn_numbers(self, conversation_id: str) -> dict[str, int]:
        """The place of each turn in its conversation, counted from 1."""
        turns = await self._session.scalars(
            select(Turn.id).where(Turn.conversation_id == conversation_id).order_by(Turn.created_at, Turn.id)
        )
        return {turn: number for number, turn in enumerate(turns.all(), 1)}

    async def stuck_deliveries(self, limit: int, offset: int = 0) -> Sequence[DeliveryRow]:
        """Pieces that wait, then those that were given up; the latest of each first."""
        statement = (
            select(DeliveryRow)
            .where(DeliveryRow.state.in_(_STUCK))
            .order_by(DeliveryRow.state == "failed", DeliveryRow.id.desc())
        )
        return (await self._session.scalars(statement.limit(limit).offset(offset))).all()

    async def deliver_again(self, delivery_id: int) -> DeliveryRow | None:
        """Let a piece that was given up or waits leave now; None when there is no such piece."""
        statement = update(DeliveryRow).where(
            DeliveryRow.id == delivery_id, DeliveryRow.state.in_(("pending", "failed"))
        )
        values = {"state": "pending", "not_before": None, "failures": 0, "error": None}
        changed = await change(self._session, DeliveryRow, statement.values(**values))
        return changed[0] if changed else None

    async def drop_delivery(self, delivery_id: int, why: str) -> bool:
        """Give a piece up that waits; False when there is no such piece, or it is on the wire."""
        statement = update(DeliveryRow).where(DeliveryRow.id == delivery_id, DeliveryRow.state == "pending")
        return bool(await change(self._session, DeliveryRow, statement.values(state="failed", error=why)))

    async def delivered_as(self, platform: str, chat: str, receipt: str) -> DeliveryRow | None:
        """The piece that a platform has acknowledged with this receipt."""
        return await self._session.scalar(
            select(DeliveryRow)
            .where(DeliveryRow.platform == platform, DeliveryRow.receipt == receipt, DeliveryRow.chat == chat)
            .order_by(DeliveryRow.id.desc())
            .limit(1)
        )

    async def conversation_answered(self, delivery: DeliveryRow) -> Conversation | None:
        """The conversation of the message that a delivered piece answers, if it says which."""
        if delivery.reply_to is None:
            return None
        return await self._session.scalar(
            select(Conversation)
            .join(Turn, Turn.conversation_id == Conversation.id)
            .join(IncomingRow, IncomingRow.id == Turn.incoming_id)
            .where(IncomingRow.platform == delivery.platform, IncomingRow.external_id == delivery.reply_to)
        )

    async def _rows(self, model: Any, ids: Sequence[int]) -> dict[int, Any]:
        rows = (await self._session.scalars(select(model).where(model.id.in_(ids)))).all()
        return {row.id: row for row in rows}


def _of(model: Any, owner: Owner) -> Any:
    """The condition that a row is of this person, at any time: also from before they had an account."""
    if owner.user_id is not None:
        return model.user_id == owner.user_id
    return and_(model.user_id.is_(None), model.anonymous_token == (owner.anonymous_token or ""))


def _moments(conversation_id: str) -> Select[Any]:
    steps = (
        select(Step.at.label("at"), literal(1).label("of_turn"), Step.id.label("id"))
        .join(Turn, Turn.id == Step.turn_id)
        .where(Turn.conversation_id == conversation_id)
    )
    said = select(Message.created_at, literal(0), Message.id).where(
        Message.conversation_id == conversation_id, Message.role.in_(("command", "notice"))
    )
    both = union_all(steps, said).subquery()
    return select(both)


def _from_step(step: Step) -> Moment:
    return Moment(step.at, step.turn_id, step.kind, step.name, None, step.data, step.tokens, step.duration_ms)


def _from_message(message: Message) -> Moment:
    name = message.sender_name
    return Moment(message.created_at, message.turn_id, message.role, name, message.text, {}, 0, None)
