"""How long anything holds the event loop while people chat, create bots and run backtests.

Issue 2 allows 50 ms once ready. Prints the longest hold of each phase, in milliseconds.
"""

from __future__ import annotations

import asyncio
import platform
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.app import Randebu
from bot.settings import Settings
from bot.workers import Workers
from tests.fakes.clock import StoppedClock
from tests.fakes.platform import Chat, FakePlatform
from tests.stories.test_first_bot import DIP

TICK = 0.002


@asynccontextmanager
async def watched(phase: str) -> AsyncIterator[None]:
    """Print how late a ticker of 2 ms ever came while the body ran."""
    lags: list[float] = []

    async def tick() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(TICK)
            lags.append((time.perf_counter() - before - TICK) * 1000)

    ticking = asyncio.ensure_future(tick())
    await asyncio.sleep(0.05)
    started = time.perf_counter()
    yield
    took = time.perf_counter() - started
    ticking.cancel()
    lags.sort()
    print(f"{phase:<34} {took:7.2f} s   median {lags[len(lags) // 2]:6.2f}   max {lags[-1]:7.2f} ms")


async def story(randebu: Randebu, fake: FakePlatform, person: str) -> None:
    """One person's whole job."""
    chat = Chat(randebu, fake, StoppedClock(), person)
    for line in (
        "hello",
        DIP,
        "yes",
        "backtest it on 15m candles for the last 90 days",
        "price of CAKE",
        "/bots",
    ):
        await chat.says(line)


async def main() -> None:
    """Measure the phases one after the other."""
    print(f"Python {sys.version.split()[0]} on {platform.platform()}, times in ms unless said")
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        workers = Workers(1)
        fake = FakePlatform()
        async with watched("start (imports, migration)"):
            await workers.start()
            randebu = Randebu(settings, workers=workers)
            randebu.attach(fake)
            await randebu.start()
        async with watched("one person, first time"):
            await story(randebu, fake, "ann")
        async with watched("one person, warm"):
            await story(randebu, fake, "ben")
        async with watched("20 people at once"):
            await asyncio.gather(*(story(randebu, fake, f"p{n}") for n in range(20)))
        await randebu.close()
        await workers.close()


if __name__ == "__main__":
    asyncio.run(main())
