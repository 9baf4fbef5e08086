"""A run that is fed one closed candle after another: what a simulation keeps between candles and restarts."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from bot.trading.candles import Candles, Seconds
from bot.trading.document import Strategy
from bot.trading.events import Event, read_events
from bot.trading.portfolio import LONGEST_STRETCH, CandleWatch, Portfolio, columns_of, cut
from bot.trading.program import Execution, compile_program


class Stepper:
    """A strategy's run that goes on with every closed candle, by the very code that a backtest folds.

    `timeframe` is in seconds. `volume_known` says whether a volume of 0 is a gap; it is false for a market that
    gives no volumes. Raises `StrategyInvalid` when a time in a condition is no whole multiple of the timeframe.
    """

    def __init__(
        self,
        strategy: Strategy,
        timeframe: Seconds,
        *,
        initial_balance: float = 10_000.0,
        execution: Execution = "next_open",
        volume_known: bool = True,
    ) -> None:
        self._strategy = strategy
        self._timeframe = timeframe
        program = compile_program(strategy, timeframe, execution)
        self._fingerprint = hashlib.sha256(program.tobytes()).hexdigest()
        self._watch = CandleWatch(program, volume_known)
        self._portfolio = Portfolio(program, initial_balance, volume_known)
        self._next: int | None = None

    @property
    def next_start(self) -> int | None:
        """When the next candle has to start (epoch seconds); None before the first one."""
        return self._next

    @property
    def cash(self) -> float:
        """The money at hand."""
        return float(self._portfolio.book["cash"])

    @property
    def quantity(self) -> float:
        """How many tokens are held."""
        return float(self._portfolio.book["quantity"])

    @property
    def equity(self) -> float:
        """Cash and position, marked at the last close."""
        return float(self._portfolio.book["equity"])

    def warm_up(self, candles: Candles) -> None:
        """Take candles from before the start: indicators and the memory of edges follow, nothing fires."""
        self._take(candles)

    def step(self, candles: Candles) -> tuple[Event, ...]:
        """Take the next closed candles, usually one; gives what happened. The first call ends the warm-up.

        Raises `ValueError` when they do not follow the last one.
        """
        if len(candles) and not self._portfolio.book["firing"]:
            self._portfolio.start_firing(int(candles.start[0]))
        self._take(candles)
        return read_events(self._strategy, self._portfolio.take_events())

    def save(self) -> dict[str, Any]:
        """The whole state as a JSON object; going on from it gives exactly what going on from here would."""
        return {
            "format": 1,
            "program": self._fingerprint,
            "next_start": self._next,
            "watch": self._watch.save(),
            "book": self._portfolio.save(),
        }

    def restore(self, saved: dict[str, Any]) -> None:
        """Go on from a saved state.

        Raises `ValueError` when it was saved by another strategy, timeframe, execution, or version of the engine.
        """
        if saved.get("format") != 1 or saved.get("program") != self._fingerprint:
            raise ValueError("This state belongs to another strategy, timeframe, execution or engine.")
        self._watch.restore(saved["watch"])
        self._portfolio.restore(saved["book"])
        self._next = saved["next_start"]

    def _take(self, candles: Candles) -> None:
        if not len(candles):
            return
        start = int(candles.start[0])
        if candles.timeframe != self._timeframe:
            raise ValueError(f"Candles of {candles.timeframe} s in a run of {self._timeframe} s.")
        if self._next is not None and start != self._next:
            raise ValueError(f"The next candle starts at {self._next}, but one came that starts at {start}.")
        columns = columns_of(candles)
        for begin in range(0, len(candles), LONGEST_STRETCH):
            end = min(len(candles), begin + LONGEST_STRETCH)
            signals = self._watch.observe(columns, begin, end)
            self._portfolio.trade(cut(columns, begin, end), signals, np.empty(end - begin))
        self._next = start + len(candles) * self._timeframe
