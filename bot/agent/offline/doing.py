"""The steps of the offline assistant: calling a tool, asking with options, or saying something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.agent.offline import replies
from bot.agent.offline.context import Event
from bot.agent.offline.draft import Draft
from bot.tools.wording import in_words

MOST_OPTIONS = 6
_LONGEST_LABEL = 60


@dataclass(frozen=True, slots=True)
class Say:
    """The answer; the turn is over."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A tool to call next."""

    name: str
    arguments: Mapping[str, Any]


Step = Say | Call


@dataclass(frozen=True, slots=True)
class Done:
    """What has happened in this turn so far."""

    events: tuple[Event, ...]

    def last(self, name: str, **arguments: Any) -> Event | None:
        """The latest call of a tool, of those with these arguments."""
        for event in reversed(self.events):
            if event.name == name and all(
                event.arguments.get(key) == value for key, value in arguments.items()
            ):
                return event
        return None

    def call(self, name: str, **arguments: Any) -> Mapping[str, Any] | Step:
        """The result of a call; the call itself when it was not made yet, or its failure in words."""
        given = {key: value for key, value in arguments.items() if value is not None}
        event = self.last(name, **given)
        if event is None:
            return Call(name, given)
        if event.done:
            return dict(event.content)
        return Say(replies.declined(name) if event.outcome == "denied" else replies.failed(event.content))

    def ask(self, question: str, options: Sequence[str]) -> str | Step:
        """The option that was chosen, or the question."""
        labels = list(dict.fromkeys(label[:_LONGEST_LABEL] for label in options))[:MOST_OPTIONS]
        result = self.call("ask_user", question=question, options=labels)
        return str(result.get("answer", "")) if isinstance(result, Mapping) else result

    def tell(self, name: str, **arguments: Any) -> Step:
        """The result of a reading tool in words."""
        result = self.call(name, **arguments)
        return told(name, result) if isinstance(result, Mapping) else result


def told(name: str, result: Mapping[str, Any]) -> Say:
    """A result in words; one that an earlier version stored in another form is only acknowledged."""
    try:
        words = in_words(name, result)
    except (KeyError, TypeError, AttributeError):
        words = None
    return Say(words or replies.DONE)


def token_of(draft: Draft, done: Done) -> Mapping[str, Any] | Step:
    """The token that a draft names, found by the search; several with one symbol are asked about."""
    if draft.address:
        result = done.call("get_token", address=draft.address, chain=draft.chain)
        return dict(result["token"]) if isinstance(result, Mapping) and "token" in result else _step(result)
    symbol = draft.symbol or ""
    result = done.call("search_tokens", query=symbol, chain=draft.chain)
    if not isinstance(result, Mapping):
        return result
    found = [token for token in result.get("tokens", ()) if isinstance(token, Mapping)]
    exact = [token for token in found if str(token.get("symbol", "")).casefold() == symbol.casefold()]
    if not exact:
        return Say(replies.no_token(symbol, [str(token.get("symbol")) for token in found[:3]]))
    if len(exact) == 1:
        return exact[0]
    labels = {_label(token): token for token in exact[:MOST_OPTIONS]}
    chosen = done.ask(f"Several tokens are called {exact[0]['symbol']}. Which one?", list(labels))
    if not isinstance(chosen, str):
        return chosen
    return labels.get(chosen, Say(replies.no_token(chosen, ())))


def _step(result: Mapping[str, Any] | Step) -> Step:
    return Say(replies.DONE) if isinstance(result, Mapping) else result


def _label(token: Mapping[str, Any]) -> str:
    address = str(token.get("address", ""))
    return f"{token.get('symbol')} on {token.get('chain')}, {address[:8]}…{address[-4:]}"[:_LONGEST_LABEL]
