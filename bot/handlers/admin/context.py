"""What the operators' commands work with besides a request: the reports, handed in, and how their line is read."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.accounts.people import find_person
from bot.errors import Refused
from bot.messages import Exit, LastingReply
from bot.tools.registry import Outcome, Services
from storage.people import Owner

if TYPE_CHECKING:
    from storage.conversations import Conversation
    from storage.database import Unit

Replies = Awaitable[tuple[LastingReply, ...]]

SHORTEST_PREFIX = 4
_NAMED = re.compile(r"(page|user)=(\S+)")
_DURATION = re.compile(r"([0-9]{1,4})(m|h|d|w)", re.ASCII)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class Reports:
    """What can be read back, as functions; handlers and reports do not know each other."""

    stats: Callable[[Services, int], Replies]
    users: Callable[[Services, str, int], Replies]
    user: Callable[[Services, Owner], Replies]
    conversations: Callable[[Services, Owner | None, str | None, str, int], Replies]
    replay: Callable[[Services, Conversation, int], Replies]
    export: Callable[[Services, Conversation], Replies]
    health: Callable[[Services], Replies]
    jobs: Callable[[Services], Replies]
    outbox: Callable[[Services, int], Replies]
    faults: Callable[[Services, int], Replies]
    fault: Callable[[Services, str], Replies]
    audit: Callable[[Services, int], Replies]
    broadcasts: Callable[[Services], Replies]


@dataclass(frozen=True, slots=True)
class Desk:
    """Where operators work: the reports, the way out, and the platforms that are served."""

    reports: Reports
    exit: Exit
    platforms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """What stands behind a word: plain words, a page from 1, and a person where `user=` names one."""

    text: str
    page: int = 1
    user: str = ""
    words: tuple[str, ...] = field(default=())


def read_line(text: str) -> Line:
    """A line with its `page=` and `user=` taken out; raises `Refused` for a page that is no number."""
    named = dict(_NAMED.findall(text))
    rest = " ".join(_NAMED.sub(" ", text).split())
    return Line(rest, page_number(named.get("page", "1")), named.get("user", ""), tuple(rest.split()))


def page_number(text: str) -> int:
    """A page, counted from 1; raises `Refused` for anything else."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:7]) <= 100_000):
        raise Refused("A page is a number from 1, such as page=2.")
    return int(text)


def duration(text: str) -> timedelta | None:
    """A span such as 30m, 12h, 3d or 2w; None for any other word."""
    found = _DURATION.fullmatch(text.lower())
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found and int(found[1]) else None


async def person_named(unit: Unit, text: str) -> Owner:
    """The person whom a text names; raises `Refused` for nobody or several."""
    owner = await find_person(unit, text) if text else None
    if owner is None:
        raise Refused(
            "I know nobody, or more than one, by that. Give the beginning of an id from /admin users, "
            "or platform:user, such as telegram:123456."
        )
    return owner


async def conversation_named(unit: Unit, text: str) -> Conversation:
    """The conversation whose id begins like this; raises `Refused` for none or several."""
    wanted = text.strip("`")
    found = await unit.overview.conversations_by_prefix(wanted) if len(wanted) >= SHORTEST_PREFIX else ()
    if len(found) != 1:
        raise Refused(
            "I know no conversation, or more than one, by that. Give the beginning of an id from /admin conversations."
        )
    return found[0]


async def said(replies: Replies) -> Outcome:
    """The outcome of a command that only reads."""
    return Outcome(replies=await replies)
