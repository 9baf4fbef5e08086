"""What a person wants in the light of what was asked before: an answer completes the wish that it belongs to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.agent.offline.draft import Draft
from bot.agent.offline.items import Condition, Mention, Verb
from bot.agent.offline.replies import asked_about
from bot.agent.offline.scanning import FILLERS, scan
from bot.agent.offline.understanding import draft_of
from bot.agent.offline.vocabulary import one_of
from bot.agent.offline.wishes import Alter, Ask, Create, Puzzle, Talk, Wish, wish_of
from bot.agent.offline.words import Kind, Words
from bot.agent.steps import TurnFacts

LONGEST_TALK = 12
"""Turns that an unfinished wish may reach back."""


@dataclass(frozen=True, slots=True)
class Event:
    """A tool call with its outcome: "success", or anything else and then the reason as content."""

    name: str
    arguments: Mapping[str, Any]
    outcome: str
    content: Any

    @property
    def done(self) -> bool:
        """Whether the tool did what it was asked."""
        return self.outcome == "success" and isinstance(self.content, Mapping)


@dataclass(frozen=True, slots=True)
class Turn:
    """What was said, which tools ran, and the answer; the last turn of a conversation has no answer yet."""

    said: str
    events: tuple[Event, ...] = ()
    answer: str = ""


def wish_in(turns: Sequence[Turn], facts: TurnFacts, chains: Collection[str]) -> Wish:
    """The wish of the last turn, together with the unfinished one that it answers."""
    reached = turns[-LONGEST_TALK:]
    answers = answers_in(reached)
    wish: Wish = Talk("hello")
    about: str | None = None
    for turn in reached:
        before, fresh = wish, wish_of(turn.said, facts, chains, answers)
        wish = fresh
        if about is not None and isinstance(before, Create | Alter) and _may_answer(turn.said, about, fresh):
            new = _answer(turn.said, about, before.draft, chains, answers)
            wish = replace(before, draft=before.draft.with_answer(about, new))
        about = asked_about(turn.answer)
    return wish


def answers_in(turns: Sequence[Turn]) -> dict[str, str]:
    """What was chosen at each question with options; the latest answer counts."""
    return {
        str(event.arguments.get("question")): str(event.content.get("answer", ""))
        for turn in turns
        for event in turn.events
        if event.name == "ask_user" and event.done
    }


def _may_answer(said: str, about: str, fresh: Wish) -> bool:
    """Whether a message can be the answer to a question rather than something new."""
    words = Words(said)
    if about == "sell" and _declines(words):
        return True
    if isinstance(fresh, Create):
        return not (words.has("create", "new") and fresh.draft.symbol and fresh.draft.of("buy"))
    if isinstance(fresh, Ask):
        return about == "token" and fresh.tool == "get_token" and len(words) <= _SHORT
    return isinstance(fresh, Alter | Puzzle) or (about == "token" and len(words) <= _SHORT and said.isupper())


_SHORT = 4
_DECLINES = one_of("never no none nothing hold don't hodl nope")


def _declines(words: Words) -> bool:
    return len(words) <= _SHORT and words.has(*_DECLINES) and not words.has("mind")


def _answer(
    said: str, about: str, before: Draft, chains: Collection[str], answers: Mapping[str, str]
) -> Draft:
    words = Words(said)
    if about == "token":
        return _token(words, chains)
    if about == "sell" and _declines(words):
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
    percent = words.at(0).kind is Kind.PERCENT
    verb = {"tell": "tell me"}.get(before.unsure or "buy", before.unsure or "buy")
    if about in _GUARDS:
        return f"{_GUARDS[about]} {said}" if percent or words.at(0).kind is Kind.NUMBER else said
    if about in _CONDITIONS:
        told = any(isinstance(item, Condition) and not item.bare for item in items)
        return f"{verb} when {said}" if told and not percent else f"{verb} when {_CONDITIONS[about]} {said}"
    lead = {"buy": "buy", "sell": "sell at" if percent else "sell", "tell": "tell me", "amount": "buy"}
    return f"{lead[about]} {said}" if about in lead else said


_GUARDS = {"stop": "stop loss", "target": "take profit", "trailing": "trailing stop"}
_CONDITIONS = {
    "fall": "it drops",
    "rise": "it rises",
    "volume": "volume spikes",
    "rsi": "RSI is",
    "average": "the",
}
