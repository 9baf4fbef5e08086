"""How long a year of 5-minute candles takes to load from the database: 105,120 of them, in pages of columns.

`python -m benchmarks.candles [ROUNDS]` fills a fresh SQLite file, and a fresh database on the server that
TEST_POSTGRES_URL names, if it is set. Two things are timed:

load    the pages are read and joined to a table
whole   the same, and the table becomes `Candles`, sorted, checked for holes, in a thread, as a backtest is given them
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from bot.trading.candles import assemble
from storage.candles import Known, Series, Table, joined, packed
from storage.database import Database
from tests.databases import bare_database

CANDLES = 105_120
ALLOWED_MILLISECONDS = 10.0
SERIES = Series("benchmark", "bsc:0xpool:0xtoken", 300)
FIRST = 1_750_000_000 // SERIES.page_seconds * SERIES.page_seconds


async def main(rounds: int) -> None:
    """Fill, measure, print; the exit status says whether a load took too long."""
    print(
        f"load average {os.getloadavg()[0]:.2f} on {os.cpu_count()} processors, {rounds} rounds, milliseconds"
    )
    slowest = 0.0
    with tempfile.TemporaryDirectory(prefix="randebu-") as folder:
        for kind in ("sqlite", "postgresql"):
            if kind == "postgresql" and not os.environ.get("TEST_POSTGRES_URL"):
                print("postgresql: left out, TEST_POSTGRES_URL is not set")
                continue
            async with bare_database(kind, Path(folder)) as url:
                slowest = max(slowest, await measure(kind, url, rounds))
    if slowest > ALLOWED_MILLISECONDS:
        sys.exit(f"Loading took {slowest:.1f} ms, more than {ALLOWED_MILLISECONDS:g} ms.")


async def measure(kind: str, url: str, rounds: int) -> float:
    """The shortest time of a load in milliseconds: whatever else the machine does only makes it longer."""
    database = await Database.open(url)
    try:
        await fill(database)
        loads, wholes = [], []
        for _ in range(rounds):
            started = time.perf_counter()
            table = await load(database)
            loads.append(1000 * (time.perf_counter() - started))
            candles = await asyncio.to_thread(
                assemble, SERIES.timeframe, table[0].astype(np.int64), *table[1:]
            )
            wholes.append(1000 * (time.perf_counter() - started))
            assert len(candles) == CANDLES
    finally:
        await database.close()
    for name, taken in (("load", loads), ("whole", wholes)):
        middle = statistics.median(taken)
        print(f"{kind:<10} {name:<6} best {min(taken):6.2f}  median {middle:6.2f}  worst {max(taken):6.2f}")
    return min(loads)


async def fill(database: Database) -> None:
    """A year of made-up candles."""
    start = FIRST + np.arange(CANDLES) * SERIES.timeframe
    prices = np.random.default_rng(1).uniform(1e-6, 2e-6, (5, CANDLES))
    table = np.vstack([start.astype(float), prices])
    numbers = start // SERIES.page_seconds
    async with database.unit() as unit:
        for number in np.unique(numbers):
            until = int(number + 1) * SERIES.page_seconds
            await unit.candles.save(SERIES, int(number), Known(until, packed(table[:, numbers == number])))


async def load(database: Database) -> Table:
    """All of it."""
    first = FIRST // SERIES.page_seconds
    async with database.view() as view:
        return joined(await view.candles.load(SERIES, first, first + CANDLES))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50))
