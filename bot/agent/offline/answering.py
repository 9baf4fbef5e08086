"""An answer to a question about a strategy, read as the part of the sentence that was missing."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bot.agent.offline.draft import Draft
from bot.agent.offline.items import Condition, Mention, Verb
from bot.agent.offline.scanning import FILLERS, scan
from bot.agent.offline.understanding import draft_of
from bot.agent.offline.vocabulary import one_of
from bot.agent.offline.words import Kind, Words

SHORT = 4
"""Words of a short answer, at most."""

_DECLINES = one_of("never no none nothing hold don't hodl nope not")


def declines(words: Words) -> bool:
    """Whether an answer to "when should it sell?" says that it never does."""
    return len(words) <= SHORT and words.has(*_DECLINES) and not words.has("mind", "sure", "know")


def answer_to(
    said: str, about: str, before: Draft, chains: Collection[str], answers: Mapping[str, str]
) -> Draft:
    """What an answer adds to a draft."""
    words = Words(said)
    if about == "token":
        return _token(words, chains)
    if about == "sell" and declines(words):
        return Draft(keeps=True)
    whole = Words(_completed(words, said, about, before, chains))
    return draft_of(whole, scan(whole, chains), answers)


def _token(words: Words, chains: Collection[str]) -> Draft:
    """The token that a short answer names."""
    items = scan(words, chains)
    draft = draft_of(words, items, {})
    if draft.symbol or draft.address:
        return draft
    named = [
        placed.item.text.lstrip("$").upper()
        for placed in items
        if isinstance(placed.item, Mention) and words.at(placed.first).text not in FILLERS
    ]
    return Draft(symbol=named[0], chain=draft.chain) if named else Draft()


def _completed(words: Words, said: str, about: str, before: Draft, chains: Collection[str]) -> str:
    """An answer as a whole sentence: "5% in 1h" about a fall becomes "buy when it drops 5% in 1h"."""
    items = [placed.item for placed in scan(words, chains)]
    if any(isinstance(item, Verb) for item in items):
        return said
    said = _with_units(words, said, about)
    number = words.at(0).kind in (Kind.PERCENT, Kind.NUMBER)
    verb = {"tell": "tell me"}.get(before.unsure or "buy", before.unsure or "buy")
    if about in _GUARDS:
        return f"{_GUARDS[about]} {said}" if number or about == "steps" else said
    if about in _CONDITIONS:
        told = any(isinstance(item, Condition) and not item.bare for item in items)
        return f"{verb} when {said}" if told and not number else f"{verb} when {_CONDITIONS[about]} {said}"
    if about == "candles":
        return f"timeframe {said}" if words.at(0).kind is Kind.TIME else said
    percent = words.at(0).kind is Kind.PERCENT
    lead = {"buy": "buy", "sell": "sell at" if percent else "sell", "tell": "tell me", "amount": "buy"}
    return f"{lead[about]} {said}" if about in lead else said


def _with_units(words: Words, said: str, about: str) -> str:
    """A bare number with the unit that the question makes clear, and "5% 1h" as "5% in 1h"."""
    number, rest = words.at(0), words.at(1)
    bare = number.kind is Kind.NUMBER
    if about not in _IN_PERCENT or not (bare or number.kind is Kind.PERCENT) or rest.text in {"x", "times"}:
        return said
    tail = words.text[number.end :].strip()
    time = "in " if about in _OVER_TIME and rest.kind is Kind.TIME else ""
    return f"{words.text[number.start : number.end]}{'%' if bare else ''} {time}{tail}".strip()


_GUARDS = {"stop": "stop loss", "target": "take profit", "trailing": "trailing stop", "steps": "take profit"}
_CONDITIONS = {
    "fall": "it drops",
    "rise": "it rises",
    "volume": "volume spikes",
    "rsi": "RSI is",
    "average": "the",
}
_OVER_TIME = one_of("fall rise")
_IN_PERCENT = _OVER_TIME | one_of("stop target trailing volume")
