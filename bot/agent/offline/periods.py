"""The stretch of time and the candles of a backtest, as people say them; what is not understood is never guessed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta

from bot.agent.offline.dates import Dates, date_at, is_year, months_before
from bot.agent.offline.scanning import FILLERS
from bot.agent.offline.vocabulary import CANDLE_WORDS, one_of
from bot.agent.offline.words import ADVERBS, Kind, Words
from bot.trading.timeframe import format_timeframe

_DAYS = {"hour": 1 / 24, "day": 1.0, "week": 7.0, "year": 365.0}
_UNTIL = frozenset({"to", "until", "till", "through", "and", "-", "\u2013"})
_LONGEST_DAYS = 20_000
_FROM = one_of("since from after starting between")
_UP_TO = one_of("until till to before")
_OVER = one_of("last past for previous over recent")
_ON = one_of("on with using at timeframe interval of in")
_WORDLESS = one_of("whole entire full of the all in during dates day days from and")
_USUAL_MINUTES = frozenset({5.0, 10.0, 15.0, 20.0, 30.0, 45.0})
_MEASURED = frozenset({Kind.NUMBER, Kind.PERCENT, Kind.MONEY, Kind.TIME, Kind.DATE, Kind.ADDRESS})
_SAYS_NOTHING = (
    FILLERS | one_of("run try see check back data historical history perform performance result")
) - one_of("while until past after before because without")


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a backtest runs over: a number of days, from a day to a day; the length of a candle; the money.

    `unknown` are words that were not understood, `minutes` a number that may count months or minutes ("2m").
    """

    timeframe: str | None = None
    days: float | None = None
    start: date | None = None
    end: date | None = None
    balance: float | None = None
    unknown: tuple[str, ...] = ()
    minutes: int | None = None

    @property
    def told(self) -> bool:
        """Whether it was said from when to when, or how long."""
        return any(each is not None for each in (self.days, self.start, self.end))


def stretch_of(words: Words, today: date, known: Collection[str] = ()) -> Stretch:
    """The stretch that a sentence names; what it does not name is None. `known` are words that mean something else."""
    reader = _Reader(words, today)
    reader.read()
    return Stretch(
        reader.timeframe,
        reader.days,
        reader.start,
        reader.end,
        reader.balance,
        reader.left_over(known),
        reader.minutes,
    )


@dataclass
class _Reader:
    """Reads a sentence piece by piece and remembers which words have been used."""

    words: Words
    today: date
    timeframe: str | None = None
    days: float | None = None
    start: date | None = None
    end: date | None = None
    balance: float | None = None
    minutes: int | None = None
    used: set[int] = field(default_factory=set)

    def read(self) -> None:
        """Read all of it."""
        self._balance()
        self._dates()
        self._candles()
        self._lengths()

    def left_over(self, known: Collection[str]) -> tuple[str, ...]:
        """The words that mean something and were not used, neighbours together."""
        phrases: list[tuple[int, int]] = []
        for place, token in enumerate(self.words.tokens):
            silent = token.kind is Kind.MARK or token.text in _SAYS_NOTHING or token.text in known
            if place in self.used or (silent and token.kind not in _MEASURED):
                continue
            if phrases and phrases[-1][1] == place:
                phrases[-1] = (phrases[-1][0], place + 1)
            else:
                phrases.append((place, place + 1))
        return tuple(self.words.between(first, last) for first, last in phrases)

    def _use(self, first: int, last: int, before: Collection[str] = (), after: Collection[str] = ()) -> None:
        """Note that some words were used, with small ones of these before and after them."""
        while self.words.at(first - 1).text in before and first > 0:
            first -= 1
        self.used |= set(range(first, self.words.skip(last, after)))

    def _balance(self) -> None:
        """ "with $5,000", "a balance of 5000"."""
        for place, token in enumerate(self.words.tokens):
            if self.balance is not None:
                return
            if token.kind is Kind.MONEY and token.value > 0:
                self.balance = token.value
                self._use(place, place + 1, one_of("a of with starting from balance capital"))
            elif token.text in {"balance", "capital", "starting"}:
                number = self.words.skip(place + 1, {"of", "with", "is", "=", "balance", "capital", "a"})
                told = self.words.at(number)
                if told.kind is Kind.NUMBER and told.value > 0 and not is_year(self.words, number):
                    self.balance = told.value
                    self._use(place, number + 1)

    def _dates(self) -> None:
        """ "from 2026-01-01 to 2026-03-01", "since June", "in March 2026", "until 1 May", "yesterday"."""
        for place in range(len(self.words)):
            if place in self.used:
                continue
            found = date_at(self.words, place, self.today)
            if found is not None:
                self._between(place, found)
                return
        if self.words.has("ytd"):
            self.start = date(self.today.year, 1, 1)
            self.used |= {place for place, token in enumerate(self.words.tokens) if token.text == "ytd"}

    def _between(self, place: int, found: Dates) -> None:
        words = self.words
        other = None
        if words.at(found.after).text in _UNTIL:
            other = date_at(words, words.skip(found.after, _UNTIL | {"the", "end", "of"}), self.today)
        before = words.at(place - 1).text
        if other is not None:
            self.start = found.first_before(other)
            self.end = other.last
        elif before in _FROM:
            self.start = found.first
        elif before in _UP_TO:
            self.end = found.last
        else:
            self.start, self.end = found.first, found.last
        after = other.after if other else found.after
        if words.at(after).text in {"to", "until", "till"} and words.at(after + 1).text in {"now", "today"}:
            after += 2
        self._use(place, after, _FROM | _UP_TO | _WORDLESS)
        if self.end is not None and self.end >= self.today:
            self.end = None

    def _candles(self) -> None:
        for place, token in enumerate(self.words.tokens):
            following = self.words.at(place + 1).text
            led = self.words.at(place - 1).text == "on" or self.words.says(place - 2, "on", "the")
            if (
                token.text in ADVERBS
                and (led or following in CANDLE_WORDS)
                and ADVERBS[token.text] != "month"
            ):
                self._take_candles(place, f"1{ADVERBS[token.text][0]}")
            elif (
                token.kind is Kind.TIME
                and token.seconds
                and place not in self.used
                and self._is_candle(place)
            ):
                self._take_candles(place, format_timeframe(token.seconds))

    def _take_candles(self, place: int, timeframe: str) -> None:
        if self.timeframe is None:
            self.timeframe = timeframe
            self._use(place, place + 1, _ON | CANDLE_WORDS | {"the", "a"}, CANDLE_WORDS)

    def _is_candle(self, place: int) -> bool:
        """Whether a time is the length of a candle rather than that of the whole test."""
        words, token = self.words, self.words.at(place)
        before = (
            words.at(place - 2).text if words.at(place - 1).text in {"the", "a"} else words.at(place - 1).text
        )
        if words.at(place + 1).text in CANDLE_WORDS or before in {"timeframe", "interval"}:
            return True
        if before in _OVER:
            return False
        if token.unit == "minute":
            return not self._may_be_months(place) or before in _ON or self._has_length_beside(place)
        return token.unit == "hour" or (token.unit == "day" and before == "on")

    def _may_be_months(self, place: int) -> bool:
        token = self.words.at(place)
        written = self.words.text[token.start : token.end].lower().replace(" ", "")
        return written.endswith("m") and token.value == int(token.value)

    def _has_length_beside(self, place: int) -> bool:
        """Whether the sentence tells a stretch besides, or the number is one that candles usually have."""
        others = (
            token.kind is Kind.TIME and token.unit != "minute" and other not in self.used
            for other, token in enumerate(self.words.tokens)
        )
        dated = self.start is not None or self.end is not None
        return dated or any(others) or self.words.at(place).value in _USUAL_MINUTES

    def _lengths(self) -> None:
        """ "the last 90 days", "3 months", "a year", "this month"; of two lengths the shorter one is a candle's."""
        words = self.words
        places = [
            place
            for place, token in enumerate(words.tokens)
            if place not in self.used
            and (token.kind is Kind.TIME or token.text == "quarter")
            and token.value >= 0
        ]
        if len(places) == 2 and self.timeframe is None and not self.start:
            shorter, longer = sorted(places, key=lambda place: words.at(place).seconds or 10**9)
            if words.at(shorter).seconds and words.at(shorter).seconds != words.at(longer).seconds:
                self._take_candles(shorter, format_timeframe(words.at(shorter).seconds or 0))
                places = [longer]
        if len(places) == 1 and (self.start is None or self.end is None):
            self._length(places[0])

    def _length(self, place: int) -> None:
        words, token = self.words, self.words.at(place)
        this = words.at(place - 1).text == "this"
        if token.unit == "minute":
            if self._may_be_months(place):
                self.minutes = int(token.value)
                self._use(place, place + 1, _OVER | {"the", "a"})
            return
        if this and token.unit in {"week", "month", "year"}:
            self.start = {
                "week": self.today - timedelta(days=self.today.weekday()),
                "month": self.today.replace(day=1),
                "year": date(self.today.year, 1, 1),
            }[token.unit]
        elif token.unit == "month" or token.text == "quarter":
            back = months_before(self.end or self.today, 3 if token.text == "quarter" else token.value)
            if back is None or token.value != int(token.value) or self.start is not None:
                return
            self.start = back
        elif 0 < token.value * _DAYS.get(token.unit, 1.0) <= _LONGEST_DAYS:
            self.days = round(token.value * _DAYS.get(token.unit, 1.0), 6)
        else:
            return
        self._use(place, place + 1, _OVER | _WORDLESS | {"a", "this", "most"})
