"""A rule of a strategy: when something is true, do something."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from bot.trading.conditions import DEEPEST, MOST_LEAVES, Condition, Leaf, Schedule, Tree, depth, leaves, tag
from bot.trading.parts import Count, Duration, Message, Part, Positive, RuleId, Share


class Buy(Part):
    """Buy at the next open; exactly one of the three amounts is given."""

    type: Literal["buy"]
    amount_percent: Share | None = Field(None, description="Percent of the cash at hand.")
    equity_percent: Share | None = Field(None, description="Percent of the equity (cash plus position).")
    amount_usd: Annotated[Positive, Field(ge=1)] | None = Field(None, description="US dollars, at least 1.")

    @model_validator(mode="after")
    def _one_amount(self) -> Self:
        amounts = (self.amount_percent, self.equity_percent, self.amount_usd)
        given = sum(amount is not None for amount in amounts)
        if given != 1:
            raise ValueError(
                f"needs exactly one of amount_percent, equity_percent, amount_usd; {given} are given"
            )
        return self


class Sell(Part):
    """Sell a part of the position at the next open."""

    type: Literal["sell"]
    amount_percent: Share = Field(description="Percent of the position; 100 sells all of it.")


class Hold(Part):
    """Do nothing but write it down."""

    type: Literal["hold"]


class Notify(Part):
    """Tell the chat."""

    type: Literal["notify"]
    message: Message = Field(description="What to say, at most 500 letters.")


ACTION_TYPES = ("buy", "sell", "hold", "notify")


def _action_kind(value: object) -> str | None:
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return tag(kind) if kind in ACTION_TYPES else None


Action = Annotated[
    Annotated[Buy, Tag("<buy>")]
    | Annotated[Sell, Tag("<sell>")]
    | Annotated[Hold, Tag("<hold>")]
    | Annotated[Notify, Tag("<notify>")],
    Discriminator(
        _action_kind,
        custom_error_type="action",
        custom_error_message=f"must be an action with a type ({', '.join(ACTION_TYPES)})",
    ),
]


def _within_size(when: Leaf | Tree) -> Leaf | Tree:
    if depth(when) > DEEPEST:
        raise ValueError(f"all, any and not may be nested at most {DEEPEST} deep")
    if (count := sum(1 for _ in leaves(when))) > MOST_LEAVES:
        raise ValueError(f"holds {count} conditions; at most {MOST_LEAVES} are allowed")
    return when


class Rule(Part):
    """When something becomes true, do something; judged once for every closed candle."""

    id: RuleId = Field(description="A short name, unique in this document: letters, digits, - and _.")
    only_if: Literal["flat", "in_position"] | None = Field(
        None,
        description='"flat": while nothing is held; "in_position": while something is held; null: always.',
    )
    trigger: Literal["edge", "level"] = Field(
        "edge",
        description='"edge": fires when `when` turns from false to true; "level": on every candle while it '
        "is true. A rule with a schedule is level, also when this is left out.",
    )
    cooldown: Duration | None = Field(
        None, description='Time to rest after firing, such as "1h"; null: none.'
    )
    max_fires: Count | None = Field(None, description="How often it may fire in all; null: no limit.")
    when: Annotated[Condition, AfterValidator(_within_size)] = Field(
        description="A condition, or a tree of all, any and not (at most 3 deep, 20 conditions)."
    )
    then: tuple[Action, ...] = Field(min_length=1, max_length=10, description="What to do, all of it.")

    @model_validator(mode="before")
    @classmethod
    def _schedules_are_level(cls, data: object) -> object:
        if isinstance(data, dict) and "trigger" not in data and _has_schedule(data.get("when")):
            return {**data, "trigger": "level"}
        return data

    @model_validator(mode="after")
    def _no_edge_of_a_schedule(self) -> Self:
        if self.trigger == "edge" and any(isinstance(leaf, Schedule) for _, leaf in leaves(self.when)):
            raise ValueError('a rule with a schedule must have trigger "level"')
        return self


def _has_schedule(node: object, levels: int = DEEPEST) -> bool:
    """Whether a tree that is not validated yet names a schedule; looks no deeper than a valid tree goes."""
    if isinstance(node, Part):
        node = node.model_dump()
    if not isinstance(node, dict):
        return False
    if node.get("type") == "schedule":
        return True
    lists = [node[key] for key in ("all", "any") if isinstance(node.get(key), list | tuple)]
    below = [node.get("not"), *(child for children in lists for child in children)]
    return levels > 0 and any(_has_schedule(child, levels - 1) for child in below)
