"""How reports for operators write things: times, ids, sizes, tables, and buttons to the other pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.messages import Action
from bot.tools.plain import plain
from storage.overview import Person
from storage.people import Owner

PAGE = 10
"""Rows on one page of a list."""

SHORT_ID = 8
NOTHING = "—"

_UNITS = ("B", "kB", "MB", "GB", "TB")


def when(at: datetime | None) -> str:
    """A time to the minute, in UTC."""
    return NOTHING if at is None else f"{at:%d %b %Y, %H:%M}"


def ago(at: datetime | None, now: datetime) -> str:
    """How long ago something was."""
    return "never" if at is None else f"{length(now - at)} ago"


def length(span: timedelta) -> str:
    """A span of time in its two largest units: "3 d 4 h", "12 s"."""
    seconds = max(0, round(span.total_seconds()))
    parts = []
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def milliseconds(duration: int | None) -> str:
    """A duration in milliseconds as people read it; empty when it is not known."""
    if duration is None:
        return ""
    return f"{duration} ms" if duration < 1000 else f"{duration / 1000:.1f} s"


def size(count: int) -> str:
    """A number of bytes."""
    value, unit = float(count), _UNITS[0]
    for unit in _UNITS:
        if value < 1000 or unit == _UNITS[-1]:
            break
        value /= 1000
    return f"{value:,.0f} {unit}" if unit == "B" else f"{value:,.1f} {unit}"


def short(identifier: str) -> str:
    """The beginning of an id, which is enough to name it."""
    return identifier[:SHORT_ID]


def owner_id(owner: Owner) -> str:
    """The id of an account or an anonymous person."""
    return owner.user_id or owner.anonymous_token or ""


def name_of(person: Person) -> str:
    """What somebody calls themselves, and on which platforms."""
    if not person.identities:
        return "nobody on any platform"
    names = dict.fromkeys(plain(each.name) for each in person.identities)
    platforms = dict.fromkeys(each.platform for each in person.identities)
    return f"{', '.join(names)} ({', '.join(platforms)})"


def counted(counts: Mapping[str, int], *order: str) -> str:
    """Counts by name, those in `order` first: "12 done, 1 failed"."""
    names = [*(name for name in order if name in counts), *sorted(set(counts) - set(order))]
    return ", ".join(f"{counts[name]:,} {name}" for name in names if counts[name]) or "0"


def many(count: int, noun: str) -> str:
    """A number of things: "1 turn", "1,200 turns"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def table(rows: Sequence[tuple[str, str]]) -> str:
    """Labels and values in two columns that line up."""
    width = max(len(label) for label, _ in rows)
    lines = [f"{label:<{width}}  {value}" for label, value in rows]
    return "\n".join(["```", *lines, "```"])


def pager(line: str, page: int, *, more: bool) -> tuple[Action, ...]:
    """The buttons to the pages before and after one; `line` is the command without its page."""
    buttons = []
    if page > 1:
        buttons.append(Action("◀ Back", f"{line} page={page - 1}"))
    if more:
        buttons.append(Action("More ▶", f"{line} page={page + 1}"))
    return tuple(buttons)
