"""Hypothesis strategies for documents that trade a lot: random ones, and rules that fire all the time."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from bot.trading.conditions import Leaf, Not, PositionProfit, PriceDrop, PriceRise, Tree
from bot.trading.document import Strategy
from bot.trading.protection import Costs, RiskManagement, TakeProfit, TrailingStop
from bot.trading.rules import Action, Buy, Rule, Sell
from bot.trading.timeframe import parse_timeframe
from tests.trading.documents import actions, durations, numbers, strategies


def busy_conditions() -> SearchStrategy[Leaf | Tree]:
    """Conditions that turn true and false every few candles."""
    threshold = numbers(0.01, 1)
    profit: SearchStrategy[Leaf | Tree] = st.builds(
        PositionProfit,
        type=st.just("position_profit"),
        direction=st.sampled_from(["above", "below"]),
        value=numbers(-5, 5),
    )
    return st.one_of(
        st.builds(PriceRise, type=st.just("price_rise"), threshold=threshold),
        st.builds(PriceDrop, type=st.just("price_drop"), threshold=threshold),
        profit,
        profit.map(lambda leaf: Not(condition=leaf)),
    )


def busy_actions() -> SearchStrategy[Action]:
    """Mostly buys and sells, also of everything."""
    share = numbers(1, 100)
    return st.one_of(
        actions(),
        st.just(Sell(type="sell", amount_percent=100)),
        share.map(lambda percent: Sell(type="sell", amount_percent=percent)),
        share.map(lambda percent: Buy(type="buy", amount_percent=percent)),
    )


@st.composite
def busy_rules(draw: st.DrawFn, name: str) -> Rule:
    return Rule(
        id=name,
        only_if=draw(st.sampled_from([None, None, "flat", "in_position"])),
        trigger=draw(st.sampled_from(["edge", "level"])),
        when=draw(busy_conditions()),
        then=tuple(draw(st.lists(busy_actions(), min_size=1, max_size=3))),
    )


@st.composite
def tight_protection(draw: st.DrawFn, timeframe: int) -> RiskManagement:
    """Levels so near that a few candles reach them."""
    percents = sorted(draw(st.lists(numbers(0.1, 6), max_size=4, unique=True)))
    last = len(percents) - 1
    share = numbers(10, 90)
    return RiskManagement(
        stop_loss_percent=draw(st.none() | numbers(0.3, 8)),
        take_profits=tuple(
            TakeProfit(
                percent=percent, sell_percent=draw(share | st.just(100.0)) if place == last else draw(share)
            )
            for place, percent in enumerate(percents)
        ),
        trailing_stop=draw(
            st.none()
            | st.builds(TrailingStop, percent=numbers(0.2, 6), arm_percent=st.just(0.0) | numbers(0.1, 4))
        ),
        break_even_at_percent=draw(st.none() | numbers(0.1, 4)),
        max_hold=draw(st.none() | durations(timeframe, 20)),
        max_entries=draw(st.none() | st.integers(1, 4)),
        cooldown_after_stop=draw(st.none() | durations(timeframe, 10)),
        max_drawdown_percent=draw(st.none() | st.none() | numbers(5, 60)),
    )


@st.composite
def busy_strategies(
    draw: st.DrawFn, timeframes: SearchStrategy[int], prices: SearchStrategy[float]
) -> Strategy:
    """One or two random rules, and up to three busy ones after them; often with tight protection."""
    strategy = draw(strategies(timeframes, prices, most_rules=2))
    count = draw(st.integers(0, 3))
    busy = tuple(draw(busy_rules(f"busy-{index}")) for index in range(count))
    timeframe = parse_timeframe(strategy.timeframe)
    risk = draw(st.just(strategy.risk_management) | tight_protection(timeframe) | tight_protection(timeframe))
    low_costs = st.builds(Costs, fee_percent=numbers(0, 0.3), slippage_percent=numbers(0.01, 0.2))
    costs = draw(st.just(strategy.costs) | low_costs)
    changes = {"rules": strategy.rules + busy, "risk_management": risk, "costs": costs}
    return strategy.model_copy(update=changes)
