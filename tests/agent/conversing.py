"""Talking with the rules of the offline assistant alone: no model library, no house, tools that answer from a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from bot.agent.offline.context import Event, Turn
from bot.agent.offline.doing import Say
from bot.agent.offline.plan import next_step
from bot.agent.steps import TurnFacts

Result = tuple[str, Any]
"""An outcome and its content."""

PEPE = {
    "symbol": "PEPE",
    "name": "Pepe",
    "chain": "bsc",
    "address": "0x25d8000000000000000000000000000000000001",
    "pool": "0x9900000000000000000000000000000000000001",
    "price_usd": 0.00001,
    "change_24h_percent": 3.2,
}
TOKENS = {
    symbol: {
        **PEPE,
        "symbol": symbol,
        "name": symbol.title(),
        "address": f"0x25d80000000000000000000000000000000000{n:02d}",
    }
    for n, symbol in enumerate(("PEPE", "CAKE", "DOGE", "TRUMP", "BNB"), 1)
}
ORIGIN = {"source": "synthetic", "synthetic": True}

STRATEGY: dict[str, Any] = {
    "version": "2.0",
    "name": "PEPE dip",
    "market": {"source": "dex", "chain": "bsc", "symbol": "PEPE", "address": PEPE["address"], "quote": "USD"},
    "timeframe": "5m",
    "rules": [
        {
            "id": "buy",
            "only_if": "flat",
            "trigger": "edge",
            "when": {"type": "price_drop", "threshold": 5, "timeframe": "30m"},
            "then": [{"type": "buy", "amount_percent": 100}],
        },
        {
            "id": "sell",
            "only_if": "in_position",
            "trigger": "edge",
            "when": {"type": "rsi", "period": 7, "direction": "above", "value": 70},
            "then": [{"type": "sell", "amount_percent": 100}],
        },
    ],
    "risk_management": {"stop_loss_percent": 3, "take_profit_percent": 10, "take_profits": []},
}

FACTS = TurnFacts(
    person="Ann",
    private=True,
    current_bot=None,
    bots=(),
    market_source="synthetic",
    synthetic=True,
    today=date(2026, 11, 21),
)


def facts_with(*bots: str) -> TurnFacts:
    """A person who has these trading bots; the first one is the current one."""
    return replace(FACTS, bots=bots, current_bot=bots[0] if bots else None)


@dataclass
class Talk:
    """A conversation; `answers` are what the tools give instead of their usual results."""

    facts: TurnFacts = FACTS
    answers: dict[str, Result | Callable[[Mapping[str, Any]], Result]] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)

    def says(self, text: str) -> str:
        """Say something; the answer."""
        self.turns.append(Turn(text))
        for _ in range(12):
            step = next_step(self.turns, self.facts, ("bsc",))
            if isinstance(step, Say):
                self.turns[-1] = replace(self.turns[-1], answer=step.text)
                return step.text
            arguments = dict(step.arguments)
            self.calls.append((step.name, arguments))
            outcome, content = self._result(step.name, arguments)
            event = Event(step.name, arguments, outcome, content)
            self.turns[-1] = replace(self.turns[-1], events=(*self.turns[-1].events, event))
        raise AssertionError(f"{text!r} goes round in circles: {self.calls[-3:]}")

    def last(self, name: str) -> dict[str, Any]:
        """The arguments of the latest call of a tool."""
        return next(arguments for called, arguments in reversed(self.calls) if called == name)

    @property
    def called(self) -> list[str]:
        """The names of all tools that were called."""
        return [name for name, _ in self.calls]

    def _result(self, name: str, arguments: Mapping[str, Any]) -> Result:
        given = self.answers.get(name)
        if callable(given):
            return given(arguments)
        return given or ("success", _usual(name, arguments))


def _usual(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    match name:
        case "search_tokens":
            query = str(arguments["query"]).upper()
            tokens = [token for symbol, token in TOKENS.items() if query in symbol]
            return {**ORIGIN, "query": query, "tokens": tokens}
        case "get_token":
            return {**ORIGIN, "token": PEPE}
        case "get_price":
            prices = [
                {"symbol": symbol, "usd": 1.0, "change_24h_percent": 1.0} for symbol in arguments["tokens"]
            ]
            return {**ORIGIN, "prices": prices, "unknown": []}
        case "get_trending":
            return {**ORIGIN, "tokens": list(TOKENS.values())}
        case "get_risk":
            risk: dict[str, Any] = {
                "verdict": "unknown",
                "reasons": [],
                "buy_tax_percent": None,
                "sell_tax_percent": None,
            }
            return {**ORIGIN, **PEPE, **risk, "risk_source": "none"}
        case "list_bots":
            return {"bots": [{"bot": "PEPE dip", "symbol": "PEPE", "timeframe": "5m", "current": True}]}
        case "get_bot_info":
            info = {
                "bot": "PEPE dip",
                "version": 1,
                "created": "2026-11-01",
                "id": "1a2b3c4d",
                "rules": "Buys.",
            }
            return {**info, "strategy": STRATEGY, "backtests": []}
        case "ask_user":
            return {"answer": arguments["options"][0]}
        case "create_bot" | "update_strategy" | "set_bot":
            return {"bot": arguments.get("name") or "PEPE dip", "version": 2, "warnings": []}
        case "delete_bot":
            return {"deleted": arguments.get("bot") or "PEPE dip"}
    return {"bot": "PEPE dip"}
