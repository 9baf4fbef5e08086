"""Which conditions go with which action: the items of a sentence cut into clauses, one for each verb."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from typing import Literal

from bot.agent.offline.items import Condition, Crossing, Either, Join, Placed, Price, Vague, Verb


@dataclass(frozen=True, slots=True)
class Clause:
    """A verb with what belongs to it; without a verb what was said apart from all actions.

    `denied` is the place of a verb that stands behind "don't" or "never".
    """

    verb: Literal["buy", "sell", "tell"] | None
    items: tuple[Placed, ...]
    denied: Placed | None = None


def clauses(items: Sequence[Placed]) -> list[Clause]:
    """Cut a sentence into clauses.

    "Buy when A and sell when B" ties what follows a verb to it; when something is told before the first verb, as in
    "if A buy, if B sell", what stands before a verb goes with it.
    """
    denied = {id(after) for before, after in pairwise(items) if _denies(before, after)}
    items = [
        each for each, after in zip_longest(items, items[1:]) if after is None or not _denies(each, after)
    ]
    verbs = [place for place, placed in enumerate(items) if isinstance(placed.item, Verb)]
    if not verbs:
        return [Clause(None, tuple(items))]
    leading = items[: verbs[0]]
    before = any(_is_condition(placed) for placed in leading)
    cut = [] if before else [Clause(None, tuple(leading))]
    carried: Sequence[Placed] = leading if before else ()
    for number, place in enumerate(verbs):
        last = number + 1 == len(verbs)
        following = items[place + 1 : None if last else verbs[number + 1]]
        own = following if last or not before else following[: _next_condition(following)]
        cut.append(_clause(items[place], (*carried, *own), denied))
        carried = following[len(own) :]
    return cut


def _denies(before: Placed, after: Placed) -> bool:
    """Whether "don't" or "never" stands right before a verb."""
    return before.item == Join("not") and isinstance(after.item, Verb) and before.last == after.first


def _clause(verb: Placed, items: tuple[Placed, ...], denied: Collection[int]) -> Clause:
    kind = verb.item.kind if isinstance(verb.item, Verb) else None
    return Clause(kind, items, verb if id(verb) in denied else None)


def _is_condition(placed: Placed) -> bool:
    return isinstance(placed.item, Condition | Crossing | Price | Vague | Either)


def _next_condition(items: Sequence[Placed]) -> int:
    """Where, after a verb, the conditions of the next verb begin."""
    for place, placed in enumerate(items):
        opens = isinstance(placed.item, Join) and placed.item.kind != "not"
        if (opens or _is_condition(placed)) and any(_is_condition(later) for later in items[place:]):
            return place
    return len(items)
