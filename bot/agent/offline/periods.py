"""The stretch of time and the candles of a backtest, as people say them."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from bot.agent.offline.vocabulary import CANDLE_WORDS
from bot.agent.offline.words import ADVERBS, Kind, Words
from bot.trading.timeframe import format_timeframe

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("january", "jan"),
            ("february", "feb"),
            ("march", "mar"),
            ("april", "apr"),
            ("may",),
            ("june", "jun"),
            ("july", "jul"),
            ("august", "aug"),
            ("september", "sep", "sept"),
            ("october", "oct"),
            ("november", "nov"),
            ("december", "dec"),
        ),
        1,
    )
    for name in names
}
"""The number of each month, by its names."""

_DAYS = {"hour": 1 / 24, "day": 1.0, "week": 7.0, "year": 365.0}
_UNTIL = frozenset({"to", "until", "till", "through", "and", "-", "\u2013"})


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a backtest runs over: a number of days up to now, or from a day to a day; and the length of a candle."""

    timeframe: str | None = None
    days: float | None = None
    start: date | None = None
    end: date | None = None
    balance: float | None = None


@dataclass(frozen=True, slots=True)
class _Dates:
    """A day, a month or a year: its first and its last day, and the place after it; `implied` without a year."""

    first: date
    last: date
    after: int
    implied: bool = False


def stretch_of(words: Words, today: date) -> Stretch:
    """The stretch that a sentence names; what it does not name is None."""
    start, end, days = _dates(words, today)
    if start is None and end is None:
        start, days = _length(words, today)
    return Stretch(_candles(words), days, start, end, _balance(words))


def _candles(words: Words) -> str | None:
    for place in range(len(words)):
        token, following = words.at(place), words.at(place + 1).text
        if token.text in ADVERBS and following in CANDLE_WORDS and ADVERBS[token.text] != "month":
            return f"1{ADVERBS[token.text][0]}"
        if token.kind is Kind.TIME and token.seconds and _is_candle(words, place):
            return format_timeframe(token.seconds)
    return None


def _is_candle(words: Words, place: int) -> bool:
    """Whether a time is the length of a candle rather than that of the whole test."""
    token, before = words.at(place), words.at(place - 1).text
    if words.at(place + 1).text in CANDLE_WORDS or before in {"timeframe", "interval"}:
        return True
    if token.unit == "minute":
        return True
    before = words.at(place - 2).text if before in {"the", "a"} else before
    return token.unit == "hour" and before not in {"last", "past", "for", "previous", "over"}


def _length(words: Words, today: date) -> tuple[date | None, float | None]:
    """ "the last 90 days", "3 months", "a year"."""
    for place in range(len(words)):
        token = words.at(place)
        if token.kind is not Kind.TIME or _is_candle(words, place) or not 0 < token.value < 100_000:
            continue
        if token.unit == "month":
            return _months_before(today, token.value), None
        if words.at(place - 1).text == "this" and token.unit == "year":
            return date(today.year, 1, 1), None
        return None, round(token.value * _DAYS.get(token.unit, 1.0), 6)
    if words.has("ytd"):
        return date(today.year, 1, 1), None
    return None, None


def _months_before(today: date, count: float) -> date | None:
    month = today.year * 12 + today.month - 1 - round(count)
    if month < 12:
        return None
    year, month = divmod(month, 12)
    return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))


def _dates(words: Words, today: date) -> tuple[date | None, date | None, float | None]:
    """ "from 2026-01-01 to 2026-03-01", "since June", "in March 2026", "until 1 May"."""
    place = 0
    while place < len(words):
        found = _date_at(words, place, today)
        if found is None:
            place += 1
            continue
        before = words.at(place - 1).text
        between = words.at(found.after).text in _UNTIL
        other = (
            _date_at(words, words.skip(found.after, _UNTIL | {"the", "end", "of"}), today)
            if between
            else None
        )
        if other is not None:
            first = found.first
            if found.implied and first > other.last:
                # "From November to January" begins in the year before.
                first = _day(other.last.year - 1, first.month, first.day) or first
            return first, other.last, None
        if before in {"since", "from", "after", "starting"}:
            return found.first, None, None
        if before in {"until", "till", "to", "before"}:
            return None, found.last, None
        return found.first, found.last, None
    return None, None, None


def _date_at(words: Words, place: int, today: date) -> _Dates | None:
    token = words.at(place)
    if token.kind is Kind.DATE:
        exact = _day(*(int(part) for part in token.text.split("-")))
        return None if exact is None else _Dates(exact, exact, place + 1)
    if token.text in MONTHS:
        return _month(words, place, today)
    day, after = _ordinal(words, place)
    after = words.skip(after, {"of"})
    if day is not None and words.at(after).text in MONTHS:
        told, rest = _year(words, after + 1)
        return _past_day(told, MONTHS[words.at(after).text], day, today, rest)
    if _is_year(words, place) and words.at(place - 1).text in {
        "in",
        "for",
        "since",
        "from",
        "of",
        "to",
        "until",
    }:
        year = int(token.value)
        return _Dates(date(year, 1, 1), date(year, 12, 31), place + 1)
    return None


def _month(words: Words, place: int, today: date) -> _Dates | None:
    """ "March", "March 2026", "March 5", "Mar 5th, 2026"; "may" alone is rather the verb."""
    month = MONTHS[words.at(place).text]
    day, after = _ordinal(words, place + 1)
    if day is not None:
        given, rest = _year(words, after)
        return _past_day(given, month, day, today, rest)
    if words.at(place).text == "may" and words.at(place).raw == "may":
        return None
    told, after = _year(words, place + 1)
    year = told or (today.year if month <= today.month else today.year - 1)
    last = monthrange(year, month)[1]
    return _Dates(date(year, month, 1), date(year, month, last), after, implied=told is None)


def _ordinal(words: Words, place: int) -> tuple[int | None, int]:
    token = words.at(place)
    if token.kind is Kind.NUMBER and token.value == int(token.value) and 1 <= token.value <= 31:
        return int(token.value), words.skip(place + 1, {"st", "nd", "rd", "th"})
    return None, place


def _year(words: Words, place: int) -> tuple[int | None, int]:
    after = words.skip(place, {","})
    return (int(words.at(after).value), after + 1) if _is_year(words, after) else (None, place)


def _is_year(words: Words, place: int) -> bool:
    token = words.at(place)
    return token.kind is Kind.NUMBER and len(token.raw) == 4 and 2009 <= token.value <= 2100


def _past_day(year: int | None, month: int, day: int, today: date, after: int) -> _Dates | None:
    """A day; without a year the latest one that is past."""
    exact = _day(today.year if year is None else year, month, day)
    if exact is not None and year is None and exact > today:
        exact = _day(today.year - 1, month, day)
    return None if exact is None else _Dates(exact, exact, after, implied=year is None)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _balance(words: Words) -> float | None:
    """ "with $5,000", "a balance of 5000"."""
    for place in range(len(words)):
        token = words.at(place)
        if token.kind is Kind.MONEY and token.value > 0:
            return token.value
        if token.text in {"balance", "capital", "starting"}:
            number = words.at(words.skip(place + 1, {"of", "with", "is", "=", "balance", "capital", "a"}))
            if number.kind is Kind.NUMBER and number.value > 0 and not _is_year(words, place + 1):
                return number.value
    return None
