"""How SQLite and PostgreSQL are spoken to, so that everything else is the same code on both."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, event, func, literal, select
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from storage.base import to_json

WAIT_SECONDS = 30
"""How long a statement waits for other processes: for SQLite's one writer, or for an answer of PostgreSQL."""

SQLITE_READERS = 4
POSTGRES_CONNECTIONS = 10
POSTGRES_PEAK_CONNECTIONS = 20


def postgres_lock(name: str) -> Select[None]:
    """The statement that waits for a lock by name, which PostgreSQL keeps until the transaction ends."""
    number = int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)
    return select(func.pg_advisory_xact_lock(literal(number, BigInteger)))


def is_sqlite(url: URL) -> bool:
    """True for SQLite, False for PostgreSQL."""
    return url.get_backend_name() == "sqlite"


def open_writer(url: URL) -> AsyncEngine:
    """The engine of writing units; SQLite has one connection, which takes the write lock as it begins."""
    if is_sqlite(url):
        engine = _sqlite(url, WAIT_SECONDS, pool_size=1, max_overflow=0)
        _on_connect(engine, "PRAGMA foreign_keys=ON", _SYNCHRONOUS)
        _begin_with(engine, "BEGIN IMMEDIATE")
        return engine
    return create_async_engine(
        url,
        json_serializer=to_json,
        pool_size=POSTGRES_CONNECTIONS,
        max_overflow=POSTGRES_PEAK_CONNECTIONS - POSTGRES_CONNECTIONS,
        pool_pre_ping=True,
        connect_args={"command_timeout": WAIT_SECONDS},
    )


def open_reader(url: URL, writer: AsyncEngine) -> AsyncEngine:
    """The engine of views, which see one state and write nothing; PostgreSQL's shares connections."""
    if is_sqlite(url):
        engine = _sqlite(url, WAIT_SECONDS, pool_size=SQLITE_READERS, max_overflow=0)
        _on_connect(engine, "PRAGMA query_only=ON")
        _begin_with(engine, "BEGIN")
        return engine
    return writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def open_migrator(url: URL, patience_seconds: int) -> AsyncEngine:
    """The engine of migrations: one connection that waits long for its turn.

    Foreign keys stay unenforced on SQLite, where a table is altered by copying and dropping it.
    """
    if is_sqlite(url):
        engine = _sqlite(url, patience_seconds, poolclass=NullPool)
        _begin_with(engine, "BEGIN EXCLUSIVE")
        return engine
    return create_async_engine(url, poolclass=NullPool)


# With WAL, NORMAL loses nothing when the process is killed: what is committed is in the kernel's hands. A
# power cut may take the last commits, never the file's consistency; FULL would keep them for one fsync at each
# commit. Where that matters PostgreSQL is the answer, which is durable as it comes.
_SYNCHRONOUS = "PRAGMA synchronous=NORMAL"


def _sqlite(url: URL, patience_seconds: int, **pool: Any) -> AsyncEngine:
    # Without an isolation level the driver leaves BEGIN to us.
    connect_args = {"timeout": patience_seconds, "isolation_level": None}
    engine = create_async_engine(url, json_serializer=to_json, connect_args=connect_args, **pool)

    # A task that is cancelled in the middle of a statement gives its connection up. Closed with the statement still
    # open, SQLite would keep the transaction and its lock until the garbage collector comes round.
    @event.listens_for(engine.sync_engine, "invalidate")
    def roll_back(connection: DBAPIConnection, _record: object, _error: object) -> None:
        connection.rollback()

    return engine


def _on_connect(engine: AsyncEngine, *pragmas: str) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: DBAPIConnection, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()


def _begin_with(engine: AsyncEngine, statement: str) -> None:
    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)
