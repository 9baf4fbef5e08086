"""Sentences about simulations, and the calls that they become."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from bot.agent.offline.simulating import Simulate
from bot.agent.offline.wishes import wish_of
from bot.agent.steps import TurnFacts

FACTS = TurnFacts("Ann", True, "PEPE dip", ("PEPE dip", "Cake"), "synthetic", True, date(2026, 6, 1))
START, STOP, STATUS, RESULTS = ({"action": each} for each in ("start", "stop", "status", "results"))


@pytest.mark.parametrize(
    ("said", "tool", "arguments"),
    [
        ("simulate it", "manage_simulation", START),
        ("start a simulation", "manage_simulation", START),
        ("run it on paper", "manage_simulation", START),
        (
            "start a simulation of Cake on 1m with $500",
            "manage_simulation",
            {**START, "bot": "Cake", "timeframe": "1m", "initial_balance": 500.0},
        ),
        (
            "simulate PEPE dip on 15 minute candles",
            "manage_simulation",
            {**START, "bot": "PEPE dip", "timeframe": "15m"},
        ),
        ("stop the simulation", "manage_simulation", STOP),
        ("please stop simulating Cake", "manage_simulation", {**STOP, "bot": "Cake"}),
        ("how is my simulation doing?", "manage_simulation", STATUS),
        ("show me the results of the simulation", "manage_simulation", RESULTS),
        ("list my simulations", "list_simulations", {}),
        ("why is nothing happening?", "explain_simulation", {}),
        ("why does it not trade", "explain_simulation", {}),
        ("notify me only about trades", "set_notifications", {"notify": "trades"}),
        ("only send me a daily summary", "set_notifications", {"notify": "summary"}),
        ("mute the simulation", "set_notifications", {"notify": "off"}),
        ("notify me about everything", "set_notifications", {"notify": "all"}),
        ("quiet hours from 22 to 7", "set_notifications", {"quiet": "22-7"}),
    ],
)
def test_what_is_said_becomes_a_call(said: str, tool: str, arguments: dict[str, Any]) -> None:
    assert wish_of(said, FACTS, ("bsc",), {}) == Simulate(tool, arguments)


@pytest.mark.parametrize(
    "said",
    [
        "create a bot that buys PEPE when it drops 5% in 1h",
        "tell me when PEPE falls below 0.00001",
        "backtest it for 90 days",
        "stop",
        "set the stop loss to 5%",
        "buy CAKE for $50 every day",
        "why did it lose money?",
        "tell me everything about PEPE",
        "tell me about my trades",
    ],
)
def test_what_is_about_something_else_is_left_alone(said: str) -> None:
    assert not isinstance(wish_of(said, FACTS, ("bsc",), {}), Simulate)
