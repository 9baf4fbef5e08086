"""The engine against a second one that was written from the rules alone: same events, same equity."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from bot.trading.backtest import BacktestResult, run_backtest, warm_up_candles
from bot.trading.candles import Candles
from bot.trading.document import Strategy
from bot.trading.events import Event
from bot.trading.program import Execution
from bot.trading.timeframe import parse_timeframe
from tests.trading.busy import busy_strategies
from tests.trading.reference import Reference
from tests.trading.reference_account import Happened
from tests.trading.series import BASES, LEVELS, wild

EXAMPLES = int(os.environ.get("ENGINE_EXAMPLES", "80"))
CLOSE_ENOUGH = 1e-9

EXECUTIONS: tuple[Execution, ...] = ("next_open", "close")


@dataclass(frozen=True)
class Run:
    """A strategy, the seed of its candles and the price they begin at, and the index of the first tested one."""

    strategy: Strategy
    seed: int
    base: float
    first: int

    def candles(self) -> Candles:
        return wild(self.seed, self.first + 120, parse_timeframe(self.strategy.timeframe), self.base)


@st.composite
def runs(draw: st.DrawFn) -> Run:
    base = draw(st.sampled_from(BASES))
    strategy = draw(busy_strategies(st.sampled_from([60, 300, 3_600, 86_400]), LEVELS[base]))
    return Run(strategy, draw(st.integers(0, 2**32 - 1)), base, draw(st.sampled_from([0, 1, 30, 60])))


@pytest.mark.parametrize("execution", EXECUTIONS)
@given(run=runs())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
    print_blob=False,
)
def test_the_engine_agrees_with_the_reference(execution: Execution, run: Run) -> None:
    strategy, candles, first = run.strategy, run.candles(), run.first
    result = run_backtest(strategy, candles, first=first, execution=execution)
    begin = first - min(first, warm_up_candles(strategy, candles.timeframe))
    reference = Reference(strategy, candles, first, begin, at_close=execution == "close").run()
    sure = reference.unsure
    event("sure to the end" if sure == len(candles) else "unsure from some candle on")
    event("trades" if any(found.kind == "sell" for found in reference.events) else "no trade")
    if sure <= first:
        return
    until = int(candles.start[sure]) if sure < len(candles) else 2**62
    same_events(
        [found for found in result.event_list() if found.time < until],
        [found for found in reference.events if found.time < until],
    )
    np.testing.assert_allclose(
        result.equity[: sure - first], reference.equity[: sure - first], rtol=CLOSE_ENOUGH
    )
    if sure == len(candles):
        same_end(result, reference)


def same_events(found: Sequence[Event], expected: Sequence[Happened]) -> None:
    def outline(events: Sequence[Event | Happened]) -> list[tuple[int, str, str, str | None]]:
        return [(one.time, one.kind, one.reason, one.rule) for one in events]

    assert outline(found) == outline(expected)
    for one, other in zip(found, expected, strict=True):
        for name, figure in other.figures.items():
            # Profit and balance are differences of amounts, and as exact as those.
            scale = {"profit": one.money or 0.0, "profit_percent": 100.0, "balance": 1.0}.get(name, 0.0)
            allowed = CLOSE_ENOUGH * max(abs(figure), scale)
            assert abs(getattr(one, name) - figure) <= allowed, (name, one, other)


def same_end(result: BacktestResult, reference: Reference) -> None:
    assert result.cash == pytest.approx(reference.cash, rel=CLOSE_ENOUGH, abs=1e-9)
    assert result.metrics.ambiguous_candles == reference.ambiguous
    assert result.metrics.exposure_percent == pytest.approx(100.0 * reference.exposed / len(reference.equity))
    position = result.open_position
    assert (position is None) == (reference.position is None)
    if position is not None and reference.position is not None:
        assert position.average_price == pytest.approx(reference.position.average, rel=CLOSE_ENOUGH)
        assert position.cost == pytest.approx(reference.position.cost, rel=CLOSE_ENOUGH)
        assert position.since == reference.position.since
