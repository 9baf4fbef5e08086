"""Brings a database to the version that this code needs: once, under a lock, before anything else."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.engines import is_sqlite, open_migrator, postgres_lock
from storage.migrations import HEAD, VERSIONS

if TYPE_CHECKING:
    from alembic.config import Config

PATIENCE_SECONDS = 600
"""How long a start waits while another process migrates."""

_LOCK = "randebu migrations"
_RETRY_SECONDS = 0.01


class DatabaseUnusable(Exception):
    """The database cannot be opened as the settings name it; the operator reads this sentence."""


class DatabaseTooNew(DatabaseUnusable):
    """The database was written by a newer Randebu; the start must stop with this sentence."""

    def __init__(self, version: str) -> None:
        super().__init__(
            f"The database is at version {version}, and this Randebu knows no further than {HEAD}: "
            "start a newer Randebu, or name another database in DATABASE_URL."
        )
        self.version = version


@dataclass(frozen=True, slots=True)
class Migration:
    """What a start did to the schema: the version before (None: an empty database) and after it."""

    before: str | None
    after: str


async def migrate(url: URL, reader: AsyncEngine) -> Migration:
    """Bring the database behind `reader` to the newest version; cheap when it is there already.

    Raises `DatabaseTooNew`. Alembic is imported and run in a thread, so that the event loop goes on.
    """
    async with reader.connect() as connection:
        version = await connection.run_sync(_version_if_usable)
    if version != HEAD:
        version = await asyncio.to_thread(_upgrade, url)
    return Migration(before=version, after=HEAD)


def alembic_config(connection: Connection) -> Config:
    """What Alembic's commands need to work on an open connection, without any file."""
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "storage:migrations")
    return config


def _version_if_usable(connection: Connection) -> str | None:
    """The version of a database that may be used as it is, None where the slow path has to look."""
    version = _version(connection)
    if connection.dialect.name == "sqlite":
        journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
        return version if journal == "wal" else None
    return version


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if version is not None and version not in VERSIONS:
        raise DatabaseTooNew(version)
    return version


def _upgrade(url: URL) -> str | None:
    """Migrate from within a thread; returns the version that was found under the lock."""
    if is_sqlite(url):
        _enter_wal(url.database or "")
    return asyncio.run(_upgrade_in_one_transaction(url))


async def _upgrade_in_one_transaction(url: URL) -> str | None:
    engine = open_migrator(url, PATIENCE_SECONDS)
    try:
        # On both databases a migration that is killed leaves nothing behind: the transaction holds all of it.
        async with engine.begin() as connection:
            return await connection.run_sync(_upgrade_under_lock)
    finally:
        await engine.dispose()


def _upgrade_under_lock(connection: Connection) -> str | None:
    sqlite = connection.dialect.name == "sqlite"
    if not sqlite:  # There BEGIN EXCLUSIVE is the lock.
        connection.execute(postgres_lock(_LOCK))
    before = _version(connection)
    if before != HEAD:
        from alembic import command

        command.upgrade(alembic_config(connection), "head")
        if sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
            raise RuntimeError("The migration would have left rows that point nowhere; nothing was changed.")
    return before


def _enter_wal(path: str) -> None:
    """Turn write-ahead logging on, for good; SQLite does not wait here while others use the file, so this does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    with closing(sqlite3.connect(path, timeout=PATIENCE_SECONDS, isolation_level=None)) as connection:
        while True:
            try:
                (journal,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(_RETRY_SECONDS)
                continue
            if journal != "wal":
                raise RuntimeError(f"SQLite cannot keep a write-ahead log here (it offers {journal!r}).")
            return
