"""Accounts, anonymous people, the platform identities of both, and the chats that were charged to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
    func,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, change, insert_once, new_id
from storage.forgotten import Forgotten, digest_of
from storage.privacy import Personal, belongs

Counter = Literal["chat_count", "bot_created", "backtest_count"]


@dataclass(frozen=True, slots=True)
class Owner:
    """To whom something belongs: an account, or else an anonymous token.

    One that was read before its person signed up, linked or merged accounts goes on to name that person.
    """

    user_id: str | None = None
    anonymous_token: str | None = None

    @property
    def anonymous(self) -> bool:
        """True while no account is linked."""
        return self.user_id is None


def owned_by(model: Any, owner: Owner) -> ColumnElement[bool]:
    """The condition that a row belongs to this owner; an owner who is nobody owns nothing."""
    if owner.user_id is not None:
        merged = select(User.merged_into).where(User.id == owner.user_id).scalar_subquery()
        return and_(model.user_id == func.coalesce(merged, owner.user_id))
    token = owner.anonymous_token or ""
    account = select(AnonymousUser.user_id).where(AnonymousUser.id == token).scalar_subquery()
    return or_(and_(model.user_id.is_(None), model.anonymous_token == token), model.user_id == account)


async def held(session: AsyncSession, owner: Owner) -> Owner:
    """Who an owner is by now, and stays until this unit ends.

    Whatever stores a row for somebody asks this first: otherwise the row could miss their signing up or their
    merging of accounts, and would belong to nobody afterwards.
    """
    user_id = owner.user_id
    if user_id is None:
        claimed = select(AnonymousUser.user_id).where(AnonymousUser.id == (owner.anonymous_token or ""))
        user_id = await session.scalar(claimed.with_for_update(read=True, key_share=True))
        if user_id is None:
            return owner
    while True:
        merged = select(User.merged_into).where(User.id == user_id)
        into = await session.scalar(merged.with_for_update(read=True, key_share=True))
        if into is None:
            return Owner(user_id=user_id)
        user_id = into


class User(Base):
    """An account, its tier (free or pro), and what it is allowed beside its tier, by name (None: no limit).

    One that was `merged_into` another stays as a row, since something that runs may still name it. Backtests before
    `counted_from` do not count.
    """

    __tablename__ = "users"
    __privacy__ = Personal(lambda of: User.id.in_(of.users))

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    created_at: Mapped[datetime]
    tier: Mapped[str] = mapped_column(default="free", server_default="free")
    quota: Mapped[dict[str, Any] | None]
    counted_from: Mapped[datetime | None]
    merged_into: Mapped[str | None] = mapped_column(ForeignKey("users.id"), index=True)


class AnonymousUser(Base):
    """A person without an account, and what they have used; `bot_created` counts bots as ever created.

    `user_id` is the account that has taken over everything; from then on nothing is counted here.
    """

    __tablename__ = "anonymous_users"
    __privacy__ = Personal(lambda of: AnonymousUser.id.in_(of.tokens))

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    chat_count: Mapped[int] = mapped_column(default=0)
    bot_created: Mapped[int] = mapped_column(default=0)
    backtest_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"), index=True)
    quota: Mapped[dict[str, Any] | None]


class PlatformIdentity(Base):
    """A user id on a platform, and the person behind it."""

    __tablename__ = "platform_identities"
    __privacy__ = Personal(lambda of: belongs(PlatformIdentity, of))
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
    __privacy__ = Personal(
        lambda of: belongs(ChatUse, of), lambda _of, _at: {"user_id": None, "anonymous_token": None}
    )
    __table_args__ = (Index("ix_chat_uses_at", "at"),)

    incoming_id: Mapped[int] = mapped_column(ForeignKey("incoming.id"), primary_key=True, autoincrement=False)
    user_id: Mapped[str | None] = mapped_column(index=True)
    anonymous_token: Mapped[str | None] = mapped_column(index=True)
    at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Standing:
    """Who an owner is by now, and what decides on what they may do; `tier` is None without an account."""

    owner: Owner
    tier: str | None = None
    quota: Mapping[str, int | None] = field(default_factory=dict)
    counted_from: datetime | None = None
    person: AnonymousUser | None = None


class People:
    """Queries over people and what they have used."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def identity(self, platform: str, user: str) -> PlatformIdentity | None:
        """The identity with this platform user id, if it was ever seen; read fresh."""
        options = {"populate_existing": True}
        return await self._session.scalar(_identity(platform, user), execution_options=options)

    async def identities(self, owner: Owner) -> Sequence[PlatformIdentity]:
        """Every identity of an owner, the first one first."""
        statement = select(PlatformIdentity).where(owned_by(PlatformIdentity, owner))
        return (await self._session.scalars(statement.order_by(PlatformIdentity.id))).all()

    async def identities_of_user(self, user: str) -> Sequence[PlatformIdentity]:
        """The identities with this user id on any platform."""
        statement = select(PlatformIdentity).where(PlatformIdentity.user == user)
        return (await self._session.scalars(statement.order_by(PlatformIdentity.id))).all()

    async def search_by_prefix(self, prefix: str, limit: int = 2) -> Sequence[Owner]:
        """The people, with or without an account, whose id begins with `prefix`; one person counts once."""
        users = select(User.id, User.merged_into).where(User.id.startswith(prefix, autoescape=True))
        anonymous = select(AnonymousUser.id, AnonymousUser.user_id).where(
            AnonymousUser.id.startswith(prefix, autoescape=True)
        )
        found = [
            Owner(user_id=into or user)
            for user, into in (await self._session.execute(users.limit(limit))).all()
        ]
        for token, account in (await self._session.execute(anonymous.limit(limit))).all():
            found.append(Owner(anonymous_token=token) if account is None else Owner(user_id=account))
        return list(dict.fromkeys(found))

    async def hold(self, owner: Owner) -> Owner:
        """Who an owner is by now, and stays until this unit ends."""
        return await held(self._session, owner)

    async def lock(self, *owners: Owner) -> None:
        """Wait until no other unit stores something for these people, and keep it so until this unit ends."""
        for user_id in sorted(each.user_id for each in owners if each.user_id is not None):
            await self._session.execute(select(User.id).where(User.id == user_id).with_for_update())
        tokens = (each.anonymous_token for each in owners if each.user_id is None)
        for token in sorted(filter(None, tokens)):
            locking = select(AnonymousUser.id).where(AnonymousUser.id == token).with_for_update()
            await self._session.execute(locking)

    async def standing(self, owner: Owner) -> Standing:
        """What an owner is, read fresh; somebody unknown has nothing, an unknown account is a free one."""
        user_id = owner.user_id
        if user_id is None:
            person = await self.anonymous(owner.anonymous_token or "")
            if person is None or person.user_id is None:
                return Standing(owner, None, (person and person.quota) or {}, None, person)
            user_id = person.user_id
        user = await self.user(user_id)
        if user is not None and user.merged_into is not None:
            user = await self.user(user.merged_into)
        if user is None:
            return Standing(Owner(user_id=user_id), "free")
        return Standing(Owner(user_id=user.id), user.tier, user.quota or {}, user.counted_from)

    async def user(self, user_id: str) -> User | None:
        """An account, read fresh."""
        return await self._session.get(User, user_id, populate_existing=True)

    async def add_anonymous(self, platform: str, user: str, name: str, at: datetime) -> PlatformIdentity:
        """The identity of a platform user id; a new one gets an anonymous person behind it.

        Somebody who was forgotten begins with what they had used of the limits.
        """
        person = AnonymousUser(id=new_id(), created_at=at, chat_count=0, bot_created=0, backtest_count=0)
        self._session.add(person)
        identity = PlatformIdentity(
            platform=platform, user=user, name=name, anonymous_token=person.id, user_id=None, created_at=at
        )
        if await insert_once(self._session, identity):
            await self._count_on(person, platform, user)
            return identity
        await self._session.delete(person)
        return (await self._session.scalars(_identity(platform, user))).one()

    async def _count_on(self, person: AnonymousUser, platform: str, user: str) -> None:
        digest = await digest_of(self._session, platform, user)
        spent = None if digest is None else await self._session.get(Forgotten, digest)
        if spent is not None:
            person.chat_count, person.bot_created = spent.chat_count, spent.bot_created
            person.backtest_count = spent.backtest_count
            await self._session.flush()

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
        owner = await held(self._session, owner)
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
