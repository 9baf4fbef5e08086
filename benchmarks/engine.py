"""How fast the engine is: a year of 5-minute candles, two simple rules, a stop and a take profit.

`python -m benchmarks.engine [REPEATS]` prints the machine, the versions, and least, median and greatest times:

backtest   all of `run_backtest`: the run with its metrics and event list, and the same run at doubled costs
one run    the same with execution "close", where there are no costs to double
position   a backtest whose second rule looks at the position, so that every candle is judged in a portfolio
candle     one candle of a simulation, with its events and without saving
start      a fresh process: importing the engine, then its first backtest with machine code from the disk
compiling  the same without machine code on the disk
"""

from __future__ import annotations

import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from os import environ
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from bot.trading.backtest import run_backtest
from bot.trading.candles import Candles
from bot.trading.document import Strategy
from bot.trading.program import compile_program
from bot.trading.stepper import Stepper
from bot.trading.strategy import parse_strategy

COUNT = 105_120
WARM_UP = 200
RSI = {"type": "rsi", "period": 14}
DIP: dict[str, Any] = {
    "id": "dip",
    "only_if": "flat",
    "when": {
        "all": [
            {"type": "price_drop", "threshold": 2, "timeframe": "1h"},
            {**RSI, "direction": "below", "value": 35},
        ]
    },
    "then": [{"type": "buy", "amount_percent": 25}],
}
OVERBOUGHT: dict[str, Any] = {
    "id": "out",
    "only_if": "in_position",
    "when": {**RSI, "direction": "above", "value": 70},
    "then": [{"type": "sell", "amount_percent": 100}],
}
PROFITABLE: dict[str, Any] = {
    "id": "out",
    "only_if": "in_position",
    "when": {"type": "position_profit", "direction": "above", "value": 8},
    "then": [{"type": "sell", "amount_percent": 50}],
}
START = """
import time
begin = time.perf_counter()
from benchmarks.engine import DIP, OVERBOUGHT, run_backtest, strategy, year
import bot.trading.portfolio
imported = time.perf_counter()
run_backtest(strategy(DIP, OVERBOUGHT), year(1_000), first=200)
print((imported - begin) * 1e3, (time.perf_counter() - imported) * 1e3)
"""


def strategy(*rules: dict[str, Any]) -> Strategy:
    """A strategy with these rules, a stop and a take profit."""
    document = {
        "version": "2.0",
        "name": "benchmark",
        "market": {"symbol": "PEPE"},
        "timeframe": "5m",
        "rules": rules,
        "risk_management": {"stop_loss_percent": 5, "take_profit_percent": 10},
    }
    return parse_strategy(document)[0]


def year(count: int = COUNT) -> Candles:
    """A seeded random walk of 5-minute candles."""
    random = np.random.default_rng(1)
    close = 1e-6 * np.exp(np.cumsum(random.normal(0.0, 0.003, count)))
    opened = np.append(1e-6, close[:-1])
    high = np.maximum(opened, close) * (1.0 + abs(random.normal(0.0, 0.001, count)))
    low = np.minimum(opened, close) * (1.0 - abs(random.normal(0.0, 0.001, count)))
    start = 1_700_006_400 + 300 * np.arange(count, dtype=np.int64)
    return Candles(300, start, opened, high, low, close, random.exponential(1_000.0, count))


def candle(candles: Candles, place: int) -> Candles:
    """One of the candles."""
    columns = ("start", "open", "high", "low", "close", "volume")
    return replace(candles, **{name: getattr(candles, name)[place : place + 1] for name in columns})


def measured(name: str, run: Callable[[], object], repeats: int) -> None:
    """Time a call again and again, after a first one that does not count."""
    run()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        run()
        times.append((time.perf_counter() - begin) * 1e3)
    told(name, times)


def told(name: str, times: list[float]) -> None:
    """Print least, median and greatest time in ms."""
    print(f"{name:<22} {min(times):>9.3f} {median(times):>9.3f} {max(times):>9.3f}   ({len(times)} times)")


def start(name: str, code_directories: list[str]) -> None:
    """Time fresh processes, each with its directory of machine code."""
    pairs = []
    for directory in code_directories:
        done = subprocess.run(
            [sys.executable, "-c", START],
            env=environ | {"NUMBA_CACHE_DIR": directory},
            cwd=Path(__file__).parents[1],
            capture_output=True,
            text=True,
            check=True,
        )
        pairs.append([float(text) for text in done.stdout.split()])
    told(f"{name}: importing", [pair[0] for pair in pairs])
    told(f"{name}: first backtest", [pair[1] for pair in pairs])


def processor() -> str:
    """The model of the processor, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown"
    )


def main(repeats: int) -> None:
    """Measure everything, one after the other."""
    numbers = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba", "llvmlite"))
    print(f"{platform.platform()}, {processor()}\nPython {platform.python_version()}, {numbers}")
    print(f"{COUNT:,} candles; times in ms {'least':>12} {'median':>9} {'greatest':>9}")
    candles, simple, live = year(), strategy(DIP, OVERBOUGHT), strategy(DIP, PROFITABLE)
    backtest = partial(run_backtest, first=WARM_UP)
    measured("backtest", lambda: backtest(simple, candles), repeats)
    measured("one run", lambda: backtest(simple, candles, execution="close"), repeats)
    measured("position", lambda: backtest(live, candles), repeats)
    stepper = Stepper(compile_program(simple, 300, "next_open"))
    ahead = iter([candle(candles, place) for place in range(repeats + 1)])
    measured("candle", lambda: stepper.step(next(ahead)), repeats)
    with tempfile.TemporaryDirectory() as kept, tempfile.TemporaryDirectory() as empty:
        start("compiling", [f"{empty}/1", f"{empty}/2"])
        start("start", [kept])
        start("start", [kept] * 5)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
