"""Why nothing happens: each condition's value beside what it needs, and what else holds a rule back. Pure.

The values are what the engine's own indicators left in a run's state, so they are those that it judged by.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from bot.numbers import readable, signed_percent
from bot.trading import layout
from bot.trading.candles import Candles
from bot.trading.conditions import (
    All,
    Bollinger,
    Leaf,
    MaCrossover,
    PositionProfit,
    PriceDrop,
    PriceLevel,
    PriceRise,
    Rsi,
    Schedule,
    VolumeSpike,
    leaves,
)
from bot.trading.conditions import Any as AnyOf
from bot.trading.document import Strategy
from bot.trading.layout import Record, Records
from bot.trading.paraphrase import condition_in_words
from bot.trading.program import places_of
from bot.trading.rules import Rule
from bot.trading.timeframe import in_words, parse_timeframe


@dataclass(frozen=True, slots=True)
class Seen:
    """A condition on the last candle: what it asks, what is there now, and whether it holds (None: not warm yet)."""

    asks: str
    now: str
    holds: bool | None


@dataclass(frozen=True, slots=True)
class RuleSeen:
    """A rule on the last candle: its conditions, whether all of it holds, and whatever keeps it from firing.

    `holds` is None while an indicator is not warm.
    """

    id: str
    conditions: tuple[Seen, ...]
    joined: str
    holds: bool | None
    blocked: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class State:
    """A run after its last candle, as `packing` unpacks it, and the last candles: one more than it looks back at."""

    program: Records
    watch: bytes
    book: Record
    candles: Candles


def why(strategy: Strategy, state: State) -> tuple[RuleSeen, ...]:
    """Every rule of a strategy as the run in this state sees it; the last candle must be there."""
    sight = _Sight(strategy, state)
    return tuple(sight.rule(index, rule) for index, rule in enumerate(strategy.rules))


class _Sight:
    def __init__(self, strategy: Strategy, state: State) -> None:
        self._strategy = strategy
        self._program, self._book, self._candles = state.program[0], state.book, state.candles
        self._watch = np.frombuffer(state.watch[: layout.WATCH.itemsize], layout.WATCH)[0]
        self._memory = np.frombuffer(state.watch[layout.WATCH.itemsize :], np.float64)
        self._places = places_of(strategy)
        self._seen = int(self._watch["seen"])
        self._end = int(state.candles.start[-1]) + state.candles.timeframe

    def rule(self, index: int, rule: Rule) -> RuleSeen:
        found = {leaf: self._leaf(leaf) for _, leaf in leaves(rule.when)}
        row = self._program["rules"][index]
        cold = self._seen < row["needed"] or (row["needs_volume"] and not self._watch["volume_known"])
        # What the engine itself has judged; a rule that looks at the position is judged by the book.
        was = self._book["rules"][index]["was"] if row["live"] else self._watch["was"][index]
        holds = None if cold else bool(was)
        return RuleSeen(
            rule.id,
            tuple(found.values()),
            "all" if isinstance(rule.when, All) else "any" if isinstance(rule.when, AnyOf) else "",
            holds,
            tuple(self._blocked(index, rule, holds)),
        )

    def _leaf(self, leaf: Leaf) -> Seen:
        asks = condition_in_words(leaf, self._strategy.market)
        row = self._program["leaves"][self._places[leaf]]
        missing = int(row["needed"]) - self._seen
        if missing > 0:
            more = "candle" if missing == 1 else "candles"
            return Seen(asks, f"not warm yet: {missing:,} more {more} needed", None)
        if isinstance(leaf, VolumeSpike) and not self._watch["volume_known"]:
            return Seen(asks, "this market tells no volumes, so it is never judged", None)
        now, holds = self._value(leaf, row)
        return Seen(asks, now, holds)

    def _value(self, leaf: Leaf, row: Record) -> tuple[str, bool]:
        closes, close = self._candles.close, float(self._candles.close[-1])
        memory = self._memory[int(row["memory"]) :]
        match leaf:
            case PriceDrop() | PriceRise():
                before = float(closes[-1 - int(row["span"])])
                change = (close / before - 1.0) * 100.0
                if isinstance(leaf, PriceDrop):
                    return f"now {signed_percent(change)}", close * 100.0 <= before * float(row["level"])
                return f"now {signed_percent(change)}", close * 100.0 >= before * float(row["level"])
            case PriceLevel():
                before = float(closes[-2])
                rises, falls = before < leaf.price <= close, before > leaf.price >= close
                crossed = rises if leaf.direction == "above" else falls
                away = (leaf.price / close - 1.0) * 100.0
                return f"now {readable(close)}, {signed_percent(away)} away; it must cross", crossed
            case Rsi():
                value = float(memory[0])
                beyond = value > leaf.value if leaf.direction == "above" else value < leaf.value
                return f"now {value:.1f}", beyond
            case MaCrossover():
                return self._averages(leaf, memory)
            case Bollinger():
                mean, deviation = float(memory[0]), float(memory[1])
                band = mean + (leaf.std if leaf.band == "upper" else -leaf.std) * deviation
                beyond = close > band if leaf.direction == "above" else close < band
                return f"now {readable(close)}, the band is at {readable(band)}", beyond
            case VolumeSpike():
                volume = float(self._candles.volume[-1])
                mean = float(self._candles.volume[-1 - leaf.lookback : -1].mean())
                enough = volume > 0.0 and volume * 100.0 >= mean * float(row["level"])
                above = (volume / mean - 1.0) * 100.0 if mean > 0.0 else 0.0
                return f"now {signed_percent(above)} against the mean", enough
            case PositionProfit():
                return self._profit(leaf, row, close)
            case Schedule():
                every = parse_timeframe(leaf.every)
                due = -(-self._end // every) * every
                return f"next at {_clock(due)}", self._end % every == 0

    def _averages(self, leaf: MaCrossover, memory: layout.Floats) -> tuple[str, bool]:
        fast, slow = float(memory[0]), float(memory[1])
        fast_before, slow_before = self._before(leaf, leaf.fast, fast), self._before(leaf, leaf.slow, slow)
        if leaf.direction == "above":
            crossed = fast_before <= slow_before and fast > slow
        else:
            crossed = fast_before >= slow_before and fast < slow
        side = "above" if fast > slow else "below" if fast < slow else "level with"
        return f"now {readable(fast)}, {side} {readable(slow)}; it must cross", crossed

    def _before(self, leaf: MaCrossover, period: int, now: float) -> float:
        """An average on the candle before the last one."""
        closes = self._candles.close
        if period == 1:
            return float(closes[-2])
        if leaf.ma_type == "sma":
            return float(closes[-1 - period : -1].mean())
        weight = 2.0 / (period + 1.0)
        return (now - weight * float(closes[-1])) / (1.0 - weight)

    def _profit(self, leaf: PositionProfit, row: Record, close: float) -> tuple[str, bool]:
        if self._book["quantity"] == 0.0:
            return "nothing is held", False
        average = float(self._book["average"])
        profit = (close / average - 1.0) * 100.0
        level = average * float(row["level"])
        beyond = close * 100.0 > level if leaf.direction == "above" else close * 100.0 < level
        return f"now {signed_percent(profit)}", beyond

    def _blocked(self, index: int, rule: Rule, holds: bool | None) -> Iterator[str]:
        book, row = self._book, self._program["rules"][index]
        state, held = book["rules"][index], bool(book["quantity"] > 0.0)
        if not book["firing"]:
            yield "it still warms up; rules fire from the first candle after that"
        if holds is None:
            yield "it is not judged until every indicator in it is warm"
        if rule.trigger == "edge" and holds:
            yield "it is true already, and fires only when it turns true again"
        if rule.only_if == "flat" and held:
            yield "it fires only while nothing is held, and something is held"
        if rule.only_if == "in_position" and not held:
            yield "it fires only while something is held, and nothing is held"
        rests = int(state["last_fire"]) + int(row["cooldown"])
        if int(row["cooldown"]) and rests > self._end - self._candles.timeframe:
            yield f"it rests until {_clock(rests + self._candles.timeframe)}"
        if row["max_fires"] and state["fires"] >= row["max_fires"]:
            yield f"it has fired {int(state['fires'])} times, which is all it may"
        if state["waiting"] > 0:
            yield "its order waits for the next candle with trading"
        if row["buys"]:
            yield from self._buying_blocked()

    def _buying_blocked(self) -> Iterator[str]:
        book, program = self._book, self._program
        if book["entries_ended"]:
            yield "the greatest drawdown was reached, so nothing is bought any more"
        pause = int(program["cooldown_after_stop"])
        until = int(book["last_stop"]) + pause
        if pause and until > self._end - self._candles.timeframe:
            yield f"no buying for {in_words(pause)} after a stop, until {_clock(until + self._candles.timeframe)}"
        if program["max_entries"] and book["entries"] >= program["max_entries"]:
            yield f"it has bought {int(book['entries'])} times into this position, which is all it may"
        if book["cash"] < 1.0:
            yield "there is no cash left"


def protection_in_words(standing_stop: float | None, take_profit: float | None, close: float) -> str:
    """How far a position's stop and next take profit are from the price."""
    parts = []
    if standing_stop is not None:
        parts.append(f"the stop is at {readable(standing_stop)} ({_away(standing_stop, close)})")
    if take_profit is not None:
        parts.append(f"the next take profit is at {readable(take_profit)} ({_away(take_profit, close)})")
    return ", ".join(parts)


def _away(level: float, close: float) -> str:
    return f"{signed_percent((level / close - 1.0) * 100.0)} away"


def _clock(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%d %b %H:%M} UTC".removeprefix("0")
