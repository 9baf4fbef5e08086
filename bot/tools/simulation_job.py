"""What a worker process does for the results of a simulation: the backtest of its very candles, and whether they agree.

Only light modules are imported here: the process that serves people imports this one to name its functions.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from bot.tools.backtest_job import Job, latest, read_candles
from bot.trading.timeframe import DAY


@dataclass(frozen=True, slots=True)
class Proof:
    """A simulation to be proven: its candles and document, and its events as the lines of a file, one JSON each."""

    job: Job
    volume_known: bool
    events: bytes


@dataclass(frozen=True, slots=True)
class Proven:
    """What the backtest of a simulation's candles gives; `same` says whether it had the same events, byte for byte.

    `day` is what the last 24 hours changed in equity, in percent, `day_trades` the fills in them, `equity` the last
    one.
    """

    result: dict[str, Any]
    chart: bytes
    same: bool
    day: float
    day_trades: int
    equity: float


def as_line(event: dict[str, Any]) -> bytes:
    """An event as the bytes that are compared."""
    return json.dumps(event, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def prove(proof: Proof) -> Proven:
    """Run the backtest, compare, and draw."""
    from bot.trading.backtest import run_backtest
    from bot.trading.chart import draw_backtest
    from bot.trading.layout import BOUGHT, SOLD
    from bot.trading.report import chart_titles
    from bot.trading.strategy import parse_strategy

    job = proof.job
    candles = read_candles(job)
    strategy, _ = parse_strategy(job.document)
    first = int(np.searchsorted(candles.start, job.start))
    whole = run_backtest(
        strategy,
        candles,
        first=first,
        initial_balance=job.initial_balance,
        volume_known=proof.volume_known,
    )
    lines = b"".join(as_line(event.to_json()) for event in whole.event_list())
    kept, left_out = latest(whole)
    result = kept.to_json() | {"events_left_out": left_out}
    title, subtitle = chart_titles(result, synthetic=job.synthetic, source=job.source)
    chart = draw_backtest(whole, title=title, subtitle=subtitle)
    day = DAY // whole.timeframe
    before = float(whole.equity[-day - 1]) if len(whole.equity) > day else job.initial_balance
    since = int(whole.candles.start[-1]) - DAY
    fills = np.isin(whole.records["kind"], (BOUGHT, SOLD)) & (whole.records["time"] > since)
    equity = float(whole.equity[-1])
    change = (equity / before - 1.0) * 100.0
    return Proven(result, chart, lines == proof.events, change, int(np.count_nonzero(fills)), equity)
