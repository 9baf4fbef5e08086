"""Runs on a few hand-made candles, small enough to work out by hand.

Unless a test says otherwise nothing costs anything, the balance is 10,000, and one rule buys with all cash on the
first candle, so that the buy fills at the open of the second.
"""

from __future__ import annotations

from typing import Any

import pytest

from bot.trading.backtest import BacktestResult, run_backtest
from bot.trading.events import Event
from bot.trading.program import Execution
from bot.trading.strategy import parse_strategy
from tests.trading.series import BEGIN, candles

FREE = {"fee_percent": 0, "slippage_percent": 0, "buy_tax_percent": 0, "sell_tax_percent": 0, "gas_usd": 0}
ALWAYS = {"type": "schedule", "every": "5m"}
FLAT_CANDLE = (100, 100, 100, 100)
BUY_ONCE = {"id": "buy", "max_fires": 1, "when": ALWAYS, "then": [{"type": "buy", "amount_percent": 100}]}
BUY_WHEN_FLAT = {
    "id": "buy",
    "only_if": "flat",
    "when": ALWAYS,
    "then": [{"type": "buy", "amount_percent": 100}],
}


def crosses(price: float, direction: str = "above") -> dict[str, Any]:
    return {"type": "price_level", "price": price, "direction": direction}


def run(
    *rows: tuple[float, ...],
    rules: tuple[dict[str, Any], ...] = (BUY_ONCE,),
    risk: dict[str, Any] | None = None,
    costs: dict[str, Any] | None = None,
    first: int = 0,
    execution: Execution = "next_open",
) -> BacktestResult:
    document = {
        "version": "2.0",
        "name": "by hand",
        "market": {"symbol": "PEPE"},
        "timeframe": "5m",
        "rules": list(rules),
        "risk_management": risk,
        "costs": FREE | (costs or {}),
    }
    strategy, _ = parse_strategy(document)
    return run_backtest(strategy, candles(*rows), first=first, execution=execution)


def told(result: BacktestResult) -> list[tuple[int, str, str, float]]:
    """Every event as (number of its candle, kind, reason, price)."""
    return [
        ((event.time - BEGIN) // 300, event.kind, event.reason, event.price) for event in result.event_list()
    ]


def sales(result: BacktestResult) -> list[Event]:
    return [event for event in result.event_list() if event.kind == "sell"]


BOUGHT = (1, "buy", "rule", 100.0)


def close_to(price: float) -> Any:
    """A price that a test expects but for rounding."""
    return pytest.approx(price)
