"""A run that is fed candle by candle, as a simulation does, is the backtest of the same candles, digit for digit."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.trading.backtest import run_backtest, warm_up_candles
from bot.trading.candles import Candles
from bot.trading.events import Event, read_events
from bot.trading.packing import StateUnusable, pack_program
from bot.trading.program import Execution, compile_program
from bot.trading.stepper import Stepper
from bot.trading.strategy import parse_strategy
from tests.trading.series import wild
from tests.trading.test_against_reference import EXECUTIONS, Run, runs

LAW = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
)


def part(candles: Candles, begin: int, end: int) -> Candles:
    columns = ("start", "open", "high", "low", "close", "volume")
    return replace(candles, **{column: getattr(candles, column)[begin:end] for column in columns})


def started(run: Run, execution: Execution) -> Stepper:
    """A stepper after its warm-up."""
    candles = run.candles()
    begin = run.first - min(run.first, warm_up_candles(run.strategy, candles.timeframe))
    stepper = Stepper(
        compile_program(run.strategy, candles.timeframe, execution),
        volume_known=bool(candles.volume[begin:].any()),
    )
    stepper.warm_up(part(candles, begin, run.first))
    return stepper


@pytest.mark.parametrize("execution", EXECUTIONS)
@given(run=runs())
@LAW
def test_candle_by_candle_is_the_backtest(execution: Execution, run: Run) -> None:
    candles = run.candles()
    result = run_backtest(run.strategy, candles, first=run.first, execution=execution)
    stepper = started(run, execution)
    events: list[Event] = []
    for place in range(run.first, len(candles)):
        events += read_events(run.strategy, stepper.step(part(candles, place, place + 1)))
        assert stepper.equity == result.equity[place - run.first]
    assert tuple(events) == result.event_list()
    assert stepper.cash == result.cash
    held = result.open_position
    assert stepper.quantity == (held.quantity if held is not None else 0.0)


@given(run=runs(), seed=st.integers(0, 2**32 - 1))
@LAW
def test_missed_candles_may_come_together(run: Run, seed: int) -> None:
    candles = run.candles()
    inner = np.random.default_rng(seed).integers(run.first, len(candles), 6)
    edges = sorted({run.first, len(candles), *inner.tolist()})
    stepper = started(run, "next_open")
    events: list[Event] = []
    for begin, end in pairwise(edges):
        events += read_events(run.strategy, stepper.step(part(candles, begin, end)))
    assert tuple(events) == run_backtest(run.strategy, candles, first=run.first).event_list()


@pytest.mark.parametrize("execution", EXECUTIONS)
@given(run=runs())
@LAW
def test_saving_and_restoring_after_every_candle_changes_nothing(execution: Execution, run: Run) -> None:
    candles = run.candles()
    result = run_backtest(run.strategy, candles, first=run.first, execution=execution)
    state = started(run, execution).save()
    program = pack_program(compile_program(run.strategy, candles.timeframe, execution))
    events: list[Event] = []
    for place in range(run.first, len(candles)):
        stepper = Stepper.restored(program, state, part(candles, 0, place))
        events += read_events(run.strategy, stepper.step(part(candles, place, place + 1)))
        assert stepper.equity == result.equity[place - run.first]
        state = stepper.save()
    assert tuple(events) == result.event_list()


def dip_run() -> Run:
    """A plain strategy that trades all the time."""
    strategy, _ = parse_strategy(
        {
            "version": "2.0",
            "name": "dip",
            "market": {"symbol": "PEPE"},
            "timeframe": "5m",
            "rules": [
                {
                    "id": "dip",
                    "only_if": "flat",
                    "when": {"type": "rsi", "period": 14, "direction": "below", "value": 45},
                    "then": [{"type": "buy", "amount_percent": 50}],
                }
            ],
            "risk_management": {"stop_loss_percent": 3, "take_profit_percent": 4},
        }
    )
    return Run(strategy, 7, 1.0, 60)


def test_more_candles_than_are_worked_off_at_once() -> None:
    run = dip_run()
    candles = wild(7, 40_000, 300, 1.0)
    result = run_backtest(run.strategy, candles, first=0)
    stepper = Stepper(compile_program(run.strategy, 300, "next_open"))
    events: list[Event] = []
    for begin in range(0, len(candles), 7_777):
        events += read_events(run.strategy, stepper.step(part(candles, begin, begin + 7_777)))
    assert tuple(events) == result.event_list()
    assert len(events) > 500
    whole = Stepper(compile_program(run.strategy, 300, "next_open"))
    assert read_events(run.strategy, whole.step(candles)) == result.event_list()


def test_a_candle_that_does_not_follow_is_refused() -> None:
    run = dip_run()
    stepper, candles = started(run, "next_open"), run.candles()
    stepper.step(part(candles, run.first, run.first + 1))
    assert stepper.next_start == candles.start[run.first + 1]
    with pytest.raises(ValueError, match="The next candle starts at"):
        stepper.step(part(candles, run.first + 2, run.first + 3))
    with pytest.raises(ValueError, match="Candles of 77 s"):
        stepper.step(replace(part(candles, run.first + 1, run.first + 2), timeframe=77))
    assert len(stepper.step(part(candles, 0, 0))) == 0


def test_a_state_of_another_run_is_refused() -> None:
    run = dip_run()
    candles = run.candles()
    saved, before = started(run, "next_open").save(), part(candles, 0, run.first)
    other = pack_program(compile_program(run.strategy, candles.timeframe, "close"))
    with pytest.raises(StateUnusable, match="another strategy"):
        Stepper.restored(other, saved, before)
    own = pack_program(compile_program(run.strategy, candles.timeframe, "next_open"))
    with pytest.raises(ValueError, match="looked back at"):
        Stepper.restored(own, saved, part(candles, 0, 0))


def test_a_run_fits_into_very_little() -> None:
    run = dip_run()
    program = pack_program(compile_program(run.strategy, 300, "next_open"))
    assert len(program) + len(started(run, "next_open").save()) < 2_000
