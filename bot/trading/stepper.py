"""A run that is fed one closed candle after another: what a simulation keeps between candles and restarts."""

from __future__ import annotations

import numpy as np

from bot.trading.candles import Candles
from bot.trading.layout import Records
from bot.trading.packing import is_halted, pack_program, pack_state, unpack_program, unpack_state
from bot.trading.portfolio import LONGEST_STRETCH, CandleWatch, Portfolio, columns_of, cut


class Stepper:
    """A program's run that goes on with every closed candle, by the very code that a backtest folds.

    `volume_known` says whether a volume of 0 is a gap; it is false for a market that gives no volumes.
    """

    def __init__(
        self, program: Records, *, initial_balance: float = 10_000.0, volume_known: bool = True
    ) -> None:
        self._program = program
        self._packed = pack_program(program)
        self._timeframe = int(program[0]["timeframe"])
        self._watch = CandleWatch(program, volume_known)
        self._portfolio = Portfolio(program, initial_balance, volume_known)
        self._next: int | None = None

    @classmethod
    def restored(cls, packed_program: bytes, saved: bytes, before: Candles) -> Stepper:
        """A run that goes on from what `save` gave; `before` are the last candles that it was given.

        Raises `StateUnusable` when it was saved by another program or version of the engine, and `ValueError` when
        `before` is shorter than what the program looks back at.
        """
        stepper = cls.__new__(cls)
        stepper._program = unpack_program(packed_program)
        stepper._packed = packed_program
        stepper._timeframe = int(stepper._program[0]["timeframe"])
        watch, book = unpack_state(packed_program, saved)
        stepper._watch = CandleWatch(stepper._program, volume_known=True)
        stepper._watch.restore(watch, columns_of(before))
        stepper._portfolio = Portfolio(stepper._program, 0.0, volume_known=True)
        stepper._portfolio.restore(book)
        stepper._next = int(before.start[-1]) + stepper._timeframe if len(before) else None
        return stepper

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

    @property
    def halted(self) -> bool:
        """Whether the greatest drawdown has ended the trading for good."""
        return is_halted(self._portfolio.book)

    @property
    def can_halt(self) -> bool:
        """Whether a drawdown can end the trading."""
        return bool(self._program[0]["max_drawdown"] > 0.0)

    def warm_up(self, candles: Candles) -> None:
        """Take candles from before the start: indicators and the memory of edges follow, nothing fires."""
        self._take(candles)

    def step(self, candles: Candles) -> Records:
        """Take the next closed candles, usually one; gives what happened. The first call ends the warm-up.

        Raises `ValueError` when they do not follow the last one.
        """
        if len(candles) and not self._portfolio.book["firing"]:
            self._portfolio.start_firing(int(candles.start[0]))
        self._take(candles)
        return self._portfolio.take_events()

    def save(self) -> bytes:
        """The state but for the last candles; going on from it gives exactly what going on from here would."""
        return pack_state(self._packed, self._watch.save(), self._portfolio.save())

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
