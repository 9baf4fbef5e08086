"""Turns a strategy document into a program: the flat record that the engine runs."""

from __future__ import annotations

from typing import Literal

import numpy as np

from bot.trading import layout
from bot.trading.candles import Seconds
from bot.trading.checks import check_timeframes
from bot.trading.conditions import (
    All,
    Any,
    Bollinger,
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
    children,
    leaves,
)
from bot.trading.document import Strategy
from bot.trading.layout import Record, Records
from bot.trading.protection import Costs, RiskManagement, TakeProfit
from bot.trading.rules import Action, Buy, Hold, Rule, Sell
from bot.trading.timeframe import parse_timeframe

Execution = Literal["next_open", "close"]
"""How orders fill: at the next open with costs, or as version 1 did, at the close without costs."""

EMA_SETTLES = 5
RSI_SETTLES = 10
"""In periods: after as many, what an average began with weighs less than 1/20,000 in it."""

_ONLY_IF = {None: layout.ALWAYS, "flat": layout.FLAT, "in_position": layout.IN_POSITION}


def warm_up_candles(strategy: Strategy, timeframe_seconds: Seconds) -> int:
    """How many candles before the start the strategy needs, in candles of the run's timeframe.

    Raises `StrategyInvalid` when a time in a condition is no whole multiple of the timeframe.
    """
    check_timeframes(strategy, timeframe_seconds)
    found = [leaf for rule in strategy.rules for _, leaf in leaves(rule.when)]
    return max(_needed(leaf, timeframe_seconds) + _settling(leaf) for leaf in found)


def compile_program(strategy: Strategy, timeframe_seconds: Seconds, execution: Execution) -> Records:
    """The program of a strategy for one timeframe, as an array of one row; execution "close" knows no costs.

    Raises `StrategyInvalid` when a time in a condition is no whole multiple of the timeframe.
    """
    check_timeframes(strategy, timeframe_seconds)
    programs = np.zeros(1, layout.PROGRAM)
    program = programs[0]
    program["timeframe"] = timeframe_seconds
    program["at_close"] = execution == "close"
    _write_protection(program, strategy.risk_management)
    if execution == "next_open":
        _write_costs(program, strategy.costs)
    places = _write_leaves(program, strategy)
    for index, rule in enumerate(strategy.rules):
        _write_rule(program, index, rule, places)
    program["rule_count"] = len(strategy.rules)
    program["live_rules"] = program["rules"]["live"].sum()
    return programs


def with_doubled_costs(programs: Records) -> Records:
    """The same program where every fill costs twice as much; no rate passes 100 %."""
    doubled = programs.copy()
    program = doubled[0]
    for rate in ("fee", "slippage", "buy_tax", "sell_tax"):
        program[rate] = min(program[rate] * 2.0, 1.0)
    program["gas"] *= 2.0
    return doubled


def _write_protection(program: Record, risk: RiskManagement) -> None:
    if risk.stop_loss_percent is not None:
        program["stop"] = 100.0 - risk.stop_loss_percent
    if risk.trailing_stop is not None:
        program["trailing"] = 100.0 - risk.trailing_stop.percent
        program["trailing_arms"] = 100.0 + risk.trailing_stop.arm_percent
    if risk.break_even_at_percent is not None:
        program["break_even_arms"] = 100.0 + risk.break_even_at_percent
    if risk.max_drawdown_percent is not None:
        program["max_drawdown"] = 100.0 - risk.max_drawdown_percent
    program["max_hold"] = _seconds(risk.max_hold)
    program["max_entries"] = risk.max_entries or 0
    program["cooldown_after_stop"] = _seconds(risk.cooldown_after_stop)
    single = risk.take_profit_percent
    steps = risk.take_profits if single is None else (TakeProfit(percent=single, sell_percent=100.0),)
    for place, step in enumerate(steps):
        program["steps"][place] = (100.0 + step.percent, step.sell_percent)
    program["step_count"] = len(steps)


def _write_costs(program: Record, costs: Costs) -> None:
    program["fee"] = costs.fee_percent / 100.0
    program["slippage"] = costs.slippage_percent / 100.0
    program["buy_tax"] = costs.buy_tax_percent / 100.0
    program["sell_tax"] = costs.sell_tax_percent / 100.0
    program["gas"] = costs.gas_usd


def _write_leaves(program: Record, strategy: Strategy) -> dict[Leaf, int]:
    """Write every condition once, those that look at one indicator in a row; gives their places."""
    timeframe = int(program["timeframe"])
    in_order = list(places_of(strategy))
    memory, look_back = 0, 1
    rows = program["leaves"]
    for place, leaf in enumerate(in_order):
        row = rows[place]
        _write_leaf(row, leaf, timeframe)
        shares = place > 0 and _indicator(leaf) == _indicator(in_order[place - 1]) != ()
        row["shares"] = shares
        row["memory"] = rows[place - 1]["memory"] if shares else memory
        memory += 0 if shares else _memory(row)
        look_back = max(look_back, row["span"], row["slow"])
    program["leaf_count"] = len(in_order)
    program["memory"] = memory
    program["look_back"] = look_back
    return places_of(strategy)


def places_of(strategy: Strategy) -> dict[Leaf, int]:
    """The place of every condition in a program: each once, those that look at one indicator in a row."""
    found = dict.fromkeys(leaf for rule in strategy.rules for _, leaf in leaves(rule.when))
    return {leaf: place for place, leaf in enumerate(sorted(found, key=_indicator))}


def _indicator(leaf: Leaf) -> tuple[str | int, ...]:
    """What names the indicator that a condition looks at; nothing for one that looks at none."""
    match leaf:
        case Rsi() | Bollinger():
            return (leaf.type, leaf.period)
        case MaCrossover():
            return (leaf.type, leaf.ma_type, leaf.fast, leaf.slow)
        case VolumeSpike():
            return (leaf.type, leaf.lookback)
    return ()


def _write_leaf(row: Record, leaf: Leaf, timeframe: Seconds) -> None:
    row["needed"] = _needed(leaf, timeframe)
    row["above"] = getattr(leaf, "direction", "") == "above"
    match leaf:
        case PriceDrop():
            row["kind"], row["level"] = layout.PRICE_DROP, 100.0 - leaf.threshold
            row["span"] = _window(leaf.timeframe, timeframe)
        case PriceRise():
            row["kind"], row["level"] = layout.PRICE_RISE, 100.0 + leaf.threshold
            row["span"] = _window(leaf.timeframe, timeframe)
        case VolumeSpike():
            row["kind"], row["level"] = layout.VOLUME_SPIKE, 100.0 + leaf.threshold
            row["span"] = leaf.lookback
        case PriceLevel():
            row["kind"], row["level"] = layout.PRICE_LEVEL, leaf.price
        case Rsi():
            row["kind"], row["level"], row["span"] = layout.RSI, leaf.value, leaf.period
        case MaCrossover():
            row["kind"] = layout.EMA_CROSSOVER if leaf.ma_type == "ema" else layout.SMA_CROSSOVER
            row["span"], row["slow"] = leaf.fast, leaf.slow
        case Bollinger():
            row["kind"], row["level"], row["span"] = layout.BOLLINGER, leaf.std, leaf.period
            row["upper"] = leaf.band == "upper"
        case PositionProfit():
            row["kind"], row["level"] = layout.POSITION_PROFIT, 100.0 + leaf.value
        case Schedule():
            row["kind"], row["every"] = layout.SCHEDULE, parse_timeframe(leaf.every)


def _memory(row: Record) -> int:
    """How many numbers an indicator remembers: its two last values, and what it needs to go on."""
    span, slow = int(row["span"]), int(row["slow"])
    match row["kind"]:
        case layout.RSI | layout.EMA_CROSSOVER:
            return 2 + 2
        case layout.VOLUME_SPIKE:
            return 2 + (2 + span)
        case layout.SMA_CROSSOVER:
            return 2 + (2 + span) + (2 + slow)
        case layout.BOLLINGER:
            return 2 + (3 + 2 * span)
    return 0


def _needed(leaf: Leaf, timeframe: Seconds) -> int:
    """The first candle, counted from 1, on which a condition has all that it looks at."""
    match leaf:
        case PriceDrop() | PriceRise():
            return _window(leaf.timeframe, timeframe) + 1
        case VolumeSpike():
            return leaf.lookback + 1
        case PriceLevel():
            return 2
        case Rsi():
            return leaf.period + 1
        case MaCrossover():
            return leaf.slow + 1
        case Bollinger():
            return leaf.period
    return 1


def _settling(leaf: Leaf) -> int:
    """How many candles more an average takes to forget where it began."""
    match leaf:
        case Rsi():
            return RSI_SETTLES * leaf.period
        case MaCrossover(ma_type="ema"):
            return EMA_SETTLES * leaf.slow
    return 0


def _write_rule(program: Record, index: int, rule: Rule, places: dict[Leaf, int]) -> None:
    own = [program["leaves"][places[leaf]] for _, leaf in leaves(rule.when)]
    previous = program["rules"][index - 1] if index else None
    row = program["rules"][index]
    row["code_from"] = row["code_to"] = 0 if previous is None else previous["code_to"]
    _write_code(program, row, rule.when, places)
    row["needed"] = max(leaf["needed"] for leaf in own)
    row["needs_volume"] = any(leaf["kind"] == layout.VOLUME_SPIKE for leaf in own)
    row["live"] = any(leaf["kind"] == layout.POSITION_PROFIT for leaf in own)
    row["level"] = rule.trigger == "level"
    row["only_if"] = _ONLY_IF[rule.only_if]
    row["cooldown"] = _seconds(rule.cooldown)
    row["max_fires"] = rule.max_fires or 0
    row["action_from"] = 0 if previous is None else previous["action_to"]
    row["action_to"] = row["action_from"] + len(rule.then)
    row["buys"] = sum(isinstance(action, Buy) for action in rule.then)
    for place, action in enumerate(rule.then, row["action_from"]):
        program["actions"][place] = (*_kind_and_amount(action), index)


def _write_code(program: Record, row: Record, node: Leaf | Tree, places: dict[Leaf, int]) -> None:
    """Write a tree in postfix order: first what stands under a node, then what joins it."""
    below = children(node)
    for child in below:
        _write_code(program, row, child, places)
    match node:
        case All():
            operation = (layout.ALL, len(below))
        case Any():
            operation = (layout.ANY, len(below))
        case Not():
            operation = (layout.NOT, 1)
        case _:
            operation = (layout.PUSH, places[node])
    program["code"][row["code_to"]] = operation
    row["code_to"] += 1


def _kind_and_amount(action: Action) -> tuple[int, float]:
    match action:
        case Buy(amount_percent=float(percent)):
            return layout.BUY_CASH_PERCENT, percent
        case Buy(equity_percent=float(percent)):
            return layout.BUY_EQUITY_PERCENT, percent
        case Buy(amount_usd=float(money)):
            return layout.BUY_MONEY, money
        case Sell():
            return layout.SELL, action.amount_percent
        case Hold():
            return layout.HOLD, 0.0
    return layout.NOTIFY, 0.0


def _seconds(duration: str | None) -> Seconds:
    return 0 if duration is None else parse_timeframe(duration)


def _window(duration: str | None, timeframe: Seconds) -> int:
    """A look-back in candles; without a duration it is the previous candle."""
    return 1 if duration is None else parse_timeframe(duration) // timeframe
