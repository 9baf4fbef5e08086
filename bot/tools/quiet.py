"""Silent hours and the hour of the daily summary, by the wall clock of a stated zone; everything else is UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from storage.simulations import Simulation

SUMMARY_AT = time(9)
"""When the daily summary comes, on the clock of the simulation's zone."""

_HOURS = re.compile(r"([0-9]{1,2})(?::([0-5][0-9]))?-([0-9]{1,2})(?::([0-5][0-9]))?", re.ASCII)
_DAY = 24 * 60


def zone_named(name: str) -> str | None:
    """The zone of this name, such as "Europe/Berlin", whatever its case; None where there is none."""
    for spelling in (name, name.title(), name.upper()):
        try:
            return ZoneInfo(spelling).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return None


def hours_in(text: str) -> tuple[int, int] | None:
    """The silent hours that "22-7" or "22:30-07:00" says, as minutes of the day; None for anything else."""
    match = _HOURS.fullmatch(text)
    if match is None:
        return None
    begin, end = (int(match[at]) * 60 + int(match[at + 1] or 0) for at in (1, 3))
    return (begin % _DAY, end % _DAY) if max(begin, end) <= _DAY and begin % _DAY != end % _DAY else None


def hours_in_words(begin: int, end: int, zone: str) -> str:
    """Silent hours for people: "22:00 to 07:00 (Europe/Berlin)"."""
    return f"{begin // 60:02}:{begin % 60:02} to {end // 60:02}:{end % 60:02} ({zone})"


def is_quiet(simulation: Simulation, now: datetime) -> bool:
    """Whether a simulation has silent hours now."""
    begin, end = simulation.quiet_from, simulation.quiet_to
    if begin is None or end is None:
        return False
    local = now.astimezone(ZoneInfo(simulation.zone))
    minute = local.hour * 60 + local.minute
    return begin <= minute < end if begin < end else minute >= begin or minute < end


def next_summary(zone: str, now: datetime) -> datetime:
    """When the next daily summary is due after `now`."""
    place = ZoneInfo(zone)
    local = now.astimezone(place)
    due = datetime.combine(local.date(), SUMMARY_AT, place)
    if due <= local:
        # Days are counted on the calendar and not in hours, since two of a year have 23 or 25.
        due = datetime.combine(local.date() + timedelta(days=1), SUMMARY_AT, place)
    return due.astimezone(UTC)
