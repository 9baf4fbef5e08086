"""What a sentence about a strategy is made of, in the order in which it was said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from bot.agent.offline.words import Words

Leaf = dict[str, Any]
"""A condition as it stands in a strategy document."""


@dataclass(frozen=True, slots=True)
class Verb:
    """The beginning of an action."""

    kind: Literal["buy", "sell", "tell"]


@dataclass(frozen=True, slots=True)
class Join:
    """A word that ties conditions to each other or to an action; "again" is an "and when": both, or either."""

    kind: Literal["and", "or", "not", "when", "again", "comma", "stop"]


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition; `bare` when it is a number whose subject was left out, as in "or above 70".

    `candles` is the length of a candle that "the 50-day average" implies; `lasting` means that it was told as
    something that goes on ("is above 2"), where the document only knows the moment of crossing.
    """

    leaf: Leaf
    bare: bool = False
    candles: str | None = None
    lasting: bool = False


@dataclass(frozen=True, slots=True)
class Crossing:
    """A crossing whose lines were named before: "sell when it crosses below"."""

    direction: Literal["above", "below"]


@dataclass(frozen=True, slots=True)
class Exit:
    """A profit (above 0) or a loss (below 0) of the position, in percent."""

    percent: float


@dataclass(frozen=True, slots=True)
class Target:
    """A take profit that was called one, in percent above what was paid."""

    percent: float


@dataclass(frozen=True, slots=True)
class Ladder:
    """Several take profits, or one with a share: percent above what was paid, and how much to sell there."""

    levels: tuple[tuple[float, float | None], ...]


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the position in percent; None is what is left of it."""

    percent: float | None


@dataclass(frozen=True, slots=True)
class Amount:
    """How much to buy: the field of the action, and its value."""

    field: Literal["amount_percent", "equity_percent", "amount_usd"]
    value: float


@dataclass(frozen=True, slots=True)
class Portion:
    """A percentage on its own, and the word before it."""

    percent: float
    before: str


@dataclass(frozen=True, slots=True)
class Price:
    """A price that is to be reached, nobody said from where; without `money` it may be another number."""

    value: float
    money: bool = True


@dataclass(frozen=True, slots=True)
class Guard:
    """A field of `risk_management`; None removes it."""

    field: str
    value: Any


@dataclass(frozen=True, slots=True)
class Cost:
    """A field of `costs`, in percent."""

    field: str
    value: float


@dataclass(frozen=True, slots=True)
class Candles:
    """The length of the strategy's candles."""

    timeframe: str


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time on its own, and the word before it."""

    timeframe: str
    before: str


@dataclass(frozen=True, slots=True)
class Limit:
    """How often a rule may fire: the field of the rule and its value; "repeat" means that holding is no obstacle."""

    field: Literal["cooldown", "max_fires", "repeat"]
    value: Any


@dataclass(frozen=True, slots=True)
class Named:
    """The name of the trading bot."""

    name: str


@dataclass(frozen=True, slots=True)
class Chain:
    """The chain on which a token is."""

    name: str


@dataclass(frozen=True, slots=True)
class Mention:
    """A word that no rule knows; `strong` when it looks like the symbol of a token."""

    text: str
    strong: bool


@dataclass(frozen=True, slots=True)
class Vague:
    """Something that is understood but for its number."""

    what: Literal["fall", "rise", "volume", "rsi", "average", "stop", "target", "trailing", "steps"]


@dataclass(frozen=True, slots=True)
class Either:
    """Something that can mean several things: a question for the person, and what each answer means."""

    question: str
    options: tuple[tuple[str, Item], ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A word that tells how to change what is there."""

    kind: Literal["also", "instead", "remove"]


Item = (
    Verb
    | Join
    | Condition
    | Crossing
    | Exit
    | Target
    | Ladder
    | Share
    | Amount
    | Portion
    | Price
    | Guard
    | Cost
    | Candles
    | Span
    | Limit
    | Named
    | Chain
    | Mention
    | Vague
    | Either
    | Change
)


@dataclass(frozen=True, slots=True)
class Placed:
    """An item, and the tokens from `first` to the one before `last` that say it."""

    item: Item
    first: int
    last: int


Found = tuple[Item, int] | None
"""An item that begins at a place, and the place after it."""

Matcher = Callable[[Words, int], Found]


def whole(value: float) -> float:
    """A number as a person would write it in a document: 5 rather than 5.0."""
    return int(value) if value == int(value) else round(value, 12)
