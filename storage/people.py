"""Accounts, anonymous people, the platform identities of both, and the chats that were charged to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    UniqueConstraint,
    and_,
    delete,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, change, insert_once, new_id

Counter = Literal["chat_count", "bot_created", "backtest_count"]


@dataclass(frozen=True, slots=True)
class Owner:
    """To whom something belongs: exactly one of an account and an anonymous token."""

    user_id: str | None = None
    anonymous_token: str | None = None

    @property
    def anonymous(self) -> bool:
        """True while no account is linked."""
        return self.user_id is None


def owned_by(model: Any, owner: Owner) -> ColumnElement[bool]:
    """The condition that a row belongs to this owner; an owner who is nobody owns nothing."""
    if owner.user_id is not None:
        return and_(model.user_id == owner.user_id)
    return and_(model.user_id.is_(None), model.anonymous_token == (owner.anonymous_token or ""))


class User(Base):
    """An account."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    created_at: Mapped[datetime]


class AnonymousUser(Base):
    """A person without an account, and what they have used; `bot_created` counts bots as ever created."""

    __tablename__ = "anonymous_users"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    chat_count: Mapped[int] = mapped_column(default=0)
    bot_created: Mapped[int] = mapped_column(default=0)
    backtest_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]


class PlatformIdentity(Base):
    """A user id on a platform, and the person behind it."""

    __tablename__ = "platform_identities"
    __table_args__ = (UniqueConstraint("platform", "user"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    platform: Mapped[str]
    user: Mapped[str]
    name: Mapped[str]
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"), index=True)
    anonymous_token: Mapped[str | None] = mapped_column(ForeignKey("anonymous_users.id"), index=True)
    created_at: Mapped[datetime]

    @property
    def owner(self) -> Owner:
        """Whose things this identity sees."""
        return Owner(user_id=self.user_id, anonymous_token=None if self.user_id else self.anonymous_token)


class ChatUse(Base):
    """One chat that was reserved: who pays for it, and when; deleted only when it is given back.

    Nothing that a person deletes may delete it, or deleting would win chats.
    """

    __tablename__ = "chat_uses"
    __table_args__ = (Index("ix_chat_uses_at", "at"),)

    incoming_id: Mapped[int] = mapped_column(ForeignKey("incoming.id"), primary_key=True, autoincrement=False)
    user_id: Mapped[str | None] = mapped_column(index=True)
    anonymous_token: Mapped[str | None] = mapped_column(index=True)
    at: Mapped[datetime]


class People:
    """Queries over people and what they have used."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def identity(self, platform: str, user: str) -> PlatformIdentity | None:
        """The identity with this platform user id, if it was ever seen."""
        return await self._session.scalar(_identity(platform, user))

    async def add_anonymous(self, platform: str, user: str, name: str, at: datetime) -> PlatformIdentity:
        """The identity of a platform user id; a new one gets an anonymous person behind it."""
        person = AnonymousUser(id=new_id(), created_at=at, chat_count=0, bot_created=0, backtest_count=0)
        self._session.add(person)
        identity = PlatformIdentity(
            platform=platform, user=user, name=name, anonymous_token=person.id, user_id=None, created_at=at
        )
        if await insert_once(self._session, identity):
            return identity
        await self._session.delete(person)
        return (await self._session.scalars(_identity(platform, user))).one()

    async def touch_name(self, platform: str, user: str, name: str) -> None:
        """Write down how somebody calls themselves now."""
        await change(
            self._session,
            PlatformIdentity,
            update(PlatformIdentity)
            .where(
                PlatformIdentity.platform == platform,
                PlatformIdentity.user == user,
                PlatformIdentity.name != name,
            )
            .values(name=name),
        )

    async def anonymous(self, token: str) -> AnonymousUser | None:
        """The counters of an anonymous person, read fresh."""
        return await self._session.get(AnonymousUser, token, populate_existing=True)

    async def take(self, token: str, counter: Counter, limit: int | None) -> bool:
        """Use one more of a counter if that stays within `limit` (None: no limit), whoever else tries."""
        column = getattr(AnonymousUser, counter)
        statement = update(AnonymousUser).where(AnonymousUser.id == token).values({counter: column + 1})
        if limit is not None:
            statement = statement.where(column < limit)
        return bool(await change(self._session, AnonymousUser, statement))

    async def give_back(self, token: str, counter: Counter) -> None:
        """Undo one `take`; never below zero."""
        column = getattr(AnonymousUser, counter)
        statement = (
            update(AnonymousUser).where(AnonymousUser.id == token, column > 0).values({counter: column - 1})
        )
        await change(self._session, AnonymousUser, statement)

    async def add_chat_use(self, incoming_id: int, owner: Owner, at: datetime) -> bool:
        """Write down a reserved chat; False when one is reserved for this message already."""
        use = ChatUse(
            incoming_id=incoming_id, user_id=owner.user_id, anonymous_token=owner.anonymous_token, at=at
        )
        return await insert_once(self._session, use)

    async def chat_use(self, incoming_id: int) -> ChatUse | None:
        """The reserved chat of an incoming message, if there is one."""
        return await self._session.get(ChatUse, incoming_id, populate_existing=True)

    async def remove_chat_use(self, use: ChatUse) -> bool:
        """Forget a reserved chat that is given back; False when it was given back before."""
        statement = (
            delete(ChatUse).where(ChatUse.incoming_id == use.incoming_id).returning(ChatUse.incoming_id)
        )
        return (await self._session.scalar(statement)) is not None

    async def nth_newest_chat(self, n: int) -> datetime | None:
        """The time of the n-th newest chat of everybody (n from 1); None when there are fewer.

        Reads n entries of one index and no row, so it costs the same however many chats are stored.
        """
        return await self._session.scalar(
            select(ChatUse.at).order_by(ChatUse.at.desc()).offset(n - 1).limit(1)
        )


def _identity(platform: str, user: str) -> Select[PlatformIdentity]:
    return select(PlatformIdentity).where(
        PlatformIdentity.platform == platform, PlatformIdentity.user == user
    )
