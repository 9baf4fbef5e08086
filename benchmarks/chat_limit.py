"""What the decision on the limit over all people costs with 10⁴ and with 10⁶ stored messages.

`python -m benchmarks.chat_limit [ROUNDS]` fills a fresh SQLite file of each size, and a fresh database of each size on
the server that TEST_POSTGRES_URL names, if it is set; they are deleted at the end. Both sizes are measured in turn,
round by round, so that whatever else the machine does falls on both. Three things are timed:

seek       the time of the 500th newest chat, in an open view
decision   a whole unit: the lock, the seek, the commit
admission  a whole unit: the message is stored, the lock, the seek, the chat is reserved, the commit
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import platform
import sqlite3
import statistics
import sys
import tempfile
import time
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from storage.database import Database
from storage.journal import IncomingRow
from storage.people import Owner

SIZES = (10_000, 1_000_000)
LIMIT = 500
ROUNDS = 300
ALLOWED_GROWTH = 1.20
NOW = datetime(2026, 3, 1, tzinfo=UTC)

_NUMBERS = {
    "sqlite": "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {size})",
    "postgresql": "WITH numbers AS (SELECT generate_series(1, {size}) AS n)",
}
_MINUTES_AGO = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', '2026-03-01', '-' || n || ' minutes')",
    "postgresql": "timestamptz '2026-03-01 00:00Z' - n * interval '1 minute'",
}
_FILL = (
    "INSERT INTO incoming (platform, external_id, chat, thread, sender_user, sender_name, private, body, state, at,"
    " received_at) {numbers} SELECT 'terminal', 'old ' || n, 'chat ' || n % 1000, '', 'user ' || n % 1000, 'Ann',"
    ' true, \'{{"kind": "Text", "text": "buy PEPE when it drops"}}\', \'done\', {at}, {at} FROM numbers',
    "INSERT INTO chat_uses (incoming_id, anonymous_token, at) SELECT id, sender_user, at FROM incoming",
    "INSERT INTO conversations (id, title, created_at, updated_at, turn_count, total_tokens, total_cost_usd,"
    " agents_used, status) SELECT chat, chat, CAST('2026-03-01 00:00' AS {time}),"
    " CAST('2026-03-01 00:00' AS {time}), 0, 0, 0, CAST('[]' AS {json}), 'open'"
    " FROM (SELECT DISTINCT chat FROM incoming) AS chats",
    "INSERT INTO messages (conversation_id, role, text, created_at) SELECT chat, 'user', 'buy PEPE when it drops', at"
    " FROM incoming",
)


async def main(rounds: int) -> None:
    """Fill, measure, print."""
    print_machine()
    for kind in ("sqlite", "postgresql"):
        if kind == "postgresql" and not os.environ.get("TEST_POSTGRES_URL"):
            print("\npostgresql: left out, TEST_POSTGRES_URL is not set")
            continue
        async with AsyncExitStack() as stack:
            databases = {size: await stack.enter_async_context(filled(kind, size)) for size in SIZES}
            print(f"\n{kind} {await server_version(kind)}, {rounds} rounds, milliseconds")
            report(await measure(databases, rounds))


async def measure(databases: dict[int, Database], rounds: int) -> dict[str, dict[int, list[float]]]:
    """Milliseconds of every round, by what was timed and by size."""
    taken: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for number in range(-20, rounds):
        for size, database in databases.items() if number % 2 else reversed(databases.items()):
            spent = {
                "seek": await seek(database),
                "decision": await decision(database),
                "admission": await admission(database, number),
            }
            if number >= 0:  # The first rounds only warm the caches.
                for name, seconds in spent.items():
                    taken[name][size].append(1000 * seconds)
    return taken


async def seek(database: Database) -> float:
    """Seconds for the seek alone."""
    async with database.view() as view:
        await view.people.nth_newest_chat(1)
        started = time.perf_counter()
        found = await view.people.nth_newest_chat(LIMIT)
        spent = time.perf_counter() - started
    assert found is not None
    return spent


async def decision(database: Database) -> float:
    """Seconds for a unit that decides."""
    started = time.perf_counter()
    async with database.unit() as unit:
        await unit.lock("chats")
        found = await unit.people.nth_newest_chat(LIMIT)
    assert found is not None
    return time.perf_counter() - started


async def admission(database: Database, number: int) -> float:
    """Seconds for a unit that stores a message and reserves its chat."""
    at = NOW + timedelta(seconds=number)
    row = IncomingRow(
        platform="terminal",
        external_id=f"new {number}",
        chat="chat 1",
        thread="",
        sender_user="ann",
        sender_name="Ann",
        private=True,
        body={"kind": "Text", "text": "buy PEPE when it drops"},
        state="waiting",
        at=at,
        received_at=at,
    )
    started = time.perf_counter()
    async with database.unit() as unit:
        assert await unit.journal.accept(row)
        await unit.lock("chats")
        assert await unit.people.nth_newest_chat(LIMIT) is not None
        await unit.people.add_chat_use(row.id, Owner(), at)
    return time.perf_counter() - started


def report(taken: dict[str, dict[int, list[float]]]) -> None:
    """Print what was measured, and whether the growth is within what is allowed."""
    small, large = SIZES
    print(f"{'':10}{'messages':>10}{'min':>9}{'median':>9}{'max':>9}")
    for name, by_size in taken.items():
        for size in SIZES:
            spent = by_size[size]
            print(f"{name:10}{size:>10}{min(spent):9.3f}{statistics.median(spent):9.3f}{max(spent):9.3f}")
        ratio = statistics.median(by_size[large]) / statistics.median(by_size[small])
        verdict = "within 20 %" if ratio <= ALLOWED_GROWTH else "MORE THAN 20 %"
        print(f"{name:10}{'ratio':>10}{'':9}{ratio:9.3f}  {verdict}")


@asynccontextmanager
async def filled(kind: str, size: int) -> AsyncIterator[Database]:
    """An open database with so many stored messages, each of them a chat."""
    async with fresh(kind) as url:
        await (await Database.open(url)).close()
        engine = create_async_engine(url)
        numbers = _NUMBERS[kind].format(size=size)
        types = (
            {"time": "TEXT", "json": "TEXT"} if kind == "sqlite" else {"time": "timestamptz", "json": "json"}
        )
        async with engine.begin() as connection:
            for statement in _FILL:
                filling = statement.format(numbers=numbers, at=_MINUTES_AGO[kind], **types)
                await connection.exec_driver_sql(filling)
        async with engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            # PostgreSQL does this by itself after a while; SQLite is left as it is.
            await connection.execute(text("SELECT 1" if kind == "sqlite" else "VACUUM ANALYZE"))
        await engine.dispose()
        database = await Database.open(url)
        try:
            yield database
        finally:
            await database.close()


@asynccontextmanager
async def fresh(kind: str) -> AsyncIterator[str]:
    """The URL of a database with nothing in it, deleted at the end."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite+aiosqlite:///{Path(folder) / 'randebu.db'}"
        return
    server = make_url(os.environ["TEST_POSTGRES_URL"])
    name = f"randebu_benchmark_{uuid.uuid4().hex}"
    connection = await asyncpg.connect(
        server.set(drivername="postgresql").render_as_string(hide_password=False)
    )
    try:
        await connection.execute(f'CREATE DATABASE "{name}"')
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await connection.close()


async def server_version(kind: str) -> str:
    """The version of SQLite or of the PostgreSQL server."""
    if kind == "sqlite":
        return sqlite3.sqlite_version
    server = make_url(os.environ["TEST_POSTGRES_URL"]).set(drivername="postgresql")
    connection = await asyncpg.connect(server.render_as_string(hide_password=False))
    version = str(await connection.fetchval("SHOW server_version"))
    await connection.close()
    return version


def print_machine() -> None:
    """Print where this ran."""
    models = [
        line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")
    ]
    versions = " ".join(f"{name} {importlib.metadata.version(name)}" for name in _LIBRARIES)
    print(
        f"{models[0].partition(':')[2].strip()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"
    )
    print(f"Python {platform.python_version()} {versions}")


_LIBRARIES = ("sqlalchemy", "aiosqlite", "asyncpg")

if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
