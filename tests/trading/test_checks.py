"""A strategy that can never trade is told so; one that looks unintended is asked about."""

from __future__ import annotations

from typing import Any

import pytest

from bot.trading.strategy import Strategy, cannot_trade, parse_strategy

RSI = {"type": "rsi", "direction": "below", "value": 30}
PROFIT = {"type": "position_profit", "direction": "above", "value": 8}
BUY = {"type": "buy", "amount_percent": 50}
SELL = {"type": "sell", "amount_percent": 100}
HOLD = {"type": "hold"}
NOTIFY = {"type": "notify", "message": "look"}


def rule(when: dict[str, Any], *then: dict[str, Any], only_if: str | None = None) -> dict[str, Any]:
    return {"when": when, "then": list(then), "only_if": only_if}


def read(*rules: dict[str, Any], risk: dict[str, Any] | None = None) -> tuple[Strategy, tuple[str, ...]]:
    numbered = [{"id": f"r{index}", **one} for index, one in enumerate(rules)]
    market = {"symbol": "PEPE"}
    return parse_strategy({"name": "n", "market": market, "rules": numbered, "risk_management": risk})


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ([rule(RSI, SELL)], "sells but never buys"),
        ([rule(RSI, SELL), rule(RSI, NOTIFY)], "sells but never buys"),
        ([rule(RSI, HOLD)], "does nothing"),
        ([rule(RSI, BUY, only_if="in_position")], "first buy never happens"),
        ([rule({"all": [RSI, PROFIT]}, BUY)], "first buy never happens"),
        ([rule({"any": [{"all": [RSI, PROFIT]}, PROFIT]}, BUY), rule(RSI, SELL)], "first buy never happens"),
    ],
)
def test_a_strategy_that_can_never_trade_is_told_why(rules: list[dict[str, Any]], reason: str) -> None:
    assert reason in (cannot_trade(read(*rules)[0]) or "")


@pytest.mark.parametrize(
    "rules",
    [
        [rule(RSI, BUY)],
        [rule(RSI, NOTIFY)],
        [rule(RSI, HOLD), rule(RSI, NOTIFY)],
        [rule({"any": [RSI, PROFIT]}, BUY)],
        [rule({"not": PROFIT}, BUY)],
        [rule(RSI, BUY, only_if="in_position"), rule(RSI, BUY, only_if="flat")],
    ],
)
def test_a_strategy_that_can_trade_or_only_watches_is_fine(rules: list[dict[str, Any]]) -> None:
    assert cannot_trade(read(*rules)[0]) is None


@pytest.mark.parametrize(
    ("rules", "doubt"),
    [
        ([rule(RSI, BUY, SELL)], 'Rule "r0" buys and sells at once'),
        ([rule(RSI, BUY), rule(RSI, SELL, only_if="flat")], 'Rule "r1" sells only while nothing is held'),
        (
            [rule(RSI, BUY), rule(PROFIT, NOTIFY, only_if="flat")],
            'Rule "r1" needs a position and none at once',
        ),
        ([rule(RSI, BUY)], "Nothing in this strategy ever sells"),
    ],
)
def test_what_looks_unintended_is_asked_about(rules: list[dict[str, Any]], doubt: str) -> None:
    assert any(doubt in warning for warning in read(*rules)[1])


@pytest.mark.parametrize(
    "risk",
    [
        {"stop_loss_percent": 5},
        {"take_profits": [{"percent": 5, "sell_percent": 50}]},
        {"trailing_stop": {"percent": 3}},
        {"max_hold": "1d"},
    ],
)
def test_protection_that_sells_leaves_no_doubt(risk: dict[str, Any]) -> None:
    assert read(rule(RSI, BUY), risk=risk)[1] == ()


def test_more_buys_at_once_than_entries_are_allowed_never_happen() -> None:
    doubts = read(rule(RSI, BUY, BUY), rule(PROFIT, SELL), risk={"max_entries": 1})[1]
    assert doubts == ('Rule "r0" buys 2 times at once, and max_entries allows 1, so it never fires.',)


def test_an_alert_leaves_no_doubt() -> None:
    assert read(rule(RSI, NOTIFY))[1] == ()
