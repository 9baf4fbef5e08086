"""What a worker process does for a backtest: read the candles, run the strategy, draw the picture.

Only light modules are imported here: the process that serves people imports this one to name its functions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.trading.candles import Candles, Seconds
from bot.trading.layout import BOUGHT, SOLD

if TYPE_CHECKING:
    from bot.trading.result import BacktestResult

MOST_EVENTS = 10_000
"""How many events are kept with a result, the latest; buys and sells go first."""

_REHEARSAL: dict[str, Any] = {
    "name": "rehearsal",
    "market": {"symbol": "NONE"},
    "timeframe": "1m",
    "rules": [
        {
            "id": "dip",
            "when": {"type": "price_drop", "threshold": 0.5},
            "then": [{"type": "buy", "amount_percent": 50}],
        }
    ],
    "risk_management": {"stop_loss_percent": 1},
}

INITIAL_BALANCE = 10_000.0
"""US dollars to begin with, unless told."""

_PRICES = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class Job:
    """One backtest: the document, the first candle to test (epoch seconds), and what its picture says.

    `candles` is the folder that `write_candles` has filled.
    """

    document: dict[str, Any]
    candles: Path
    timeframe: Seconds
    missing: int
    start: int
    initial_balance: float
    source: str
    synthetic: bool


def write_candles(candles: Candles, folder: Path) -> None:
    """Leave candles in a folder for another process: pickling millions of them would hold the event loop."""
    candles.start.tofile(folder / "start")
    for column in _PRICES:
        getattr(candles, column).tofile(folder / column)


def read_candles(job: Job) -> Candles:
    """The candles that `write_candles` has left."""
    start = np.fromfile(job.candles / "start", np.int64)
    columns = {column: np.fromfile(job.candles / column, np.float64) for column in _PRICES}
    return Candles(timeframe=job.timeframe, start=start, missing=job.missing, **columns)


def run(job: Job) -> tuple[dict[str, Any], bytes]:
    """The result as JSON, with `events_left_out` counting those that were too many, and the picture as a PNG."""
    from bot.trading.backtest import run_backtest
    from bot.trading.chart import draw_backtest
    from bot.trading.report import chart_titles
    from bot.trading.strategy import parse_strategy

    candles = read_candles(job)
    strategy, _ = parse_strategy(job.document)
    first = int(np.searchsorted(candles.start, job.start))
    whole = run_backtest(strategy, candles, first=first, initial_balance=job.initial_balance)
    kept, left_out = latest(whole)
    result = kept.to_json() | {"events_left_out": left_out}
    title, subtitle = chart_titles(result, synthetic=job.synthetic, source=job.source)
    return result, draw_backtest(whole, title=title, subtitle=subtitle)


def prepare() -> None:
    """Rehearse a small backtest: whatever a real one needs is loaded and compiled then, and kept on disk."""
    count = 200
    close = 100.0 + np.sin(np.arange(count))
    candles = Candles(
        60, np.arange(count, dtype=np.int64) * 60, close, close + 1, close - 1, close, np.ones(count)
    )
    with TemporaryDirectory(prefix="randebu-") as folder:
        write_candles(candles, Path(folder))
        run(Job(_REHEARSAL, Path(folder), 60, 0, 6_000, INITIAL_BALANCE, "rehearsal", synthetic=True))


def latest(result: BacktestResult) -> tuple[BacktestResult, int]:
    """A result with no more events than are kept, and how many are left out."""
    records = result.records
    if len(records) <= MOST_EVENTS:
        return result, 0
    fill = np.isin(records["kind"], (BOUGHT, SOLD))
    fills, others = np.flatnonzero(fill)[-MOST_EVENTS:], np.flatnonzero(~fill)
    room = MOST_EVENTS - len(fills)
    kept = np.sort(np.concatenate((fills, others[len(others) - min(room, len(others)) :])))
    return replace(result, records=records[kept]), len(records) - len(kept)
