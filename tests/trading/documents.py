"""Hypothesis strategies for strategy documents: `strategies()` gives valid ones of every kind."""

from __future__ import annotations

import string
from functools import cache

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

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
    depth,
    leaves,
)
from bot.trading.document import Market, Strategy
from bot.trading.protection import Costs, RiskManagement, TakeProfit, TrailingStop
from bot.trading.rules import Action, Buy, Hold, Notify, Rule, Sell
from bot.trading.timeframe import format_timeframe

DIRECTIONS = st.sampled_from(["above", "below"])
PRICES = st.floats(1e-9, 1e6)
TIMEFRAMES = st.sampled_from([60, 300, 900, 3_600, 14_400, 86_400])


@cache
def numbers(low: float, high: float) -> SearchStrategy[float]:
    """Numbers as people write them, with at most two decimals, from `low` to `high`."""
    return st.integers(round(low * 100), round(high * 100)).map(lambda hundredths: hundredths / 100)


@cache
def durations(timeframe: int, most: int = 100) -> SearchStrategy[str]:
    """Whole multiples of a timeframe in seconds."""
    return st.integers(1, most).map(lambda times: format_timeframe(times * timeframe))


@cache
def texts(most: int) -> SearchStrategy[str]:
    """One line of letters, digits and every sign that Markdown knows."""
    line = st.text(
        string.ascii_letters + string.digits + string.punctuation + "äß🚀 ", min_size=1, max_size=most
    )
    return line.map(lambda text: " ".join(text.split())).filter(bool)


@st.composite
def crossovers(draw: st.DrawFn) -> MaCrossover:
    fast = draw(st.integers(1, 30))
    slow = draw(st.integers(fast + 1, 60))
    ma_type = draw(st.sampled_from(["sma", "ema"]))
    return MaCrossover(type="ma_crossover", ma_type=ma_type, fast=fast, slow=slow, direction=draw(DIRECTIONS))


@cache
def conditions(timeframe: int, prices: SearchStrategy[float], schedule: bool = True) -> SearchStrategy[Leaf]:
    """Single conditions whose times are whole multiples of `timeframe` (seconds)."""
    windows = st.none() | durations(timeframe)
    kinds: list[SearchStrategy[Leaf]] = [
        st.builds(PriceDrop, type=st.just("price_drop"), threshold=numbers(0.01, 30), timeframe=windows),
        st.builds(PriceRise, type=st.just("price_rise"), threshold=numbers(0.01, 60), timeframe=windows),
        st.builds(
            VolumeSpike,
            type=st.just("volume_spike"),
            threshold=numbers(0.01, 500),
            lookback=st.integers(1, 50),
        ),
        st.builds(PriceLevel, type=st.just("price_level"), price=prices, direction=DIRECTIONS),
        st.builds(
            Rsi,
            type=st.just("rsi"),
            period=st.integers(2, 30),
            direction=DIRECTIONS,
            value=numbers(0.01, 99.99),
        ),
        crossovers(),
        st.builds(
            Bollinger,
            type=st.just("bollinger"),
            period=st.integers(2, 40),
            std=numbers(0.1, 4),
            band=st.sampled_from(["upper", "lower"]),
            direction=DIRECTIONS,
        ),
        st.builds(
            PositionProfit, type=st.just("position_profit"), direction=DIRECTIONS, value=numbers(-50, 100)
        ),
    ]
    if schedule:
        kinds.append(st.builds(Schedule, type=st.just("schedule"), every=durations(timeframe)))
    return st.one_of(kinds)


@cache
def trees(
    timeframe: int, prices: SearchStrategy[float], schedule: bool = True
) -> SearchStrategy[Leaf | Tree]:
    """Conditions and trees of them, at most 3 deep and 20 leaves."""

    def joined(below: SearchStrategy[Leaf | Tree]) -> SearchStrategy[Leaf | Tree]:
        several = st.lists(below, min_size=1, max_size=3).map(tuple)
        return st.one_of(
            several.map(lambda nodes: All(all=nodes)),
            several.map(lambda nodes: Any(any=nodes)),
            below.map(lambda node: Not(condition=node)),
        )

    leaf: SearchStrategy[Leaf | Tree] = conditions(timeframe, prices, schedule)
    tree = st.recursive(leaf, joined, max_leaves=8)
    return tree.filter(lambda node: depth(node) <= 3 and sum(1 for _ in leaves(node)) <= 20)


@cache
def actions() -> SearchStrategy[Action]:
    """Single actions of every kind."""
    share = numbers(0.01, 100)
    return st.one_of(
        share.map(lambda percent: Buy(type="buy", amount_percent=percent)),
        share.map(lambda percent: Buy(type="buy", equity_percent=percent)),
        numbers(1, 5_000).map(lambda usd: Buy(type="buy", amount_usd=usd)),
        share.map(lambda percent: Sell(type="sell", amount_percent=percent)),
        st.just(Hold(type="hold")),
        texts(40).map(lambda message: Notify(type="notify", message=message)),
    )


@st.composite
def rules(draw: st.DrawFn, name: str, timeframe: int, prices: SearchStrategy[float]) -> Rule:
    when = draw(trees(timeframe, prices))
    scheduled = any(isinstance(leaf, Schedule) for _, leaf in leaves(when))
    return Rule(
        id=name,
        only_if=draw(st.sampled_from([None, "flat", "in_position"])),
        trigger="level" if scheduled else draw(st.sampled_from(["edge", "level"])),
        cooldown=draw(st.none() | durations(timeframe, 20)),
        max_fires=draw(st.none() | st.integers(1, 5)),
        when=when,
        then=tuple(draw(st.lists(actions(), min_size=1, max_size=3))),
    )


@st.composite
def risk_managements(draw: st.DrawFn, timeframe: int = 300) -> RiskManagement:
    one_take_profit = draw(st.booleans())
    percents = sorted(draw(st.lists(numbers(0.1, 80), max_size=3, unique=True)))
    steps = tuple(
        TakeProfit(percent=percent, sell_percent=draw(numbers(1, 99.99 if percent != percents[-1] else 100)))
        for percent in percents
    )
    trailing = st.builds(TrailingStop, percent=numbers(0.1, 40), arm_percent=numbers(0, 30))
    return RiskManagement(
        stop_loss_percent=draw(st.none() | numbers(0.1, 50)),
        take_profit_percent=draw(st.none() | numbers(0.1, 100)) if one_take_profit else None,
        take_profits=() if one_take_profit else steps,
        trailing_stop=draw(st.none() | trailing),
        break_even_at_percent=draw(st.none() | numbers(0.1, 30)),
        max_hold=draw(st.none() | durations(timeframe)),
        max_entries=draw(st.none() | st.integers(1, 5)),
        cooldown_after_stop=draw(st.none() | durations(timeframe, 20)),
        max_drawdown_percent=draw(st.none() | numbers(1, 90)),
    )


@cache
def costs() -> SearchStrategy[Costs]:
    """Costs as they occur: fees and slippage of a few percent, taxes up to ten."""
    return st.builds(
        Costs,
        fee_percent=numbers(0, 2),
        slippage_percent=numbers(0, 3),
        buy_tax_percent=numbers(0, 10),
        sell_tax_percent=numbers(0, 10),
        gas_usd=numbers(0, 5),
    )


@cache
def markets() -> SearchStrategy[Market]:
    """Markets on a chain and on an exchange."""
    address = st.none() | st.text("0123456789abcdef", min_size=40, max_size=40).map(
        lambda digits: f"0x{digits}"
    )
    quote = st.sampled_from(["USD", "USDT"])
    dex = st.builds(
        Market,
        source=st.just("dex"),
        chain=st.sampled_from(["bsc", "base"]),
        symbol=texts(12),
        address=address,
        pool=address,
        quote=quote,
    )
    exchange = st.builds(
        Market,
        source=st.just("exchange"),
        symbol=texts(12),
        quote=quote,
        exchange=st.sampled_from(["binance", "kraken"]),
    )
    return dex | exchange


@st.composite
def strategies(
    draw: st.DrawFn,
    timeframes: SearchStrategy[int] = TIMEFRAMES,
    prices: SearchStrategy[float] | None = None,
    most_rules: int = 4,
) -> Strategy:
    """Valid strategies; `prices` are the levels that `price_level` may name, `timeframes` are in seconds."""
    timeframe = draw(timeframes)
    levels = PRICES if prices is None else prices
    count = draw(st.integers(1, most_rules))
    return Strategy(
        name=draw(texts(30)),
        market=draw(markets()),
        timeframe=format_timeframe(timeframe),
        rules=tuple(draw(rules(f"rule-{index}", timeframe, levels)) for index in range(count)),
        risk_management=draw(risk_managements(timeframe)),
        costs=draw(costs()),
    )
