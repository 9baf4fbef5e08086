"""Accounts as they come to be: sign-ups, invitations, link codes, and everything that moves from owner to owner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, change, insert_for, new_id
from storage.conversations import Conversation
from storage.forgotten import Forgotten, digest_of
from storage.operators import Ban
from storage.people import AnonymousUser, Owner, PlatformIdentity, User, owned_by
from storage.privacy import Impersonal, Personal, belongs
from storage.simulations import Simulation
from storage.trading import Backtest, TradingBot


class SignUp(Base):
    """The wish for an account that an operator decides on; `state` is pending or rejected.

    The address is where the person is told.
    """

    __tablename__ = "sign_ups"
    __privacy__ = Personal(lambda of: SignUp.anonymous_token.in_(of.tokens))

    anonymous_token: Mapped[str] = mapped_column(ForeignKey("anonymous_users.id"), primary_key=True)
    platform: Mapped[str]
    user: Mapped[str]
    name: Mapped[str]
    chat: Mapped[str]
    thread: Mapped[str]
    state: Mapped[str]
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]


class Invitation(Base):
    """A code with which one person may sign up, as its digest."""

    __tablename__ = "invitations"
    __privacy__ = Impersonal("who has used an invitation is not kept")

    digest: Mapped[str] = mapped_column(primary_key=True)
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class LinkCode(Base):
    """A code that lets one more platform identity into an account, as its digest, and where it was asked for."""

    __tablename__ = "link_codes"
    __privacy__ = Personal(lambda of: LinkCode.user_id.in_(of.users))

    digest: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    platform: Mapped[str]
    chat: Mapped[str]
    thread: Mapped[str]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class WrongCode(Base):
    """One code that somebody entered and that was wrong."""

    __tablename__ = "wrong_codes"
    __table_args__ = (
        Index("ix_wrong_codes_user_id", "user_id"),
        Index("ix_wrong_codes_anonymous_token", "anonymous_token"),
    )
    __privacy__ = Personal(lambda of: belongs(WrongCode, of))

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    anonymous_token: Mapped[str | None] = mapped_column(ForeignKey("anonymous_users.id"))
    at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Belongings:
    """What somebody has: how many conversations, living bots and backtests."""

    conversations: int
    bots: int
    backtests: int


@dataclass(frozen=True, slots=True)
class Moved:
    """What has moved into an account, and the bots (old name, new name) whose name was taken there."""

    belongings: Belongings
    renamed: tuple[tuple[str, str], ...] = field(default=())


class Accounts:
    """Queries over accounts; whoever changes whose something is holds the lock of `People.lock` on all concerned."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, name: str, at: datetime) -> User:
        """A new account with nothing in it."""
        user = User(id=new_id(), name=name, created_at=at, tier="free")
        self._session.add(user)
        await self._session.flush()
        return user

    async def set_tier(self, user_id: str, tier: str) -> None:
        """Put an account on another tier."""
        await change(self._session, User, update(User).where(User.id == user_id).values(tier=tier))

    async def set_quota(self, owner: Owner, quota: dict[str, int | None]) -> None:
        """Write down what a person is allowed beside the usual limits."""
        await self._of(owner, quota=quota or None)

    async def reset(self, owner: Owner, at: datetime) -> None:
        """Let a person's counting begin anew: the counters without an account, the backtests of a day with one."""
        if owner.user_id is None:
            await self._of(owner, chat_count=0, bot_created=0, backtest_count=0)
        else:
            await self._of(owner, counted_from=at)

    async def belongings(self, owner: Owner) -> Belongings:
        """What an owner has."""
        bots = select(func.count()).where(owned_by(TradingBot, owner), TradingBot.deleted_at.is_(None))
        return Belongings(
            await self._session.scalar(select(func.count()).where(owned_by(Conversation, owner))) or 0,
            await self._session.scalar(bots) or 0,
            await self._session.scalar(select(func.count()).where(owned_by(Backtest, owner))) or 0,
        )

    async def take_in(self, source: Owner, user_id: str) -> Moved:
        """Let an account take over everything of an anonymous person or of another account, identities included."""
        belongings = await self.belongings(source)
        renamed = await self._free_names(source, Owner(user_id=user_id))
        await self._leave_one_ban(source, Owner(user_id=user_id))
        for model in _models_with("user_id"):
            if source.user_id is not None:
                theirs = model.user_id == source.user_id
            elif hasattr(model, "anonymous_token"):
                theirs = (model.anonymous_token == source.anonymous_token) & model.user_id.is_(None)
            else:
                continue
            await self._write(update(model).where(theirs).values(user_id=user_id))
        if source.user_id is not None:
            gone = (User.id == source.user_id) | (User.merged_into == source.user_id)
            await self._write(update(User).where(gone).values(merged_into=user_id))
        else:
            person = update(AnonymousUser).where(AnonymousUser.id == source.anonymous_token)
            await self._write(person.values(user_id=user_id))
            await self.drop_sign_up(source.anonymous_token or "")
        return Moved(belongings, renamed)

    async def step_out(self, identity_id: int, token: str) -> None:
        """Let a platform identity leave its account, as the anonymous person `token`."""
        statement = update(PlatformIdentity).where(PlatformIdentity.id == identity_id)
        await change(self._session, PlatformIdentity, statement.values(user_id=None, anonymous_token=token))

    async def begin_anew(self, token: str, at: datetime) -> AnonymousUser:
        """A person without an account who has used what the one with this token had."""
        before = await self._session.get(AnonymousUser, token, populate_existing=True)
        person = AnonymousUser(
            id=new_id(),
            created_at=at,
            chat_count=0 if before is None else before.chat_count,
            bot_created=0 if before is None else before.bot_created,
            backtest_count=0 if before is None else before.backtest_count,
        )
        self._session.add(person)
        await self._session.flush()
        return person

    # Sign-ups that wait

    async def ask_for(self, wish: SignUp) -> None:
        """Write down a wish for an account, over an earlier one."""
        await self._session.merge(wish)
        await self._session.flush()

    async def sign_up(self, token: str) -> SignUp | None:
        """The wish of an anonymous person, if there is one."""
        return await self._session.get(SignUp, token, populate_existing=True)

    async def pending(self) -> Sequence[SignUp]:
        """The sign-ups that wait for an operator, the oldest first."""
        waiting = select(SignUp).where(SignUp.state == "pending")
        return (await self._session.scalars(waiting.order_by(SignUp.asked_at))).all()

    async def reject(self, token: str, at: datetime) -> bool:
        """Turn a wish down; False when none waited."""
        statement = update(SignUp).where(SignUp.anonymous_token == token, SignUp.state == "pending")
        return bool(await change(self._session, SignUp, statement.values(state="rejected", decided_at=at)))

    async def drop_sign_up(self, token: str) -> None:
        """Take a wish away, since it is fulfilled."""
        await self._write(delete(SignUp).where(SignUp.anonymous_token == token))

    # Codes

    async def invite(self, digest: str, at: datetime) -> None:
        """Keep a new invitation."""
        self._session.add(Invitation(digest=digest, made_at=at))
        await self._session.flush()

    async def use_invitation(self, digest: str, at: datetime) -> bool:
        """Use an invitation up; False when there is none, also when somebody uses it at this moment."""
        statement = update(Invitation).where(Invitation.digest == digest, Invitation.used_at.is_(None))
        return bool(await change(self._session, Invitation, statement.values(used_at=at)))

    async def add_link_code(self, code: LinkCode) -> None:
        """Keep a new code; the earlier ones of its account are worth nothing from now on."""
        await self._write(delete(LinkCode).where(LinkCode.user_id == code.user_id))
        self._session.add(code)
        await self._session.flush()

    async def link_code(self, digest: str, now: datetime) -> LinkCode | None:
        """A code that can still be used."""
        valid = select(LinkCode).where(
            LinkCode.digest == digest, LinkCode.used_at.is_(None), LinkCode.expires_at > now
        )
        return await self._session.scalar(valid, execution_options={"populate_existing": True})

    async def use_link_code(self, digest: str, now: datetime) -> bool:
        """Use a code up; False when it cannot be used, also when somebody uses it at this moment."""
        statement = update(LinkCode).where(
            LinkCode.digest == digest, LinkCode.used_at.is_(None), LinkCode.expires_at > now
        )
        return bool(await change(self._session, LinkCode, statement.values(used_at=now)))

    async def add_wrong_code(self, owner: Owner, at: datetime) -> None:
        """Write down that somebody has entered a wrong code."""
        self._session.add(WrongCode(user_id=owner.user_id, anonymous_token=owner.anonymous_token, at=at))
        await self._session.flush()

    async def wrong_codes(self, owner: Owner, since: datetime) -> Sequence[datetime]:
        """When somebody has entered wrong codes since a time, the oldest first."""
        entered = select(WrongCode.at).where(owned_by(WrongCode, owner), WrongCode.at > since)
        return (await self._session.scalars(entered.order_by(WrongCode.at))).all()

    async def locked_since_forgotten(self, platform: str, user: str) -> datetime | None:
        """Until when a platform user may enter no code, as it was when they were forgotten."""
        digest = await digest_of(self._session, platform, user)
        spent = None if digest is None else await self._session.get(Forgotten, digest)
        return None if spent is None else spent.locked_until

    async def banned_since_forgotten(self, platform: str, user: str) -> Forgotten | None:
        """What is kept of a platform user who was banned when they were forgotten."""
        digest = await digest_of(self._session, platform, user)
        spent = None if digest is None else await self._session.get(Forgotten, digest)
        return None if spent is None or spent.banned_at is None else spent

    async def keep_forgotten(self, row: Forgotten) -> None:
        """Write down what somebody who is being forgotten has used, over an earlier time."""
        values = {column.name: getattr(row, column.name) for column in Forgotten.__table__.columns}
        statement = insert_for(self._session, Forgotten).values(values)
        await self._session.execute(statement.on_conflict_do_update(index_elements=["digest"], set_=values))

    async def _free_names(self, source: Owner, target: Owner) -> tuple[tuple[str, str], ...]:
        """Rename the living bots whose name is taken where they go."""
        living = select(TradingBot).where(TradingBot.deleted_at.is_(None)).order_by(TradingBot.created_at)
        there = (await self._session.scalars(living.where(owned_by(TradingBot, target)))).all()
        moving = (await self._session.scalars(living.where(owned_by(TradingBot, source)))).all()
        taken = {each.name_key for each in there}
        own = {each.name_key for each in moving}
        renamed = []
        for each in moving:
            if each.name_key in taken:
                name = _free_name(each.name, taken | own)
                renamed.append((each.name, name))
                each.name, each.name_key = name, name.casefold()
                await self._write(update(Simulation).where(Simulation.bot_id == each.id).values(name=name))
            taken.add(each.name_key)
        await self._session.flush()
        return tuple(renamed)

    async def _leave_one_ban(self, source: Owner, target: Owner) -> None:
        """Of two bans only the longer one stays, since a person has one at most."""
        both = or_(owned_by(Ban, source), owned_by(Ban, target))
        longest_first = (Ban.until.is_not(None), Ban.until.desc(), Ban.id)
        bans = (await self._session.scalars(select(Ban.id).where(both).order_by(*longest_first))).all()
        if len(bans) > 1:
            await self._write(delete(Ban).where(Ban.id.in_(bans[1:])))

    async def _of(self, owner: Owner, **values: Any) -> None:
        model: type[User | AnonymousUser] = AnonymousUser if owner.user_id is None else User
        key = owner.anonymous_token if owner.user_id is None else owner.user_id
        await self._write(update(model).where(model.id == key).values(**values))

    async def _write(self, statement: Any) -> None:
        await self._session.execute(statement, execution_options={"synchronize_session": False})


def _models_with(column: str) -> list[Any]:
    """Every mapped class with a column of this name, also those that came after this was written."""
    return [
        mapper.class_
        for mapper in Base.registry.mappers
        if column in mapper.columns and mapper.class_ is not User
    ]


def _free_name(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name} ({number})".casefold() in taken:
        number += 1
    return f"{name} ({number})"
