"""One clause of a sentence read item by item: its conditions, amounts and shares become rules and exits."""

from __future__ import annotations

from typing import Any

from bot.agent.offline.assembly import Assembly
from bot.agent.offline.draft import PlannedRule
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
    Ladder,
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
    whole,
)
from bot.agent.offline.meanings import BOTH_OR_EITHER, VerbKind
from bot.agent.offline.vocabulary import one_of

_WITHIN = one_of("in within over during inside per last past")
_AT = one_of("at @ reaches hits +")
_SIGNS = one_of("+ -")
_LEADS_TO_AMOUNT = one_of(
    "buy buys buying purchase purchases invest invests ape apes dca long accumulate enter with using use for of "
    "only just put about another"
)

_Said = Leaf | tuple[float, float | None]
"""A condition, or a profit or loss in percent with the share of the position to sell there."""


class Part:
    """A verb and what belongs to it while it is read; "half when A and half when B" makes two parts of a clause."""

    def __init__(self, whole_: Assembly, verb: VerbKind, *, further: bool = False) -> None:
        self._whole = whole_
        self._verb = verb
        self._further = further
        self._groups: list[list[_Said]] = [[]]
        self._lasting: list[tuple[int, Placed]] = []
        self._denied: Placed | None = None
        self._opened = False
        self._removing = False
        self._amount: Amount | None = None
        self._amount_place: Placed | None = None
        self._share: float | None = 100.0
        self._pending: Placed | None = None
        self._limits: dict[str, Any] = {}
        self._first, self._end = 0, 0

    def take(self, placed: Placed, item: Item) -> Part:
        """Add one item; the part that the next one belongs to."""
        if self._removing and isinstance(item, Vague | Guard | Target | Ladder):
            self._removing = False
            return self
        if self._begins_another(item):
            return self._next().take(placed, item)
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
            case Ladder(levels=levels):
                for percent, share in levels:
                    self._exit(percent, share)
            case Join(kind=kind):
                self._join(placed, kind)
            case Amount() if self._verb != "sell":
                self._buy_for(placed, item)
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
                self._whole.missing(what, self._verb)
            case Mention() | Amount():
                self._unknown(placed)
            case Change(kind=kind):
                self._removing = kind == "remove"
            case _:
                self._setting(placed, item)
        return self

    def _begins_another(self, item: Item) -> bool:
        """Whether a second amount or share begins, after one whose conditions were told."""
        if not any(self._groups):
            return False
        if self._verb == "sell":
            share = isinstance(item, Portion) and item.before not in _AT and 0 < item.percent <= 100
            return share or isinstance(item, Share)
        sized = isinstance(item, Amount) or (isinstance(item, Portion) and item.before in _LEADS_TO_AMOUNT)
        return self._verb == "buy" and sized and self._amount is not None

    def _next(self) -> Part:
        self.finish()
        return Part(self._whole, self._verb, further=True)

    def _profit_or_loss(self, placed: Placed, percent: float) -> None:
        if self._denied is not None:
            self._whole.not_known(placed, self._verb)
            self._denied = None
        elif self._verb == "buy":
            self._exit(percent, 100.0)
        else:
            self._add(placed, (percent, self._share))

    def _setting(self, placed: Placed, item: Item) -> None:
        match item:
            case Guard(field=name, value=value):
                self._once(self._whole.risk, placed, name, value)
            case Cost(field=name, value=value):
                self._once(self._whole.costs, placed, name, value)
            case Candles(timeframe=timeframe):
                self._once(self._whole.fields, placed, "timeframe", timeframe)
            case Named(name=name):
                self._whole.fields["name"] = name
            case Chain(name=name):
                self._whole.fields["chain"] = name
            case _:
                pass

    def _once(self, fields: dict[str, Any], placed: Placed, name: str, value: Any) -> None:
        """Set something; a second value that contradicts the first is not understood."""
        if fields.setdefault(name, value) != value:
            self._whole.not_known(placed, self._verb)

    def _unknown(self, placed: Placed) -> None:
        # Before the first verb people say all sorts of things; after "when" and after a verb each word matters.
        if self._verb is not None or self._opened:
            self._whole.not_known(placed, self._verb)
        else:
            self._whole.unused.append(placed)

    def _condition(self, placed: Placed, item: Condition) -> None:
        leaf = item.leaf
        last = self._whole.last
        if item.bare and last.get("type") == "rsi" and 0 < leaf["price"] < 100:
            leaf = {**last, "direction": leaf["direction"], "value": leaf["price"]}
        elif item.lasting:
            self._lasting.append((len(self._groups) - 1, placed))
            if self._denied is not None:
                self._whole.lasting.append(placed)
        self._whole.last = leaf
        if item.candles is not None:
            self._whole.fields.setdefault("timeframe", item.candles)
        self._add(placed, leaf if self._denied is None else {"not": leaf})

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
        self._denied, self._opened, self._end, self._pending = None, True, placed.last, None

    def _join(self, placed: Placed, kind: str) -> None:
        if kind == "or" and self._groups[-1]:
            self._groups.append([])
        elif kind == "again" and self._groups[-1]:
            answer = self._whole.answers.get(BOTH_OR_EITHER.question)
            if answer is None:
                self._whole.unclear.append(BOTH_OR_EITHER)
            elif answer == BOTH_OR_EITHER.options[1][0]:
                self._groups.append([])
        elif kind == "not":
            self._denied = placed
        elif kind == "when":
            self._opened = True

    def _buy_for(self, placed: Placed, amount: Amount) -> None:
        if self._amount_place is not None:
            self._whole.not_known(self._amount_place, self._verb)
        self._amount, self._amount_place = amount, placed

    def _take_share(self, placed: Placed, percent: float | None) -> None:
        if self._verb == "sell":
            if self._pending is not None:
                self._whole.not_known(self._pending, self._verb)
            self._share, self._pending = percent, placed
        elif percent is not None:
            self._buy_for(placed, Amount("amount_percent", whole(percent)))
        else:
            self._unknown(placed)

    def _portion(self, placed: Placed, percent: float, before: str) -> None:
        if self._verb == "sell":
            if before in _AT or percent < 0:
                self._add(placed, (percent, self._share))
            elif 0 < percent <= 100:
                self._take_share(placed, percent)
            else:
                self._whole.not_known(placed, self._verb)
        elif self._verb == "buy" and self._is_amount(before) and 0 < percent <= 100:
            self._buy_for(placed, Amount("amount_percent", whole(percent)))
        else:
            self._unknown(placed)

    def _is_amount(self, before: str) -> bool:
        """Whether a percentage beside "buy" says how much: after "with", or before anything else was told."""
        return before in _LEADS_TO_AMOUNT or (not self._opened and before not in _AT | _SIGNS)

    def _span(self, placed: Placed, timeframe: str, before: str) -> None:
        last = self._groups[-1][-1] if self._groups[-1] else None
        moved = isinstance(last, dict) and last.get("type") in {"price_drop", "price_rise"}
        if before in _WITHIN and moved and isinstance(last, dict) and "timeframe" not in last:
            self._groups[-1][-1] = {**last, "timeframe": timeframe}
        elif before == "after" and self._verb == "sell":
            self._once(self._whole.risk, placed, "max_hold", timeframe)
        elif before in {"on", "using"}:
            self._once(self._whole.fields, placed, "timeframe", timeframe)
        elif self._verb is None:
            self._once(self._whole.fields, placed, "span", timeframe)
        else:
            self._whole.not_known(placed, self._verb)

    def finish(self) -> None:
        """Turn what was read into rules, exits and defaults."""
        groups = [group for group in self._groups if group]
        if self._denied is not None:
            self._whole.not_known(self._denied, self._verb)
        self._whole.lasting += [placed for at, placed in self._lasting if len(self._groups[at]) > 1]
        if self._verb is None:
            self._finish_loose(groups)
            return
        if self._pending is not None and (groups or self._further or self._share is None):
            self._whole.not_known(self._pending, self._verb)
        if self._verb == "sell":
            groups = self._without_exits(groups)
        leaves = tuple(tuple(_as_leaf(leaf) for leaf in group) for group in groups)
        if leaves:
            self._whole.rules.append(self._rule(self._verb, leaves))
        elif self._verb == "tell" and self._whole.rules:
            self._whole.rules[-1] = self._whole.rules[-1].telling()
        else:
            self._keep_for_later()

    def _rule(self, verb: Any, leaves: tuple[tuple[Leaf, ...], ...]) -> PlannedRule:
        said = self._whole.words.between(self._first, self._end)
        share = 100.0 if self._share is None else self._share
        if verb == "buy" and self._further:
            # A second amount adds to the position of the first, so holding it must not stand in the way.
            self._whole.entries += 1
            self._limits["repeat"] = True
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


def _as_leaf(said: _Said) -> Leaf:
    if isinstance(said, dict):
        return said
    direction = "above" if said[0] >= 0 else "below"
    return {"type": "position_profit", "direction": direction, "value": whole(said[0])}
