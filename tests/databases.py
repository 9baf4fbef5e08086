"""Databases for tests: SQLite in a file, and PostgreSQL where TEST_POSTGRES_URL names a server.

`drop_shared_databases` belongs at the end of a session that has used PostgreSQL.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import URL, make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from storage.base import Base
from storage.database import Database

KINDS = ("sqlite", "postgresql")

_shared: dict[int, str] = {}


@asynccontextmanager
async def open_test_database(kind: str, tmp_path: Path) -> AsyncIterator[Database]:
    """A migrated database with nothing in it; skips the test where there is no server for its kind."""
    database = await Database.open(await ready_database(kind, tmp_path))
    try:
        yield database
    finally:
        await database.close()


async def ready_database(kind: str, tmp_path: Path) -> str:
    """The URL of a migrated database with nothing in it, this test's own until the test ends."""
    if kind == "sqlite":
        return await _copied_file(tmp_path)
    if os.getpid() not in _shared:
        name = _fresh_name()
        await _on_server(f'CREATE DATABASE "{name}"')
        _shared[os.getpid()] = name
        await (await Database.open(_url_of(name))).close()
    url = _url_of(_shared[os.getpid()])
    await _empty(url)
    return url


@asynccontextmanager
async def bare_database(kind: str, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a database in which nothing has ever been made."""
    if kind == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'bare' / 'randebu.db'}"
        return
    name = _fresh_name()
    await _on_server(f'CREATE DATABASE "{name}"')
    try:
        yield _url_of(name)
    finally:
        await _on_server(f'DROP DATABASE "{name}" WITH (FORCE)')


def drop_shared_databases() -> None:
    """Drop what `ready_database` has made on the server in this process."""
    name = _shared.pop(os.getpid(), None)
    if name is not None:
        asyncio.run(_on_server(f'DROP DATABASE "{name}" WITH (FORCE)'))


def server_url() -> URL:
    """The server that TEST_POSTGRES_URL names; skips the test where there is none, fails it in CI."""
    url = os.environ.get("TEST_POSTGRES_URL")
    if url:
        return make_url(url)
    if os.environ.get("CI") == "true":
        pytest.fail("TEST_POSTGRES_URL is not set, and CI must test PostgreSQL too.")
    pytest.skip("TEST_POSTGRES_URL names no PostgreSQL server.")


def _fresh_name() -> str:
    return f"randebu_test_{uuid.uuid4().hex}"


def _url_of(name: str) -> str:
    return server_url().set(database=name).render_as_string(hide_password=False)


async def _on_server(statement: str) -> None:
    address = server_url().set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(address)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _empty(url: str) -> None:
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            await connection.execute(table.delete())
    await engine.dispose()


async def _copied_file(tmp_path: Path) -> str:
    template = tmp_path.parent / "template.db"
    if not template.exists():
        made = tmp_path / "template.db"
        await (await Database.open(f"sqlite+aiosqlite:///{made}")).close()
        made.rename(template)
    copy = tmp_path / "randebu.db"
    shutil.copy(template, copy)
    return f"sqlite+aiosqlite:///{copy}"
