"""What a simulation tells its chat: a compact card for each thing that happened, or one list of what comes late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.messages import Action, Notice
from bot.numbers import money, percent, readable, signed_percent
from bot.tools.finding_bots import SHORT_ID
from bot.trading.events import Event
from bot.trading.paraphrase import literal, rule_in_words
from bot.trading.strategy import Strategy

MOST_LISTED = 20
"""Things in one list; earlier ones are counted."""

_EXITS = {
    "stop": "the stop loss was reached",
    "stop_gap": "the price opened below the stop loss",
    "break_even": "the price fell back to break-even",
    "break_even_gap": "the price opened below break-even",
    "trailing_stop": "the trailing stop was reached",
    "trailing_stop_gap": "the price opened below the trailing stop",
    "take_profit": "the take profit was reached",
    "take_profit_gap": "the price opened above the take profit",
    "max_hold": "it was held for as long as the rules allow",
    "max_drawdown": "equity had fallen as far as the rules allow",
}
_SKIPPED = {
    "no_cash": "there is no cash left",
    "under_1_usd": "it would be under $1",
    "eaten_by_costs": "costs would eat all of it",
    "no_position": "nothing is held any more",
    "just_stopped_out": "the stop has just sold everything",
    "exit_waits": "everything is about to be sold",
    "entries_ended": "buying has ended for good",
}


@dataclass(frozen=True, slots=True)
class Teller:
    """Whose events are told: the simulation's short id, the bot's name, its rules, and whether prices are made up."""

    id: str
    name: str
    strategy: Strategy
    synthetic: bool
    alert: bool


def card(teller: Teller, event: Event) -> Notice:
    """One thing that happened, on its own."""
    lines = {
        "buy": _bought,
        "sell": _sold,
        "notify": _said,
        "skipped": _skipped,
        "entries_ended": _ended,
    }[event.kind](teller, event)
    return Notice("\n".join([*lines, _foot(teller, event)]), _buttons(teller))


def late_list(teller: Teller, events: Sequence[Event], why: str) -> Notice:
    """Several things in one message; `why` says why they come together and late."""
    shown = events[-MOST_LISTED:]
    lines = [f"**{literal(teller.name)}**: {why}"]
    if len(shown) < len(events):
        lines.append(f"{len(events) - len(shown):,} earlier ones are left out here.")
    lines += [f"- {_line(event)}" for event in shown]
    last = events[-1]
    if not teller.alert:
        lines.append(f"Equity then {_dollars(last.equity)}{_origin(teller)}")
    elif teller.synthetic:
        lines.append("Synthetic prices")
    return Notice("\n".join(lines), _buttons(teller))


def moment(seconds: int) -> str:
    """The start of a candle for people."""
    return f"{datetime.fromtimestamp(seconds, UTC):%d %b %H:%M} UTC".removeprefix("0")


def because(teller: Teller, event: Event) -> str:
    """Why something was bought or sold, in words."""
    if event.reason in _EXITS:
        return _EXITS[event.reason]
    for rule in teller.strategy.rules:
        if rule.id == event.rule:
            return f"rule {literal(rule.id)}, {rule_in_words(rule, teller.strategy.market)}"
    return "a rule"


def _bought(teller: Teller, event: Event) -> list[str]:
    symbol = literal(teller.strategy.market.symbol)
    return [
        f"**Bought {symbol}** · {literal(teller.name)}",
        f"{_dollars(event.money or 0.0)} at {_price(event.filled_price)}: "
        f"{readable(event.quantity or 0.0)} {symbol}",
        f"Why: {because(teller, event)}",
    ]


def _sold(teller: Teller, event: Event) -> list[str]:
    symbol = literal(teller.strategy.market.symbol)
    return [
        f"**Sold {symbol}: {_profit(event)}** · {literal(teller.name)}",
        f"{readable(event.quantity or 0.0)} {symbol} at {_price(event.filled_price)}: "
        f"{_dollars(event.money or 0.0)}",
        f"Why: {because(teller, event)}",
    ]


def _said(teller: Teller, event: Event) -> list[str]:
    symbol = literal(teller.strategy.market.symbol)
    return [
        f"**{literal(teller.name)}**: {literal(event.message or '')}",
        f"{symbol} is at {_price(event.price)}",
    ]


def _skipped(teller: Teller, event: Event) -> list[str]:
    why = _SKIPPED.get(event.reason, "it was not possible")
    return [f"**Order skipped** · {literal(teller.name)}", f"Rule {literal(event.rule or '')}: {why}"]


def _ended(teller: Teller, event: Event) -> list[str]:  # noqa: ARG001
    most = teller.strategy.risk_management.max_drawdown_percent
    return [
        f"**Trading ends** · {literal(teller.name)}",
        f"Equity is {percent(most or 0.0)} under its highest value: everything is sold, and nothing more is bought.",
    ]


def _foot(teller: Teller, event: Event) -> str:
    if teller.alert:
        return f"{moment(event.time)}{_origin(teller)}"
    return f"Equity {_dollars(event.equity)}, cash {_dollars(event.balance)} · {moment(event.time)}{_origin(teller)}"


def _line(event: Event) -> str:
    when = moment(event.time)
    match event.kind:
        case "buy":
            return f"{when}: bought for {_dollars(event.money or 0.0)} at {_price(event.filled_price)}"
        case "sell":
            return f"{when}: sold at {_price(event.filled_price)}, {_profit(event)}"
        case "notify":
            return f"{when}: {literal(event.message or '')} ({_price(event.price)})"
        case "skipped":
            return f"{when}: an order was skipped, {_SKIPPED.get(event.reason, 'not possible')}"
    return f"{when}: the greatest drawdown was reached, trading ends"


def _profit(event: Event) -> str:
    profit = event.profit or 0.0
    sign = "+" if profit > 0 else ""
    return f"{sign}{_dollars(profit)} ({signed_percent(event.profit_percent or 0.0)})"


def _price(price: float | None) -> str:
    return f"${readable(price or 0.0)}"


def _origin(teller: Teller) -> str:
    return " · synthetic prices" if teller.synthetic else ""


def _buttons(teller: Teller) -> tuple[Action, ...]:
    short = teller.id[:SHORT_ID]
    if teller.alert:
        return (Action("Why", f"/why {short}"), Action("Stop", f"/simulate stop {short}"))
    return (Action("Chart", f"/simulate chart {short}"), Action("Status", f"/simulate status {short}"))


def _dollars(amount: float) -> str:
    """Money; what is less than half a cent is nothing but rounding."""
    return money(0.0 if abs(amount) < 0.005 else amount)
