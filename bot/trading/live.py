"""What a worker process does for simulations: warm runs up, and step many of them through the same new candles.

Light to import: whoever only names these functions does not load the compiled engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from bot.trading import layout
from bot.trading.candles import Candles
from bot.trading.layout import Records

if TYPE_CHECKING:
    from bot.trading.stepper import Stepper


@dataclass(frozen=True, slots=True)
class Running:
    """A run to be stepped: its packed program and state, and when its next candle starts (epoch seconds).

    Candles before `start` only warm it up.
    """

    program: bytes
    state: bytes
    next_start: int
    start: int


@dataclass(frozen=True, slots=True)
class Stepped:
    """A run after its candles; `events` are rows of the engine's, `halted` says that a drawdown has ended it.

    `next_start` lies before the end of the candles only when it has halted: nothing is stepped after that.
    """

    state: bytes
    next_start: int
    quantity: float
    equity: float
    events: bytes
    halted: bool


def step_all(runs: Sequence[Running], candles: Candles) -> list[Stepped]:
    """Step every run through the candles that it has not had; those before them are what it looks back at."""
    return [_step(run, candles) for run in runs]


def begin(program: bytes, initial_balance: float, volume_known: bool, candles: Candles, first: int) -> bytes:
    """The state of a run after its warm-up, the candles before `first`, and after having stepped all others."""
    from bot.trading.packing import unpack_program
    from bot.trading.stepper import Stepper

    stepper = Stepper(unpack_program(program), initial_balance=initial_balance, volume_known=volume_known)
    stepper.warm_up(part(candles, 0, first))
    stepper.step(part(candles, first, len(candles)))
    return stepper.save()


def prepare() -> None:
    """Step a small run once: whatever a real one needs is loaded and compiled then."""
    from bot.trading.packing import pack_program
    from bot.trading.program import compile_program
    from bot.trading.strategy import parse_strategy

    rule = {
        "id": "dip",
        "when": {"type": "price_drop", "threshold": 1},
        "then": [{"type": "buy", "amount_percent": 50}],
    }
    strategy, _ = parse_strategy(
        {"name": "rehearsal", "market": {"symbol": "NONE"}, "timeframe": "1m", "rules": [rule]}
    )
    program = pack_program(compile_program(strategy, 60, "next_open"))
    close = np.full(4, 100.0)
    candles = Candles(60, np.arange(4, dtype=np.int64) * 60, close, close, close, close, close)
    state = begin(program, 1_000.0, True, part(candles, 0, 3), 3)
    step_all([Running(program, state, 180, 180)], candles)


def part(candles: Candles, begin_: int, end: int) -> Candles:
    """Some candles in a row, as views; `missing` is not told any more."""
    columns = ("start", "open", "high", "low", "close", "volume")
    return replace(candles, missing=0, **{column: getattr(candles, column)[begin_:end] for column in columns})


def records_of(events: bytes) -> Records:
    """The rows of `Stepped.events`."""
    return np.frombuffer(events, layout.EVENT)


def _step(run: Running, candles: Candles) -> Stepped:
    from bot.trading.stepper import Stepper

    first = int(np.searchsorted(candles.start, run.next_start))
    stepper = Stepper.restored(run.program, run.state, part(candles, 0, first))
    begins = max(first, int(np.searchsorted(candles.start, run.start)))
    stepper.warm_up(part(candles, first, begins))
    first = begins
    if not stepper.can_halt:
        records = stepper.step(part(candles, first, len(candles)))
        return _stepped(stepper, records.tobytes(), run.next_start)
    events = []
    # One by one, so that a run which is paused by its drawdown ends at the same candle however they came.
    for place in range(first, len(candles)):
        events.append(stepper.step(part(candles, place, place + 1)).tobytes())
        if stepper.halted:
            break
    return _stepped(stepper, b"".join(events), run.next_start)


def _stepped(stepper: Stepper, events: bytes, before: int) -> Stepped:
    return Stepped(
        state=stepper.save(),
        next_start=before if stepper.next_start is None else stepper.next_start,
        quantity=stepper.quantity,
        equity=stepper.equity,
        events=events,
        halted=stepper.halted,
    )
