"""A strategy document written from a draft, and what a draft lacks before one can be written."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import gcd
from typing import Any

from bot.agent.offline.draft import Draft, PlannedRule
from bot.agent.offline.items import Amount, Leaf, whole
from bot.agent.offline.vocabulary import CROSSES, FALLS, REACHES, RISES
from bot.trading.timeframe import format_timeframe, parse_timeframe

Document = dict[str, Any]

ALL_CASH = Amount("amount_percent", 100)
_LONGEST_NAME = 40
_LONGEST_MESSAGE = 200


def document_of(draft: Draft, market: Document, name: str) -> Document:
    """The strategy document of a draft that lacks nothing."""
    symbol = str(market["symbol"])
    rules: list[Document] = []
    for rule in draft.rules:
        rules.append(rule_of(rule, draft, symbol, {each["id"] for each in rules}))
    document: Document = {
        "version": "2.0",
        "name": name,
        "market": market,
        "timeframe": draft.timeframe or draft.span or fitting_timeframe(rules),
        "rules": rules,
        "risk_management": {**draft.risk, **take_profits(draft)},
    }
    if draft.costs:
        document["costs"] = dict(draft.costs)
    return document


def market_of(token: Mapping[str, Any]) -> Document:
    """The market part of a document, from a token as the search tells it."""
    market = {"source": "dex", "quote": "USD"}
    known = {name: token[name] for name in ("chain", "symbol", "address", "pool") if token.get(name)}
    return {**market, **known}


def rule_of(rule: PlannedRule, draft: Draft, symbol: str, taken: Collection[str]) -> Document:
    """One rule of a document, under an id that is not taken."""
    limits = {**(draft.limits if rule.kind == "buy" else {}), **rule.limits}
    again = limits.pop("repeat", False)
    written: Document = {"id": _free_id(rule.kind, taken)}
    if rule.kind == "buy" and not again and not draft.regular:
        written["only_if"] = "flat"
    elif rule.kind == "sell":
        written["only_if"] = "in_position"
    written.update(limits)
    written["when"] = tree(rule.groups)
    written["then"] = _actions(rule, draft, symbol)
    return written


def tree(groups: tuple[tuple[Leaf, ...], ...]) -> Document:
    """Conditions as a tree: all of a group, any of the groups."""
    parts = [group[0] if len(group) == 1 else {"all": list(group)} for group in groups]
    return dict(parts[0]) if len(parts) == 1 else {"any": parts}


def _actions(rule: PlannedRule, draft: Draft, symbol: str) -> list[Document]:
    actions: list[Document] = []
    if rule.kind == "buy":
        actions.append(buy_action(rule.amount or draft.amount or ALL_CASH))
    elif rule.kind == "sell":
        actions.append({"type": "sell", "amount_percent": whole(round(rule.share, 2))})
    if rule.kind == "tell" or rule.tell:
        actions.append({"type": "notify", "message": _message(rule, symbol)})
    return actions


def buy_action(amount: Amount) -> Document:
    """The action of buying an amount."""
    return {"type": "buy", amount.field: amount.value}


def _message(rule: PlannedRule, symbol: str) -> str:
    said = " ".join(rule.said.split())[:_LONGEST_MESSAGE]
    if symbol.casefold() in said.casefold():
        return said
    is_verb = said.split(" ")[0].lower() in FALLS | RISES | CROSSES | REACHES
    return f"{symbol} {said}" if is_verb else f"{symbol}: {said}"


def _free_id(kind: str, taken: Collection[str]) -> str:
    if kind not in taken:
        return kind
    number = 2
    while f"{kind}-{number}" in taken:
        number += 1
    return f"{kind}-{number}"


def take_profits(draft: Draft) -> Document:
    """The take profits of a draft: one level that sells everything, or steps, each with its share of what is left."""
    levels = dict(sorted(draft.exits, key=lambda level: level[0]))
    if not levels:
        return {}
    if list(levels.values()) in ([100.0], [None]):
        return {"take_profit_percent": whole(next(iter(levels)))}
    steps, left = [], 100.0
    for percent, share in levels.items():
        part = 100.0 if share is None or share >= left else 100 * share / left
        steps.append({"percent": whole(percent), "sell_percent": whole(round(part, 2))})
        left -= left * part / 100
        if left <= 0:
            break
    return {"take_profits": steps}


def overfull(draft: Draft) -> bool:
    """Whether a take profit stands behind one that sells everything, so that nothing is left for it."""
    shares = list(dict(sorted(draft.exits, key=lambda level: level[0])).values())
    told = [share for share in shares if share is not None]
    return len(shares) > 1 and (None in shares[:-1] or 100.0 in shares[:-1] or sum(told) > _WHOLE)


_WHOLE = 100.01


def fitting_timeframe(rules: list[Document]) -> str:
    """Candles that every time of the rules is a whole multiple of; an hour where no rule looks back over one."""
    times = [text for rule in rules for text in times_of(rule["when"])]
    looking_back = any("timeframe" in leaf for rule in rules for leaf in leaves_of(rule["when"]))
    usual = _FINE if looking_back else ("1h", "30m", *_FINE)
    seconds = [parse_timeframe(text) for text in times]
    return next((text for text in usual if all(each % parse_timeframe(text) == 0 for each in seconds)), "1m")


_FINE = ("15m", "5m", "1m")


def misfit(document: Document) -> tuple[str, str] | None:
    """A time in the rules that is no whole multiple of the candles, and candles that would fit them all."""
    times = [text for rule in document["rules"] for text in times_of(rule["when"])]
    candles = parse_timeframe(document["timeframe"])
    wrong = next((text for text in times if parse_timeframe(text) % candles), None)
    return None if wrong is None else (wrong, format_timeframe(gcd(*map(parse_timeframe, times))))


def times_of(when: Document) -> list[str]:
    """The times in a tree of conditions: those it looks back over, and those at which it acts."""
    return [leaf[key] for leaf in leaves_of(when) for key in ("timeframe", "every") if leaf.get(key)]


def leaves_of(when: Document) -> list[Document]:
    """The conditions of a tree, in reading order."""
    if "type" in when:
        return [when]
    children = [*when.get("all", ()), *when.get("any", ()), *([when["not"]] if "not" in when else ())]
    return [leaf for child in children for leaf in leaves_of(child)]


def name_of(draft: Draft, symbol: str, taken: Collection[str]) -> str:
    """The name that was given, or one that says what the strategy looks at and is not taken yet."""
    if draft.name:
        return draft.name[:_LONGEST_NAME]
    kinds = [leaf.get("type", "") for rule in draft.rules for group in rule.groups for leaf in group]
    stem = f"{symbol} {_SHORT.get(kinds[0] if kinds else '', 'bot')}"[:_LONGEST_NAME]
    used = {name.casefold() for name in taken}
    name, number = stem, 2
    while name.casefold() in used:
        name, number = f"{stem} {number}", number + 1
    return name


_SHORT = {
    "price_drop": "dip",
    "price_rise": "rise",
    "volume_spike": "volume",
    "price_level": "level",
    "rsi": "RSI",
    "ma_crossover": "crossover",
    "bollinger": "bands",
    "schedule": "regular",
}
