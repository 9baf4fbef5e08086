"""Orders, rules and costs, on candles small enough to work out by hand; `by_hand` says what all share."""

from __future__ import annotations

import pytest

from tests.trading.by_hand import (
    ALWAYS,
    BOUGHT,
    BUY_ONCE,
    BUY_WHEN_FLAT,
    FLAT_CANDLE,
    close_to,
    crosses,
    run,
    sales,
    told,
)
from tests.trading.series import BEGIN


def test_a_cooldown_counts_from_fire_to_fire() -> None:
    rule = {"id": "say", "cooldown": "15m", "when": ALWAYS, "then": [{"type": "notify", "message": "hello"}]}
    assert [one[0] for one in told(run(*[FLAT_CANDLE] * 8, rules=(rule,)))] == [0, 3, 6]


def test_no_buys_for_a_while_after_a_stop() -> None:
    result = run(
        FLAT_CANDLE,
        FLAT_CANDLE,
        (100, 100, 90, 100),
        *[FLAT_CANDLE] * 5,
        rules=(BUY_WHEN_FLAT,),
        risk={"stop_loss_percent": 5, "cooldown_after_stop": "15m"},
    )
    # Stopped in candle 2; the rule rests on candles 2 to 4, fires on 5 and fills on 6.
    assert told(result) == [BOUGHT, (2, "sell", "stop", 95.0), (6, "buy", "rule", 100.0)]


def test_without_that_cooldown_the_rule_fires_at_the_close_of_the_stop() -> None:
    result = run(
        FLAT_CANDLE, FLAT_CANDLE, (100, 100, 90, 100), FLAT_CANDLE,
        rules=(BUY_WHEN_FLAT,), risk={"stop_loss_percent": 5},
    )  # fmt: skip
    assert told(result) == [BOUGHT, (2, "sell", "stop", 95.0), (3, "buy", "rule", 100.0)]


def test_an_edge_that_is_blocked_is_lost() -> None:
    rise = {"type": "price_rise", "threshold": 5}
    rule = {"id": "up", "only_if": "in_position", "when": rise, "then": [{"type": "notify", "message": "up"}]}
    late = {**BUY_ONCE, "when": {"all": [ALWAYS, crosses(104)]}}
    # The rise turns true on candle 1 while flat, stays true on 2 (in position) and 3, so nothing is ever said.
    rows = [(100, 100, 100, 100), (106, 106, 106, 106), (112, 112, 112, 112), (118, 118, 118, 118)]
    assert [one[:3] for one in told(run(*rows, rules=(rule, late)))] == [(2, "buy", "rule")]


def test_level_fires_on_every_candle_that_is_not_blocked_and_max_fires_ends_it() -> None:
    rule = {
        "id": "up", "trigger": "level", "max_fires": 2,
        "when": {"type": "price_rise", "threshold": 5}, "then": [{"type": "hold"}],
    }  # fmt: skip
    rows = [(100, 100, 100, 100), (106, 106, 106, 106), (112, 112, 112, 112), (118, 118, 118, 118)]
    assert told(run(*rows, rules=(rule,))) == [(1, "hold", "rule", 106.0), (2, "hold", "rule", 112.0)]


def test_the_first_judgement_only_sets_the_memory_of_the_edge() -> None:
    rule = {"id": "up", "when": {"type": "price_rise", "threshold": 5}, "then": [{"type": "hold"}]}
    rows = [(100,) * 4, (106,) * 4, (106,) * 4, (112,) * 4]
    # It could be judged from candle 1 on, where it was true already.
    assert told(run(*rows, rules=(rule,))) == [(3, "hold", "rule", 112.0)]
    # With candle 0 and 1 as warm-up nothing changes: rules are judged in it without firing.
    assert told(run((100,) * 4, *rows, rules=(rule,), first=1)) == [
        (2, "hold", "rule", 106.0),
        (4, "hold", "rule", 112.0),
    ]


def test_not_cannot_turn_a_cold_indicator_into_true() -> None:
    rule = {
        "id": "calm", "trigger": "level",
        "when": {"not": {"type": "rsi", "period": 3, "direction": "above", "value": 70}},
        "then": [{"type": "hold"}],
    }  # fmt: skip
    # An index over 3 changes needs 4 candles.
    assert [one[0] for one in told(run(*[FLAT_CANDLE] * 6, rules=(rule,)))] == [3, 4, 5]


def test_a_volume_condition_is_never_judged_where_volume_is_unknown() -> None:
    rule = {
        "id": "quiet", "trigger": "level",
        "when": {"not": {"type": "volume_spike", "threshold": 100, "lookback": 1}},
        "then": [{"type": "hold"}],
    }  # fmt: skip
    assert told(run(*[(100, 100, 100, 100, 0)] * 5, rules=(rule,))) == []
    assert len(told(run(*[(100, 100, 100, 100, 1)] * 5, rules=(rule,)))) == 4


def test_max_entries_until_flat_again() -> None:
    rule = {"id": "add", "when": ALWAYS, "then": [{"type": "buy", "amount_usd": 1000}]}
    result = run(*[FLAT_CANDLE] * 6, rules=(rule,), risk={"max_entries": 2})
    assert told(result) == [(1, "buy", "rule", 100.0), (2, "buy", "rule", 100.0)]
    result = run(
        *[FLAT_CANDLE] * 3, (100, 100, 90, 100), *[FLAT_CANDLE] * 4,
        rules=(rule,), risk={"max_entries": 2, "stop_loss_percent": 5},
    )  # fmt: skip
    assert [one[:2] for one in told(result)] == [(1, "buy"), (2, "buy"), (3, "sell"), (4, "buy"), (5, "buy")]


def test_in_a_gap_nothing_fills_and_a_waiting_order_blocks_its_rule() -> None:
    gap = (100, 100, 100, 100, 0)
    rule = {
        "id": "add",
        "when": ALWAYS,
        "then": [{"type": "buy", "amount_usd": 1000}, {"type": "notify", "message": "x"}],
    }
    result = run(FLAT_CANDLE, gap, gap, (101, 101, 101, 101), rules=(rule,))
    # Fires on 0; on 1 and 2 its order still waits; the order fills on 3, and on 3 it fires again.
    assert told(result) == [
        (0, "notify", "rule", 100.0),
        (3, "buy", "rule", 101.0),
        (3, "notify", "rule", 101.0),
    ]
    assert result.dropped_orders == ("add",)


def test_a_series_without_any_volume_has_no_gaps() -> None:
    result = run(*[(100, 100, 100, 100, 0)] * 3)
    assert told(result) == [BOUGHT]


def test_a_queued_exit_drops_queued_entries() -> None:
    add = {"id": "add", "when": ALWAYS, "then": [{"type": "buy", "amount_usd": 1000}]}
    result = run(*[FLAT_CANDLE] * 4, rules=(add,), risk={"max_hold": "10m"})
    assert told(result) == [
        (1, "buy", "rule", 100.0),
        (2, "buy", "rule", 100.0),
        (2, "skipped", "exit_waits", 100.0),
        (3, "sell", "max_hold", 100.0),
    ]


def test_a_sale_of_everything_drops_no_entry_while_nothing_is_held() -> None:
    swap = {
        "id": "swap", "when": ALWAYS,
        "then": [{"type": "sell", "amount_percent": 100}, {"type": "buy", "amount_percent": 50}],
    }  # fmt: skip
    result = run(*[FLAT_CANDLE] * 3, rules=(swap,))
    assert told(result) == [
        (1, "skipped", "no_position", 100.0),
        (1, "buy", "rule", 100.0),
        (1, "skipped", "exit_waits", 100.0),
        (2, "sell", "rule", 100.0),
    ]


def test_buys_are_dropped_when_the_open_has_just_stopped_out() -> None:
    add = {"id": "add", "when": ALWAYS, "then": [{"type": "buy", "amount_usd": 1000}]}
    result = run(FLAT_CANDLE, FLAT_CANDLE, (80, 80, 80, 80), rules=(add,), risk={"stop_loss_percent": 5})
    assert told(result) == [
        (1, "buy", "rule", 100.0),
        (2, "sell", "stop_gap", 80.0),
        (2, "skipped", "just_stopped_out", 80.0),
    ]


def test_a_buy_under_a_dollar_is_skipped_and_said_once() -> None:
    dust = {"id": "dust", "when": ALWAYS, "then": [{"type": "buy", "amount_percent": 0.009}]}
    result = run(*[FLAT_CANDLE] * 4, rules=(dust,))
    assert told(result) == [(1, "skipped", "under_1_usd", 100.0)]
    assert result.metrics.skipped_orders == 3


def test_sells_fill_before_buys_whatever_the_order_of_the_rules() -> None:
    more = {"id": "more", "when": crosses(105), "then": [{"type": "buy", "amount_percent": 100}]}
    less = {"id": "less", "when": crosses(105), "then": [{"type": "sell", "amount_percent": 40}]}
    result = run(
        FLAT_CANDLE, FLAT_CANDLE, (106, 106, 106, 106), (110, 110, 110, 110), rules=(BUY_ONCE, more, less)
    )
    # 40 of 100 tokens bring 4,400, which buy 40 tokens back.
    assert told(result) == [BOUGHT, (3, "sell", "rule", 110.0), (3, "buy", "rule", 110.0)]
    bought_back = result.event_list()[2]
    assert bought_back.money == pytest.approx(4_400)
    assert bought_back.quantity == pytest.approx(40)
    assert result.open_position is not None
    # (60 · 100 + 40 · 110) / 100
    assert result.open_position.average_price == pytest.approx(104)
    assert result.open_position.cost == pytest.approx(6_000 + 4_400)


def test_a_sell_sells_its_percent_of_the_position() -> None:
    half = {
        "id": "half",
        "only_if": "in_position",
        "when": ALWAYS,
        "then": [{"type": "sell", "amount_percent": 50}],
    }
    result = run(*[FLAT_CANDLE] * 4, rules=(BUY_ONCE, half))
    assert [sale.quantity for sale in sales(result)] == pytest.approx([50, 25])
    assert result.metrics.trades == 0


def test_a_level_must_be_crossed() -> None:
    up = {"id": "up", "trigger": "level", "when": crosses(105), "then": [{"type": "hold"}]}
    down = {"id": "down", "trigger": "level", "when": crosses(105, "below"), "then": [{"type": "hold"}]}
    closes = (110, 111, 104, 105, 106, 105, 104)
    found = run(*[(close,) * 4 for close in closes], rules=(up, down))
    # From 104 to 105 reaches it from below; 106 to 105 from above; 111 to 104 passes it.
    assert [((event.time - BEGIN) // 300, event.rule) for event in found.event_list()] == [
        (2, "down"),
        (3, "up"),
        (5, "down"),
    ]


def test_a_schedule_is_true_on_the_candle_that_closes_when_an_interval_ends() -> None:
    hourly = {
        "id": "hourly",
        "when": {"type": "schedule", "every": "1h"},
        "then": [{"type": "buy", "amount_usd": 10}],
    }
    result = run(*[FLAT_CANDLE] * 26, rules=(hourly,))
    # It begins at midnight: candle 11 closes at 1:00, and the order fills at 1:00.
    assert [one[0] for one in told(result)] == [12, 24]


def test_the_position_profit_is_measured_from_the_average_price() -> None:
    out = {
        "id": "out", "when": {"type": "position_profit", "direction": "above", "value": 10},
        "then": [{"type": "sell", "amount_percent": 100}],
    }  # fmt: skip
    result = run(
        FLAT_CANDLE,
        FLAT_CANDLE,
        (110, 110, 110, 110),
        (111, 111, 111, 111),
        (112, 112, 112, 112),
        rules=(BUY_ONCE, out),
    )
    assert told(result) == [BOUGHT, (4, "sell", "rule", 112.0)]


def test_what_a_buy_and_a_sale_cost() -> None:
    costs = {
        "fee_percent": 1,
        "slippage_percent": 2,
        "buy_tax_percent": 3,
        "sell_tax_percent": 4,
        "gas_usd": 5,
    }
    out = {
        "id": "out",
        "max_fires": 1,
        "only_if": "in_position",
        "when": ALWAYS,
        "then": [{"type": "sell", "amount_percent": 100}],
    }
    result = run(FLAT_CANDLE, FLAT_CANDLE, (200, 200, 200, 200), rules=(BUY_ONCE, out), costs=costs)
    bought, sold = result.event_list()
    # 10,000 less 100 fee and 5 gas = 9,895; 3 % of it is tax; the rest buys at 102.
    assert [bought.fee, bought.gas, bought.tax] == pytest.approx([100, 5, 296.85])
    assert bought.quantity == pytest.approx(9_895 * 0.97 / 102)
    # Sold at 196: 4 % tax, then 1 % fee, then 5 gas.
    gross = 9_895 * 0.97 / 102 * 196
    assert sold.money == pytest.approx(gross * 0.96 * 0.99 - 5)
    assert sold.profit == pytest.approx(gross * 0.96 * 0.99 - 5 - 10_000)
    assert sold.profit_percent == pytest.approx((gross * 0.96 * 0.99 - 5) / 100 - 100)
    assert result.cash == sold.balance == pytest.approx(gross * 0.96 * 0.99 - 5)


def test_two_buys_at_different_prices_make_an_average_over_the_tokens() -> None:
    add = {"id": "add", "when": ALWAYS, "max_fires": 2, "then": [{"type": "buy", "amount_usd": 1000}]}
    result = run(FLAT_CANDLE, FLAT_CANDLE, (50, 50, 50, 50), rules=(add,))
    assert result.open_position is not None
    # 10 tokens at 100 and 20 at 50
    assert result.open_position.average_price == pytest.approx(2_000 / 30)


def test_stops_follow_the_average_price_of_a_second_entry() -> None:
    add = {"id": "add", "when": ALWAYS, "max_fires": 2, "then": [{"type": "buy", "amount_usd": 1000}]}
    result = run(
        FLAT_CANDLE, FLAT_CANDLE, (80, 80, 80, 80), (80, 80, 70, 75),
        rules=(add,), risk={"stop_loss_percent": 21},
    )  # fmt: skip
    # Average 2,000 / (10 + 12.5) = 88.89; the stop moved from 79 to 70.22.
    assert told(result)[2:] == [(3, "sell", "stop", close_to(2_000 / 22.5 * 0.79))]


def test_at_the_end_the_open_position_is_marked_and_waiting_orders_are_dropped() -> None:
    out = {"id": "out", "when": crosses(105), "then": [{"type": "sell", "amount_percent": 100}]}
    result = run(FLAT_CANDLE, FLAT_CANDLE, (106, 106, 106, 106), rules=(BUY_ONCE, out))
    assert told(result) == [BOUGHT]
    assert result.dropped_orders == ("out",)
    assert result.metrics.trades == 0
    assert result.equity[-1] == pytest.approx(10_600)
    assert result.open_position is not None
    assert result.open_position.unrealised_profit == pytest.approx(600)


def test_execution_close_judges_and_fills_everything_at_the_close_without_costs() -> None:
    result = run(
        FLAT_CANDLE,
        (100, 130, 80, 100),
        (94, 120, 94, 94),
        risk={"stop_loss_percent": 5, "take_profit_percent": 10},
        costs={"fee_percent": 1, "slippage_percent": 1},
        execution="close",
    )
    assert told(result) == [(0, "buy", "rule", 100.0), (2, "sell", "stop", 94.0)]
    assert result.cash == pytest.approx(9_400)
