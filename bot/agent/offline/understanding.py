"""Items put together to a draft: conditions to their verbs, words that nobody knows to the token or to a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.agent.offline.clauses import Clause, clauses
from bot.agent.offline.draft import Draft, PlannedRule
from bot.agent.offline.items import (
    Amount,
    Candles,
    Chain,
    Change,
    Condition,
    Cost,
    Crossing,
    Either,
    Exit,
    Guard,
    Item,
    Join,
    Leaf,
    Limit,
    Mention,
    Named,
    Placed,
    Portion,
    Share,
    Span,
    Target,
    Vague,
    Verb,
    whole,
)
from bot.agent.offline.meanings import VerbKind, meaning
from bot.agent.offline.vocabulary import one_of
from bot.agent.offline.words import Kind, Words

_BEFORE_TOKEN = one_of("token coin memecoin trade trades trading for of symbol on to ticker")
_AFTER_TOKEN = one_of("bot token coin strategy trader")
_WITHIN = one_of("in within over during inside per last past")
_FOREVER = one_of("hodl forever")


def draft_of(words: Words, scanned: Sequence[Placed], answers: Mapping[str, str]) -> Draft:
    """Understand a scanned sentence about a strategy; `answers` are those given to its open questions so far."""
    items, place = _with_token(words, scanned)
    assembly = _Assembly(words, answers)
    for clause in clauses(items):
        assembly.take(clause)
    draft = assembly.draft()
    return replace(draft, **place, keeps=draft.keeps or words.has(*_FOREVER))


def _with_token(words: Words, items: Sequence[Placed]) -> tuple[list[Placed], dict[str, Any]]:
    """The items without the token's name, and which token that is."""
    address = next((token.raw for token in words.tokens if token.kind is Kind.ADDRESS), None)
    mentions = [placed for placed in items if isinstance(placed.item, Mention)]
    strong = [_symbol(placed) for placed in mentions if _is_strong(placed) and not _is_address(words, placed)]
    weak = [_symbol(placed) for placed in mentions if _is_named_as_token(words, items, placed)]
    names = list(dict.fromkeys(name.upper() for name in strong or weak[:1]))
    kept = [placed for placed in items if not _names_one_of(placed, names, address)]
    return kept, {"symbol": names[0] if names else None, "others": tuple(names[1:]), "address": address}


def _symbol(placed: Placed) -> str:
    return placed.item.text.lstrip("$") if isinstance(placed.item, Mention) else ""


def _is_strong(placed: Placed) -> bool:
    return isinstance(placed.item, Mention) and placed.item.strong


def _is_address(words: Words, placed: Placed) -> bool:
    return words.at(placed.first).kind is Kind.ADDRESS


def _is_named_as_token(words: Words, items: Sequence[Placed], placed: Placed) -> bool:
    """Whether an unknown word stands where a token's name does: after "buys $200 of", before "bot"."""
    token = words.at(placed.first)
    if token.kind is not Kind.WORD or "'" in token.text:
        return False
    before = next((each for each in reversed(items) if each.last <= placed.first), None)
    gap = words.between(before.last, placed.first) if before else "-"
    after_verb = before is not None and isinstance(before.item, Verb | Amount | Portion) and len(gap) <= _GAP
    return (
        after_verb
        or words.at(placed.first - 1).text in _BEFORE_TOKEN
        or words.at(placed.last).text in _AFTER_TOKEN
    )


_GAP = 12
"""Letters that may stand between "buys" and a token's name: "some of the"."""


def _names_one_of(placed: Placed, names: Sequence[str], address: str | None) -> bool:
    if not isinstance(placed.item, Mention):
        return False
    return _symbol(placed).upper() in names or (address is not None and placed.item.text == address)


@dataclass
class _Assembly:
    """Takes clause after clause and holds what they come to."""

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
    unclear: list[Either] = field(default_factory=list)
    last: Leaf = field(default_factory=dict)

    def take(self, clause: Clause) -> None:
        """Add what a clause says."""
        if clause.negated:
            self.fields["keeps"] = clause.verb == "sell" or self.fields.get("keeps", False)
            return
        part = _Part(self, clause.verb)
        for placed in clause.items:
            part.take(placed, meaning(placed.item, clause.verb, self.answers))
        part.finish()

    def not_known(self, placed: Placed, verb: VerbKind) -> None:
        """Note something that was said and not understood."""
        self.unknown.append(placed)
        self.unsure(verb)

    def unsure(self, verb: VerbKind) -> None:
        """Note beside which action the first open point stands."""
        self.fields.setdefault("unsure", verb or "buy")

    def draft(self) -> Draft:
        """What it all comes to."""
        return Draft(
            **self.fields,
            rules=tuple(self.rules),
            loose=tuple(self.loose),
            exits=tuple(self.exits),
            risk=self.risk,
            costs=self.costs,
            limits=self.limits,
            vague=tuple(dict.fromkeys(self.vague)),
            unknown=tuple(self._phrases()),
            unclear=tuple(self.unclear),
        )

    def _phrases(self) -> list[str]:
        """Unknown words as they were said, neighbours together."""
        phrases: list[tuple[int, int]] = []
        for placed in self.unknown:
            if phrases and placed.first - phrases[-1][1] <= 1:
                phrases[-1] = (phrases[-1][0], placed.last)
            else:
                phrases.append((placed.first, placed.last))
        return [self.words.between(first, last) for first, last in phrases]


class _Part:
    """One clause while it is read."""

    def __init__(self, whole_: _Assembly, verb: VerbKind) -> None:
        self._whole = whole_
        self._verb = verb
        self._groups: list[list[_Said]] = [[]]
        self._negated = False
        self._opened = False
        self._removing = False
        self._amount: Amount | None = None
        self._share: float | None = 100.0
        self._pending: Placed | None = None
        self._limits: dict[str, Any] = {}
        self._first, self._end = 0, 0

    def take(self, placed: Placed, item: Item) -> None:
        """Add one item."""
        if self._removing and isinstance(item, Vague | Guard | Target):
            self._removing = False
            return
        match item:
            case Condition():
                self._condition(placed, item)
            case Crossing(direction=direction):
                self._crossing(placed, direction)
            case Exit(percent=percent):
                self._profit_or_loss(placed, percent)
            case Target(percent=percent):
                self._exit(percent, self._share)
                self._pending = None
            case Join(kind=kind):
                self._join(kind)
            case Amount() if self._verb != "sell":
                self._amount = item
            case Share(percent=percent):
                self._take_share(placed, percent)
            case Portion(percent=percent, before=before):
                self._portion(placed, percent, before)
            case Span(timeframe=timeframe, before=before):
                self._span(placed, timeframe, before)
            case Limit(field=name, value=value):
                self._limits[name] = value
            case Either():
                self._whole.unclear.append(item)
                self._opened = True
            case Vague(what=what):
                self._whole.vague.append(what)
                self._whole.unsure(self._verb)
            case Mention() | Amount():
                self._unknown(placed)
            case Change(kind=kind):
                self._removing = kind == "remove"
            case _:
                self._setting(item)

    def _profit_or_loss(self, placed: Placed, percent: float) -> None:
        if self._verb == "buy":
            self._exit(percent, 100.0)
        else:
            self._add(placed, (percent, self._share))

    def _setting(self, item: Item) -> None:
        match item:
            case Guard(field=name, value=value):
                self._whole.risk[name] = value
            case Cost(field=name, value=value):
                self._whole.costs[name] = value
            case Candles(timeframe=timeframe):
                self._whole.fields["timeframe"] = timeframe
            case Named(name=name):
                self._whole.fields["name"] = name
            case Chain(name=name):
                self._whole.fields["chain"] = name
            case _:
                pass

    def _unknown(self, placed: Placed) -> None:
        # Before the first verb people say all sorts of things; after "when" and after a verb each word matters.
        if self._verb is not None or self._opened:
            self._whole.not_known(placed, self._verb)

    def _condition(self, placed: Placed, item: Condition) -> None:
        leaf = item.leaf
        last = self._whole.last
        if item.bare and last.get("type") == "rsi" and 0 < leaf["price"] < 100:
            leaf = {**last, "direction": leaf["direction"], "value": leaf["price"]}
        self._whole.last = leaf
        if item.candles is not None:
            self._whole.fields.setdefault("timeframe", item.candles)
        self._add(placed, {"not": leaf} if self._negated else leaf)

    def _crossing(self, placed: Placed, direction: str) -> None:
        last = self._whole.last
        if last.get("type") == "ma_crossover":
            self._condition(placed, Condition({**last, "direction": direction}))
        else:
            self._whole.not_known(placed, self._verb)

    def _add(self, placed: Placed, said: _Said) -> None:
        if not any(self._groups):
            self._first = placed.first
        self._groups[-1].append(said)
        self._negated, self._opened, self._end, self._pending = False, True, placed.last, None

    def _join(self, kind: str) -> None:
        if kind == "or" and self._groups[-1]:
            self._groups.append([])
        elif kind == "not":
            self._negated = True
        elif kind == "when":
            self._opened = True

    def _take_share(self, placed: Placed, percent: float | None) -> None:
        if self._verb == "sell":
            self._share, self._pending = percent, placed
        elif percent is not None:
            self._amount = Amount("amount_percent", whole(percent))

    def _portion(self, placed: Placed, percent: float, before: str) -> None:
        if self._verb == "sell":
            if before in _AT or percent < 0:
                self._add(placed, (percent, self._share))
            elif 0 < percent <= 100:
                self._take_share(placed, percent)
            else:
                self._whole.not_known(placed, self._verb)
        elif self._verb == "buy" and before not in _AT and 0 < percent <= 100:
            self._amount = Amount("amount_percent", whole(percent))
        elif self._verb is not None or self._opened:
            self._whole.not_known(placed, self._verb)

    def _span(self, placed: Placed, timeframe: str, before: str) -> None:
        last = self._groups[-1][-1] if self._groups[-1] else None
        moved = isinstance(last, dict) and last.get("type") in {"price_drop", "price_rise"}
        if before in _WITHIN and moved and isinstance(last, dict) and "timeframe" not in last:
            self._groups[-1][-1] = {**last, "timeframe": timeframe}
        elif before == "after" and self._verb == "sell":
            self._whole.risk["max_hold"] = timeframe
        elif before in {"on", "using"}:
            self._whole.fields.setdefault("timeframe", timeframe)
        elif self._verb is None:
            self._whole.fields.setdefault("span", timeframe)
        else:
            self._whole.not_known(placed, self._verb)

    def finish(self) -> None:
        """Turn what was read into rules, exits and defaults."""
        groups = [group for group in self._groups if group]
        if self._verb is None:
            self._finish_loose(groups)
            return
        if self._pending is not None and groups:
            self._whole.not_known(self._pending, self._verb)
        if self._verb == "sell":
            groups = self._without_exits(groups)
        leaves = tuple(tuple(_as_leaf(leaf) for leaf in group) for group in groups)
        if leaves:
            self._whole.rules.append(self._rule(self._verb, leaves))
        elif self._verb == "tell" and self._whole.rules:
            self._whole.rules[-1] = replace(self._whole.rules[-1], tell=True)
        else:
            self._keep_for_later()

    def _rule(self, verb: Any, leaves: tuple[tuple[Leaf, ...], ...]) -> PlannedRule:
        said = self._whole.words.between(self._first, self._end)
        share = 100.0 if self._share is None else self._share
        return PlannedRule(verb, leaves, self._amount, share, dict(self._limits), said=said)

    def _keep_for_later(self) -> None:
        if self._amount is not None:
            self._whole.fields["amount"] = self._amount
        if self._pending is not None and self._share is not None:
            self._whole.fields["share"] = self._share
        self._whole.limits.update(self._limits)

    def _finish_loose(self, groups: list[list[_Said]]) -> None:
        for said in (said for group in groups for said in group):
            if isinstance(said, dict):
                self._whole.loose.append(said)
            else:
                self._exit(*said)
        self._keep_for_later()

    def _without_exits(self, groups: list[list[_Said]]) -> list[list[_Said]]:
        """The groups that are rules; those of profits and losses alone become levels that the engine watches."""
        rules = []
        for group in groups:
            levels = [said for said in group if isinstance(said, tuple)]
            if len(levels) < len(group):
                rules.append(group)
                continue
            for level in levels:
                self._exit(*level)
        return rules

    def _exit(self, percent: float, share: float | None) -> None:
        if percent > 0:
            self._whole.exits.append((percent, share))
        elif -100 < percent < 0 and share in (100.0, None):
            self._whole.risk["stop_loss_percent"] = whole(-percent)
        elif -100 < percent < 0:
            groups = ((_as_leaf((percent, share)),),)
            self._whole.rules.append(PlannedRule("sell", groups, share=share or 100.0))


_Said = Leaf | tuple[float, float | None]
"""A condition, or a profit or loss in percent with the share of the position to sell there."""

_AT = one_of("at @ reaches hits +")


def _as_leaf(said: _Said) -> Leaf:
    if isinstance(said, dict):
        return said
    direction = "above" if said[0] >= 0 else "below"
    return {"type": "position_profit", "direction": direction, "value": whole(said[0])}
