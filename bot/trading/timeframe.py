"""Lengths of time as documents write them ("5m", "1h", "3d"), as seconds, and in plain words."""

from __future__ import annotations

import re

from bot.trading.candles import Seconds

MINUTE: Seconds = 60
HOUR: Seconds = 3_600
DAY: Seconds = 86_400
WEEK: Seconds = 604_800
LONGEST: Seconds = 365 * DAY
"""The longest length of time that a document may name."""

PATTERN = "^[1-9][0-9]{0,5}[mhdw]$"
"""How a length of time is written in a document, as a regular expression for JSON schema."""

_UNITS: tuple[tuple[str, str, Seconds], ...] = (
    ("w", "week", WEEK),
    ("d", "day", DAY),
    ("h", "hour", HOUR),
    ("m", "minute", MINUTE),
    ("s", "second", 1),
)
_SECONDS = {
    spelling: seconds
    for letter, word, seconds in _UNITS
    for spelling in (letter, word, f"{word}s", *{"h": ("hr", "hrs"), "m": ("min", "mins")}.get(letter, ()))
}
_WRITTEN = re.compile(r"\s*([0-9]{1,6})\s*([A-Za-z]+)\s*", re.ASCII)


def parse_timeframe(text: str) -> Seconds:
    """Turn "5m", "1h", "3d", "1w" or words such as "15 minutes" into seconds.

    Raises `ValueError` with a whole sentence. "1M" is refused, since elsewhere it means a month.
    """
    match = _WRITTEN.fullmatch(text)
    unit = match.group(2) if match else ""
    seconds = None if unit == "M" else _SECONDS.get(unit.lower())
    if match is None or seconds is None:
        raise ValueError(
            f"{text[:40]!r} is not a length of time; write minutes, hours, days or weeks as 5m, 1h, 3d, 1w"
        )
    total = int(match.group(1)) * seconds
    if not MINUTE <= total <= LONGEST:
        raise ValueError(f"{text[:40]!r} is out of range; the shortest is 1m, the longest 365d")
    return total


def format_timeframe(seconds: Seconds) -> str:
    """Write seconds in the largest unit that fits: 3600 is "1h", 5400 is "90m".

    Raises `ValueError` for less than a second.
    """
    count, letter, _ = _in_units(seconds)
    return f"{count}{letter}"


def in_words(seconds: Seconds) -> str:
    """Say seconds in plain words: "15 minutes", "1 hour", "3 days".

    Raises `ValueError` for less than a second.
    """
    count, _, word = _in_units(seconds)
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def _in_units(seconds: Seconds) -> tuple[int, str, str]:
    for letter, word, size in _UNITS:
        if seconds >= size and seconds % size == 0:
            return seconds // size, letter, word
    raise ValueError(f"{seconds} s is no length of time")
