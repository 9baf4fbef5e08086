"""Every figure of a result against a plain computation from its events and its equity."""

from __future__ import annotations

import statistics
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from bot.trading.backtest import BacktestResult, run_backtest
from bot.trading.candles import Candles
from bot.trading.metrics import Metrics
from bot.trading.program import Execution
from bot.trading.strategy import parse_strategy
from tests.trading.series import BEGIN, series, wild
from tests.trading.test_against_reference import EXECUTIONS, Run, runs

DAY = 86_400


def close_to(value: float) -> object:
    return pytest.approx(value, rel=1e-9, abs=1e-9)


def expected_trades(result: BacktestResult) -> list[tuple[float, float]]:
    """(net profit, money spent) of every closed round trip."""
    trades = []
    profit = spent = quantity = 0.0
    for event in result.event_list():
        if event.kind == "buy":
            quantity += event.quantity or 0.0
        elif event.kind == "sell":
            assert event.profit is not None
            assert event.money is not None
            assert event.quantity is not None
            profit += event.profit
            spent += event.money - event.profit
            quantity -= event.quantity
            if event.balance == pytest.approx(event.equity, rel=1e-13) and abs(quantity * event.price) < 1e-7:
                trades.append((profit, spent))
                profit = spent = quantity = 0.0
    return trades


def expected_drawdown(result: BacktestResult) -> tuple[float, int]:
    """The deepest fall from a running peak in percent, and the longest time from a peak back to it, in seconds."""
    peak, since = result.initial_balance, int(result.candles.start[0])
    deepest, longest, under = 0.0, 0, False
    for start, equity in zip(result.candles.start.tolist(), result.equity.tolist(), strict=True):
        if equity >= peak:
            longest = max(longest, start - since) if under else longest
            peak, since, under = equity, start, False
        else:
            under = True
            deepest = max(deepest, (peak - equity) / peak * 100.0)
    last = int(result.candles.start[-1])
    return deepest, max(longest, last - since) if under else longest


def expected_returns(result: BacktestResult) -> list[float]:
    """The daily returns of equity, by UTC day; the first one against the initial balance."""
    closing = {
        start // DAY: equity
        for start, equity in zip(result.candles.start.tolist(), result.equity, strict=True)
    }
    ends = [result.initial_balance, *closing.values()]
    return [float(after / before - 1.0) for before, after in pairwise(ends)]


def check(result: BacktestResult) -> Metrics:
    found = result.metrics
    final = float(result.equity[-1])
    assert found.final_equity == close_to(final)
    assert found.total_return_percent == close_to((final / result.initial_balance - 1.0) * 100.0)
    trades = expected_trades(result)
    won = sum(profit for profit, _ in trades if profit > 0.0)
    lost = -sum(profit for profit, _ in trades if profit < 0.0)
    assert found.trades == len(trades)
    assert found.wins == sum(profit > 0.0 for profit, _ in trades)
    assert found.losses == sum(profit < 0.0 for profit, _ in trades)
    deepest, longest = expected_drawdown(result)
    assert found.max_drawdown_percent == close_to(deepest)
    assert found.max_drawdown_seconds == longest
    if trades:
        assert found.win_rate_percent == close_to(found.wins / len(trades) * 100.0)
        assert found.expectancy_money == close_to((won - lost) / len(trades))
        percents = [profit / spent * 100.0 for profit, spent in trades]
        assert found.expectancy_percent == close_to(statistics.fmean(percents))
    else:
        assert found.win_rate_percent is found.expectancy_money is found.expectancy_percent is None
    if lost > 0.0:
        assert found.profit_factor == pytest.approx(won / lost, rel=1e-6)
    else:
        assert found.profit_factor is None
    check_ratios(result, deepest)
    events = result.event_list()
    assert found.fees_paid == close_to(sum(event.fee or 0.0 for event in events))
    assert found.gas_paid == close_to(sum(event.gas or 0.0 for event in events))
    assert found.taxes_paid == close_to(sum(event.tax or 0.0 for event in events))
    return found


def check_ratios(result: BacktestResult, deepest: float) -> None:
    found = result.metrics
    returns = expected_returns(result)
    days = len(result.candles) * result.timeframe / DAY
    mean = statistics.fmean(returns)
    deviation = statistics.stdev(returns) if len(returns) > 1 else 0.0
    downside = statistics.fmean(min(one, 0.0) ** 2 for one in returns) ** 0.5
    if days < 10 or max(returns) == min(returns):
        assert found.sharpe is None
    else:
        assert found.sharpe == pytest.approx(mean / deviation * 365**0.5, rel=1e-6)
    if days < 10 or downside == 0.0:
        assert found.sortino is None
    else:
        assert found.sortino == pytest.approx(mean / downside * 365**0.5, rel=1e-6)
    if days < 30 or deepest == 0.0:
        assert found.calmar is None
    else:
        growth = (float(result.equity[-1]) / result.initial_balance) ** (365.0 / days) - 1.0
        assert found.calmar == pytest.approx(growth * 100.0 / deepest, rel=1e-6)


@pytest.mark.parametrize("execution", EXECUTIONS)
@given(run=runs())
@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_figure_agrees_with_a_plain_computation(execution: Execution, run: Run) -> None:
    check(run_backtest(run.strategy, run.candles(), first=run.first, execution=execution))


@given(run=runs())
@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_the_result_at_doubled_costs_is_that_of_a_document_with_doubled_costs(run: Run) -> None:
    costs = run.strategy.costs
    doubled = costs.model_copy(update={name: value * 2.0 for name, value in costs.model_dump().items()})
    candles = run.candles()
    plain = run_backtest(run.strategy, candles, first=run.first)
    dear = run_backtest(run.strategy.model_copy(update={"costs": doubled}), candles, first=run.first)
    for name in Metrics.__slots__:
        one, other = getattr(plain.metrics_double_costs, name), getattr(dear.metrics, name)
        assert one == other or one == pytest.approx(other, rel=1e-9, abs=1e-9), name


def trader(timeframe: str, **more: object) -> dict[str, object]:
    buy = {
        "id": "buy", "only_if": "flat", "when": {"type": "price_drop", "threshold": 0.5},
        "then": [{"type": "buy", "amount_percent": 50}],
    }  # fmt: skip
    return {
        "version": "2.0", "name": "trader", "market": {"symbol": "PEPE"}, "timeframe": timeframe, "rules": [buy],
        "risk_management": {"stop_loss_percent": 4, "take_profit_percent": 5}, **more,
    }  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_every_figure_of_a_longer_run_within_days(seed: int) -> None:
    strategy, _ = parse_strategy(trader("1h"))
    found = check(run_backtest(strategy, wild(seed, 24 * 40, 3_600, 1.0), first=5))
    assert found.trades > 10
    assert found.sharpe is not None
    assert found.calmar is not None


def still(*closes: float, timeframe: int = DAY) -> Candles:
    return series(timeframe, closes, closes, closes, closes, [1.0] * len(closes))


HOLD: dict[str, Any] = {
    "version": "2.0", "name": "hold", "market": {"symbol": "PEPE"}, "timeframe": "1d",
    "rules": [
        {
            "id": "buy", "max_fires": 1, "when": {"type": "schedule", "every": "1d"},
            "then": [{"type": "buy", "amount_percent": 100}],
        }
    ],
    "costs": {"fee_percent": 0, "slippage_percent": 0, "gas_usd": 0},
}  # fmt: skip


def test_a_drawdown_that_is_still_open_at_the_end_counts() -> None:
    strategy, _ = parse_strategy(HOLD)
    found = check(run_backtest(strategy, still(100, 100, 120, 90, 119, 108), first=0))
    assert found.max_drawdown_percent == pytest.approx(25)
    # From the peak on day 2 to the last day, 5.
    assert found.max_drawdown_seconds == 3 * DAY
    assert found.trades == 0


def test_a_drawdown_ends_on_the_candle_that_reaches_the_peak_again() -> None:
    strategy, _ = parse_strategy(HOLD)
    found = check(run_backtest(strategy, still(100, 100, 120, 90, 110, 120, 119), first=0))
    assert found.max_drawdown_seconds == 3 * DAY


def test_what_cannot_be_said_is_null() -> None:
    strategy, _ = parse_strategy(HOLD)
    short = check(run_backtest(strategy, still(100, 100, 101, 99), first=0))
    assert (short.sharpe, short.sortino, short.calmar, short.profit_factor) == (None,) * 4
    flat = check(run_backtest(strategy, still(*[100] * 40), first=0))
    assert (flat.sharpe, flat.sortino, flat.calmar, flat.win_rate_percent) == (None,) * 4
    assert (flat.max_drawdown_percent, flat.max_drawdown_seconds) == (0.0, 0)


def test_buy_and_hold_pays_the_same_costs() -> None:
    strategy, _ = parse_strategy({**HOLD, "costs": {"fee_percent": 1, "slippage_percent": 2, "gas_usd": 5}})
    found = check(run_backtest(strategy, still(100, 100, 150), first=0))
    # 9,895 (without 100 fee and 5 gas) / 102 tokens at 150
    assert found.buy_and_hold_return_percent == pytest.approx((9_895 / 102 * 150 / 10_000 - 1) * 100)


def test_days_begin_at_midnight_utc() -> None:
    strategy, _ = parse_strategy(
        {
            **HOLD,
            "timeframe": "12h",
            "rules": [{**HOLD["rules"][0], "when": {"type": "schedule", "every": "12h"}}],
        }
    )
    closes = [100.0 + index % 7 for index in range(41)]
    found = run_backtest(strategy, still(*closes, timeframe=DAY // 2), first=1)
    assert int(found.candles.start[0]) == BEGIN + DAY // 2
    check(found)
