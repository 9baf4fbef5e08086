"""From the wish for a change to the call that saves it: read the strategy, change it, send all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.agent.offline import replies
from bot.agent.offline.changes import changed, fits
from bot.agent.offline.creating import left_out, not_clear
from bot.agent.offline.document import Document, leaves_of, market_of, misfit
from bot.agent.offline.doing import Call, Done, Say, Step, token_of, told
from bot.agent.offline.draft import Draft, PlannedRule
from bot.agent.offline.items import Leaf
from bot.agent.offline.wishes import Alter
from bot.agent.steps import TurnFacts


def next_change(wish: Alter, done: Done, facts: TurnFacts) -> Step:
    """The next step towards a changed strategy."""
    if not facts.bots:
        return Say(replies.NO_BOT)
    draft = wish.draft
    if draft.unclear:
        first = draft.unclear[0]
        asked = done.ask(first.question, [label for label, _ in first.options])
        return Say(replies.UNCHANGED) if isinstance(asked, str) else asked
    if (question := _open_question(wish)) is not None:
        return Say(question)
    info = done.call("get_bot_info", bot=wish.bot)
    if not isinstance(info, Mapping):
        return info
    document = info.get("strategy")
    if not isinstance(document, dict):
        return Say(replies.DONE)
    settled = _settled(draft, document, done)
    if not isinstance(settled, Draft):
        return settled
    new = _with_market(changed(document, settled, wish.manner, wish.removed), settled, done)
    if not isinstance(new, dict):
        return new
    return _save(wish, document, new, done)


def _save(wish: Alter, document: Document, new: Document, done: Done) -> Step:
    if new == document:
        return Say(replies.question("change", replies.ALREADY))
    if (found := misfit(new)) is not None:
        return Say(replies.question("candles", replies.candles_do_not_fit(new["timeframe"], *found)))
    if done.last("update_strategy") is None:
        named = {} if wish.bot is None else {"bot": wish.bot}
        return Call("update_strategy", {**named, "strategy": new, **left_out(wish.draft)})
    result = done.call("update_strategy")
    return told("update_strategy", result) if isinstance(result, Mapping) else result


def _open_question(wish: Alter) -> str | None:
    draft = wish.draft
    if wish.manner == "remove":
        return None
    if (question := not_clear(draft, "change")) is not None:
        return question
    said = not draft.empty or draft.symbol or draft.address
    lead = replies.unknown_words(draft.unused) if draft.unused else ""
    return None if said else replies.question("change", lead)


def _settled(draft: Draft, document: Document, done: Done) -> Draft | Step:
    """The draft once it is clear what its conditions and times belong to in this document."""
    if draft.span is not None:
        chosen = _span(draft.span, document, done)
        if not isinstance(chosen, Draft):
            return chosen
        draft = replace(draft, span=None, timeframe=chosen.timeframe, loose=draft.loose + chosen.loose)
    rules, loose = list(draft.rules), []
    for leaf in draft.loose:
        if fits(document, leaf):
            loose.append(leaf)
            continue
        verb = done.ask(f"What should happen then ({_in_short(leaf)})?", list(_THEN))
        if not isinstance(verb, str):
            return verb
        rules.append(PlannedRule(_THEN.get(verb, "sell"), ((leaf,),), said=_in_short(leaf)))
    return replace(draft, rules=tuple(rules), loose=tuple(loose))


_THEN: dict[str, Any] = {"Buy": "buy", "Sell": "sell", "Tell me": "tell"}


def _span(span: str, document: Document, done: Done) -> Draft | Step:
    """ "Make it 1h": the candles, or the time that a condition looks back over."""
    windows = [
        leaf for rule in document["rules"] for leaf in leaves_of(rule["when"]) if leaf.get("timeframe")
    ]
    options = {f"Candles of {span}": Draft(timeframe=span)}
    for leaf in windows[:4]:
        options[f"{_in_short(leaf)} within {span}"] = Draft(loose=({**leaf, "timeframe": span},))
    if len(options) == 1:
        return Draft(timeframe=span)
    chosen = done.ask(f"What should be {span}?", list(options))
    return options.get(chosen, Draft(timeframe=span)) if isinstance(chosen, str) else chosen


def _in_short(leaf: Leaf) -> str:
    match leaf:
        case {"type": "price_drop", "threshold": threshold}:
            return f"a fall of {threshold:g} %"
        case {"type": "price_rise", "threshold": threshold}:
            return f"a rise of {threshold:g} %"
        case {"type": "rsi", "direction": direction, "value": value}:
            return f"RSI {direction} {value:g}"
        case {"type": "volume_spike", "threshold": threshold}:
            return f"volume {threshold:g} % above its mean"
        case {"type": "price_level", "direction": direction, "price": price}:
            return f"price {direction} {price:g}"
    return str(leaf.get("type", "that")).replace("_", " ")


def _with_market(new: Document, draft: Draft, done: Done) -> Document | Step:
    """The document on another token when one was named."""
    symbol = str(new["market"].get("symbol", ""))
    if draft.replaced is not None and draft.replaced.casefold() != symbol.casefold():
        return Say(replies.not_that_token(symbol, draft.replaced, draft.symbol or ""))
    same = draft.symbol is not None and draft.symbol.casefold() == symbol.casefold()
    if draft.address is None and (draft.symbol is None or same):
        return new
    if draft.rules:
        return Say(replies.other_token(symbol, draft.symbol or "another token"))
    token = token_of(draft, done)
    if not isinstance(token, Mapping):
        return token
    return {**new, "market": market_of(token)}
