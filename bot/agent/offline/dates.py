"""Days, months and years as people say them."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from bot.agent.offline.words import Kind, Words

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

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_BEFORE_YEAR = frozenset({"in", "for", "since", "from", "of", "to", "until", "whole", "all", "year"})
_TO = frozenset({"to", "until", "till", "through", "and", "-", "\u2013"})


@dataclass(frozen=True, slots=True)
class Dates:
    """A day, a month or a year: its first and its last day, and the place after it; `implied` without a year."""

    first: date
    last: date
    after: int
    implied: bool = False

    def first_before(self, other: Dates) -> date:
        """The first day of a stretch that ends with the other: "November to January" begins in the year before."""
        if self.implied and self.first > other.last:
            return _day(other.last.year - 1, self.first.month, self.first.day) or self.first
        return self.first


def date_at(words: Words, place: int, today: date) -> Dates | None:
    """The day, month or year that begins at this place."""
    token = words.at(place)
    if token.kind is Kind.DATE:
        exact = _day(*(int(part) for part in token.text.split("-")))
        return None if exact is None else Dates(exact, exact, place + 1)
    if token.text in {"yesterday", "today"}:
        day = today - timedelta(days=token.text == "yesterday")
        return Dates(day, day, place + 1)
    if token.text in _WEEKDAYS:
        back = (today.weekday() - _WEEKDAYS.index(token.text)) % 7 or 7
        return Dates(today - timedelta(days=back), today - timedelta(days=back), place + 1)
    if token.text in MONTHS:
        return _month(words, place, today)
    if (found := _day_of_month(words, place, today)) is not None:
        return found
    if is_year(words, place) and words.at(place - 1).text in _BEFORE_YEAR:
        year = int(token.value)
        return Dates(date(year, 1, 1), date(year, 12, 31), place + 1)
    return None


def months_before(today: date, count: float) -> date | None:
    """The same day of the month some months before."""
    month = today.year * 12 + today.month - 1 - round(count)
    if month < 12:
        return None
    year, month = divmod(month, 12)
    return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))


def is_year(words: Words, place: int) -> bool:
    """Whether a number reads like a year."""
    token = words.at(place)
    return token.kind is Kind.NUMBER and len(token.raw) == 4 and 2009 <= token.value <= 2100


def _day_of_month(words: Words, place: int, today: date) -> Dates | None:
    """ "5 March", "the 5th of March 2026"; in "5 to 10 March" the month of the second goes for the first."""
    day, after = _ordinal(words, place)
    if day is None or words.at(after).text not in _TO:
        return _day_and_month(words, place, today)
    other = _day_and_month(words, words.skip(after + 1, {"the"}), today)
    first = None if other is None else _day(other.first.year, other.first.month, day)
    return None if first is None else Dates(first, first, after)


def _day_and_month(words: Words, place: int, today: date) -> Dates | None:
    day, after = _ordinal(words, place)
    month = words.skip(after, {"of"})
    if day is None or words.at(month).text not in MONTHS:
        return None
    told, rest = _year(words, month + 1)
    return _past_day(told, MONTHS[words.at(month).text], day, today, rest)


def _month(words: Words, place: int, today: date) -> Dates | None:
    """ "March", "March 2026", "March 5", "Mar 5th, 2026"; "may" alone is rather the verb."""
    month = MONTHS[words.at(place).text]
    day, after = _ordinal(words, place + 1)
    if day is not None:
        given, rest = _year(words, after)
        return _past_day(given, month, day, today, rest)
    told, after = _year(words, place + 1)
    if words.at(place).raw == "may" and told is None and words.at(place - 1).text not in _BEFORE_YEAR:
        return None
    year = told or (today.year if month <= today.month else today.year - 1)
    last = monthrange(year, month)[1]
    return Dates(date(year, month, 1), date(year, month, last), after, implied=told is None)


def _ordinal(words: Words, place: int) -> tuple[int | None, int]:
    token = words.at(place)
    if token.kind is Kind.NUMBER and token.value == int(token.value) and 1 <= token.value <= 31:
        return int(token.value), words.skip(place + 1, {"st", "nd", "rd", "th"})
    return None, place


def _year(words: Words, place: int) -> tuple[int | None, int]:
    after = words.skip(place, {","})
    return (int(words.at(after).value), after + 1) if is_year(words, after) else (None, place)


def _past_day(year: int | None, month: int, day: int, today: date, after: int) -> Dates | None:
    """A day; without a year the latest one that is past."""
    exact = _day(today.year if year is None else year, month, day)
    if exact is not None and year is None and exact > today:
        exact = _day(today.year - 1, month, day)
    return None if exact is None else Dates(exact, exact, after, implied=year is None)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
