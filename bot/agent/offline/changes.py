"""A strategy document changed as a person says: protection, candles, amounts, conditions and rules."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Literal

from bot.agent.offline.document import Document, buy_action, leaves_of, rule_of, take_profits
from bot.agent.offline.draft import Draft, PlannedRule
from bot.agent.offline.items import Leaf

Manner = Literal["set", "also", "instead", "remove"]


def changed(document: Document, draft: Draft, manner: Manner, removed: tuple[str, ...]) -> Document:
    """A new document with the changes; equal to the old one when there is nothing to change.

    `removed` are the things to take away: fields of `risk_management`, kinds of conditions, or "buy", "sell", "tell".
    """
    new: Document = deepcopy(document)
    risk = {**(new.get("risk_management") or {})}
    if manner == "remove":
        _remove(new, risk, removed)
    else:
        risk.update(draft.risk)
        if draft.exits:
            _take_profits(risk, draft, manner)
        if draft.timeframe:
            new["timeframe"] = draft.timeframe
        if draft.costs:
            new["costs"] = {**(new.get("costs") or {}), **draft.costs}
        _change_rules(new, draft, manner)
    new["risk_management"] = risk
    return new


def _take_profits(risk: Document, draft: Draft, manner: Manner) -> None:
    steps = take_profits(draft)
    if manner != "also":
        risk.pop("take_profits", None)
        risk.pop("take_profit_percent", None)
    risk.update(steps)


def _change_rules(new: Document, draft: Draft, manner: Manner) -> None:
    symbol = str(new["market"]["symbol"])
    for rule in draft.rules:
        if manner == "also" or not _replaced(new, rule):
            if manner == "instead":
                new["rules"] = [
                    each for each in new["rules"] if each not in _rules_doing(new, _ACTIONS[rule.kind])
                ]
            taken = {each["id"] for each in new["rules"]}
            new["rules"].append(rule_of(rule, draft, symbol, taken))
    for leaf in draft.loose:
        _replace_leaf([each["when"] for each in new["rules"]], leaf)
    if draft.amount is not None:
        _each_action(new, "buy", lambda _: buy_action(draft.amount) if draft.amount else {})
    if draft.share is not None:
        share = draft.share
        _each_action(new, "sell", lambda action: {**action, "amount_percent": share})
    for field, value in draft.limits.items():
        for rule_ in _rules_doing(new, "buy"):
            if field == "repeat":
                rule_["only_if"] = None
            else:
                rule_[field] = value


def _replaced(new: Document, rule: PlannedRule) -> bool:
    """Whether the rule's only condition took the place of one of the same kind in a rule that does the same."""
    existing = _rules_doing(new, _ACTIONS[rule.kind])
    single = [leaf for group in rule.groups for leaf in group]
    if len(single) != 1 or "type" not in single[0]:
        return False
    if not _replace_leaf([each["when"] for each in existing], single[0]):
        return False
    if rule.amount is not None:
        _each_action(new, "buy", lambda _: buy_action(rule.amount) if rule.amount else {})
    return True


def fits(document: Document, leaf: Leaf) -> int:
    """How many conditions of this kind a document has."""
    return sum(
        each["type"] == leaf.get("type") for rule in document["rules"] for each in leaves_of(rule["when"])
    )


def _replace_leaf(trees: list[Document], leaf: Leaf) -> bool:
    """Change the one condition of the leaf's kind; what the leaf does not say stays as it was."""
    found = [each for when in trees for each in leaves_of(when) if each["type"] == leaf.get("type")]
    same = [each for each in found if each.get("direction") == leaf.get("direction")]
    chosen = same if len(found) > 1 else found
    if len(chosen) != 1:
        return False
    chosen[0].update(leaf)
    return True


def _each_action(new: Document, kind: str, change: Any) -> None:
    for rule in new["rules"]:
        rule["then"] = [change(action) if action["type"] == kind else action for action in rule["then"]]


def _rules_doing(new: Document, action: str) -> list[Document]:
    return [rule for rule in new["rules"] if any(each["type"] == action for each in rule["then"])]


def _remove(new: Document, risk: Document, removed: tuple[str, ...]) -> None:
    for thing in removed:
        if thing in _ACTIONS:
            new["rules"] = [rule for rule in new["rules"] if rule not in _rules_doing(new, _ACTIONS[thing])]
        elif thing == "take_profit":
            risk.pop("take_profits", None)
            risk.pop("take_profit_percent", None)
        elif thing in _RULE_FIELDS:
            for rule in new["rules"]:
                rule.pop(thing, None)
        elif thing in _KINDS:
            new["rules"] = [rule for rule in new["rules"] if _without_kind(rule, thing)]
        else:
            risk.pop(thing, None)


_ACTIONS = {"buy": "buy", "sell": "sell", "tell": "notify"}
_RULE_FIELDS = frozenset({"cooldown", "max_fires"})
_KINDS = frozenset(
    {
        "price_drop",
        "price_rise",
        "volume_spike",
        "price_level",
        "rsi",
        "ma_crossover",
        "bollinger",
        "schedule",
    }
)


def _without_kind(rule: Document, kind: str) -> bool:
    """Take the conditions of a kind out of a rule; False when nothing is left of it."""
    when = _pruned(rule["when"], kind)
    if when is not None:
        rule["when"] = when
    return when is not None


def _pruned(when: Document, kind: str) -> Document | None:
    if "type" in when:
        return None if when["type"] == kind else when
    if "not" in when:
        inner = _pruned(when["not"], kind)
        return None if inner is None else {"not": inner}
    key = "all" if "all" in when else "any"
    kept = [child for each in when[key] if (child := _pruned(each, kind)) is not None]
    if not kept:
        return None
    return kept[0] if len(kept) == 1 else {key: kept}
