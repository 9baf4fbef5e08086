"""What happens in a run, as objects: made from the engine's rows when somebody wants to read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bot.trading import layout
from bot.trading.document import Strategy
from bot.trading.layout import Record, Records
from bot.trading.rules import Notify


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened on the candle that starts at `time` (epoch seconds); money in quote currency.

    `kind` is buy, sell, notify, hold, skipped or entries_ended. `rule` is the id of the rule behind it, None for a
    protective sale. `reason` is "rule", else which protection sold (stop, stop_gap, break_even, break_even_gap,
    trailing_stop, trailing_stop_gap, take_profit, take_profit_gap, max_hold, max_drawdown), or why an order was
    skipped (no_cash, under_1_usd, eaten_by_costs, no_position, just_stopped_out, exit_waits, entries_ended).

    `price` is before slippage, `filled_price` after it. `money` is what a buy spent, or what a sale brought after
    all costs; `profit` is net, against what the sold tokens cost with their costs. What only a fill has is None
    elsewhere. `balance` is the cash after it, `equity` the cash and the position at `price`.
    """

    time: int
    kind: str
    reason: str
    rule: str | None
    message: str | None
    price: float
    filled_price: float | None
    quantity: float | None
    money: float | None
    fee: float | None
    gas: float | None
    tax: float | None
    profit: float | None
    profit_percent: float | None
    balance: float
    equity: float

    def to_json(self) -> dict[str, Any]:
        """Every field; numbers in JSON come back as the very same ones."""
        return asdict(self)


def event_from_json(stored: Mapping[str, Any]) -> Event:
    """The event that `to_json` wrote."""
    return Event(**stored)


def read_events(strategy: Strategy, rows: Records) -> tuple[Event, ...]:
    """The events of the engine's rows, with the names from the strategy that ran."""
    messages = [
        action.message if isinstance(action, Notify) else None
        for rule in strategy.rules
        for action in rule.then
    ]
    return tuple(_read(strategy, messages, row) for row in rows)


def read_queue(strategy: Strategy, program: Record, book: Record) -> tuple[str, ...]:
    """What waits in a book to be filled: max_hold or max_drawdown, then ids of rules, each once."""
    forced = [layout.REASONS[book["exit"]]] if book["exit"] else []
    waiting = [program["actions"][place]["rule"] for place in book["queue"][: book["queued"]]]
    return tuple(dict.fromkeys(forced + [strategy.rules[rule].id for rule in waiting]))


def _read(strategy: Strategy, messages: list[str | None], row: Record) -> Event:
    kind = layout.EVENT_KINDS[row["kind"]]
    filled = kind in ("buy", "sell")
    sold = kind == "sell"

    def number(name: str, known: bool) -> float | None:
        return float(row[name]) if known else None

    return Event(
        time=int(row["time"]),
        kind=kind,
        reason=layout.REASONS[row["reason"]],
        rule=strategy.rules[row["rule"]].id if row["rule"] >= 0 else None,
        message=messages[row["action"]] if kind == "notify" else None,
        price=float(row["price"]),
        filled_price=number("filled_price", filled),
        quantity=number("quantity", filled),
        money=number("money", filled),
        fee=number("fee", filled),
        gas=number("gas", filled),
        tax=number("tax", filled),
        profit=number("profit", sold),
        profit_percent=number("profit_percent", sold),
        balance=float(row["balance"]),
        equity=float(row["equity"]),
    )
