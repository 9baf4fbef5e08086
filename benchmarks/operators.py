"""How long the operators' commands take over 10⁵ conversations, and how long they hold the event loop meanwhile.

`python -m benchmarks.operators [CONVERSATIONS]` fills a fresh SQLite file, and a fresh database on the server that
TEST_POSTGRES_URL names, if it is set: as many conversations, five turns in each with four steps, a message for every
turn, a tenth as many people, over a year.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from benchmarks.chat_limit import _NUMBERS, fresh, print_machine, server_version
from benchmarks.loop import watched
from bot.app import WARM_UP, Randebu
from bot.settings import Settings
from bot.workers import Workers
from storage.database import Database
from tests.fakes.clock import StoppedClock
from tests.fakes.platform import Chat, FakePlatform

CONVERSATIONS = 100_000
_TURNS = 5
# One conversation every so many seconds makes a year of them; the clock of the tests begins in June 2026.
_AT = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', '2026-06-01', '-' || ((n % {size}) * {pace}) || ' seconds')",
    "postgresql": "timestamptz '2026-06-01 00:00Z' - (n % {size}) * {pace} * interval '1 second'",
}
_FILL = (
    ("anonymous_users (id, chat_count, bot_created, backtest_count, created_at)",
     "'person ' || n, 1, 0, 0, {at}", "{people}"),
    ("platform_identities (platform, \"user\", name, anonymous_token, created_at)",
     "'fake', 'user ' || n, 'Ann ' || n, 'person ' || n, {at}", "{people}"),
    ("incoming (platform, external_id, chat, thread, sender_user, sender_name, private, body, state, at, received_at)",
     "'fake', 'old ' || n, 'chat ' || n % {people}, '', 'user ' || (n % {people} + 1), 'Ann', true,"
     " '{{\"kind\": \"Text\", \"text\": \"buy PEPE when it drops\"}}', 'done', {at}, {at}", "{size}"),
    ("conversations (id, anonymous_token, title, created_at, updated_at, turn_count, total_tokens, total_cost_usd,"
     " agents_used, status, resolution_type)",
     "'conversation ' || (n % {size}), 'person ' || (n % {people} + 1), 'Buying dips ' || n, {at}, {at}, 5, 5000, 0.02,"
     " CAST('[]' AS {json}), 'open', CASE WHEN n % 3 = 0 THEN 'resolved' END", "{size}"),
    ("turns (id, conversation_id, anonymous_token, platform, chat, thread, asker_user, asker_name, private, state,"
     " prompt, requests, tool_calls, tokens, cost_usd, created_at)",
     "'turn ' || n, 'conversation ' || (n % {size}), 'person ' || (n % {people} + 1), 'fake', 'chat', '', 'ann', 'Ann',"
     " true, 'done', 'buy PEPE when it drops', 2, 1, 1000, 0.004, {at}", "{turns}"),
    ("journal (turn_id, kind, data, tokens, at)",
     "'turn ' || (n % {turns} + 1), 'response', CAST('{{\"text\": \"What do you mean by a dip?\"}}' AS {json}), 500,"
     " {at}",
     "{steps}"),
    ("approvals (id, kind, platform, chat, thread, asker_user, asker_name, name, text, options, payload, state,"
     " created_at, expires_at)",
     "'approval ' || n, 'tool', 'fake', 'chat', '', 'ann', 'Ann', 'create bot', 'Create it?', CAST('[]' AS {json}),"
     " CAST('{{}}' AS {json}), CASE n % 3 WHEN 0 THEN 'denied' ELSE 'granted' END, {at}, {at}", "{size}"),
    ("deliveries (platform, chat, thread, kind, payload, state, attempts, failures, created_at)",
     "'fake', 'chat ' || n % {people}, '', 'Notice', CAST('{{\"text\": \"hello\"}}' AS {json}), 'delivered', 1, 0,"
     " {at}",
     "{turns}"),
)  # fmt: skip
_LINES = (
    "/admin stats 7d",
    "/admin stats 365d",
    "/admin users",
    "/admin users ann 77",
    "/admin users page=500",
    "/admin conversations",
    "/admin conversations resolved dips 99",
    "/admin replay {conversation}",
    "/admin health",
    "/admin outbox",
    "/admin broadcast hello",
)


async def main(size: int) -> None:
    """Fill, command, print."""
    print_machine()
    workers = Workers(1, warm_up=WARM_UP)
    await workers.start()
    try:
        for kind in ("sqlite", "postgresql"):
            if kind == "postgresql" and not os.environ.get("TEST_POSTGRES_URL"):
                print("\npostgresql: left out, TEST_POSTGRES_URL is not set")
                continue
            print(
                f"\n{kind} {await server_version(kind)}, {size:,} conversations, load {os.getloadavg()[0]:.1f}"
            )
            async with fresh(kind) as url:
                await fill(kind, url, size)
                await command(url, workers)
    finally:
        await workers.close()


async def command(url: str, workers: Workers) -> None:
    """Give every command once, and see how long others would have waited."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), database_url=url, operators=frozenset({("fake", "boss")}))
        fake = FakePlatform()
        randebu = Randebu(settings, clock=StoppedClock(), workers=workers)
        randebu.attach(fake)
        await randebu.start()
        boss = Chat(randebu, fake, StoppedClock(), "boss")
        async with watched("the first one loads everything"):
            await boss.says("/admin stats 1d")
        for line in _LINES:
            async with watched(line):
                await boss.says(line.format(conversation="conversation 77 "))
        await randebu.close()


async def fill(kind: str, url: str, size: int) -> None:
    """Write the rows, as one statement for each table."""
    started = time.perf_counter()
    await (await Database.open(url)).close()
    numbers: dict[str, int] = {
        "size": size,
        "people": size // 10,
        "turns": size * _TURNS,
        "steps": size * _TURNS * 4,
    }
    at = _AT[kind].format(size=size, pace=round(365 * 86_400 / size))
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        for target, values, count in _FILL:
            shown = values.format(at=at, json="TEXT" if kind == "sqlite" else "json", **numbers)
            generated = _NUMBERS[kind].format(size=count.format(**numbers))
            filling = " ".join(["INSERT INTO", target, generated, "SELECT", shown, "FROM numbers"])
            await connection.exec_driver_sql(filling)
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("SELECT 1" if kind == "sqlite" else "VACUUM ANALYZE"))
    await engine.dispose()
    print(f"filled in {time.perf_counter() - started:.0f} s")


def _size(arguments: Sequence[str]) -> int:
    return int(arguments[1]) if len(arguments) > 1 else CONVERSATIONS


if __name__ == "__main__":
    asyncio.run(main(_size(sys.argv)))
