"""The engine's states as objects: what is remembered of the candles, and portfolios that trade on them."""

from __future__ import annotations

import numpy as np

from bot.trading import layout
from bot.trading.candles import Candles
from bot.trading.engine import fold
from bot.trading.layout import Columns, Floats, Record, Records, Signals
from bot.trading.signals import observe

LONGEST_STRETCH = 32_768
"""Candles that are worked off at once: what belongs to them stays in the processor's cache."""

_DEEPEST_STACK = 20
"""A tree of 20 conditions never keeps more results waiting."""


def columns_of(candles: Candles) -> Columns:
    """The columns of candles in the one form that the compiled functions are compiled for."""

    def column(values: Floats) -> Floats:
        return np.require(values, np.float64, ["C", "W"])

    return Columns(
        np.require(candles.start, np.int64, ["C", "W"]),
        column(candles.open),
        column(candles.high),
        column(candles.low),
        column(candles.close),
        column(candles.volume),
    )


def cut(stretch: Columns, begin: int, end: int | None) -> Columns:
    """The candles from `begin` up to `end`, or to the last one."""
    start, opens, highs, lows, closes, volumes = stretch
    return Columns(
        start[begin:end],
        opens[begin:end],
        highs[begin:end],
        lows[begin:end],
        closes[begin:end],
        volumes[begin:end],
    )


class CandleWatch:
    """Judges conditions on candles as they come; remembers what the indicators and windows need."""

    def __init__(self, program: Records, volume_known: bool) -> None:
        self._program = program
        self._watch = np.zeros(1, layout.WATCH)
        self._watch["volume_known"] = volume_known
        self._watch["was"] = 1
        self._memory = np.zeros(int(program[0]["memory"]))
        self._ends = np.zeros((2, int(program[0]["look_back"])))
        self._make_room(1)

    def observe(self, candles: Columns, begin: int, end: int) -> Signals:
        """What the conditions say about the next candles, `begin` up to `end`; valid until the next call.

        Any candles before `begin` must be those that were observed last.
        """
        count, look_back = end - begin, self._ends.shape[1]
        if count >= self._columns.shape[1]:
            self._make_room(count)
        if begin >= look_back:
            closes, volumes = candles.close[begin - look_back : end], candles.volume[begin - look_back : end]
        else:
            closes = np.concatenate((self._ends[0], candles.close[begin:end]))
            volumes = np.concatenate((self._ends[1], candles.volume[begin:end]))
        signals = Signals(self._truth, self._triggered[:count])
        observe(
            self._program,
            self._watch,
            self._memory,
            candles.start[begin:end],
            closes,
            volumes,
            signals,
            self._stack,
            self._columns,
        )
        self._ends[0], self._ends[1] = closes[count:], volumes[count:]
        return signals

    def _make_room(self, count: int) -> None:
        self._truth = np.empty((int(self._program[0]["leaf_count"]), count), np.uint8)
        self._triggered = np.empty(count, np.int64)
        self._stack = np.empty((_DEEPEST_STACK, count), np.uint8)
        self._columns = np.empty((2, 1 + count))

    @property
    def seen(self) -> int:
        """How many candles were observed."""
        return int(self._watch[0]["seen"])

    def save(self) -> bytes:
        """The state, but for the last candles themselves, which `restore` has to be given."""
        return self._watch.tobytes() + self._memory.tobytes()

    def restore(self, saved: bytes, before: Columns) -> None:
        """Go on from a saved state of the same program; `before` are the candles that were observed last.

        Raises `ValueError` when these are fewer than are looked back at.
        """
        _fill(self._watch, saved[: self._watch.nbytes])
        _fill(self._memory, saved[self._watch.nbytes :])
        look_back = self._ends.shape[1]
        known = min(self.seen, look_back)
        if len(before.start) < known:
            raise ValueError(f"{known} candles are looked back at, and {len(before.start)} are given.")
        # What lies before the first observed candle has to stay 0, as it was then.
        for column, values in zip(self._ends, (before.close, before.volume), strict=True):
            column[look_back - known :] = values[len(values) - known :]


class Portfolio:
    """An account that trades a program's rules: cash, position, queue, counters, and the events it has had."""

    def __init__(self, program: Records, initial_balance: float, volume_known: bool) -> None:
        self.program = program
        self._book = np.zeros(1, layout.BOOK)
        book = self.book
        book["volume_known"] = volume_known
        book["cash"] = book["equity"] = initial_balance
        book["equity_peak"] = book["equity_trough"] = initial_balance
        book["take_profit"] = book["alert"] = layout.NO_PRICE
        book["last_stop"] = layout.NEVER
        book["rules"]["was"] = 1
        book["rules"]["last_fire"] = layout.NEVER
        self._page = np.zeros(1, layout.PAGE)
        self._sight = np.zeros(1, layout.SIGHT)
        self._events: list[Records] = []

    @property
    def book(self) -> Record:
        """The state, by reference."""
        return self._book[0]

    def take_events(self) -> Records:
        """The events since they were last taken."""
        self._turn_page()
        pages, self._events = self._events, []
        if len(pages) == 1:
            return pages[0]
        return np.concatenate(pages) if pages else np.empty(0, layout.EVENT)

    def start_firing(self, start: int) -> None:
        """End the warm-up: from the candle that starts now (epoch seconds) on, rules fire."""
        self.book["firing"] = 1
        self.book["equity_peak_time"] = start - int(self.program[0]["timeframe"])

    def trade(self, stretch: Columns, signals: Signals, equity: Floats) -> None:
        """Take the next candles; writes the equity at every close."""
        count, done = len(stretch.start), 0
        while done < count:
            done = fold(self.program, self._book, self._page, self._sight, signals, stretch, done, equity)
            if done < count:
                self._turn_page()

    def _turn_page(self) -> None:
        page = self._page[0]
        if page["count"]:
            self._events.append(page["rows"][: page["count"]].copy())
            page["count"] = 0

    def save(self) -> bytes:
        """The state, without its events."""
        return self._book.tobytes()

    def restore(self, saved: bytes) -> None:
        """Go on from a saved state of the same program."""
        _fill(self._book, saved)


def _fill(array: Records, saved: bytes) -> None:
    array[...] = np.frombuffer(saved, array.dtype).reshape(array.shape)
