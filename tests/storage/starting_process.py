"""A process that opens a database when it is told to, and says what it found: `python -m … URL`."""

from __future__ import annotations

import asyncio
import sys

from storage.database import Database


async def start(url: str) -> None:
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    database = await Database.open(url)
    print(database.migration.before, "alembic" in sys.modules, flush=True)
    await database.close()


if __name__ == "__main__":
    asyncio.run(start(sys.argv[1]))
