"""Conversations, the chat threads that point at them, and what was said in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Numeric,
    Select,
    String,
    and_,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, change, insert_for, insert_once, new_id
from storage.journal import IncomingRow, Turn, private_chats, turns_of
from storage.people import Owner, held, owned_by
from storage.privacy import Personal, Traces, belongs, names_user

NEW_TITLE = "New Conversation"

COMMAND_KEY = "command:"
"""How the key of a command begins; the id of what came in follows."""

RESOLVED = "resolved"
"""The status of a conversation whose person said that it is settled, and for good how it was resolved."""


class Conversation(Base):
    """A conversation, who began it, and its tally; cost in US dollars."""

    __tablename__ = "conversations"
    __privacy__ = Personal(
        lambda of: belongs(Conversation, of),
        lambda _of, _at: {"user_id": None, "anonymous_token": None, "bot_id": None, "title": NEW_TITLE},
    )
    __table_args__ = (
        Index("ix_conversations_user_id_updated_at", "user_id", "updated_at"),
        Index("ix_conversations_anonymous_token_updated_at", "anonymous_token", "updated_at"),
        Index("ix_conversations_updated_at", "updated_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    anonymous_token: Mapped[str | None] = mapped_column(ForeignKey("anonymous_users.id"))
    bot_id: Mapped[str | None] = mapped_column(ForeignKey("bots.id", ondelete="SET NULL"))
    title: Mapped[str] = mapped_column(default=NEW_TITLE)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    turn_count: Mapped[int] = mapped_column(default=0)
    total_tokens: Mapped[int] = mapped_column(default=0)
    total_cost_usd: Mapped[Decimal] = mapped_column(Numeric(14, 8), default=Decimal(0))
    agents_used: Mapped[list[Any]] = mapped_column(default=list)
    status: Mapped[str] = mapped_column(default="open")
    resolution_type: Mapped[str | None]
    ended_at: Mapped[datetime | None]


class ChatThread(Base):
    """One chat thread of a platform and its current conversation."""

    __tablename__ = "chat_threads"
    # In a group the conversation goes on for the others, without an owner.
    __privacy__ = Personal(lambda of: tuple_(ChatThread.platform, ChatThread.chat).in_(private_chats(of)))

    platform: Mapped[str] = mapped_column(primary_key=True)
    chat: Mapped[str] = mapped_column(primary_key=True)
    thread: Mapped[str] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), index=True
    )


class Message(Base):
    """One message: what a person can read as `text`, and what the model is given as `body`, if anything.

    `turn_id` is what led to it: a turn, or the key of a command.
    """

    __tablename__ = "messages"
    __privacy__ = Personal(lambda of: _said_by_or_to(of))
    __table_args__ = (Index("ix_messages_conversation_id_id", "conversation_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    turn_id: Mapped[str | None] = mapped_column(index=True)
    role: Mapped[str]  # user | assistant | tool | command | notice
    sender_name: Mapped[str | None]
    text: Mapped[str]
    body: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]


class Conversations:
    """Queries over conversations; everything a person names is looked up together with its owner."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def begin(self, owner: Owner, platform: str, chat: str, thread: str, at: datetime) -> Conversation:
        """Begin a conversation and make it the current one of its chat thread."""
        conversation = _new(await held(self._session, owner), at)
        self._session.add(conversation)
        await self._session.flush()
        await self.make_current(conversation.id, platform, chat, thread)
        return conversation

    async def current_or_begin(
        self, owner: Owner, platform: str, chat: str, thread: str, at: datetime
    ) -> Conversation:
        """The current conversation of a chat thread; where there is none, one begins, and never two."""
        found = await self.current(platform, chat, thread)
        if found is not None:
            return found
        conversation = _new(await held(self._session, owner), at)
        self._session.add(conversation)
        here = ChatThread(platform=platform, chat=chat, thread=thread, conversation_id=conversation.id)
        if await insert_once(self._session, here):
            return conversation
        await self._session.delete(conversation)
        return (await self._session.scalars(_current(platform, chat, thread))).one()

    async def recent_chats(self, platform: str, limit: int) -> Sequence[str]:
        """The chats of a platform in which something was said last, the latest first."""
        latest = func.max(Conversation.updated_at)
        return (
            await self._session.scalars(
                select(ChatThread.chat)
                .join(Conversation, Conversation.id == ChatThread.conversation_id)
                .where(ChatThread.platform == platform)
                .group_by(ChatThread.chat)
                .order_by(latest.desc())
                .limit(limit)
            )
        ).all()

    async def make_current(self, conversation_id: str, platform: str, chat: str, thread: str) -> None:
        """Point a chat thread at a conversation."""
        statement = insert_for(self._session, ChatThread).values(
            platform=platform, chat=chat, thread=thread, conversation_id=conversation_id
        )
        await self._session.execute(
            statement.on_conflict_do_update(
                index_elements=["platform", "chat", "thread"], set_={"conversation_id": conversation_id}
            )
        )

    async def leave_private_chats(self, platform: str, user: str) -> None:
        """Let a platform user's private chats begin new conversations, since the current ones are theirs no longer."""
        chats = private_chats(Traces(identities=((platform, user),)))
        await self._session.execute(
            delete(ChatThread).where(tuple_(ChatThread.platform, ChatThread.chat).in_(chats))
        )

    async def current(self, platform: str, chat: str, thread: str) -> Conversation | None:
        """The current conversation of a chat thread."""
        return await self._session.scalar(_current(platform, chat, thread))

    async def get(self, conversation_id: str) -> Conversation | None:
        """A conversation by id, whoever owns it: for the house itself, never for what a person typed."""
        return await self._session.get(Conversation, conversation_id)

    async def owned(self, conversation_id: str, owner: Owner) -> Conversation | None:
        """A conversation by id if it belongs to this owner; a foreign one is None like an unknown one."""
        return await self._session.scalar(
            select(Conversation).where(Conversation.id == conversation_id, owned_by(Conversation, owner))
        )

    async def list(self, owner: Owner, limit: int, offset: int = 0) -> Sequence[Conversation]:
        """An owner's conversations, the latest first."""
        return (
            await self._session.scalars(
                select(Conversation)
                .where(owned_by(Conversation, owner))
                .order_by(Conversation.updated_at.desc(), Conversation.id)
                .limit(limit)
                .offset(offset)
            )
        ).all()

    async def count(self, owner: Owner) -> int:
        """How many conversations an owner has."""
        counted = select(func.count()).select_from(Conversation).where(owned_by(Conversation, owner))
        return await self._session.scalar(counted) or 0

    async def search_by_prefix(self, owner: Owner, prefix: str, limit: int = 5) -> Sequence[Conversation]:
        """An owner's conversations whose id begins with `prefix`, whatever its case, the latest first."""
        if not prefix:
            return []
        return (
            await self._session.scalars(
                select(Conversation)
                .where(
                    Conversation.id.startswith(prefix.lower(), autoescape=True), owned_by(Conversation, owner)
                )
                .order_by(Conversation.updated_at.desc(), Conversation.id)
                .limit(limit)
            )
        ).all()

    async def rename(self, conversation_id: str, title: str) -> None:
        """Give a conversation another title; its place among the latest stays."""
        await change(
            self._session,
            Conversation,
            update(Conversation).where(Conversation.id == conversation_id).values(title=title),
        )

    async def resolve(self, conversation_id: str, at: datetime) -> None:
        """Mark a conversation as settled; whoever goes on with it opens it again."""
        values = {"status": RESOLVED, "resolution_type": RESOLVED, "ended_at": at}
        statement = update(Conversation).where(Conversation.id == conversation_id)
        await change(self._session, Conversation, statement.values(**values))

    async def delete(self, conversation_id: str) -> None:
        """Delete a conversation with its messages, turns, journal and approvals; empty what came in for it.

        The emptied rows stay, since they keep messages from being taken twice; what was used stays used.
        """
        finished = await self._session.scalars(
            select(IncomingRow)
            .join(Turn, Turn.incoming_id == IncomingRow.id)
            .where(Turn.conversation_id == conversation_id, IncomingRow.state.in_(("done", "failed")))
        )
        for row in finished:
            row.body = {name: value if name == "kind" else "" for name, value in row.body.items()}
        await self._session.flush()
        await self._session.execute(delete(Conversation).where(Conversation.id == conversation_id))

    async def say(
        self,
        conversation_id: str,
        role: str,
        text: str,
        at: datetime,
        *,
        turn_id: str | None = None,
        sender_name: str | None = None,
        body: dict[str, Any] | None = None,
    ) -> Message:
        """Append a message."""
        message = Message(
            conversation_id=conversation_id,
            turn_id=turn_id,
            role=role,
            sender_name=sender_name,
            text=text,
            body=body,
            created_at=at,
        )
        self._session.add(message)
        await self._session.flush()
        return message

    async def set_body(self, message_id: int, body: dict[str, Any]) -> None:
        """Give a message that was stored before it reached the model the form in which the model saw it."""
        await change(
            self._session, Message, update(Message).where(Message.id == message_id).values(body=body)
        )

    async def messages(self, conversation_id: str) -> Sequence[Message]:
        """Everything that was said, oldest first."""
        return (
            await self._session.scalars(
                select(Message).where(Message.conversation_id == conversation_id).order_by(Message.id)
            )
        ).all()

    async def bodies_of_turn(self, turn_id: str) -> Sequence[dict[str, Any]]:
        """What the model was given and gave in one turn, oldest first."""
        rows = await self._session.scalars(
            select(Message.body)
            .where(Message.turn_id == turn_id, Message.body.is_not(None))
            .order_by(Message.id)
        )
        return [body for body in rows.all() if body is not None]

    async def history(self, conversation_id: str, limit: int) -> Sequence[Message]:
        """The newest `limit` messages that the model is given, oldest first."""
        newest = (
            select(Message.id)
            .where(Message.conversation_id == conversation_id, Message.body.is_not(None))
            .order_by(Message.id.desc())
            .limit(limit)
        )
        return (
            await self._session.scalars(select(Message).where(Message.id.in_(newest)).order_by(Message.id))
        ).all()

    async def add_to_tally(
        self,
        conversation_id: str,
        at: datetime,
        *,
        turns: int = 0,
        tokens: int = 0,
        cost_usd: Decimal = Decimal(0),
        agent: str | None = None,
    ) -> None:
        """Add to what a conversation has used; `agent` joins `agents_used` unless it is there."""
        changed = await change(
            self._session,
            Conversation,
            update(Conversation)
            .where(Conversation.id == conversation_id)
            .values(
                turn_count=Conversation.turn_count + turns,
                total_tokens=Conversation.total_tokens + tokens,
                total_cost_usd=Conversation.total_cost_usd + cost_usd,
                updated_at=at,
            ),
        )
        for conversation in changed:
            # The UPDATE has locked the row, so nobody else adds an agent between this look and the flush.
            if agent is not None and agent not in conversation.agents_used:
                conversation.agents_used = [*conversation.agents_used, agent]
        await self._session.flush()


def _said_by_or_to(person: Traces) -> ColumnElement[bool]:
    """Messages of a person's turns and commands, and those of their conversations that are nobody's in particular."""
    command = literal(COMMAND_KEY) + cast(IncomingRow.id, String)
    commands = select(command).where(names_user(IncomingRow.platform, IncomingRow.sender_user, person))
    own = select(Conversation.id).where(belongs(Conversation, person))
    return or_(
        Message.turn_id.in_(turns_of(person)),
        Message.turn_id.in_(commands),
        and_(Message.conversation_id.in_(own), Message.turn_id.is_(None)),
    )


def _new(owner: Owner, at: datetime) -> Conversation:
    return Conversation(
        id=new_id(),
        user_id=owner.user_id,
        anonymous_token=owner.anonymous_token,
        title=NEW_TITLE,
        created_at=at,
        updated_at=at,
        turn_count=0,
        total_tokens=0,
        total_cost_usd=Decimal(0),
        agents_used=[],
        status="open",
    )


def _current(platform: str, chat: str, thread: str) -> Select[Conversation]:
    return (
        select(Conversation)
        .join(ChatThread, ChatThread.conversation_id == Conversation.id)
        .where(ChatThread.platform == platform, ChatThread.chat == chat, ChatThread.thread == thread)
    )
