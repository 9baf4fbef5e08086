"""What must hold of every run, whatever the strategy and the candles."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.trading.backtest import BacktestResult, run_backtest
from bot.trading.candles import Candles
from bot.trading.conditions import All, Any, Leaf, Not, PriceLevel, Tree
from bot.trading.document import Strategy
from bot.trading.program import Execution
from tests.trading.series import changed, wild
from tests.trading.test_against_reference import EXECUTIONS, Run, runs

EXAMPLES = int(os.environ.get("ENGINE_EXAMPLES", "40"))
LAW = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
)


def cut(candles: Candles, count: int) -> Candles:
    """The first `count` candles."""
    columns = ("start", "open", "high", "low", "close", "volume")
    return replace(candles, **{column: getattr(candles, column)[:count] for column in columns})


def same_until(time: int, whole: BacktestResult, other: BacktestResult) -> None:
    """Both runs are the same, digit for digit, before a time."""
    before = [event for event in whole.event_list() if event.time < time]
    assert [event for event in other.event_list() if event.time < time] == before
    count = int(np.searchsorted(whole.candles.start, time))
    np.testing.assert_array_equal(whole.equity[:count], other.equity[:count])


@pytest.mark.parametrize("execution", EXECUTIONS)
@given(run=runs(), share=st.floats(0.05, 0.95))
@LAW
def test_a_run_on_the_first_candles_is_the_beginning_of_the_whole_run(
    execution: Execution, run: Run, share: float
) -> None:
    candles = run.candles()
    count = run.first + max(1, int((len(candles) - run.first) * share))
    shorter = cut(candles, count)
    if bool(candles.volume.any()) != bool(shorter.volume.any()):
        return
    whole = run_backtest(run.strategy, candles, first=run.first, execution=execution)
    part = run_backtest(run.strategy, shorter, first=run.first, execution=execution)
    assert len(part.equity) == count - run.first
    same_until(int(candles.start[count]), whole, part)


@given(run=runs(), share=st.floats(0.05, 0.95), other=st.integers(0, 2**32 - 1))
@LAW
def test_another_future_changes_nothing_before_it(run: Run, share: float, other: int) -> None:
    candles = run.candles()
    count = run.first + max(1, int((len(candles) - run.first) * share))
    if not candles.volume[:count].any():
        return
    future = wild(other, len(candles), candles.timeframe, run.base * 3.0)
    merged = changed(candles, lambda name, column: np.append(column[:count], getattr(future, name)[count:]))
    whole = run_backtest(run.strategy, candles, first=run.first)
    same_until(int(candles.start[count]), whole, run_backtest(run.strategy, merged, first=run.first))


SCALE = 2.0**40


def scaled_condition(node: Leaf | Tree) -> Leaf | Tree:
    match node:
        case All():
            return All(all=tuple(map(scaled_condition, node.all)))
        case Any():
            return Any(any=tuple(map(scaled_condition, node.any)))
        case Not():
            return Not(condition=scaled_condition(node.condition))
        case PriceLevel():
            # Validated documents name prices up to 1e15; the engine itself knows no such limit.
            return node.model_copy(update={"price": node.price * SCALE})
    return node


def scaled_strategy(strategy: Strategy) -> Strategy:
    rules = tuple(rule.model_copy(update={"when": scaled_condition(rule.when)}) for rule in strategy.rules)
    return strategy.model_copy(update={"rules": rules})


@pytest.mark.parametrize("execution", EXECUTIONS)
@given(run=runs())
@LAW
def test_prices_times_a_power_of_two_change_no_decision(execution: Execution, run: Run) -> None:
    candles = run.candles()
    higher = changed(candles, lambda name, column: column if name == "volume" else column * SCALE)
    plain = run_backtest(run.strategy, candles, first=run.first, execution=execution)
    scaled = run_backtest(scaled_strategy(run.strategy), higher, first=run.first, execution=execution)
    np.testing.assert_array_equal(plain.equity, scaled.equity)
    for one, other in zip(plain.event_list(), scaled.event_list(), strict=True):
        assert other == replace(
            one,
            price=one.price * SCALE,
            filled_price=None if one.filled_price is None else one.filled_price * SCALE,
            quantity=None if one.quantity is None else one.quantity / SCALE,
        )
    assert replace(plain.metrics) == scaled.metrics


@pytest.mark.parametrize("execution", EXECUTIONS)
@given(run=runs(), balance=st.sampled_from([3.0, 500.0, 10_000.0]))
@LAW
def test_every_cent_is_accounted_for(execution: Execution, run: Run, balance: float) -> None:
    result = run_backtest(
        run.strategy, run.candles(), first=run.first, execution=execution, initial_balance=balance
    )
    events = result.event_list()
    profit = sum(event.profit for event in events if event.profit is not None)
    held = result.open_position.cost if result.open_position is not None else 0.0
    turnover = balance + sum(event.money or 0.0 for event in events)
    assert result.cash + held == pytest.approx(balance + profit, abs=1e-11 * turnover)
    assert result.cash >= 0.0
    assert all(event.balance >= 0.0 for event in events)
    bought = sum(event.quantity or 0.0 for event in events if event.kind == "buy")
    sold = sum(event.quantity or 0.0 for event in events if event.kind == "sell")
    left = result.open_position.quantity if result.open_position is not None else 0.0
    assert left == pytest.approx(bought - sold, abs=1e-11 * max(bought, 1e-300))
    final = result.cash + left * float(result.candles.close[-1])
    assert result.equity[-1] == pytest.approx(final, rel=1e-12)


@given(run=runs())
@LAW
def test_nothing_fills_in_a_candle_without_trading(run: Run) -> None:
    candles = run.candles()
    result = run_backtest(run.strategy, candles, first=run.first)
    if not result.volume_known:
        return
    empty = set(candles.start[candles.volume == 0.0].tolist())
    assert not [
        event for event in result.event_list() if event.kind in ("buy", "sell") and event.time in empty
    ]


@given(run=runs())
@LAW
def test_a_fill_lies_within_its_candle(run: Run) -> None:
    """Between its low and its high, before slippage."""
    candles = run.candles()
    result = run_backtest(run.strategy, candles, first=run.first)
    place = {int(start): index for index, start in enumerate(candles.start)}
    for event in result.event_list():
        if event.kind in ("buy", "sell"):
            index = place[event.time]
            assert candles.low[index] <= event.price <= candles.high[index]


@given(run=runs())
@LAW
def test_the_same_run_twice_is_the_same(run: Run) -> None:
    one = run_backtest(run.strategy, run.candles(), first=run.first)
    other = run_backtest(run.strategy, run.candles(), first=run.first)
    assert one.event_list() == other.event_list()
    assert one.metrics == other.metrics
    assert one.metrics_double_costs == other.metrics_double_costs
