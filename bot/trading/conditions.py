"""What a rule waits for: nine kinds of conditions, and the trees of `all`, `any` and `not` that join them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator
from typing_extensions import TypeAliasType

from bot.trading.parts import Duration, Fall, Number, Part, Period, Positive, Rise

DEEPEST = 3
"""How many levels of `all`, `any` and `not` may stand above a condition."""

MOST_LEAVES = 20
"""How many conditions one tree may hold."""

Direction = Literal["above", "below"]


class PriceDrop(Part):
    """The close is `threshold` percent or more below the close one `timeframe` ago."""

    type: Literal["price_drop"]
    threshold: Fall = Field(description="Smallest fall, in percent: 5 means 5 % or more.")
    timeframe: Duration | None = Field(
        None, description='Over which time, such as "1h"; null compares with the previous candle.'
    )


class PriceRise(Part):
    """The close is `threshold` percent or more above the close one `timeframe` ago."""

    type: Literal["price_rise"]
    threshold: Rise = Field(description="Smallest rise, in percent: 5 means 5 % or more.")
    timeframe: Duration | None = Field(
        None, description='Over which time, such as "1h"; null compares with the previous candle.'
    )


class VolumeSpike(Part):
    """The volume is `threshold` percent or more above the mean of the previous `lookback` candles."""

    type: Literal["volume_spike"]
    threshold: Rise = Field(description="Percent above the mean volume: 100 means twice the mean or more.")
    lookback: Annotated[int, Field(strict=True, ge=1, le=1000)] = Field(
        20, description="How many candles before this one make the mean."
    )


class PriceLevel(Part):
    """The close crosses `price` on this candle: the previous close was on the other side of it."""

    type: Literal["price_level"]
    price: Positive = Field(description="The price, in the market's quote currency.")
    direction: Direction = Field(
        description='"above": the close rises to it or over it; "below": falls to it or under.'
    )


class Rsi(Part):
    """The relative strength index (Wilder's, 0 to 100) of the closes is above or below `value`."""

    type: Literal["rsi"]
    period: Period = Field(14, description="Candles.")
    direction: Direction = Field(description="On which side of `value` the index must be.")
    value: Annotated[Number, Field(gt=0, lt=100)] = Field(
        description="From 0 to 100; under 30 is called oversold."
    )


class MaCrossover(Part):
    """The fast moving average of the closes crosses the slow one on this candle."""

    type: Literal["ma_crossover"]
    ma_type: Literal["sma", "ema"] = Field("ema", description='"sma" simple or "ema" exponential average.')
    fast: Annotated[int, Field(strict=True, ge=1, le=1000)] = Field(
        description="Candles of the fast average; fewer than `slow`. 1 is the close itself."
    )
    slow: Period = Field(description="Candles of the slow average.")
    direction: Direction = Field(
        description='"above": the fast one rises over the slow one; "below": it falls under.'
    )

    @model_validator(mode="after")
    def _fast_is_faster(self) -> Self:
        if self.fast >= self.slow:
            raise ValueError(f"fast ({self.fast}) must be smaller than slow ({self.slow})")
        return self


class Bollinger(Part):
    """The close is above or below a band: the simple average ± `std` population standard deviations."""

    type: Literal["bollinger"]
    period: Period = Field(20, description="Candles.")
    std: Annotated[Number, Field(gt=0, le=20)] = Field(
        2.0, description="Standard deviations from the average."
    )
    band: Literal["upper", "lower"] = Field(description="Which band.")
    direction: Direction = Field(description="On which side of the band the close must be.")


class PositionProfit(Part):
    """The position's profit at the close, against its average price, is past `value`; never while flat."""

    type: Literal["position_profit"]
    direction: Direction = Field(description="On which side of `value` the profit must be.")
    value: Annotated[Number, Field(gt=-100, le=1e6)] = Field(description="Percent; negative for a loss.")


class Schedule(Part):
    """The clock: true on the candle that closes when an interval ends, counted in UTC from 1970-01-01.

    Its rule fires by level.
    """

    type: Literal["schedule"]
    every: Duration = Field(description='The interval, such as "1d" for plain daily buying.')


class All(Part):
    """True when every one of these is true."""

    all: tuple[Condition, ...] = Field(min_length=1, max_length=MOST_LEAVES, description="All must be true.")


class Any(Part):
    """True when at least one of these is true."""

    any: tuple[Condition, ...] = Field(
        min_length=1, max_length=MOST_LEAVES, description="One true is enough."
    )


class Not(Part):
    """True when this is false."""

    condition: Condition = Field(alias="not", description="Must be false.")


Leaf = (
    PriceDrop
    | PriceRise
    | VolumeSpike
    | PriceLevel
    | Rsi
    | MaCrossover
    | Bollinger
    | PositionProfit
    | Schedule
)
Tree = All | Any | Not

LEAF_TYPES = (
    "price_drop",
    "price_rise",
    "volume_spike",
    "price_level",
    "rsi",
    "ma_crossover",
    "bollinger",
    "position_profit",
    "schedule",
)
_BRANCHES: dict[type, str] = {All: "all", Any: "any", Not: "not"}


def tag(kind: str) -> str:
    """The name of a union's member inside an error's path; the brackets tell it from a field."""
    return f"<{kind}>"


def _kind(value: object) -> str | None:
    """Which member of `Condition` a piece of a document (or a finished part) is meant to be."""
    if isinstance(value, dict):
        if "type" in value:
            return tag(value["type"]) if value["type"] in LEAF_TYPES else None
        return next((tag(key) for key in _BRANCHES.values() if key in value), None)
    kind = _BRANCHES.get(type(value)) or getattr(value, "type", None)
    return tag(kind) if isinstance(kind, str) else None


Condition = TypeAliasType(
    "Condition",
    Annotated[
        Annotated[PriceDrop, Tag("<price_drop>")]
        | Annotated[PriceRise, Tag("<price_rise>")]
        | Annotated[VolumeSpike, Tag("<volume_spike>")]
        | Annotated[PriceLevel, Tag("<price_level>")]
        | Annotated[Rsi, Tag("<rsi>")]
        | Annotated[MaCrossover, Tag("<ma_crossover>")]
        | Annotated[Bollinger, Tag("<bollinger>")]
        | Annotated[PositionProfit, Tag("<position_profit>")]
        | Annotated[Schedule, Tag("<schedule>")]
        | Annotated[All, Tag("<all>")]
        | Annotated[Any, Tag("<any>")]
        | Annotated[Not, Tag("<not>")],
        Discriminator(
            _kind,
            custom_error_type="condition",
            custom_error_message=(
                f"must be a condition with a type ({', '.join(LEAF_TYPES)}) "
                'or one of {"all": […]}, {"any": […]}, {"not": …}'
            ),
        ),
    ],
)
"""A condition, or a tree of them."""

for _model in (All, Any, Not):
    _model.model_rebuild()


def children(node: Leaf | Tree) -> tuple[Leaf | Tree, ...]:
    """What stands directly under a node; nothing under a condition."""
    match node:
        case All():
            return node.all
        case Any():
            return node.any
        case Not():
            return (node.condition,)
    return ()


def depth(node: Leaf | Tree) -> int:
    """How many levels of `all`, `any` and `not` a tree has; a bare condition has none."""
    below = children(node)
    return 1 + max(map(depth, below)) if below else 0


def leaves(node: Leaf | Tree, path: str = "when") -> Iterator[tuple[str, Leaf]]:
    """Every condition of a tree in reading order, each with its path in the document."""
    match node:
        case All():
            for index, child in enumerate(node.all):
                yield from leaves(child, f"{path}.all[{index}]")
        case Any():
            for index, child in enumerate(node.any):
                yield from leaves(child, f"{path}.any[{index}]")
        case Not():
            yield from leaves(node.condition, f"{path}.not")
        case _:
            yield path, node
