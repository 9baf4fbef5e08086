"""What the clauses of a sentence come to, while they are read one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.agent.offline.draft import Draft, PlannedRule
from bot.agent.offline.items import Either, Leaf, Placed
from bot.agent.offline.meanings import VerbKind
from bot.agent.offline.words import Words


@dataclass
class Assembly:
    """Everything that was read so far; `answers` are those given to open questions."""

    words: Words
    answers: Mapping[str, str]
    fields: dict[str, Any] = field(default_factory=dict)
    rules: list[PlannedRule] = field(default_factory=list)
    loose: list[Leaf] = field(default_factory=list)
    exits: list[tuple[float, float | None]] = field(default_factory=list)
    risk: dict[str, Any] = field(default_factory=dict)
    costs: dict[str, float] = field(default_factory=dict)
    limits: dict[str, Any] = field(default_factory=dict)
    vague: list[str] = field(default_factory=list)
    unknown: list[Placed] = field(default_factory=list)
    unused: list[Placed] = field(default_factory=list)
    lasting: list[Placed] = field(default_factory=list)
    unclear: list[Either] = field(default_factory=list)
    last: Leaf = field(default_factory=dict)
    entries: int = 1

    def not_known(self, placed: Placed, verb: VerbKind) -> None:
        """Note something that was said and not understood."""
        self.unknown.append(placed)
        self.unsure(verb)

    def unsure(self, verb: VerbKind) -> None:
        """Note beside which action the first open point stands."""
        self.fields.setdefault("unsure", verb or "buy")

    def missing(self, what: str, verb: VerbKind) -> None:
        """Note something whose number is not clear."""
        self.vague.append(what)
        self.unsure(verb)

    def draft(self) -> Draft:
        """What it all comes to."""
        if self.entries > 1:
            self.risk.setdefault("max_entries", self.entries)
        return Draft(
            **self.fields,
            rules=tuple(self.rules),
            loose=tuple(self.loose),
            exits=tuple(self.exits),
            risk=self.risk,
            costs=self.costs,
            limits=self.limits,
            vague=tuple(dict.fromkeys(self.vague)),
            unknown=self._phrases(self.unknown),
            unused=self._phrases(self.unused),
            lasting=self._phrases(self.lasting),
            unclear=tuple(self.unclear),
        )

    def _phrases(self, places: Sequence[Placed]) -> tuple[str, ...]:
        """Words as they were said, neighbours together."""
        phrases: list[tuple[int, int]] = []
        for placed in sorted(places, key=lambda each: each.first):
            if phrases and placed.first - phrases[-1][1] <= 1:
                phrases[-1] = (phrases[-1][0], max(placed.last, phrases[-1][1]))
            else:
                phrases.append((placed.first, placed.last))
        return tuple(self.words.between(first, last) for first, last in phrases)
