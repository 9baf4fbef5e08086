"""Trading bots, every version of their strategies, and their backtests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, UniqueConstraint, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, change, insert_once, new_id
from storage.people import Owner, held, owned_by
from storage.privacy import Personal, belongs

_LIVING = text("deleted_at IS NULL")
_LIVING_ANONYMOUS = text("deleted_at IS NULL AND user_id IS NULL")


class NameTaken(Exception):
    """The owner has a living bot of this name, whatever its case."""


class TradingBot(Base):
    """A person's trading bot; a deleted one stays as a row, since results name it.

    No owner has two living bots of one name, whatever its case; `name_key` is the name casefolded.
    """

    __tablename__ = "bots"
    __privacy__ = Personal(
        lambda of: belongs(TradingBot, of),
        lambda _of, at: {
            **dict.fromkeys(("user_id", "anonymous_token")),
            **dict.fromkeys(("name", "name_key"), ""),
            "deleted_at": func.coalesce(TradingBot.deleted_at, at),
        },
    )
    __table_args__ = (
        Index("ix_bots_user_id", "user_id"),
        Index("ix_bots_anonymous_token", "anonymous_token"),
        Index(
            "uq_bots_user_id_name_key",
            "user_id",
            "name_key",
            unique=True,
            sqlite_where=_LIVING,
            postgresql_where=_LIVING,
        ),
        Index(
            "uq_bots_anonymous_token_name_key",
            "anonymous_token",
            "name_key",
            unique=True,
            sqlite_where=_LIVING_ANONYMOUS,
            postgresql_where=_LIVING_ANONYMOUS,
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    anonymous_token: Mapped[str | None] = mapped_column(ForeignKey("anonymous_users.id"))
    name: Mapped[str]
    name_key: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class StrategyVersion(Base):
    """One saved version of a bot's strategy; it never changes."""

    __tablename__ = "strategy_versions"
    __privacy__ = Personal(
        lambda of: StrategyVersion.bot_id.in_(select(TradingBot.id).where(belongs(TradingBot, of)))
    )
    __table_args__ = (UniqueConstraint("bot_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    bot_id: Mapped[str] = mapped_column(ForeignKey("bots.id", ondelete="CASCADE"))
    version: Mapped[int]
    document: Mapped[dict[str, Any]]
    key: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]


class Backtest(Base):
    """A backtest: what was asked, the version that ran, and the result.

    `state` is running, done, failed or stopped.
    """

    __tablename__ = "backtests"
    __privacy__ = Personal(
        lambda of: belongs(Backtest, of),
        lambda _of, _at: {
            **dict.fromkeys(("user_id", "anonymous_token", "result", "chart", "error")),
            "request": {},
        },
    )
    __table_args__ = (
        Index("ix_backtests_bot_id", "bot_id"),
        Index("ix_backtests_user_id", "user_id"),
        Index("ix_backtests_anonymous_token", "anonymous_token"),
        # With the state, since reading a row means stepping over its result and its picture.
        Index("ix_backtests_created_at_state", "created_at", "state"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(unique=True)
    bot_id: Mapped[str] = mapped_column(ForeignKey("bots.id", ondelete="CASCADE"))
    version: Mapped[int]
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    anonymous_token: Mapped[str | None] = mapped_column(ForeignKey("anonymous_users.id"))
    state: Mapped[str]
    request: Mapped[dict[str, Any]]
    result: Mapped[dict[str, Any] | None]
    chart: Mapped[bytes | None] = mapped_column(deferred=True)
    error: Mapped[str | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Trading:
    """Queries over bots and backtests; everything a person names is looked up together with its owner."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def bot(self, bot_id: str, owner: Owner) -> TradingBot | None:
        """A living bot by id if it belongs to this owner."""
        return await self._session.scalar(
            select(TradingBot).where(
                TradingBot.id == bot_id, TradingBot.deleted_at.is_(None), owned_by(TradingBot, owner)
            )
        )

    async def bot_named(self, name: str, owner: Owner) -> TradingBot | None:
        """A living bot of this owner by name, whatever its case."""
        return await self._session.scalar(
            select(TradingBot)
            .where(
                TradingBot.name_key == name.casefold(),
                TradingBot.deleted_at.is_(None),
                owned_by(TradingBot, owner),
            )
            .limit(1)
        )

    async def bot_even_deleted(self, bot_id: str, owner: Owner) -> TradingBot | None:
        """A bot by id if it belongs to this owner, also when it was deleted."""
        return await self._session.scalar(
            select(TradingBot).where(TradingBot.id == bot_id, owned_by(TradingBot, owner))
        )

    async def bot_by_key(self, key: str) -> TradingBot | None:
        """The bot that this call made, if it already has."""
        return await self._session.scalar(_bot_by_key(key))

    async def bots(self, owner: Owner) -> Sequence[TradingBot]:
        """An owner's living bots, the oldest first."""
        return (
            await self._session.scalars(
                select(TradingBot)
                .where(TradingBot.deleted_at.is_(None), owned_by(TradingBot, owner))
                .order_by(TradingBot.created_at, TradingBot.id)
            )
        ).all()

    async def add_bot(
        self, owner: Owner, name: str, document: dict[str, Any], key: str, at: datetime
    ) -> TradingBot:
        """Save a new bot with version 1 of its strategy; the bot of an earlier call with this `key` is returned.

        Raises `NameTaken`, which leaves the unit usable.
        """
        owner = await held(self._session, owner)
        trading_bot = TradingBot(
            id=new_id(),
            key=key,
            user_id=owner.user_id,
            anonymous_token=owner.anonymous_token,
            name=name,
            name_key=name.casefold(),
            version=1,
            created_at=at,
            updated_at=at,
        )
        if not await insert_once(self._session, trading_bot):
            earlier = await self.bot_by_key(key)
            if earlier is None:
                raise NameTaken(f"There is a bot called {name} already.")
            return earlier
        first = StrategyVersion(bot_id=trading_bot.id, version=1, document=document, key=key, created_at=at)
        self._session.add(first)
        await self._session.flush()
        return trading_bot

    async def add_version(self, bot: TradingBot, document: dict[str, Any], key: str, at: datetime) -> int:
        """Save the next version of a bot's strategy and make it current; returns its number.

        An earlier call with this `key` has made its version already, and that number is returned.
        """
        # Locked, so that two processes count the versions one after the other.
        locked = await self._session.get_one(TradingBot, bot.id, with_for_update=True, populate_existing=True)
        earlier = await self._session.scalar(select(StrategyVersion).where(StrategyVersion.key == key))
        if earlier is not None:
            return earlier.version
        number = locked.version + 1
        self._session.add(
            StrategyVersion(bot_id=bot.id, version=number, document=document, key=key, created_at=at)
        )
        locked.version = number
        locked.updated_at = at
        await self._session.flush()
        return number

    async def strategy(self, bot_id: str, version: int) -> StrategyVersion | None:
        """One version of a bot's strategy."""
        return await self._session.scalar(
            select(StrategyVersion).where(
                StrategyVersion.bot_id == bot_id, StrategyVersion.version == version
            )
        )

    async def delete_bot(self, bot: TradingBot, at: datetime) -> None:
        """Mark a bot as deleted; its versions and results stay, its name is free again."""
        statement = update(TradingBot).where(TradingBot.id == bot.id, TradingBot.deleted_at.is_(None))
        await change(self._session, TradingBot, statement.values(deleted_at=at))

    async def backtest_by_key(self, key: str) -> Backtest | None:
        """The backtest that this call began, if it already has."""
        return await self._session.scalar(_backtest_by_key(key))

    async def begin_backtest(
        self, owner: Owner, bot: TradingBot, version: int, request: dict[str, Any], key: str, at: datetime
    ) -> Backtest:
        """Write down that a backtest runs; that of an earlier call with this `key` is returned."""
        owner = await held(self._session, owner)
        backtest = Backtest(
            id=new_id(),
            key=key,
            bot_id=bot.id,
            version=version,
            user_id=owner.user_id,
            anonymous_token=owner.anonymous_token,
            state="running",
            request=request,
            created_at=at,
        )
        if await insert_once(self._session, backtest):
            return backtest
        return (await self._session.scalars(_backtest_by_key(key))).one()

    async def finish_backtest(
        self,
        backtest_id: str,
        state: str,
        at: datetime,
        *,
        result: dict[str, Any] | None = None,
        chart: bytes | None = None,
        error: str | None = None,
    ) -> bool:
        """Write down how a running backtest ended; False says that it had ended already."""
        statement = update(Backtest).where(Backtest.id == backtest_id, Backtest.state == "running")
        values = {"state": state, "finished_at": at, "result": result, "chart": chart, "error": error}
        return bool(await change(self._session, Backtest, statement.values(**values)))

    async def running_backtests(self, key_prefix: str) -> Sequence[Backtest]:
        """The backtests that calls with such keys have begun and not ended."""
        statement = select(Backtest).where(
            Backtest.state == "running", Backtest.key.startswith(key_prefix, autoescape=True)
        )
        return (await self._session.scalars(statement)).all()

    async def backtest(self, backtest_id: str, owner: Owner) -> Backtest | None:
        """A backtest by id if it belongs to this owner; the first 8 characters of an id are enough."""
        if len(backtest_id) < 8:
            return None
        return await self._session.scalar(
            select(Backtest)
            .where(Backtest.id.startswith(backtest_id.lower(), autoescape=True), owned_by(Backtest, owner))
            .limit(1)
        )

    async def nth_newest_backtest(self, n: int, owner: Owner, since: datetime) -> datetime | None:
        """When the n-th newest backtest of an owner since a time began (n from 1), without those that came to nothing.

        None when there are fewer.
        """
        counted = select(Backtest.created_at).where(
            owned_by(Backtest, owner), Backtest.created_at > since, Backtest.state.in_(("running", "done"))
        )
        return await self._session.scalar(counted.order_by(Backtest.created_at.desc()).offset(n - 1).limit(1))

    async def count_backtests(self, owner: Owner, since: datetime) -> int:
        """How many backtests an owner has begun since a time, without those that came to nothing."""
        counted = select(func.count()).where(
            owned_by(Backtest, owner), Backtest.created_at > since, Backtest.state.in_(("running", "done"))
        )
        return await self._session.scalar(counted) or 0

    async def backtests(self, owner: Owner, bot_id: str | None = None, limit: int = 20) -> Sequence[Backtest]:
        """An owner's backtests, the latest first."""
        statement = select(Backtest).where(owned_by(Backtest, owner))
        if bot_id is not None:
            statement = statement.where(Backtest.bot_id == bot_id)
        return (
            await self._session.scalars(
                statement.order_by(Backtest.created_at.desc(), Backtest.id).limit(limit)
            )
        ).all()


def _bot_by_key(key: str) -> Select[TradingBot]:
    return select(TradingBot).where(TradingBot.key == key)


def _backtest_by_key(key: str) -> Select[Backtest]:
    return select(Backtest).where(Backtest.key == key)
