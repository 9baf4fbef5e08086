"""Any strategy in plain words, made by code: nothing that changes what it does is left out."""

from __future__ import annotations

import re

from bot.numbers import exact, money
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
)
from bot.trading.document import Market, Strategy
from bot.trading.protection import Costs, RiskManagement
from bot.trading.rules import Action, Buy, Hold, Notify, Rule, Sell
from bot.trading.timeframe import in_words, parse_timeframe

_MARKUP = re.compile(r"([\\`*_\[\]<>~|&\"#])")
_MOST_INLINE = 3


def paraphrase(strategy: Strategy) -> str:
    """Say a strategy in Markdown, in short lines; two strategies that act differently never read the same."""
    parts = [_heading(strategy), *(_rule(rule, strategy.market) for rule in strategy.rules)]
    if _trades(strategy):
        parts += [_protection(strategy.risk_management), _costs(strategy.costs)]
    else:
        parts.append("It buys and sells nothing.")
    return "\n\n".join(parts)


def rule_in_words(rule: Rule, market: Market) -> str:
    """When a rule fires, on one line: "when the price falls 5 % or more within 1 hour"."""
    lines = [line.strip().removeprefix("- ") for line in _when(rule.when, market)]
    head, rest = lines[0], lines[1:]
    return f"{head} {'; '.join(rest)}" if rest else head


def condition_in_words(leaf: Leaf, market: Market) -> str:
    """One condition: "RSI(14) is below 30"."""
    return _condition(leaf, market)


def _trades(strategy: Strategy) -> bool:
    """Whether any rule buys or sells; protection and costs mean nothing where none does."""
    return any(isinstance(action, Buy | Sell) for rule in strategy.rules for action in rule.then)


def literal(text: str) -> str:
    """Text that shows as it is inside Markdown, whoever wrote it."""
    return _MARKUP.sub(r"\\\1", text)


def _heading(strategy: Strategy) -> str:
    market = strategy.market
    place = (
        f"on {market.chain}"
        if market.source == "dex"
        else f"on the exchange {literal(market.exchange or '')}"
    )
    candles = _words(strategy.timeframe)
    lines = [
        f"**{literal(strategy.name)}**: {literal(market.symbol)} {place}, priced in {market.quote}, "
        f"on candles of {candles}."
    ]
    if market.address is not None:
        lines.append(f"- Token address: {literal(market.address)}")
    if market.pool is not None:
        lines.append(f"- Pool: {literal(market.pool)}")
    return "\n".join(lines)


def _rule(rule: Rule, market: Market) -> str:
    lines = [f"**Rule {literal(rule.id)}**"]
    lines += [f"- {_action(action)}" for action in rule.then]
    lines += _when(rule.when, market)
    lines += [f"- {limit}" for limit in _limits(rule)]
    return "\n".join(lines)


def _limits(rule: Rule) -> list[str]:
    limits = []
    if rule.only_if is not None:
        limits.append("only while nothing is held" if rule.only_if == "flat" else "only while in position")
    if rule.trigger == "edge":
        limits.append("once each time this turns true")
    elif _by_the_clock(rule.when):
        limits.append("every time")
    else:
        limits.append("on every candle while this is true")
    if rule.cooldown is not None:
        limits.append(f"then rests {_words(rule.cooldown)}")
    if rule.max_fires is not None:
        limits.append(f"at most {_times(rule.max_fires)} in all")
    return limits


def _by_the_clock(node: Leaf | Tree) -> bool:
    """Whether a rule can only be true at the moments of a schedule, not candle after candle."""
    node = _without_lone_branches(node)
    return isinstance(node, Schedule) or (isinstance(node, All) and any(map(_by_the_clock, node.all)))


def _action(action: Action) -> str:
    match action:
        case Buy(amount_percent=float(share)):
            return f"**Buy** for {exact(share)} % of the cash"
        case Buy(equity_percent=float(share)):
            return f"**Buy** for {exact(share)} % of the equity"
        case Buy():
            return f"**Buy** for {_dollars(action.amount_usd or 0)}"
        case Sell():
            everything = " (all of it)" if action.amount_percent == 100 else ""
            return f"**Sell** {exact(action.amount_percent)} % of the position{everything}"
        case Hold():
            return "**Hold**: do nothing, only write it down"
        case Notify():
            return f'**Say** "{literal(action.message)}"'


def _when(node: Leaf | Tree, market: Market) -> list[str]:
    """The conditions of a rule: in one line when they are few and flat, else as a nested list."""
    node = _without_lone_branches(node)
    if isinstance(node, All | Any):
        inline = [_inline(child, market) for child in children(node)]
        texts = [text for text in inline if text is not None]
        if len(texts) == len(inline) <= _MOST_INLINE:
            joint = " and " if isinstance(node, All) else " or "
            return [f"- when {joint.join(texts)}"]
    return _nested(node, market, "- when ", "")


def _nested(node: Leaf | Tree, market: Market, start: str, indent: str) -> list[str]:
    node = _without_lone_branches(node)
    if (text := _inline(node, market)) is not None:
        return [f"{indent}{start}{text}"]
    match node:
        case All():
            text = "all of these are true:"
        case Any():
            text = "at least one of these is true:"
        case _:
            text = "this is not true:"
    lines = [f"{indent}{start}{text}"]
    for child in children(node):
        lines += _nested(child, market, "- ", f"{indent}  ")
    return lines


def _inline(node: Leaf | Tree, market: Market) -> str | None:
    """A condition, or the opposite of one, in words; None for a larger tree."""
    match _without_lone_branches(node):
        case Not(condition=inner):
            text = _inline(inner, market)
            return None if text is None else f"not ({text})"
        case All() | Any():
            return None
        case leaf:
            return _condition(leaf, market)


def _without_lone_branches(node: Leaf | Tree) -> Leaf | Tree:
    """An `all` or `any` of one thing is that thing."""
    while isinstance(node, All | Any) and len(below := children(node)) == 1:
        node = below[0]
    return node


def _condition(leaf: Leaf, market: Market) -> str:
    match leaf:
        case PriceDrop():
            return f"the price falls {exact(leaf.threshold)} % or more {_over(leaf.timeframe)}"
        case PriceRise():
            return f"the price rises {exact(leaf.threshold)} % or more {_over(leaf.timeframe)}"
        case VolumeSpike():
            before = "candle" if leaf.lookback == 1 else f"{leaf.lookback} candles"
            return f"the volume is {exact(leaf.threshold)} % or more above the mean of the {before} before"
        case PriceLevel():
            to = "rises to" if leaf.direction == "above" else "falls to"
            return f"the price {to} {exact(leaf.price)} {market.quote}"
        case Rsi():
            return f"RSI({leaf.period}) is {leaf.direction} {exact(leaf.value)}"
        case MaCrossover():
            kind = leaf.ma_type.upper()
            fast = "the price" if leaf.fast == 1 else f"{kind}({leaf.fast})"
            return f"{fast} crosses {leaf.direction} {kind}({leaf.slow})"
        case Bollinger():
            band = f"the {leaf.band} Bollinger band ({leaf.period} candles, {exact(leaf.std)} deviations)"
            return f"the price is {leaf.direction} {band}"
        case PositionProfit():
            return f"the position's profit is {leaf.direction} {exact(leaf.value)} %"
        case Schedule():
            return f"it is time (every {_words(leaf.every).removeprefix('1 ')}, by UTC)"


def _over(timeframe: str | None) -> str:
    return "from one candle to the next" if timeframe is None else f"within {_words(timeframe)}"


def _protection(risk: RiskManagement) -> str:
    lines = []
    if risk.stop_loss_percent is not None:
        lines.append(f"Stop loss: sell all {exact(risk.stop_loss_percent)} % below the average price")
    if risk.take_profit_percent is not None:
        lines.append(f"Take profit: sell all {exact(risk.take_profit_percent)} % above the average price")
    lines += [
        f"Take profit: sell {exact(step.sell_percent)} % of what is left {exact(step.percent)} % above the "
        "average price"
        for step in risk.take_profits
    ]
    if (trailing := risk.trailing_stop) is not None:
        arming = f", once {exact(trailing.arm_percent)} % above the average price"
        armed = arming if trailing.arm_percent else ""
        lines.append(f"Trailing stop: sell all {exact(trailing.percent)} % below the highest price{armed}")
    if risk.break_even_at_percent is not None:
        armed = f"once {exact(risk.break_even_at_percent)} % above the average price"
        lines.append(f"Break-even: {armed}, the stop is at that average")
    if risk.max_hold is not None:
        lines.append(f"Sell all after holding for {_words(risk.max_hold)}")
    if risk.max_entries is not None:
        lines.append(f"Buy at most {_times(risk.max_entries)} into one position")
    if risk.cooldown_after_stop is not None:
        lines.append(f"No buying for {_words(risk.cooldown_after_stop)} after a stop")
    if risk.max_drawdown_percent is not None:
        lines.append(
            f"When equity is {exact(risk.max_drawdown_percent)} % under its peak: sell all and buy no more"
        )
    if risk.stop_loss_percent is None and risk.trailing_stop is None:
        lines.append("There is no stop loss")
    return "\n".join(["**Protection**", *(f"- {line}" for line in lines)])


def _costs(costs: Costs) -> str:
    lines = [
        f"Fee {exact(costs.fee_percent)} %, slippage {exact(costs.slippage_percent)} %, "
        f"gas {_with_cents(costs.gas_usd)}"
    ]
    if costs.buy_tax_percent or costs.sell_tax_percent:
        lines.append(
            f"Token tax {exact(costs.buy_tax_percent)} % on buying, "
            f"{exact(costs.sell_tax_percent)} % on selling"
        )
    return "\n".join(["**Costs** of each trade", *(f"- {line}" for line in lines)])


def _dollars(amount: float) -> str:
    return f"${exact(amount)}" if amount == int(amount) else _with_cents(amount)


def _with_cents(amount: float) -> str:
    """Dollars and cents; an amount with parts of a cent in full, since nothing is rounded here."""
    return money(amount) if amount == round(amount, 2) else f"${exact(amount)}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _words(duration: str) -> str:
    return in_words(parse_timeframe(duration))
