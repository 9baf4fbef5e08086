"""What an item means beside a verb, and where it can mean several things: the question that settles it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from bot.agent.offline.items import Condition, Either, Exit, Item, Join, Mention, Price, whole
from bot.numbers import exact

VerbKind = Literal["buy", "sell", "tell"] | None

_WINDOWS = ("1h", "24h")


BOTH_OR_EITHER = Either(
    "You say “and when”: must both be true at the same time, or is either of them enough?",
    (("Both at the same time", Join("and")), ("Either is enough", Join("or"))),
)
"""What is asked about a second "when" behind an "and"."""


def meaning(item: Item, verb: VerbKind, answers: Mapping[str, str]) -> Item:
    """The item as it is meant beside this verb; an open question where that is not clear and not yet answered."""
    question = _question(item, verb)
    if question is None:
        return item
    answer = answers.get(question.question)
    if answer is None:
        return question
    return dict(question.options).get(answer, Mention(answer, strong=False))


def _question(item: Item, verb: VerbKind) -> Either | None:
    match item:
        case Either():
            return item
        case Price(value=value, money=money):
            return _from_where(value, verb, may_be_percent=not money and verb == "sell" and value >= 1)
        case Condition(leaf={"type": "price_rise", **rest}) if verb == "sell" and "timeframe" not in rest:
            return _position_or_price(float(rest["threshold"]), "above")
        case Condition(leaf={"type": "price_drop", **rest}) if verb == "sell" and "timeframe" not in rest:
            return _position_or_price(float(rest["threshold"]), "below")
    return None


def _from_where(value: float, verb: VerbKind, *, may_be_percent: bool) -> Either:
    price = exact(value)
    what = {"buy": "Buy", "sell": "Sell", "tell": "A message"}.get(verb or "", "Act")
    below = {"type": "price_level", "price": whole(value), "direction": "below"}
    above = {**below, "direction": "above"}
    if may_be_percent:
        return Either(
            f"Sell at {price}: is that a profit in percent, or a price?",
            (
                (f"At {price} % profit", Exit(value)),
                (f"When the price rises to {price}", Condition(above)),
                (f"When the price falls to {price}", Condition(below)),
            ),
        )
    return Either(
        f"{what} at a price of {price}: when the price falls to it, or when it rises to it?",
        ((f"When it falls to {price}", Condition(below)), (f"When it rises to {price}", Condition(above))),
    )


def _position_or_price(threshold: float, side: Literal["above", "below"]) -> Either:
    """ "Sell when it is up 10 %" can be about what was paid or about a move of the price."""
    percent, sign = exact(threshold), 1 if side == "above" else -1
    kind, way = ("price_rise", "rise") if side == "above" else ("price_drop", "fall")
    moves = tuple(
        (
            f"A {way} of {percent} % within {window}",
            Condition(
                {
                    "type": kind,
                    "threshold": whole(threshold),
                    "timeframe": "1d" if window == "24h" else window,
                }
            ),
        )
        for window in _WINDOWS
    )
    return Either(
        f"Sell after {percent} % {'up' if sign > 0 else 'down'}: compared with what was paid, or a move of the price?",
        ((f"{percent} % {side} what was paid", Exit(sign * threshold)), *moves),
    )
