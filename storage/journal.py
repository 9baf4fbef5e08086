"""What came in, the turns it led to, and every step of them: the record that a restart goes on from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    Numeric,
    Select,
    String,
    UniqueConstraint,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, change, insert_once, new_id
from storage.people import Owner, held, owned_by
from storage.privacy import Personal, Traces, belongs, names_user

_UNFINISHED = ("waiting", "running")


class HappenedAlready(Exception):
    """What was to be written down as the first time has happened before; the unit must not go on."""


class IncomingRow(Base):
    """One thing that a person did, unique by platform and its id there.

    `state` is waiting, running, done or failed.
    """

    __tablename__ = "incoming"
    __privacy__ = Personal(
        lambda of: names_user(IncomingRow.platform, IncomingRow.sender_user, of),
        lambda _of, _at: {
            # Unique, and like nothing that a platform says.
            "external_id": literal("forgotten:") + cast(IncomingRow.id, String),
            **dict.fromkeys(("chat", "thread", "sender_user", "sender_name"), ""),
            "body": {},
        },
    )
    __table_args__ = (
        UniqueConstraint("platform", "external_id"),
        Index("ix_incoming_state_id", "state", "id"),
        Index("ix_incoming_thread", "platform", "chat", "thread"),
        Index("ix_incoming_sender", "platform", "sender_user", "id"),
        # Keys of bots and backtests are made from these ids: one that comes again would find another's bot.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    platform: Mapped[str]
    external_id: Mapped[str]
    chat: Mapped[str]
    thread: Mapped[str]
    sender_user: Mapped[str]
    sender_name: Mapped[str]
    private: Mapped[bool]
    body: Mapped[dict[str, Any]]
    state: Mapped[str]
    error_reference: Mapped[str | None] = mapped_column(index=True)
    at: Mapped[datetime]
    received_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Turn(Base):
    """One turn of the assistant; `state` is running, waiting (for a person), done, failed or stopped."""

    __tablename__ = "turns"
    __privacy__ = Personal(
        lambda of: or_(belongs(Turn, of), names_user(Turn.platform, Turn.asker_user, of)),
        lambda _of, at: {
            **dict.fromkeys(("user_id", "anonymous_token", "reply_to", "prompt_message_id")),
            **dict.fromkeys(("chat", "thread", "asker_user", "asker_name", "prompt"), ""),
            "state": case((Turn.state == "waiting", "stopped"), else_=Turn.state),
            "ended_at": func.coalesce(Turn.ended_at, at),
        },
    )
    __table_args__ = (
        Index("ix_turns_conversation_id_created_at", "conversation_id", "created_at"),
        Index("ix_turns_thread_state", "platform", "chat", "thread", "state"),
        Index("ix_turns_user_id", "user_id"),
        Index("ix_turns_anonymous_token", "anonymous_token"),
        Index("ix_turns_created_at", "created_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    incoming_id: Mapped[int | None] = mapped_column(
        ForeignKey("incoming.id", ondelete="SET NULL"), unique=True
    )
    user_id: Mapped[str | None]
    anonymous_token: Mapped[str | None]
    platform: Mapped[str]
    chat: Mapped[str]
    thread: Mapped[str]
    reply_to: Mapped[str | None]
    asker_user: Mapped[str]
    asker_name: Mapped[str]
    private: Mapped[bool]
    state: Mapped[str]
    prompt: Mapped[str]
    prompt_message_id: Mapped[int | None]
    requests: Mapped[int] = mapped_column(default=0)
    tool_calls: Mapped[int] = mapped_column(default=0)
    tokens: Mapped[int] = mapped_column(default=0)
    cost_usd: Mapped[Decimal] = mapped_column(Numeric(14, 8), default=Decimal(0))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    @property
    def owner(self) -> Owner:
        """Whose limits and bots this turn has."""
        return Owner(user_id=self.user_id, anonymous_token=self.anonymous_token)


class Step(Base):
    """One entry of the journal.

    `kind` is user, response, tool_result, approval_asked, approval_answered, stopped or error.
    `key` makes what may happen once unique, above all the result of a tool call: `<turn>:<call>`.
    """

    __tablename__ = "journal"
    __privacy__ = Personal(lambda of: Step.turn_id.in_(turns_of(of)), lambda _of, _at: {"data": {}})
    __table_args__ = (Index("ix_journal_turn_id_id", "turn_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    turn_id: Mapped[str] = mapped_column(ForeignKey("turns.id", ondelete="CASCADE"))
    key: Mapped[str | None] = mapped_column(unique=True)
    kind: Mapped[str]
    name: Mapped[str | None]
    data: Mapped[dict[str, Any]]
    tokens: Mapped[int] = mapped_column(default=0)
    duration_ms: Mapped[int | None]
    at: Mapped[datetime]


def turns_of(person: Traces) -> Select[str]:
    """The ids of a person's turns."""
    return select(Turn.id).where(
        or_(belongs(Turn, person), names_user(Turn.platform, Turn.asker_user, person))
    )


def private_chats(person: Traces) -> Select[str, str]:
    """The private chats (platform, chat) in which a person has written."""
    return _chats(person).where(IncomingRow.private == true())


def group_chats(person: Traces) -> Select[str, str]:
    """The other chats (platform, chat) in which a person has written."""
    return _chats(person).where(IncomingRow.private != true())


def _chats(person: Traces) -> Select[str, str]:
    written = names_user(IncomingRow.platform, IncomingRow.sender_user, person)
    return select(IncomingRow.platform, IncomingRow.chat).where(written)


@dataclass(frozen=True, slots=True)
class Totals:
    """What somebody's turns have used together; cost in US dollars."""

    turns: int
    tokens: int
    cost_usd: Decimal


class Journal:
    """Queries over what came in and what was done about it."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def accept(self, row: IncomingRow) -> bool:
        """Write down something that came in; False when it was seen before."""
        return await insert_once(self._session, row)

    async def incoming(self, incoming_id: int) -> IncomingRow | None:
        """One thing that came in."""
        return await self._session.get(IncomingRow, incoming_id, populate_existing=True)

    async def incoming_by_external_id(self, platform: str, external_id: str) -> IncomingRow | None:
        """One thing that came in, by the platform's own id."""
        return await self._session.scalar(
            select(IncomingRow).where(
                IncomingRow.platform == platform, IncomingRow.external_id == external_id
            )
        )

    async def unfinished(self, platforms: Sequence[str] | None = None) -> Sequence[IncomingRow]:
        """Everything accepted and not finished, in the order in which it came; `platforms` None means all."""
        statement = select(IncomingRow).where(IncomingRow.state.in_(_UNFINISHED)).order_by(IncomingRow.id)
        if platforms is not None:
            statement = statement.where(IncomingRow.platform.in_(platforms))
        return (await self._session.scalars(statement)).all()

    async def start(self, incoming_id: int) -> bool:
        """Mark something that came in as being worked on; False when it is finished already."""
        statement = update(IncomingRow).where(
            IncomingRow.id == incoming_id, IncomingRow.state.in_(_UNFINISHED)
        )
        return bool(await change(self._session, IncomingRow, statement.values(state="running")))

    async def finish(
        self, incoming_id: int, at: datetime, *, state: str = "done", error_reference: str | None = None
    ) -> None:
        """Mark something that came in as finished."""
        statement = update(IncomingRow).where(IncomingRow.id == incoming_id)
        values = {"state": state, "finished_at": at, "error_reference": error_reference}
        await change(self._session, IncomingRow, statement.values(**values))

    async def replace_waiting(self, incoming_id: int, body: dict[str, Any]) -> bool:
        """Replace what a message says while it still waits; False when work on it has begun."""
        statement = update(IncomingRow).where(IncomingRow.id == incoming_id, IncomingRow.state == "waiting")
        return bool(await change(self._session, IncomingRow, statement.values(body=body)))

    async def rewrite(self, incoming_id: int, body: dict[str, Any]) -> None:
        """Replace what a message means once it is understood, so that a restart understands the same."""
        statement = update(IncomingRow).where(IncomingRow.id == incoming_id)
        await change(self._session, IncomingRow, statement.values(body=body))

    async def conceal(self, incoming_id: int) -> None:
        """Keep of a command that it was given, and not what stood behind its name."""
        row = await self.incoming(incoming_id)
        if row is not None and "arguments" in row.body:
            row.body = {**row.body, "arguments": ""}

    async def busy(self, platform: str, user: str, but: int) -> bool:
        """Whether something that a platform user did waits or is worked on, besides the row `but`."""
        unfinished = select(IncomingRow.id).where(
            IncomingRow.platform == platform,
            IncomingRow.sender_user == user,
            IncomingRow.state.in_(_UNFINISHED),
            IncomingRow.id != but,
        )
        return await self._session.scalar(unfinished.limit(1)) is not None

    async def end_waiting(self, platform: str, asker_user: str, at: datetime) -> None:
        """End the turns that wait for somebody's answer, in every chat."""
        statement = update(Turn).where(
            Turn.platform == platform, Turn.asker_user == asker_user, Turn.state == "waiting"
        )
        await change(self._session, Turn, statement.values(state="stopped", ended_at=at))

    async def add_turn(self, turn: Turn) -> Turn:
        """Write down a new turn; where the same message has led to one already, that is returned."""
        owner = await held(self._session, turn.owner)
        turn.user_id, turn.anonymous_token = owner.user_id, owner.anonymous_token
        if await insert_once(self._session, turn):
            return turn
        return (await self._session.scalars(select(Turn).where(Turn.incoming_id == turn.incoming_id))).one()

    async def turn(self, turn_id: str) -> Turn | None:
        """One turn."""
        return await self._session.get(Turn, turn_id, populate_existing=True)

    async def turn_of_incoming(self, incoming_id: int) -> Turn | None:
        """The turn that a message led to, if it has begun."""
        return await self._session.scalar(select(Turn).where(Turn.incoming_id == incoming_id))

    async def waiting_turns(self, platform: str, chat: str, thread: str, asker_user: str) -> Sequence[Turn]:
        """The turns of this person in this chat thread that wait for them, the oldest first."""
        return (
            await self._session.scalars(
                select(Turn)
                .where(
                    Turn.platform == platform,
                    Turn.chat == chat,
                    Turn.thread == thread,
                    Turn.asker_user == asker_user,
                    Turn.state == "waiting",
                )
                .order_by(Turn.created_at, Turn.id)
            )
        ).all()

    async def turns(self, conversation_id: str) -> Sequence[Turn]:
        """The turns of a conversation, the oldest first."""
        return (
            await self._session.scalars(
                select(Turn).where(Turn.conversation_id == conversation_id).order_by(Turn.created_at, Turn.id)
            )
        ).all()

    async def note(
        self,
        turn_id: str,
        kind: str,
        at: datetime,
        data: dict[str, Any],
        *,
        key: str | None = None,
        name: str | None = None,
        tokens: int = 0,
        duration_ms: int | None = None,
    ) -> None:
        """Add an entry to the journal; raises `HappenedAlready` when there is one with this key."""
        step = Step(
            turn_id=turn_id,
            key=key,
            kind=kind,
            name=name,
            data=data,
            tokens=tokens,
            duration_ms=duration_ms,
            at=at,
        )
        if not await insert_once(self._session, step):
            raise HappenedAlready(f"The journal has an entry {key} already.")

    async def result(self, key: str) -> Step | None:
        """The entry with this key, for instance the result of a tool call."""
        return await self._session.scalar(select(Step).where(Step.key == key))

    async def steps(self, turn_id: str) -> Sequence[Step]:
        """The journal of a turn, in order."""
        return (
            await self._session.scalars(select(Step).where(Step.turn_id == turn_id).order_by(Step.id))
        ).all()

    async def totals(self, owner: Owner) -> Totals:
        """What an owner's turns have used, in all conversations that were not deleted."""
        turns, tokens, cost_usd = (
            await self._session.execute(
                select(func.count(), func.sum(Turn.tokens), func.sum(Turn.cost_usd)).where(
                    owned_by(Turn, owner)
                )
            )
        ).one()
        return Totals(turns, int(tokens or 0), cost_usd or Decimal(0))
