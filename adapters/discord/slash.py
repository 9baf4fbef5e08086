"""Slash commands: what Discord is told of them, and the line that a used one stands for; pure.

The commands are the shared ones, and in the operators' server /admin with a subcommand for each of its words. What
Discord can offer more than a line of text is declared in `options` and `operators`; what is not declared there takes
one optional text.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from adapters.discord.operators import options_of
from adapters.discord.options import CHAT, TEXT, TYPED, Option
from bot.handlers.admin.command import AdminCommand
from bot.handlers.admin.entrance import NAME, SUMMARY
from bot.messages import Command
from bot.reports.suggestions import Kind
from bot.tools.quiet import zone_named

ABOUT = "Ask Randebu about this"

MAX_DESCRIPTION = 100
MAX_VALUE = 100
MAX_CHOICES = 25
MAX_SUBCOMMANDS = 25
"""Discord's limits; a word of /admin beyond them can still be written to us as a message."""

_CHAT_INPUT, _MESSAGE = 1, 3
_SUBCOMMAND = 1
_TYPES = {"text": 3, "whole": 4, "number": 10}
_IN_SERVERS, _IN_DIRECT_MESSAGES = 0, 1
_ADMINISTRATOR = "8"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_DAYS_AGO = ((0, "today"), (7, "a week ago"), (30, "30 days ago"), (90, "90 days ago"), (365, "a year ago"))


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


def operator_payloads(words: Sequence[AdminCommand]) -> list[dict[str, Any]]:
    """What the operators' server is told: /admin, which only its administrators see."""
    subcommands = [
        {
            "name": word.name,
            "type": _SUBCOMMAND,
            "description": _short(word.summary),
            "options": [_option_payload(option) for option in options_of(word.name)],
        }
        for word in words[:MAX_SUBCOMMANDS]
    ]
    group = {
        "name": NAME,
        "type": _CHAT_INPUT,
        "description": _short(SUMMARY),
        "options": subcommands,
        "default_member_permissions": _ADMINISTRATOR,
    }
    return [group]


def fingerprint(told: Sequence[Mapping[str, Any]]) -> str:
    """Tells whether what Discord is told has changed."""
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def command_of(data: Mapping[str, Any]) -> Command:
    """The command that a used one stands for. Raises `NotUnderstood`."""
    name, word, values = _chosen(data)
    given = {each["name"]: str(each.get("value", "")).strip() for each in values}
    given = {option: value for option, value in given.items() if value}
    options = _options(name, word)
    for option in options:
        if option.name in given:
            _check(option, given[option.name])
    _check_together(name, word, given)
    words = [option.written.format(given[option.name]) for option in options if option.name in given]
    return Command(name, " ".join([word, *words]).strip())


def typing(data: Mapping[str, Any]) -> Typing | None:
    """What somebody is typing into a command; None where nothing completes it."""
    name, word, values = _chosen(data)
    focused = next((each for each in values if each.get("focused")), None)
    if focused is None:
        return None
    option = next((each for each in _options(name, word) if each.name == focused["name"]), None)
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


def _chosen(data: Mapping[str, Any]) -> tuple[str, str, Sequence[Mapping[str, Any]]]:
    """The name of a used command, of its subcommand (empty where there is none), and the options given."""
    name, values = str(data["name"]).lower(), data.get("options") or ()
    if values and values[0].get("type") == _SUBCOMMAND:
        return name, str(values[0]["name"]).lower(), values[0].get("options") or ()
    return name, "", values


def _options(name: str, word: str = "") -> tuple[Option, ...]:
    return options_of(word) if word else TYPED.get(name, (TEXT,))


def _check(option: Option, value: str) -> None:
    """Refuse a value that is none of its kind: its handler would take it for something else."""
    if option.completes == "day":
        _check_day(option.name, value)
    if option.pattern is not None and not option.pattern.fullmatch(value):
        raise NotUnderstood(f"`{option.name}` must be: {option.description}.")


def _check_together(name: str, word: str, given: Mapping[str, str]) -> None:
    """Refuse options that mean nothing beside each other."""
    if name == "backtest" and "end" in given and "start" not in given:
        raise NotUnderstood("From which day on? Give `start` too, for instance 2026-01-31.")
    if name == "simulate" and given.get("action") != "start" and given.keys() & {"timeframe", "balance"}:
        raise NotUnderstood("`timeframe` and `balance` are for `action: start` only.")
    if name == "notify" and "zone" in given and given.get("quiet", "off").lower() == "off":
        raise NotUnderstood("`zone` is for silent hours: give `quiet` too, for instance 22-7.")
    if name == "notify" and "zone" in given and zone_named(given["zone"]) is None:
        raise NotUnderstood(
            "`zone` must be a place's clock such as Europe/Berlin or America/New_York, or UTC."
        )
    if word == "limit" and len(given) > 1:
        raise NotUnderstood("Give either a number of `chats` or `instead`.")
    if word == "outbox" and len(given) == 1:
        raise NotUnderstood("Give both `action` and the `id` of a piece, or neither to list them.")


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
        "type": _TYPES[option.kind],
        "required": option.required,
    }
    if option.kind != "text":
        payload |= {"min_value": option.least, "max_value": option.most}
    if option.choices:
        payload["choices"] = [{"name": label, "value": value} for label, value in option.choices]
    elif option.completes is not None:
        payload["autocomplete"] = True
    return payload


def _short(text: str) -> str:
    return text if len(text) <= MAX_DESCRIPTION else f"{text[: MAX_DESCRIPTION - 1]}…"
