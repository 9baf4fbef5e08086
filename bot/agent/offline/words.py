"""A sentence cut into words, numbers, percentages, money, times and addresses; linear in its length."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from math import isfinite

_APOSTROPHE = "\u2019"

LONGEST_TEXT = 1000
"""Letters of a message; a longer one is not read."""


class Kind(Enum):
    """What a token is."""

    WORD = auto()
    NUMBER = auto()
    PERCENT = auto()
    MONEY = auto()
    TIME = auto()
    DATE = auto()
    ADDRESS = auto()
    QUOTED = auto()
    MARK = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """One piece: `text` in lower case, `raw` as written, `value` of a number, `unit` of a time, its place."""

    kind: Kind
    text: str
    raw: str
    start: int
    end: int
    value: float = 0.0
    unit: str = ""

    @property
    def seconds(self) -> int | None:
        """The length of a time in seconds; None for months, which have no fixed length, and odd ones."""
        seconds = self.value * _SECONDS.get(self.unit, 0)
        return round(seconds) if 60 <= seconds <= 365 * 86_400 and seconds % 60 == 0 else None


_LONGEST_PHRASE = 10
END = Token(Kind.END, "", "", 0, 0)

_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400, "week": 604_800, "year": 365 * 86_400}

_UNITS = {
    spelling: unit
    for unit, spellings in {
        "minute": "m min mins minute minutes",
        "hour": "h hr hrs hour hours",
        "day": "d day days",
        "week": "w wk wks week weeks",
        "month": "mo month months",
        "year": "y yr yrs year years",
    }.items()
    for spelling in spellings.split()
}
_BARE_UNITS = frozenset({"minute", "hour", "day", "week", "month", "year"})
ADVERBS = {"hourly": "hour", "daily": "day", "weekly": "week", "monthly": "month", "nightly": "day"}
"""Adverbs of time, and the unit in which each comes back."""

_PERCENT = frozenset({"percent", "pct", "percents", "percentage"})
_DOLLARS = frozenset({"dollar", "dollars", "usd", "usdt", "usdc", "buck", "bucks"})
_NUMBERS = {
    word: number
    for number, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
} | {
    word: 10 * number
    for number, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2
    )
}
_HUNDREDS = {"hundred": 100.0, "thousand": 1000.0}

_PIECE = re.compile(
    r"""
    (?P<address>0x[0-9a-fA-F]{6,64}\b)
    |(?P<date>\d{4}-\d{1,2}-\d{1,2}(?!\d))
    |(?P<quoted>"[^"\n]{1,80}"|“[^”\n]{1,80}”)
    |(?P<number>\d+(?:,\d+)*(?:\.\d+)?(?:[eE][-+]?\d{1,3}(?!\w))?|\.\d+)
    |(?P<word>\$?[^\W\d_][\w']*)
    |(?P<mark>[^\s\w]|_)
    """,
    re.VERBOSE,
)
_INDICATOR = re.compile(r"(rsi|ema|sma|ma|tp)(\d{1,4})")
_LONG_ADDRESS = 32
_NOT_OWNERS = frozenset({"it", "what", "that", "let", "who", "how", "where", "there", "here", "he", "she"})


class Words:
    """The tokens of one message; a place outside of it holds `END`."""

    def __init__(self, text: str) -> None:
        folded = unicodedata.normalize("NFKC", text[:LONGEST_TEXT]).replace(_APOSTROPHE, "'")
        self.text = folded
        self.tokens = tuple(_joined(_without_hyphens(tuple(_pieces(folded)))))
        letters = [letter for letter in folded if letter.isalpha()]
        self.shouting = len(self.tokens) > 3 and sum(map(str.isupper, letters)) > 0.7 * max(1, len(letters))

    def __len__(self) -> int:
        return len(self.tokens)

    def at(self, place: int) -> Token:
        """The token at a place."""
        return self.tokens[place] if 0 <= place < len(self.tokens) else END

    def says(self, place: int, *words: str) -> bool:
        """Whether exactly these words stand here, one after the other."""
        return all(self.at(place + offset).text == word for offset, word in enumerate(words))

    def skip(self, place: int, words: Collection[str]) -> int:
        """The first place from here on that holds none of these words; it goes no further than a phrase does."""
        last = place + _LONGEST_PHRASE
        while place < last and self.at(place).kind is not Kind.END and self.at(place).text in words:
            place += 1
        return place

    def has(self, *words: str) -> bool:
        """Whether one of these words occurs."""
        return any(token.text in words for token in self.tokens)

    def between(self, first: int, last: int) -> str:
        """What was written from the token at `first` to the one before `last`."""
        return self.text[self.at(first).start : self.at(last - 1).end].strip() if last > first else ""


def _pieces(text: str) -> Iterator[Token]:
    for found in _PIECE.finditer(text):
        raw, start, end = found.group(), found.start(), found.end()
        match found.lastgroup:
            case "address":
                yield Token(Kind.ADDRESS, raw.lower(), raw, start, end)
            case "date":
                yield Token(Kind.DATE, raw, raw, start, end)
            case "quoted":
                yield Token(Kind.QUOTED, raw[1:-1].strip().lower(), raw[1:-1].strip(), start, end)
            case "number":
                value = _number(raw)
                kind = Kind.WORD if value is None else Kind.NUMBER
                yield Token(kind, raw.lower(), raw, start, end, value or 0.0)
            case "word":
                yield from _word(raw, start, end)
            case _:
                yield Token(Kind.MARK, raw, raw, start, end)


def _word(raw: str, start: int, end: int) -> Iterator[Token]:
    text = raw.lower()
    if indicator := _INDICATOR.fullmatch(text):
        name, period = indicator.groups()
        yield Token(Kind.WORD, name, name, start, start + len(name))
        yield Token(Kind.NUMBER, period, period, start + len(name), end, float(period))
    elif len(raw) >= _LONG_ADDRESS and raw.isalnum():
        yield Token(Kind.ADDRESS, text, raw, start, end)
    else:
        stem, _, ending = text.partition("'")
        own = ending == "s" and stem not in _NOT_OWNERS
        yield Token(Kind.WORD, stem if own else text, raw, start, end)


def _number(raw: str) -> float | None:
    """A number whose commas group thousands ("1,000") or stand for the point ("2,5"); None when neither fits."""
    first, *groups = raw.split(",")
    if groups:
        whole = groups[-1].split(".")[0]
        thousands = 1 <= len(first) <= 3 and first != "0" and all(len(group) == 3 for group in groups[:-1])
        if thousands and len(whole) == 3:
            raw = raw.replace(",", "")
        elif len(groups) == 1 and "." not in groups[0]:
            raw = f"{first}.{groups[0]}"
        else:
            return None
    value = float(raw)
    return value if isfinite(value) else None


def _without_hyphens(pieces: tuple[Token, ...]) -> tuple[Token, ...]:
    """The pieces without the hyphens inside "stop-loss" and "15-minute"; those before a number stay."""
    return tuple(
        piece
        for place, piece in enumerate(pieces)
        if piece.text != "-"
        or place == 0
        or pieces[place - 1].end < piece.start
        or _at(pieces, place + 1).start != piece.end
        or _at(pieces, place + 1).kind is not Kind.WORD
    )


def _joined(pieces: tuple[Token, ...]) -> Iterator[Token]:
    """Numbers together with what makes them a percentage, an amount of money or a length of time."""
    place = 0
    while place < len(pieces):
        number, after = _spelled(pieces, place)
        if number is not None:
            token, place = _with_unit(pieces, number, after)
            yield token
            continue
        piece = pieces[place]
        place += 1
        if piece.kind is Kind.WORD and piece.text in _BARE_UNITS:
            piece = replace(piece, kind=Kind.TIME, value=1.0, unit=piece.text)
        yield piece


def _spelled(pieces: tuple[Token, ...], place: int) -> tuple[Token | None, int]:
    """The number that begins here, written in digits (with a sign or a dollar before it) or in words."""
    piece, following = pieces[place], _at(pieces, place + 1)
    if piece.kind is Kind.NUMBER:
        if following.text == "k" and following.start == piece.end:
            return replace(piece, value=piece.value * 1000, end=following.end), place + 2
        return piece, place + 1
    if piece.text == "$" and following.kind is Kind.NUMBER:
        number, after = _spelled(pieces, place + 1)
        if number is not None:
            return replace(number, kind=Kind.MONEY, start=piece.start), after
    free = place == 0 or pieces[place - 1].end < piece.start
    if piece.text == "-" and free and following.kind is Kind.NUMBER and following.start == piece.end:
        return replace(following, value=-following.value, start=piece.start), place + 2
    if piece.kind is Kind.WORD and piece.text in _NUMBERS:
        return _in_words(pieces, place)
    if piece.text == "half" and following.text in {"a", "an"} and _at(pieces, place + 2).text in _BARE_UNITS:
        return replace(piece, kind=Kind.NUMBER, value=0.5), place + 2
    return None, place


def _in_words(pieces: tuple[Token, ...], place: int) -> tuple[Token | None, int]:
    piece, value, after = pieces[place], float(_NUMBERS[pieces[place].text]), place + 1
    ones = _NUMBERS.get(_at(pieces, after).text, 0)
    if value >= 20 and 0 < ones < 10:
        value, after = value + ones, after + 1
    while _at(pieces, after).text in _HUNDREDS:
        value *= _HUNDREDS[_at(pieces, after).text]
        after += 1
    if piece.text == "one" and not _is_unit(_at(pieces, after)):
        return None, place
    return replace(piece, kind=Kind.NUMBER, value=value, end=pieces[after - 1].end), after


def _is_unit(piece: Token) -> bool:
    return piece.text in _UNITS or piece.text in _PERCENT | _DOLLARS | {"%", "time"}


def _with_unit(pieces: tuple[Token, ...], number: Token, after: int) -> tuple[Token, int]:
    if number.kind is Kind.MONEY:
        return number, after
    following = _at(pieces, after)
    kind, last, unit = Kind.NUMBER, after, ""
    if following.text == "%" or following.text in _PERCENT:
        kind, last = Kind.PERCENT, after + 1
    elif following.text == "per" and _at(pieces, after + 1).text == "cent":
        kind, last = Kind.PERCENT, after + 2
    elif following.text in _DOLLARS or (following.text == "$" and following.start == number.end):
        kind, last = Kind.MONEY, after + 1
    elif number.value > 0 and following.text in _UNITS:
        kind, last, unit = Kind.TIME, after + 1, _UNITS[following.text]
    end = pieces[last - 1].end
    return replace(number, kind=kind, unit=unit, end=end), last


def _at(pieces: tuple[Token, ...], place: int) -> Token:
    return pieces[place] if place < len(pieces) else END
