"""What a tick costs with 5,000 running simulations on 200 pools with candles of one minute.

`python -m benchmarks.simulations [TICKS] [SIMULATIONS] [POOLS]` fills a fresh SQLite file, starts every simulation and
lets market time pass minute by minute; a tick steps all feeds as the jobs of one minute do. The market is made up and
answers from memory, so that fetching costs nothing. Measured are the time of a tick, the processor's time that this
process and its worker spend on it, the longest time for which the event loop was held, and the memory of both
processes before and after the simulations, for each of them.
"""

from __future__ import annotations

import asyncio
import gc
import importlib.metadata
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import numpy as np

from bot.accounts.limits import Limits
from bot.app import STEPPING_WARM_UP
from bot.dispatch.outbox import Outbox
from bot.jobs.simulations.stepping import Stepping
from bot.market.provider import Market, Token
from bot.settings import Settings
from bot.tools.registry import Services
from bot.trading.candles import Candles
from bot.trading.strategy import parse_strategy
from bot.workers import Workers
from storage.base import new_id
from storage.database import Database, Unit
from storage.feeds import Place
from storage.people import Owner, User
from storage.simulations import RUNNING, Simulation

TICK_SECONDS = 2.0
HELD_MILLISECONDS = 50.0
MEMORY_KILOBYTES = 20.0
MINUTE = 60
BEGINNING = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_HISTORY = 3_000

_RULES: tuple[dict[str, Any], ...] = (
    {"when": {"type": "price_drop", "threshold": 4, "timeframe": "1h"}},
    {"when": {"type": "rsi", "period": 14, "direction": "below", "value": 25}},
    {"when": {"type": "ma_crossover", "ma_type": "ema", "fast": 9, "slow": 21, "direction": "above"}},
    {
        "when": {
            "all": [
                {"type": "bollinger", "band": "lower", "direction": "below"},
                {"type": "price_drop", "threshold": 1},
            ]
        }
    },
)


class MadeUpMarket:
    """Random walks that answer from memory, on a clock that the benchmark moves."""

    source, synthetic = "synthetic", True

    def __init__(self, pools: int) -> None:
        self.time = BEGINNING
        self._first = int(BEGINNING.timestamp()) - _HISTORY * MINUTE
        random = np.random.default_rng(7)
        steps = random.normal(0.0, 0.0015, (pools, 2 * _HISTORY))
        self._close = np.exp(np.cumsum(steps, axis=1))

    def now(self) -> datetime:
        """The time on the benchmark's clock."""
        return self.time

    async def candles(
        self,
        token: Token,
        timeframe: int,
        start: int,
        end: int,
        on_progress: object = None,  # noqa: ARG002
    ) -> Candles:
        """The candles of a pool, whose number is its address."""
        last = min(end, int(self.time.timestamp()))
        begin, stop = ((each - self._first) // MINUTE for each in (start, last))
        close = self._close[int(token.address)]
        closes, opens = close[begin:stop].copy(), close[begin - 1 : stop - 1].copy()
        starts = self._first + MINUTE * np.arange(begin, stop, dtype=np.int64)
        high, low = np.maximum(opens, closes) * 1.0005, np.minimum(opens, closes) * 0.9995
        return Candles(timeframe, starts, opens, high, low, closes, np.full(len(starts), 1_000.0))


class TimedLoop(asyncio.SelectorEventLoop):
    """An event loop that knows for how long it was held at most, in seconds.

    One round of it is measured, with everything that was due, and only the processor's time of its thread: on a busy
    machine a loop is also held by everybody else.
    """

    longest = 0.0

    def _run_once(self) -> None:
        before = time.thread_time()
        super()._run_once()  # type: ignore[misc]
        self.longest = max(self.longest, time.thread_time() - before)


def pace() -> float:
    """Seconds of processor for ten million additions: about 0.35 on an idle machine of 2024."""
    begun, total = time.process_time(), 0
    for number in range(10_000_000):
        total += number
    return time.process_time() - begun


def document(kind: int) -> dict[str, Any]:
    """One of some usual strategies."""
    rule = {
        "id": "in",
        "only_if": "flat",
        "then": [{"type": "buy", "amount_percent": 50}],
        **_RULES[kind % len(_RULES)],
    }
    return {
        "version": "2.0",
        "name": f"strategy {kind % len(_RULES)}",
        "market": {"symbol": "TOKEN"},
        "timeframe": "1m",
        "rules": [rule],
        "risk_management": {"stop_loss_percent": 3, "take_profit_percent": 4},
    }


async def fill(
    database: Database, market: MadeUpMarket, simulations: int, pools: int, key: str = "bench"
) -> None:
    """Write people, bots and simulations down, as starting them would."""
    documents = [parse_strategy(document(kind))[0].model_dump(mode="json") for kind in range(len(_RULES))]
    async with database.unit() as unit:
        user = User(id=new_id(), name="bench", created_at=BEGINNING)
        unit.session.add(user)
        await unit.session.flush()
        feeds = [
            await unit.feeds.of(Place("synthetic", "bsc", str(pool), "", "TOKEN", MINUTE))
            for pool in range(pools)
        ]
    start = int(market.now().timestamp()) // MINUTE * MINUTE
    for number in range(simulations):
        async with database.unit() as unit:
            bot = await unit.trading.add_bot(
                Owner(user_id=user.id),
                f"bot {number}",
                documents[number % len(documents)],
                f"{key}:{number}",
                BEGINNING,
            )
            await unit.simulations.begin(
                _simulation(number, f"{key}:{number}", bot.id, user.id, feeds[number % pools].id, start)
            )


def _simulation(number: int, key: str, bot_id: str, user_id: str, feed_id: int, start: int) -> Simulation:
    return Simulation(
        id=new_id(),
        key=key,
        bot_id=bot_id,
        version=1,
        user_id=user_id,
        feed_id=feed_id,
        platform="bench",
        chat=f"chat {number % 1000}",
        thread="",
        name=f"bot {number}",
        alert=False,
        initial_balance=10_000.0,
        state=RUNNING,
        created_at=BEGINNING,
        start=start,
        volume_known=True,
        look_back=0,
        quantity=0.0,
        equity=10_000.0,
        failures=0,
        notify="trades",
        zone="UTC",
        untold=False,
    )


async def silent(unit: Unit, kind: str, text: str) -> None:  # noqa: ARG001
    """Nobody is told: a failure here fails the benchmark."""
    raise RuntimeError(text)


def memory_of(process: int) -> float:
    """The resident memory of a process in kB."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return float(line.split()[1])
    return 0.0


def processor_of(process: int) -> float:
    """The seconds of processor that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def worker_process() -> int:
    """The one child that steps."""
    threads = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    for child in [child for thread in threads for child in thread.read_text().split()]:
        # The tracker of resources is a child as well, and its name is in the worker's warning options too.
        if b"multiprocessing.spawn" in Path(f"/proc/{child}/cmdline").read_bytes():
            return int(child)
    raise RuntimeError("There is no worker.")


@contextmanager
def printing(name: str) -> Iterator[None]:
    """Say how long a piece took."""
    begun = time.perf_counter()
    yield
    print(f"{name:<44} {time.perf_counter() - begun:8.2f} s")


async def tick(stepping: Stepping, feeds: list[int]) -> None:
    """What the jobs of one minute do, all at once."""
    await asyncio.gather(*(stepping.advance(feed) for feed in feeds))


async def main(ticks: int, simulations: int, pools: int) -> int:
    """Fill, begin, tick, and print; the exit status says whether the bounds hold."""
    load = os.getloadavg()[0]
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in ("numpy", "numba", "sqlalchemy")
    )
    print(
        f"{platform.platform()}, {os.cpu_count()} cores, load {load:.1f}\n"
        f"Python {platform.python_version()}, {versions}"
    )
    print(f"ten million additions take {pace():.2f} s of processor now")
    print(f"{simulations:,} simulations on {pools} pools, candles of one minute, SQLite")
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        database = await Database.open(settings.database_url)
        market = MadeUpMarket(pools)
        workers = Workers(1, warm_up=STEPPING_WARM_UP)
        services = Services(
            settings, database, Limits(settings, market.now), cast(Market, market), workers, market.now
        )
        stepping = Stepping(services, workers, Outbox(database, market.now), silent)
        try:
            return await measure(services, stepping, market, ticks, simulations, pools)
        finally:
            await workers.close()
            await database.close()


async def measure(
    services: Services, stepping: Stepping, market: MadeUpMarket, ticks: int, simulations: int, pools: int
) -> int:
    """Measure some ticks."""
    database = services.database
    # One simulation first, so that what everything needs is loaded before memory is looked at.
    await fill(database, market, 1, 1, "first")
    await stepping.advance_all()
    before = [memory_of(process) for process in (os.getpid(), worker_process())]
    async with database.unit() as unit:
        for simulation in await unit.simulations.running_on(1):
            await unit.simulations.end(simulation.id, "stopped", "person", BEGINNING)
    with printing("writing them down"):
        await fill(database, market, simulations, pools)
    async with database.view() as view:
        feeds = [feed for feed, _, _ in await view.simulations.feeds_in_use()]
    with printing("warming all of them up"):
        await tick(stepping, feeds)
    took, held, own, theirs = [], [], [], []
    loop = asyncio.get_running_loop()
    assert isinstance(loop, TimedLoop)
    # As the house does once it is open, so that collecting garbage does not look through all of it.
    gc.freeze()
    for _ in range(ticks):
        market.time += timedelta(minutes=1)
        loop.longest = 0.0
        begun, spent, worked = time.perf_counter(), time.process_time(), processor_of(worker_process())
        await tick(stepping, feeds)
        took.append(time.perf_counter() - begun)
        own.append(time.process_time() - spent)
        theirs.append(processor_of(worker_process()) - worked)
        held.append(loop.longest * 1000.0)
    after = [memory_of(process) for process in (os.getpid(), worker_process())]
    async with database.view() as view:
        events = len(await view.deliveries.waiting_threads(("bench",)))
    grown = sum(after) - sum(before)
    print(
        f"{'a tick, greatest of ' + str(ticks):<44} {max(took):8.2f} s (median {sorted(took)[ticks // 2]:.2f})"
    )
    print(f"{'its processor time, here and in the worker':<44} {max(own):8.2f} s + {max(theirs):.2f} s")
    print(
        f"{'the event loop was held for at most':<44} {max(held):8.1f} ms (median {sorted(held)[ticks // 2]:.1f})"
    )
    print(f"{'memory for each simulation':<44} {grown / simulations:8.2f} kB ({grown / 1024:.0f} MB in all)")
    print(f"{'chats that were written to':<44} {events:8}")
    good = (
        max(took) < TICK_SECONDS and max(held) < HELD_MILLISECONDS and grown / simulations < MEMORY_KILOBYTES
    )
    print("within bounds" if good else "OUT OF BOUNDS: 2 s, 50 ms and 20 kB are allowed")
    return 0 if good else 1


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    with asyncio.Runner(loop_factory=TimedLoop) as runner:
        sys.exit(runner.run(main(*(given + [20, 5_000, 200][len(given) :]))))
