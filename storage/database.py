"""The database: short units of work on SQLite or PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from storage.accounts import Accounts
from storage.approvals import Approvals
from storage.broadcasts import Broadcasts
from storage.candles import CandlePages
from storage.chats import Chats
from storage.conversations import Conversations
from storage.deliveries import Deliveries
from storage.engines import is_sqlite, open_reader, open_writer, postgres_lock
from storage.facts import Facts
from storage.faults import Faults
from storage.feeds import Feeds
from storage.forgetting import Forgetting
from storage.journal import Journal
from storage.operators import Operators
from storage.overview import Overview
from storage.people import People
from storage.schema import DatabaseTooNew, DatabaseUnusable, Migration, migrate
from storage.simulations import Simulations
from storage.statistics import Statistics
from storage.stepping import Steps
from storage.trading import Trading

__all__ = ["Database", "DatabaseTooNew", "DatabaseUnusable", "Migration", "Unit"]


class Unit:
    """One unit of work: every store on one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.people = People(session)
        self.conversations = Conversations(session)
        self.trading = Trading(session)
        self.approvals = Approvals(session)
        self.deliveries = Deliveries(session)
        self.journal = Journal(session)
        self.facts = Facts(session)
        self.chats = Chats(session)
        self.feeds = Feeds(session)
        self.simulations = Simulations(session)
        self.steps = Steps(session)
        self.candles = CandlePages(session)
        self.accounts = Accounts(session)
        self.forgetting = Forgetting(session)
        self.operators = Operators(session)
        self.broadcasts = Broadcasts(session)
        self.faults = Faults(session)
        self.statistics = Statistics(session)
        self.overview = Overview(session)

    def savepoint(self) -> AbstractAsyncContextManager[Any]:
        """Whatever fails inside is undone, and the unit goes on."""
        return self.session.begin_nested()

    async def lock(self, name: str) -> None:
        """Wait until no unit of any process holds this name, and hold it until this unit ends.

        On SQLite a writing unit has everything to itself already.
        """
        if self.session.get_bind().dialect.name == "postgresql":
            await self.session.execute(postgres_lock(name))


class Database:
    """An open database; a task has at most one unit or view open at a time."""

    def __init__(
        self, writer: AsyncEngine, reader: AsyncEngine, migration: Migration, *, one_writer: bool
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._units = async_sessionmaker(writer, expire_on_commit=False)
        self._views = async_sessionmaker(reader, expire_on_commit=False)
        self.migration = migration
        # With one writer, units come one after the other, each as soon as the last one has ended.
        self._turn: AbstractAsyncContextManager[Any] = asyncio.Lock() if one_writer else nullcontext()
        self._working: set[asyncio.Task[Any] | None] = set()

    @classmethod
    async def open(cls, url: str) -> Database:
        """Open a database and bring it to this code's version; a missing SQLite file and its folder are made.

        `url` names an async driver: `sqlite+aiosqlite:///FILE` or `postgresql+asyncpg://…`.
        Raises `DatabaseTooNew` when a newer Randebu has written it, and `DatabaseUnusable` when it cannot be
        reached, refuses us, or is no database.
        """
        parsed = make_url(url)
        sqlite = is_sqlite(parsed)
        if sqlite and parsed.database in (None, "", ":memory:"):
            raise ValueError("SQLite needs a file: one in memory could not be read and written at once.")
        writer = open_writer(parsed)
        reader = open_reader(parsed, writer)
        try:
            if sqlite:
                await asyncio.to_thread(_make_folder, parsed)
            migration = await migrate(parsed, reader)
        except BaseException as error:
            await reader.dispose()
            await writer.dispose()
            if isinstance(error, OSError | SQLAlchemyError) or _is_from_server(error):
                raise DatabaseUnusable(_why_unusable(parsed, error)) from error
            raise
        return cls(writer, reader, migration, one_writer=sqlite)

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[Unit]:
        """A writing unit of work: commits at the end, rolls back on any error."""
        with self._alone():
            # Begun by the factory, a unit that is cancelled at its end still commits or rolls back to the end.
            async with self._turn, self._units.begin() as session:
                yield Unit(session)

    @asynccontextmanager
    async def view(self) -> AsyncIterator[Unit]:
        """A reading unit of work: sees one state, writes nothing."""
        with self._alone():
            async with self._views() as session:
                yield Unit(session)

    async def close(self) -> None:
        """Close every connection."""
        await self._reader.dispose()
        await self._writer.dispose()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Refuse a unit inside a unit: it could wait for ever, for the lock or for the last connection."""
        task = asyncio.current_task()
        if task in self._working:
            raise RuntimeError("This task has a unit or a view open already; use that one, or end it first.")
        self._working.add(task)
        try:
            yield
        finally:
            self._working.discard(task)


def _is_from_server(error: BaseException) -> bool:
    # Only imported when something is wrong: SQLite alone must not wait for it.
    from asyncpg import PostgresError

    return isinstance(error, PostgresError)


def _why_unusable(url: URL, error: BaseException) -> str:
    """One sentence without the password, and without the statement that the driver adds."""
    reason = getattr(error, "orig", None) or error
    return f"The database {url.render_as_string()} cannot be opened: {reason}. Check DATABASE_URL, and that it runs."


def _make_folder(url: URL) -> None:
    Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
