"""Why nothing happens: what each condition sees, by the engine's own memory, and what else holds a rule back."""

from __future__ import annotations

from typing import Any

import numpy as np

from bot.trading.candles import Candles
from bot.trading.live import begin, part
from bot.trading.packing import book_of, pack_program, unpack_program, unpack_state
from bot.trading.program import compile_program
from bot.trading.strategy import parse_strategy
from bot.trading.why import RuleSeen, State, why

MINUTE = 60


def candles_of(closes: list[float], volumes: list[float] | None = None) -> Candles:
    close = np.array(closes)
    volume = np.ones(len(close)) if volumes is None else np.array(volumes)
    start = MINUTE * np.arange(1_000, 1_000 + len(close), dtype=np.int64)
    return Candles(MINUTE, start, close.copy(), close.copy(), close.copy(), close, volume)


def seen(rule: dict[str, Any], closes: list[float], first: int = 1, **document: Any) -> RuleSeen:
    whole = {
        "name": "x",
        "market": {"symbol": "PEPE"},
        "timeframe": "1m",
        "rules": [{"id": "r", **rule}],
        **document,
    }
    strategy, _ = parse_strategy(whole)
    candles = candles_of(closes)
    program = compile_program(strategy, MINUTE, "next_open")
    packed = pack_program(program)
    state = begin(packed, 1_000.0, True, candles, first)
    watch, _ = unpack_state(packed, state)
    return why(
        strategy, State(unpack_program(packed), watch, book_of(packed, state), part(candles, 0, len(candles)))
    )[0]


BUY = {"then": [{"type": "buy", "amount_percent": 50}]}


def test_a_fall_that_is_not_deep_enough() -> None:
    rule = seen(
        {"when": {"type": "price_drop", "threshold": 5, "timeframe": "2m"}, **BUY}, [100, 100, 99, 98]
    )
    (condition,) = rule.conditions
    assert condition.asks == "the price falls 5 % or more within 2 minutes"
    assert (condition.now, condition.holds, rule.holds, rule.blocked) == ("now -2 %", False, False, ())


def test_an_index_that_is_not_warm() -> None:
    when = {"type": "rsi", "period": 14, "direction": "below", "value": 30}
    rule = seen({"when": when, **BUY}, [100.0] * 10)
    assert rule.conditions[0].now == "not warm yet: 5 more candles needed"
    assert rule.holds is None
    assert rule.blocked == ("it is not judged until every indicator in it is warm",)


def test_an_index_has_the_engines_value() -> None:
    closes = [100 + (-1) ** n * (n % 7) - n * 0.1 for n in range(60)]
    rule = seen({"when": {"type": "rsi", "period": 14, "direction": "below", "value": 30}, **BUY}, closes)
    assert rule.conditions[0].now.startswith("now ")
    assert 0 < float(rule.conditions[0].now.removeprefix("now ")) < 100
    assert rule.conditions[0].holds == rule.holds


def test_an_edge_that_is_true_already() -> None:
    when = {"type": "price_drop", "threshold": 1}
    rule = seen({"when": when, "only_if": "in_position", **BUY}, [100, 90, 80, 70])
    assert rule.holds is True
    assert rule.blocked == (
        "it is true already, and fires only when it turns true again",
        "it fires only while something is held, and nothing is held",
    )


def test_rests_and_numbers_of_times() -> None:
    when = {"type": "price_drop", "threshold": 1}
    closes = [100.0, 100, 90, 80, 70, 70]
    rule = seen({"when": when, "trigger": "level", "cooldown": "1h", "max_fires": 1, **BUY}, closes)
    assert any(reason.startswith("it rests until ") for reason in rule.blocked)
    assert "it has fired 1 times, which is all it may" in rule.blocked


def test_each_kind_of_condition_says_what_is_there() -> None:
    closes = [100 + np.sin(n / 3) * 5 for n in range(80)]
    kinds: dict[str, dict[str, Any]] = {
        "it must cross": {"type": "ma_crossover", "fast": 3, "slow": 9, "direction": "above"},
        "the band is at": {"type": "bollinger", "band": "lower", "direction": "below"},
        "against the mean": {"type": "volume_spike", "threshold": 50},
        "away; it must cross": {"type": "price_level", "price": 90, "direction": "below"},
        "nothing is held": {"type": "position_profit", "direction": "above", "value": 5},
        "next at ": {"type": "schedule", "every": "1h"},
        "now ": {"type": "price_rise", "threshold": 3},
    }
    for words, when in kinds.items():
        rule = seen({"when": when, **BUY}, closes)
        assert words in rule.conditions[0].now
        assert rule.holds is not None
        if when["type"] not in ("schedule", "position_profit"):
            assert rule.conditions[0].holds == rule.holds


def test_a_cross_is_seen_on_its_candle() -> None:
    when = {"type": "ma_crossover", "fast": 2, "slow": 5, "direction": "above"}
    for kind in ("sma", "ema"):
        falling = [100.0 - n for n in range(30)]
        before = seen({"when": {**when, "ma_type": kind}, **BUY}, falling)
        crossed = seen({"when": {**when, "ma_type": kind}, **BUY}, [*falling, 90.0])
        assert (before.conditions[0].holds, before.holds) == (False, False)
        assert (crossed.conditions[0].holds, crossed.holds) == (True, True)
