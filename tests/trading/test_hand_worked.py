"""Protective levels and limits, on candles small enough to work out by hand; `by_hand` says what all share."""

from __future__ import annotations

import pytest

from tests.trading.by_hand import (
    BOUGHT,
    BUY_WHEN_FLAT,
    FLAT_CANDLE,
    close_to,
    run,
    sales,
    told,
)


def test_an_order_fills_at_the_next_open_and_not_on_the_candle_that_triggers_it() -> None:
    result = run(FLAT_CANDLE, (104, 110, 103, 108), (108, 108, 108, 108))
    assert told(result) == [(1, "buy", "rule", 104.0)]
    # 10,000 / 104 tokens at 108
    assert result.equity.tolist() == pytest.approx([10_000, 10_000 / 104 * 108, 10_000 / 104 * 108])


def test_a_stop_inside_the_candle_fills_at_the_stop() -> None:
    result = run(FLAT_CANDLE, FLAT_CANDLE, (99, 101, 90, 92), risk={"stop_loss_percent": 5})
    assert told(result) == [BOUGHT, (2, "sell", "stop", 95.0)]
    assert result.cash == pytest.approx(9_500)


def test_a_stop_passed_at_the_open_fills_at_the_open() -> None:
    result = run(FLAT_CANDLE, FLAT_CANDLE, (80, 120, 70, 110), risk={"stop_loss_percent": 5})
    assert told(result) == [BOUGHT, (2, "sell", "stop_gap", 80.0)]
    assert result.cash == pytest.approx(8_000)


def test_a_stop_touched_exactly_is_hit() -> None:
    result = run(FLAT_CANDLE, FLAT_CANDLE, (99, 99, 95, 99), risk={"stop_loss_percent": 5})
    assert told(result) == [BOUGHT, (2, "sell", "stop", 95.0)]


def test_a_take_profit_passed_at_the_open_fills_at_the_open() -> None:
    result = run(FLAT_CANDLE, FLAT_CANDLE, (120, 125, 119, 121), risk={"take_profit_percent": 10})
    assert told(result) == [BOUGHT, (2, "sell", "take_profit_gap", 120.0)]
    assert result.cash == pytest.approx(12_000)


def test_a_candle_that_reaches_both_stops_out_and_is_counted() -> None:
    result = run(
        FLAT_CANDLE,
        FLAT_CANDLE,
        (100, 111, 94, 100),
        risk={"stop_loss_percent": 5, "take_profit_percent": 10},
    )
    assert told(result) == [BOUGHT, (2, "sell", "stop", 95.0)]
    assert result.metrics.ambiguous_candles == 1


def test_the_entry_candle_is_guarded_too() -> None:
    result = run(FLAT_CANDLE, (100, 100, 90, 99), risk={"stop_loss_percent": 5})
    assert told(result) == [BOUGHT, (1, "sell", "stop", 95.0)]


def test_on_the_entry_candle_a_stop_above_the_open_fills_at_the_open() -> None:
    # The average is 100 · 1.10 = 110, the stop 110 · 0.95 = 104.5, but nobody ever traded there.
    result = run(
        FLAT_CANDLE, (100, 100, 99, 99), risk={"stop_loss_percent": 5}, costs={"slippage_percent": 10}
    )
    assert told(result) == [BOUGHT, (1, "sell", "stop", 100.0)]
    # 10,000 / 110 tokens at 100 · 0.9
    assert result.cash == pytest.approx(10_000 / 110 * 90)


def test_a_take_profit_may_fill_on_the_entry_candle() -> None:
    result = run(FLAT_CANDLE, (100, 111, 99, 105), risk={"take_profit_percent": 10})
    assert told(result) == [BOUGHT, (1, "sell", "take_profit", close_to(110.0))]


def test_a_trailing_stop_is_frozen_before_the_high_of_its_candle() -> None:
    risk = {"trailing_stop": {"percent": 10, "arm_percent": 20}}
    # Candle 2 arms at 120 and lifts the peak to 130; its own low of 100 comes under 117 and sells nothing yet.
    result = run(FLAT_CANDLE, FLAT_CANDLE, (100, 130, 100, 125), (125, 126, 116, 120), risk=risk)
    assert told(result) == [BOUGHT, (3, "sell", "trailing_stop", 117.0)]


def test_a_trailing_stop_that_is_not_armed_does_nothing() -> None:
    risk = {"trailing_stop": {"percent": 10, "arm_percent": 20}}
    result = run(FLAT_CANDLE, FLAT_CANDLE, (100, 119, 100, 118), (118, 118, 60, 60), risk=risk)
    assert told(result) == [BOUGHT]


def test_a_trailing_stop_without_an_arm_works_from_the_candle_after_the_entry() -> None:
    risk = {"trailing_stop": {"percent": 10}}
    # The peak is the open of 100, then the entry candle's high of 104: 104 · 0.9 = 93.6.
    result = run(FLAT_CANDLE, (100, 104, 80, 95), (95, 95, 93, 94), risk=risk)
    assert told(result) == [BOUGHT, (2, "sell", "trailing_stop", close_to(93.6))]


def test_a_trailing_stop_passed_at_the_open_is_a_gap() -> None:
    risk = {"trailing_stop": {"percent": 10}}
    result = run(FLAT_CANDLE, (100, 110, 100, 110), (90, 91, 89, 90), risk=risk)
    assert told(result) == [BOUGHT, (2, "sell", "trailing_stop_gap", 90.0)]


def test_break_even_arms_at_its_percent_and_sells_at_the_average_price() -> None:
    risk = {"break_even_at_percent": 5, "stop_loss_percent": 50}
    # Candle 2 falls to 99 after reaching 105: armed for the next candle on only.
    result = run(FLAT_CANDLE, FLAT_CANDLE, (101, 105, 99, 104), (104, 104, 98, 99), risk=risk)
    assert told(result) == [BOUGHT, (3, "sell", "break_even", 100.0)]
    assert result.metrics.wins == result.metrics.losses == 0


def test_two_take_profits_on_one_candle_and_both_again_in_the_next_position() -> None:
    risk = {"take_profits": [{"percent": 10, "sell_percent": 50}, {"percent": 20, "sell_percent": 100}]}
    result = run(
        FLAT_CANDLE,
        FLAT_CANDLE,
        (100, 125, 100, 100),
        (100, 100, 100, 100),
        (100, 112, 100, 105),
        (105, 121, 105, 120),
        rules=(BUY_WHEN_FLAT,),
        risk=risk,
    )
    assert told(result)[:3] == [
        BOUGHT,
        (2, "sell", "take_profit", close_to(110.0)),
        (2, "sell", "take_profit", close_to(120.0)),
    ]
    # 50 tokens at 110 and 50 at 120 are 11,500, for which 115 tokens are bought at 100; half of them at 110.
    assert told(result)[3:] == [
        (3, "buy", "rule", 100.0),
        (4, "sell", "take_profit", close_to(110.0)),
        (5, "sell", "take_profit", close_to(120.0)),
    ]
    assert [sale.quantity for sale in sales(result)] == pytest.approx([50, 50, 57.5, 57.5])
    assert result.cash == pytest.approx(57.5 * 110 + 57.5 * 120)
    assert result.metrics.trades == 2


def test_every_take_profit_step_sells_once_and_of_what_is_left() -> None:
    risk = {"take_profits": [{"percent": 10, "sell_percent": 50}, {"percent": 20, "sell_percent": 50}]}
    result = run(
        FLAT_CANDLE, FLAT_CANDLE, (100, 112, 100, 110), (110, 113, 110, 112), (121, 122, 121, 121), risk=risk
    )
    assert told(result)[1:] == [
        (2, "sell", "take_profit", close_to(110.0)),
        (4, "sell", "take_profit_gap", 121.0),
    ]
    assert [sale.quantity for sale in sales(result)] == pytest.approx([50, 25])
    assert result.open_position is not None
    assert result.open_position.quantity == pytest.approx(25)
    assert result.metrics.trades == 0


def test_a_step_above_the_open_fills_at_its_own_price_after_one_below_it() -> None:
    risk = {"take_profits": [{"percent": 10, "sell_percent": 50}, {"percent": 20, "sell_percent": 100}]}
    result = run(FLAT_CANDLE, FLAT_CANDLE, (115, 130, 114, 125), risk=risk)
    assert told(result)[1:] == [
        (2, "sell", "take_profit_gap", 115.0),
        (2, "sell", "take_profit", close_to(120.0)),
    ]


def test_max_hold_sells_at_the_open_that_ends_it() -> None:
    result = run(*[FLAT_CANDLE] * 8, risk={"max_hold": "15m"})
    # Bought when candle 1 opens; candle 4 opens 15 minutes later.
    assert told(result) == [BOUGHT, (4, "sell", "max_hold", 100.0)]


def test_max_drawdown_sells_all_and_ends_the_entries() -> None:
    result = run(
        FLAT_CANDLE,
        FLAT_CANDLE,
        (90, 90, 70, 70),
        (75, 80, 74, 78),
        (80, 90, 80, 90),
        (90, 90, 90, 90),
        rules=(BUY_WHEN_FLAT,),
        risk={"max_drawdown_percent": 30},
    )
    # 100 tokens at 70 are 7,000 = 70 % of the peak; they are sold at the next open, 75.
    assert told(result) == [
        BOUGHT,
        (2, "entries_ended", "max_drawdown", 70.0),
        (3, "sell", "max_drawdown", 75.0),
    ]
    assert result.cash == pytest.approx(7_500)
