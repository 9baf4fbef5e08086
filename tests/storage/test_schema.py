"""The start: migrations run once, agree with the mapped classes, and never touch what they do not know."""

from __future__ import annotations

import asyncio
import logging
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, make_url, text
from sqlalchemy.schema import CreateIndex, CreateTable

from storage.base import Base
from storage.database import Database, DatabaseTooNew
from storage.engines import open_migrator
from storage.migrations import HEAD, HERE, VERSIONS
from storage.migrations.__main__ import write_next
from storage.schema import alembic_config
from tests.storage.processes import line_from, running, say_to
from tests.storage.rows import accepted


async def on(url: str, work: Callable[[Connection], Any]) -> Any:
    """Do something with a connection of one's own, and commit it."""
    engine = open_migrator(make_url(url), patience_seconds=10)
    async with engine.begin() as connection:
        result = await connection.run_sync(work)
    await engine.dispose()
    return result


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    return list(compare_metadata(context, Base.metadata))


async def test_models_and_migrations_agree(url: str) -> None:
    assert await on(url, differences) == []


def test_sqlite_has_exactly_what_the_models_say(tmp_path: Path) -> None:
    asyncio.run(opened_and_closed(f"sqlite+aiosqlite:///{tmp_path / 'randebu.db'}"))
    with closing(sqlite3.connect(tmp_path / "randebu.db")) as connection:
        rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    made = {
        comparable(sql) for (sql,) in rows if "alembic_version" not in sql and "sqlite_sequence" not in sql
    }
    tables = Base.metadata.sorted_tables
    engine = open_migrator(make_url("sqlite+aiosqlite:///unused"), patience_seconds=1)
    expected = {comparable(str(CreateTable(table).compile(dialect=engine.dialect))) for table in tables}
    expected |= {
        comparable(str(CreateIndex(index).compile(dialect=engine.dialect)))
        for table in tables
        for index in table.indexes
    }
    assert made == expected


def comparable(sql: str) -> tuple[str, ...]:
    """A statement as its lines, whose order within a table means nothing; SQLite quotes what it has renamed."""
    return tuple(sorted(line.strip().rstrip(",") for line in sql.replace('"', "").strip().splitlines()))


async def opened_and_closed(url: str) -> Database:
    database = await Database.open(url)
    await database.close()
    return database


async def test_a_fresh_database_is_migrated_and_a_known_one_left_alone(bare_url: str) -> None:
    first, second = await opened_and_closed(bare_url), await opened_and_closed(bare_url)
    assert (first.migration.before, first.migration.after) == (None, HEAD)
    assert second.migration.before == HEAD


async def test_processes_that_start_together_migrate_once(bare_url: str) -> None:
    async with AsyncExitStack() as stack:
        started = [await stack.enter_async_context(running("starting_process", bare_url)) for _ in range(3)]
        for process in started:
            assert await line_from(process) == "ready"
        for process in started:
            await say_to(process, "go")
        found = [(await line_from(process)).split()[0] for process in started]
    assert sorted(found) == sorted([HEAD, HEAD, "None"])
    assert await on(bare_url, differences) == []


async def test_a_start_that_has_nothing_to_migrate_does_without_alembic(url: str) -> None:
    async with running("starting_process", url) as process:
        assert await line_from(process) == "ready"
        await say_to(process, "go")
        assert await line_from(process) == f"{HEAD} False"


async def test_a_newer_database_stops_the_start_and_stays_as_it_is(bare_url: str) -> None:
    await opened_and_closed(bare_url)
    await on(
        bare_url,
        lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'")),
    )
    with pytest.raises(DatabaseTooNew) as caught:
        await Database.open(bare_url)
    assert str(caught.value) == (
        f"The database is at version 9999, and this Randebu knows no further than {HEAD}: "
        "start a newer Randebu, or name another database in DATABASE_URL."
    )
    read = text("SELECT version_num FROM alembic_version")
    assert await on(bare_url, lambda connection: connection.scalar(read)) == "9999"


async def test_going_back_before_the_first_version_leaves_nothing(bare_url: str) -> None:
    database = await Database.open(bare_url)
    async with database.unit() as unit:
        await accepted(unit, "1")
    await database.close()
    await on(bare_url, lambda connection: command.downgrade(alembic_config(connection), "base"))
    assert await on(bare_url, lambda connection: inspect(connection).get_table_names()) == ["alembic_version"]
    assert (await opened_and_closed(bare_url)).migration.before is None
    assert await on(bare_url, differences) == []


async def test_a_migration_that_fails_leaves_nothing_behind(bare_url: str) -> None:
    # Somebody else's table is in the way of one that comes late in the migration.
    await opened_and_closed(bare_url)
    await on(bare_url, lambda connection: command.downgrade(alembic_config(connection), "base"))
    await on(bare_url, lambda connection: connection.execute(text("CREATE TABLE facts (theirs INTEGER)")))
    with pytest.raises(Exception, match="facts"):
        await Database.open(bare_url)
    left = await on(bare_url, lambda connection: set(inspect(connection).get_table_names()))
    assert left == {"alembic_version", "facts"}


async def test_migrating_leaves_logging_alone(bare_url: str) -> None:
    root, other = logging.getLogger(), logging.getLogger("bot")
    before = (list(root.handlers), root.level, other.disabled, other.level)
    await opened_and_closed(bare_url)
    assert (list(root.handlers), root.level, other.disabled, other.level) == before


async def test_the_loop_goes_on_while_a_database_is_migrated(bare_url: str) -> None:
    loop = asyncio.get_running_loop()
    beats: list[float] = []
    beating = True

    def beat() -> None:
        beats.append(loop.time())
        if beating:
            loop.call_later(0.002, beat)

    beat()
    await opened_and_closed(bare_url)
    beating = False
    # Migrating takes tenths of a second; held by it, the loop would beat a few times in all.
    assert len(beats) > 10


async def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    await opened_and_closed(f"sqlite+aiosqlite:///{tmp_path / 'a' / 'b' / 'randebu.db'}")
    assert (tmp_path / "a" / "b" / "randebu.db").exists()


async def test_write_ahead_logging_is_turned_on_again_where_somebody_turned_it_off(tmp_path: Path) -> None:
    file = tmp_path / "randebu.db"
    for _ in range(2):
        await opened_and_closed(f"sqlite+aiosqlite:///{file}")
        with closing(sqlite3.connect(file)) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            connection.execute("PRAGMA journal_mode=DELETE")


def test_the_files_of_versions_are_one_line_of_history() -> None:
    scripts = ScriptDirectory(str(HERE))
    assert tuple(reversed([script.revision for script in scripts.walk_revisions()])) == VERSIONS
    assert scripts.get_heads() == [HEAD]


def test_the_next_migration_is_written_from_what_the_models_have_more(tmp_path: Path) -> None:
    shutil.copytree(HERE, tmp_path / "migrations")
    write_next("nothing has changed", tmp_path / "migrations")
    written = (
        tmp_path / "migrations" / "versions" / f"{len(VERSIONS) + 1:04}_nothing_has_changed.py"
    ).read_text()
    assert f'down_revision = "{HEAD}"' in written.replace("'", '"')
    assert "op.create_table" not in written


async def test_what_the_first_version_stored_is_still_there_and_can_have_an_account(bare_url: str) -> None:
    first = """
        INSERT INTO users VALUES ('u1', 'Una', '2026-03-01 12:00:00');
        INSERT INTO anonymous_users VALUES ('t1', 7, 1, 1, '2026-03-01 12:00:00');
        INSERT INTO platform_identities ("id", "platform", "user", "name", "anonymous_token", "created_at")
            VALUES (1, 'telegram', '42', 'Ann', 't1', '2026-03-01 12:00:00');
        INSERT INTO deliveries (platform, chat, thread, kind, payload, state, attempts, failures, reply_to, created_at)
            VALUES ('telegram', '42', '', 'Notice', '{"text": "hello"}', 'pending', 0, 0, 'message:42:1',
                '2026-03-01 12:00:00')
    """

    def old_and_filled(connection: Connection) -> None:
        command.upgrade(alembic_config(connection), "0001")
        for statement in first.split(";"):
            connection.execute(text(statement))

    async with AsyncExitStack() as stack:
        database = await Database.open(bare_url)
        await database.close()
        await on(bare_url, lambda connection: command.downgrade(alembic_config(connection), "base"))
        await on(bare_url, old_and_filled)
        database = await Database.open(bare_url)
        stack.push_async_callback(database.close)
        assert database.migration.before == "0001"
        async with database.unit() as unit:
            identity = await unit.people.identity("telegram", "42")
            assert identity is not None
            standing = await unit.people.standing(identity.owner)
            assert standing.person is not None
            assert (standing.tier, standing.person.chat_count) == (None, 7)
            user = await unit.people.user("u1")
            assert user is not None
            assert (user.tier, user.merged_into) == ("free", None)
            row = await unit.deliveries.next("telegram", "42", "")
            assert row is not None
            assert (row.about, row.erase, row.payload) == ("message:42:1", False, {"text": "hello"})
            moved = await unit.accounts.take_in(identity.owner, "u1")
            assert moved.renamed == ()
    assert await on(bare_url, differences) == []
