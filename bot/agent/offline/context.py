"""What a person wants in the light of what was asked before: an answer completes the wish that it belongs to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.agent.offline.answering import SHORT, answer_to, declines
from bot.agent.offline.draft import Draft
from bot.agent.offline.periods import Stretch, stretch_of
from bot.agent.offline.replies import asked_about
from bot.agent.offline.vocabulary import one_of
from bot.agent.offline.wishes import Alter, Ask, Backtest, Create, Puzzle, Talk, Wish, wish_of
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
        if about == "period" and isinstance(before, Backtest | Create):
            wish = _with_period(turn.said, before, fresh, facts)
        elif about is not None and isinstance(before, Create | Alter):
            wish = _completed_wish(turn.said, about, before, fresh, chains, answers)
        about = asked_about(turn.answer)
    return wish


def _completed_wish(
    said: str,
    about: str,
    before: Create | Alter,
    fresh: Wish,
    chains: Collection[str],
    answers: Mapping[str, str],
) -> Wish:
    """The unfinished wish with an answer to the question about it, or the fresh one when it is no answer."""
    if fresh == Talk("unsure"):
        return before
    if not _may_answer(said, about, before.draft, fresh):
        return fresh
    new = answer_to(said, about, before.draft, chains, answers)
    return replace(before, draft=before.draft.with_answer(about, new))


def _with_period(said: str, before: Backtest | Create, fresh: Wish, facts: TurnFacts) -> Wish:
    """The test that was asked for, over the stretch that the answer names."""
    if isinstance(fresh, Talk | Ask | Backtest) or (isinstance(fresh, Create) and fresh.draft.symbol):
        return before if fresh == Talk("unsure") else fresh
    asked = before if isinstance(before, Backtest) else Backtest(None, None, before.stretch or Stretch())
    new = stretch_of(Words(said), facts.today)
    if not (new.told or new.minutes or new.unknown):
        new = replace(new, unknown=(said,))
    timeframe, balance = new.timeframe or asked.stretch.timeframe, new.balance or asked.stretch.balance
    return replace(asked, stretch=replace(new, timeframe=timeframe, balance=balance), changing=False)


def answers_in(turns: Sequence[Turn]) -> dict[str, str]:
    """What was chosen at each question with options; the latest answer counts."""
    return {
        str(event.arguments.get("question")): str(event.content.get("answer", ""))
        for turn in turns
        for event in turn.events
        if event.name == "ask_user" and event.done
    }


def _may_answer(said: str, about: str, draft: Draft, fresh: Wish) -> bool:
    """Whether a message can be the answer to a question rather than something new."""
    words = Words(said)
    if about == "sell" and declines(words):
        return True
    if isinstance(fresh, Create):
        return not _is_whole(words, about, draft, fresh.draft)
    if isinstance(fresh, Ask):
        return about == "token" and fresh.tool == "get_token" and len(words) <= SHORT
    if fresh == Talk("nothing asked"):
        return words.at(0).kind is Kind.NUMBER
    return isinstance(fresh, Alter | Puzzle) or (about == "token" and len(words) <= SHORT and said.isupper())


def _is_whole(words: Words, about: str, before: Draft, new: Draft) -> bool:
    """Whether a sentence is a strategy of its own: it says what to do and with which token."""
    named = new.symbol or new.address
    if not named or not (new.of("buy") or new.of("tell")):
        return False
    other = before.symbol is not None and before.symbol != new.symbol
    return other or words.has("create", "new") or new.has_exit or about not in _ABOUT_BUYING


_ABOUT_BUYING = one_of("token buy amount tell fall rise volume rsi average")
