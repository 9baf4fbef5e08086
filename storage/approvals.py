"""Questions that wait for a person: approvals of tool calls, confirmations of commands, own questions."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    UniqueConstraint,
    case,
    cast,
    false,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, change, insert_once
from storage.privacy import Personal, Traces, names_user

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def short_id() -> str:
    """A random id of ten characters that are hard to confuse, short enough for every platform's buttons."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(10))


class Approval(Base):
    """A question to one person.

    `kind` is tool, question or command; `state` is open, granted, denied, answered or expired.
    """

    __tablename__ = "approvals"
    __privacy__ = Personal(
        lambda of: or_(_asked(of), _about(of)),
        lambda _of, _at: {
            **dict.fromkeys(("chat", "thread", "asker_user", "asker_name", "text"), ""),
            "options": [],
            "payload": {},
            "state": case((Approval.state == "open", "expired"), else_=Approval.state),
        },
        lambda of: dict.fromkeys(("chat", "thread", "asker_user", "asker_name"), _asked(of)),
    )
    __table_args__ = (
        UniqueConstraint("turn_id", "call_id"),
        Index("ix_approvals_state_expires_at", "state", "expires_at"),
        Index("ix_approvals_conversation_id", "conversation_id"),
        Index("ix_approvals_thread", "platform", "chat", "thread", "state"),
        Index("ix_approvals_created_at", "created_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=short_id)
    kind: Mapped[str]
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    turn_id: Mapped[str | None] = mapped_column(ForeignKey("turns.id", ondelete="CASCADE"))
    call_id: Mapped[str | None]
    platform: Mapped[str]
    chat: Mapped[str]
    thread: Mapped[str]
    asker_user: Mapped[str]
    asker_name: Mapped[str]
    name: Mapped[str]
    text: Mapped[str]
    options: Mapped[list[Any]]
    payload: Mapped[dict[str, Any]]
    state: Mapped[str]
    answer: Mapped[str | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]


class Approvals:
    """Queries over questions that wait for a person."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def ask(self, approval: Approval) -> Approval:
        """Write down a question; where one was asked about this tool call already, that is returned."""
        if await insert_once(self._session, approval):
            return approval
        return (await self._session.scalars(_of_call(approval.turn_id, approval.call_id))).one()

    async def close_of(self, platform: str, asker_user: str, at: datetime) -> None:
        """Deny whatever waits for somebody's answer, in every chat; also what could be asked again."""
        statement = update(Approval).where(
            Approval.platform == platform,
            Approval.asker_user == asker_user,
            Approval.state.in_(("open", "expired")),
        )
        await change(self._session, Approval, statement.values(state="denied", answered_at=at))

    async def get(self, approval_id: str) -> Approval | None:
        """One question, read fresh."""
        return await self._session.get(Approval, approval_id, populate_existing=True)

    async def of_call(self, turn_id: str, call_id: str) -> Approval | None:
        """The question about a tool call, if it was asked."""
        return await self._session.scalar(_of_call(turn_id, call_id))

    async def open_in(self, platform: str, chat: str, thread: str, asker_user: str) -> Approval | None:
        """The newest open question to this person in this chat thread."""
        return await self._session.scalar(
            select(Approval)
            .where(
                Approval.platform == platform,
                Approval.chat == chat,
                Approval.thread == thread,
                Approval.asker_user == asker_user,
                Approval.state == "open",
            )
            .order_by(Approval.created_at.desc())
            .limit(1)
        )

    async def overdue(self, now: datetime) -> Sequence[Approval]:
        """The open questions whose time is over."""
        return (
            await self._session.scalars(
                select(Approval)
                .where(Approval.state == "open", Approval.expires_at <= now)
                .order_by(Approval.id)
            )
        ).all()

    async def open_again(self, approval_id: str, asker_user: str, expires_at: datetime) -> bool:
        """Ask an expired question once more; only for the person who was asked."""
        statement = update(Approval).where(
            Approval.id == approval_id, Approval.asker_user == asker_user, Approval.state == "expired"
        )
        values = {"state": "open", "expires_at": expires_at, "answered_at": None}
        return bool(await change(self._session, Approval, statement.values(**values)))

    async def settle(self, approval_id: str, state: str, answer: str | None, at: datetime) -> bool:
        """Close an open question; the first answer wins, False says that it was closed already."""
        statement = update(Approval).where(Approval.id == approval_id, Approval.state == "open")
        values = {"state": state, "answer": answer, "answered_at": at}
        return bool(await change(self._session, Approval, statement.values(**values)))


def _of_call(turn_id: str | None, call_id: str | None) -> Select[Approval]:
    return select(Approval).where(Approval.turn_id == turn_id, Approval.call_id == call_id)


def questions_of(person: Traces) -> Select[str]:
    """The ids of the questions to a person, and of those about them."""
    return select(Approval.id).where(or_(_asked(person), _about(person)))


def asked_of_others(person: Traces) -> Select[str]:
    """The ids of the questions about a person that somebody else was asked."""
    return select(Approval.id).where(_about(person), ~_asked(person))


def _asked(person: Traces) -> ColumnElement[bool]:
    return names_user(Approval.platform, Approval.asker_user, person)


def _about(person: Traces) -> ColumnElement[bool]:
    """What operators are asked about a person names them by their id."""
    asked = cast(Approval.payload, String)
    return or_(false(), *(asked.contains(each) for each in (*person.users, *person.tokens)))
