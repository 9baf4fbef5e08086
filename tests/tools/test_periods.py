"""Which candles a backtest asks for, and what is refused with something that would work."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.errors import ToolFailed
from bot.tools.periods import MOST_CANDLES, Period, period_of, require_possible
from bot.trading.strategy import parse_strategy
from tests.tools.documents import dip

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
STRATEGY, _ = parse_strategy(dip())
DAY = 86_400


def stamp(year: int, month: int, day: int, hour: int = 0) -> int:
    return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp())


def refusal(**asked: object) -> str:
    with pytest.raises(ToolFailed) as failed:
        period_of(STRATEGY, NOW, **asked)  # type: ignore[arg-type]
    return str(failed.value)


def test_ninety_days_up_to_now_unless_told() -> None:
    assert period_of(STRATEGY, NOW) == Period(900, stamp(2026, 3, 3, 12), stamp(2026, 6, 1, 12))


def test_dates_include_their_last_day() -> None:
    period = period_of(STRATEGY, NOW, start="2026-01-01", end="2026-01-31", timeframe="1h")
    assert period == Period(3600, stamp(2026, 1, 1), stamp(2026, 2, 1))
    assert period.candles == 31 * 24


def test_a_time_of_day_is_taken_as_it_is() -> None:
    period = period_of(STRATEGY, NOW, start="2026-01-01T06:00", end="2026-01-02T06:00+02:00")
    assert period == Period(900, stamp(2026, 1, 1, 6), stamp(2026, 1, 2, 4))


def test_a_start_alone_runs_up_to_now_and_days_may_go_with_either_end() -> None:
    assert period_of(STRATEGY, NOW, start="2026-05-01").end == stamp(2026, 6, 1, 12)
    assert period_of(STRATEGY, NOW, start="2026-01-01", days=7).end == stamp(2026, 1, 8)
    assert period_of(STRATEGY, NOW, end="2026-01-31", days=7).start == stamp(2026, 1, 25)


def test_today_as_the_end_means_up_to_now() -> None:
    assert period_of(STRATEGY, NOW, start="2026-05-01", end="2026-06-01").end == stamp(2026, 6, 1, 12)


def test_impossible_periods_are_refused() -> None:
    assert "future" in refusal(start="2026-01-01", end="2026-07-01")
    assert "past" in refusal(start="2026-06-02", end="2026-06-02")
    assert "must lie before" in refusal(start="2026-03-01", end="2026-02-01")
    assert "not all three" in refusal(start="2026-01-01", end="2026-02-01", days=3)
    assert "2026-03-01" in refusal(start="yesterday")
    assert "shorter than 2 candles" in refusal(days=0.01)
    assert "whole multiple" in refusal(timeframe="7m")
    assert "length of time" in refusal(timeframe="soon")
    assert "1w" in refusal(timeframe="30d")


def test_too_many_candles_are_refused_with_what_would_work() -> None:
    period = period_of(STRATEGY, NOW, timeframe="1m", days=3650)
    with pytest.raises(ToolFailed) as failed:
        require_possible(STRATEGY, period, 61)
    sentence = str(failed.value)
    assert "5,256,061 candles" in sentence
    assert "at most 2,083 days" in sentence
    assert "candles of 5m" in sentence
    require_possible(STRATEGY, period_of(STRATEGY, NOW, timeframe="1m", days=2083), 61)
    require_possible(STRATEGY, period_of(STRATEGY, NOW, timeframe="5m", days=3650), 61)


@given(
    timeframe=some.sampled_from(["1m", "5m", "15m", "30m", "1h"]),
    days=some.floats(0.1, 20_000),
    warm_up=some.integers(0, 10_000),
)
def test_what_is_let_through_is_never_too_long(timeframe: str, days: float, warm_up: int) -> None:
    period = period_of(STRATEGY, NOW, timeframe=timeframe, days=days)
    assert abs(period.candles - days * DAY / period.timeframe) <= 1
    try:
        require_possible(STRATEGY, period, warm_up)
    except ToolFailed:
        assert period.candles + warm_up > MOST_CANDLES
    else:
        assert period.candles + warm_up <= MOST_CANDLES
