"""What a person said about a strategy, put together: rules, protection, and what is missing or unclear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from bot.agent.offline.items import Amount, Either, Leaf

RuleKind = Literal["buy", "sell", "tell"]
Groups = tuple[tuple[Leaf, ...], ...]
"""Conditions: all of one group, or all of another."""


@dataclass(frozen=True, slots=True)
class PlannedRule:
    """A rule before it is written into a document; `share` in percent of the position, `said` for a message."""

    kind: RuleKind
    groups: Groups
    amount: Amount | None = None
    share: float = 100.0
    limits: Mapping[str, Any] = field(default_factory=dict)
    tell: bool = False
    said: str = ""

    def telling(self) -> PlannedRule:
        """The same rule, which also sends a message."""
        return replace(self, tell=True)


@dataclass(frozen=True, slots=True)
class Draft:
    """A strategy as far as it was told.

    `exits` are profits in percent, each with the share of the position to sell (None: what is left of it); `loose`
    are conditions without an action; `span` is a time that may be that of the candles or of a condition; `unsure`
    is the action beside the first point that is vague or unknown. `unknown` are words that must be asked about,
    `unused` those that are only left out, `lasting` conditions that cannot be joined with others, `replaced` the
    token whose place the new one takes.
    """

    symbol: str | None = None
    others: tuple[str, ...] = ()
    replaced: str | None = None
    address: str | None = None
    chain: str | None = None
    name: str | None = None
    timeframe: str | None = None
    span: str | None = None
    rules: tuple[PlannedRule, ...] = ()
    loose: tuple[Leaf, ...] = ()
    exits: tuple[tuple[float, float | None], ...] = ()
    risk: Mapping[str, Any] = field(default_factory=dict)
    costs: Mapping[str, float] = field(default_factory=dict)
    limits: Mapping[str, Any] = field(default_factory=dict)
    amount: Amount | None = None
    share: float | None = None
    vague: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    lasting: tuple[str, ...] = ()
    unclear: tuple[Either, ...] = ()
    unsure: RuleKind | None = None
    keeps: bool = False

    def of(self, kind: RuleKind) -> tuple[PlannedRule, ...]:
        """The rules of one kind."""
        return tuple(rule for rule in self.rules if rule.kind == kind)

    @property
    def has_exit(self) -> bool:
        """Whether it was said how a position ends, or that it does not."""
        guards = {"stop_loss_percent", "trailing_stop", "max_hold"} & self.risk.keys()
        return bool(self.of("sell") or self.exits or guards or self.keeps)

    @property
    def regular(self) -> bool:
        """Whether it buys by the clock."""
        return any(
            leaf.get("type") == "schedule"
            for rule in self.of("buy")
            for group in rule.groups
            for leaf in group
        )

    @property
    def empty(self) -> bool:
        """Whether nothing about a strategy was said, apart from a token's name and words that nobody knows."""
        return (
            replace(
                self,
                symbol=None,
                others=(),
                replaced=None,
                address=None,
                chain=None,
                unknown=(),
                unused=(),
                name=None,
                unsure=None,
            )
            == Draft()
        )

    def with_answer(self, about: str, new: Draft) -> Draft:
        """This draft with what was said in answer to a question about it.

        An answer about when to buy, sell or tell takes the place of what was said about that before.
        """
        told = {rule.kind for rule in new.rules} | ({"sell"} if new.exits else set())
        answered = bool(new.rules or new.exits or new.risk) and not new.vague
        again = {about, self.unsure} & told
        return replace(
            self,
            symbol=new.symbol or self.symbol,
            others=() if new.symbol or new.address else self.others,
            address=new.address or self.address,
            chain=new.chain or self.chain,
            name=new.name or self.name,
            timeframe=new.timeframe or self.timeframe,
            span=new.span or self.span,
            rules=tuple(rule for rule in self.rules if rule.kind not in again) + new.rules,
            loose=new.loose,
            exits=new.exits
            if "sell" in again or (about == "steps" and new.exits)
            else self.exits + new.exits,
            risk={**self.risk, **new.risk},
            costs={**self.costs, **new.costs},
            limits={**self.limits, **new.limits},
            amount=new.amount or self.amount,
            vague=self.vague[1:] if answered else self.vague,
            unknown=new.unknown,
            unused=tuple(dict.fromkeys((*self.unused, *new.unused))),
            lasting=new.lasting,
            unclear=new.unclear,
            unsure=new.unsure,
            keeps=self.keeps or new.keeps,
        )
