"""Which part of a strategy is to be taken away: "remove the stop loss", "no take profit", "drop the RSI rule"."""

from __future__ import annotations

from collections.abc import Sequence

from bot.agent.offline.items import Change, Condition, Guard, Item, Limit, Placed, Target, Vague, Verb

_VAGUE = {
    "stop": "stop_loss_percent",
    "target": "take_profit",
    "trailing": "trailing_stop",
    "rsi": "rsi",
    "volume": "volume_spike",
    "fall": "price_drop",
    "rise": "price_rise",
    "average": "ma_crossover",
}


def things_removed(items: Sequence[Placed]) -> tuple[str, ...]:
    """What follows a word of removing, in the terms of `changes.changed`."""
    removing, found = False, []
    for placed in items:
        if placed.item == Change("remove"):
            removing = True
        elif removing and (thing := _thing(placed.item)) is not None:
            found.append(thing)
    return tuple(dict.fromkeys(found))


def _thing(item: Item) -> str | None:
    match item:
        case Vague(what=what):
            return _VAGUE[what]
        case Guard(field=field):
            return field
        case Target():
            return "take_profit"
        case Condition(leaf=leaf):
            return str(leaf.get("type", ""))
        case Limit(field=field) if field != "repeat":
            return field
        case Verb(kind=kind):
            return kind
    return None
