"""Strategies: reading a document of any version, and the types of the current one in one place."""

from __future__ import annotations

from pydantic import ValidationError

from bot.trading.checks import StrategyInvalid, cannot_trade, check_timeframes, doubts, problems_of
from bot.trading.conditions import (
    All,
    Any,
    Bollinger,
    Condition,
    Leaf,
    MaCrossover,
    Not,
    PositionProfit,
    PriceDrop,
    PriceLevel,
    PriceRise,
    Rsi,
    Schedule,
    Tree,
    VolumeSpike,
    leaves,
)
from bot.trading.document import VERSION, Market, Strategy
from bot.trading.protection import Costs, RiskManagement, TakeProfit, TrailingStop
from bot.trading.rules import Action, Buy, Hold, Notify, Rule, Sell
from bot.trading.timeframe import parse_timeframe
from bot.trading.upgrade import Upgrade, is_version_1, upgrade

__all__ = [
    "VERSION",
    "Action",
    "All",
    "Any",
    "Bollinger",
    "Buy",
    "Condition",
    "Costs",
    "Hold",
    "Leaf",
    "MaCrossover",
    "Market",
    "Not",
    "Notify",
    "PositionProfit",
    "PriceDrop",
    "PriceLevel",
    "PriceRise",
    "RiskManagement",
    "Rsi",
    "Rule",
    "Schedule",
    "Sell",
    "Strategy",
    "StrategyInvalid",
    "TakeProfit",
    "TrailingStop",
    "Tree",
    "VolumeSpike",
    "cannot_trade",
    "check_timeframes",
    "doubts",
    "leaves",
    "parse_strategy",
]

_DEEPEST_DOCUMENT = 20


def parse_strategy(document: object) -> tuple[Strategy, tuple[str, ...]]:
    """Read a strategy document of version 2.0 or 1.0; also gives warnings, as sentences for the assistant.

    Raises `StrategyInvalid`, which lists every problem with the path of its field.
    """
    if not isinstance(document, dict):
        raise StrategyInvalid(("document: must be an object",))
    if _deeper_than(document, _DEEPEST_DOCUMENT):
        raise StrategyInvalid(("document: is nested too deeply",))
    upgraded = upgrade(document) if is_version_1(document) else Upgrade(document)
    problems = list(upgraded.problems)
    try:
        strategy = Strategy.model_validate(upgraded.document)
    except ValidationError as error:
        problems += problems_of(error.errors(include_url=False), upgraded.moved)
    if problems:
        raise StrategyInvalid(tuple(problems))
    check_timeframes(strategy, parse_timeframe(strategy.timeframe))
    return strategy, (*upgraded.warnings, *doubts(strategy))


def _deeper_than(document: object, levels: int) -> bool:
    """Whether a document has more levels than any valid one: walking it further could exhaust the stack."""
    level = [document]
    for _ in range(levels):
        level = [
            child
            for value in level
            if isinstance(value, dict | list | tuple)
            for child in (value.values() if isinstance(value, dict) else value)
        ]
    return bool(level)
