"""Slash commands: what Discord is told of them, and the line that a used one stands for; pure.

The commands are the shared ones. What Discord can offer more than a line of text (options with names, choices,
completion) is declared here beside them; a command that is not named here takes one optional text.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from bot.messages import Command
from bot.reports.suggestions import Kind

CHAT = "chat"
ABOUT = "Ask Randebu about this"

MAX_DESCRIPTION = 100
MAX_VALUE = 100
MAX_CHOICES = 25

_CHAT_INPUT, _MESSAGE = 1, 3
_STRING = 3
_IN_SERVERS, _IN_DIRECT_MESSAGES = 0, 1
_ADMINISTRATOR = "8"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_DAYS_AGO = ((0, "today"), (7, "a week ago"), (30, "30 days ago"), (90, "90 days ago"), (365, "a year ago"))


@dataclass(frozen=True, slots=True)
class Option:
    """One typed option: how it is completed (`several` for words of a list), or what there is to choose from."""

    name: str
    description: str
    required: bool = False
    completes: Kind | Literal["day"] | None = None
    choices: tuple[tuple[str, str], ...] = ()
    several: bool = False


TIMEFRAMES = (
    ("1 minute", "1m"),
    ("5 minutes", "5m"),
    ("15 minutes", "15m"),
    ("30 minutes", "30m"),
    ("1 hour", "1h"),
    ("4 hours", "4h"),
    ("1 day", "1d"),
)
_BOT = Option("bot", "one of your bots; left out: the one we talk about", completes="bot")
_TOKEN = Option("token", "a symbol, a name or an address", required=True, completes="token")
_CONVERSATION = Option("conversation", "one of your conversations", completes="conversation")
_TEXT = (Option("text", "what stands behind the command"),)

TYPED: Mapping[str, tuple[Option, ...]] = {
    CHAT: (Option("message", "what you want to say", required=True),),
    "start": (),
    "help": (),
    "bots": (),
    "bot": (_BOT,),
    "deletebot": (Option("bot", "the bot to delete", required=True, completes="bot"),),
    "strategy": (_BOT,),
    "backtest": (
        _BOT,
        Option("timeframe", "the length of the candles", choices=TIMEFRAMES),
        Option("start", "the first day, such as 2026-01-31", completes="day"),
        Option("end", "the day before which it ends; left out: now", completes="day"),
    ),
    "price": (
        Option("tokens", "one or several, such as PEPE CAKE", required=True, completes="token", several=True),
    ),
    "search": (Option("text", "a part of a name or a symbol, or an address", required=True),),
    "trending": (),
    "token": (_TOKEN,),
    "risk": (_TOKEN,),
    "new": (),
    "chats": (),
    "open": (
        Option("conversation", "the conversation to go on with", required=True, completes="conversation"),
    ),
    "rename": (Option("title", "the new title", required=True),),
    "delete": (_CONVERSATION,),
    "export": (_CONVERSATION,),
    "usage": (),
    "stop": (),
    "status": (),
}
"""The options of the commands that Discord knows more about."""


class NotUnderstood(Exception):
    """The options of a command make no sense; the text is a sentence for the person."""


@dataclass(frozen=True, slots=True)
class Typing:
    """An option that somebody is typing: what completes it, and the text so far."""

    completes: Kind | Literal["day"]
    typed: str
    several: bool = False


def payloads(commands: Mapping[str, str]) -> list[dict[str, Any]]:
    """What Discord is told of the shared commands, of /chat and of what can be done with a message."""
    about = {**_where(), "name": ABOUT, "type": _MESSAGE}
    shared = [_payload(name, summary, _options(name)) for name, summary in commands.items() if name != CHAT]
    return [_payload(CHAT, "talk to me, in a thread of its own", _options(CHAT)), *shared, about]


def operator_payloads(commands: Mapping[str, str]) -> list[dict[str, Any]]:
    """What the operators' server is told of their commands; everybody else there does not even see them."""
    return [
        {**_payload(name, summary, _options(name)), "default_member_permissions": _ADMINISTRATOR}
        for name, summary in commands.items()
    ]


def fingerprint(told: Sequence[Mapping[str, Any]]) -> str:
    """Tells whether what Discord is told has changed."""
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def command_of(data: Mapping[str, Any]) -> Command:
    """The command that a used one stands for. Raises `NotUnderstood`."""
    name = str(data["name"]).lower()
    given = {option["name"]: str(option.get("value", "")).strip() for option in data.get("options") or ()}
    options = _options(name)
    for option in options:
        if option.completes == "day" and given.get(option.name):
            _check_day(option.name, given[option.name])
    if given.get("end") and not given.get("start") and name == "backtest":
        raise NotUnderstood("From which day on? Give `start` too, for instance 2026-01-31.")
    words = [given[option.name] for option in options if given.get(option.name)]
    return Command(name, " ".join(words))


def typing(data: Mapping[str, Any]) -> Typing | None:
    """What somebody is typing into a command; None where nothing completes it."""
    focused = next((each for each in data.get("options") or () if each.get("focused")), None)
    if focused is None:
        return None
    option = next((each for each in _options(str(data["name"])) if each.name == focused["name"]), None)
    if option is None or option.completes is None:
        return None
    return Typing(option.completes, str(focused.get("value", "")), option.several)


def completions(typed: str, found: Sequence[tuple[str, str]], *, several: bool) -> list[tuple[str, str]]:
    """The labels and values to choose from; of a list of words only the last one is completed."""
    before, _, _ = typed.rpartition(" ") if several else ("", "", "")
    choices = []
    for label, value in found[:MAX_CHOICES]:
        whole = f"{before} {value}".strip()
        if len(whole) <= MAX_VALUE:
            shown = f"{before} {label}".strip()
            choices.append((shown if len(shown) <= MAX_VALUE else f"{shown[: MAX_VALUE - 1]}…", whole))
    return choices


def days(typed: str, today: date) -> list[tuple[str, str]]:
    """Days that fit what is typed, with how long ago they were."""
    listed = [(today - timedelta(days=ago), words) for ago, words in _DAYS_AGO]
    return [
        (f"{day.isoformat()} ({words})", day.isoformat())
        for day, words in listed
        if typed.strip().casefold() in f"{day.isoformat()} {words}"
    ]


def _options(name: str) -> tuple[Option, ...]:
    return TYPED.get(name, _TEXT)


def _check_day(name: str, text: str) -> None:
    try:
        if not _DAY.fullmatch(text):
            raise ValueError(text)
        date.fromisoformat(text)
    except ValueError:
        raise NotUnderstood(f"`{name}` must be a day such as 2026-01-31.") from None


def _payload(name: str, summary: str, options: Sequence[Option]) -> dict[str, Any]:
    return {
        **_where(),
        "name": name,
        "type": _CHAT_INPUT,
        "description": _short(summary),
        "options": [_option_payload(option) for option in options],
    }


def _where() -> dict[str, Any]:
    return {"contexts": [_IN_SERVERS, _IN_DIRECT_MESSAGES], "integration_types": [_IN_SERVERS]}


def _option_payload(option: Option) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "name": option.name,
        "description": _short(option.description),
        "type": _STRING,
        "required": option.required,
    }
    if option.choices:
        payload["choices"] = [{"name": label, "value": value} for label, value in option.choices]
    elif option.completes is not None:
        payload["autocomplete"] = True
    return payload


def _short(text: str) -> str:
    return text if len(text) <= MAX_DESCRIPTION else f"{text[: MAX_DESCRIPTION - 1]}…"
