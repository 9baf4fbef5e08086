"""What stands behind /backtest: a bot, a timeframe, a stretch of time. Nothing that looks like a length is guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.errors import Refused
from bot.trading.candles import Seconds
from bot.trading.timeframe import DAY, HOUR, MINUTE, WEEK

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\S*", re.ASCII)
_LENGTH = re.compile(r"(-?)([0-9]{1,5})([A-Za-z]+)", re.ASCII)
_UNITS: dict[str, Seconds] = {
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), MINUTE),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), HOUR),
    **dict.fromkeys(("d", "day", "days"), DAY),
    **dict.fromkeys(("w", "wk", "week", "weeks"), WEEK),
    **dict.fromkeys(("y", "yr", "year", "years"), 365 * DAY),
}
_MONTHS = frozenset({"M", "mo", "month", "months"})
_SECONDS = frozenset({"s", "sec", "secs", "second", "seconds"})
_MONTH_DAYS = 30
_LONGEST: Seconds = 20_000 * DAY
_USUAL_MINUTES = frozenset({5, 10, 15, 20, 30, 45})
_EXAMPLE = "For instance: /backtest PEPE dip 15m 90d"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the arguments of /backtest say; None where they say nothing. `start` and `end` are ISO dates."""

    bot: str | None = None
    timeframe: str | None = None
    days: float | None = None
    start: str | None = None
    end: str | None = None


def parse(arguments: str) -> Asked:
    """Understand `[bot] [timeframe] [90d | 2026-01-01 2026-03-01]`; of two lengths the longer is the period.

    One length alone is a timeframe up to a day, and a period above. Raises `Refused`, also for a length that is none
    or that can mean two things.
    """
    words = arguments.split()
    dates: list[str] = []
    lengths: list[tuple[Seconds, str]] = []
    while words:
        if _DATE.fullmatch(words[-1]):
            dates.insert(0, words.pop().lower())
        elif (seconds := _seconds(words[-1])) is not None:
            lengths.insert(0, (seconds, words.pop().lower()))
        else:
            break
    if len(dates) > 2 or len(lengths) > 2 or (len(lengths) == 2 and len(dates) == 2):
        raise Refused(f"That is too much at once. {_EXAMPLE}")
    timeframe, period = _told_apart(lengths, dated=bool(dates))
    return Asked(
        " ".join(words) or None,
        timeframe,
        None if period is None else period / DAY,
        dates[0] if dates else None,
        dates[1] if len(dates) == 2 else None,
    )


def _told_apart(lengths: list[tuple[Seconds, str]], *, dated: bool) -> tuple[str | None, Seconds | None]:
    """The timeframe and the period; one length alone is told by its size."""
    if not lengths:
        return None, None
    if len(lengths) == 2:
        (_, timeframe), (period, _) = sorted(lengths)
        return timeframe, period
    seconds, word = lengths[0]
    if seconds > DAY and not dated:
        return None, seconds
    count = int(word[:-1]) if word[-1] == "m" else 0
    if count and count not in _USUAL_MINUTES and not dated:
        raise Refused(
            f"{word} can mean two things. For {_counted(count, 'month')} write {_MONTH_DAYS * count}d; for candles of "
            f"{_counted(count, 'minute')} say over how long too, such as {word} 30d."
        )
    return word, None


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def _seconds(word: str) -> Seconds | None:
    """The length of time that a word means; None for one that is rather a part of a name."""
    written = _LENGTH.fullmatch(word)
    if written is None:
        return None
    sign, count, unit = written[1], int(written[2]), written[3]
    if unit in _MONTHS or unit.lower() in _MONTHS:
        days = f"{_MONTH_DAYS * count}d" if count else "90d"
        raise Refused(f"{word}: a month has no fixed length here. Write it in days, such as {days}.")
    if unit.lower() in _SECONDS:
        raise Refused(f"{word} is too short: the shortest candle is 1m. {_EXAMPLE}")
    size = _UNITS.get(unit.lower())
    if size is None:
        return None
    if sign or not count:
        raise Refused(f"{word} is no length of time. {_EXAMPLE}")
    if count * size > _LONGEST:
        raise Refused(f"{word} is too long: at most {_LONGEST // DAY:,} days can be tested. {_EXAMPLE}")
    return count * size
