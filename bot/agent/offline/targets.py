"""Take profits as people say them: one, or several with the share that is sold at each."""

from __future__ import annotations

from bot.agent.offline.guards import is_percent
from bot.agent.offline.items import Found, Ladder, Target, Vague
from bot.agent.offline.vocabulary import one_of
from bot.agent.offline.words import Kind, Words

_TARGETS = one_of("tp takeprofit target")
_NOUNS = _TARGETS | one_of("take profit profits targets level levels")
_LEADS = one_of("loss at of to is a an the = : ( out if when it's reaches by once + @ your my")
_PROFIT = one_of("profit profits gain gains up")
_JOINS = one_of(", and then & ; / +")
_FOR = one_of("for on with sell sells selling close closes : ( of exit take takes")
_SHARES = {
    **{"half": 50.0, "third": 100 / 3, "quarter": 25.0},
    **dict.fromkeys(("all", "everything"), 100.0),
    **dict.fromkeys(("rest", "remainder", "remaining"), None),
}
_OF_IT = one_of("of it the my position bag them ) holdings")
_OTHERS = one_of(
    "stop stoploss sl trailing fee fees slippage loss losses drawdown drop dip fall rise pump trail of breakeven"
)
_MOST_LEVELS = 8

_Level = tuple[float, float | None, bool, int]
"""Percent above what was paid, the share to sell, whether a share was told, and the place after it."""


def take_profit(words: Words, place: int) -> Found:
    """ "take profit at 10%", "a 10% take profit", "TP 10%", "take profit 5% for half and 12% for the rest"."""
    if words.at(place).kind is Kind.PERCENT and _says_target(words, place + 1):
        after = words.skip(place + 1, _NOUNS)
        return _target(words.at(place).value), after
    if not _says_target(words, place):
        return None
    start = words.skip(place, _NOUNS)
    levels, after = _levels(words, _past_ordinal(words, start))
    if not levels:
        price = words.skip(start, _LEADS)
        priced = words.at(price).kind in (Kind.NUMBER, Kind.MONEY)
        return Vague("target"), price + 1 if priced else start
    if len(levels) == 1 and not levels[0][2]:
        return _target(levels[0][0]), after
    if not all(told for _, _, told, _ in levels[:-1]) or any(not level[0] for level in levels):
        return Vague("steps"), after
    return Ladder(tuple((percent, share) for percent, share, _, _ in levels)), after


def _levels(words: Words, place: int) -> tuple[list[_Level], int]:
    """The levels that follow each other from here, and the place after the last one."""
    found: list[_Level] = []
    after = place
    while len(found) < _MOST_LEVELS:
        level = _level(words, after if not found else _next(words, after), first=not found)
        if level is None:
            break
        found.append(level)
        after = level[3]
    return found, after


def _next(words: Words, place: int) -> int:
    """Where a further level may begin: after "and", "then", or "TP2"."""
    joined = words.skip(place, _JOINS | {"another", "next", "second"})
    return _past_ordinal(words, words.skip(joined, _NOUNS)) if _says_target(words, joined) else joined


def _past_ordinal(words: Words, place: int) -> int:
    """The place after the 2 of "TP 2 at 10%"."""
    counts = words.at(place).kind is Kind.NUMBER and words.at(place).value < _MOST_LEVELS
    return place + 1 if counts and is_percent(words, words.skip(place + 1, _LEADS)) else place


def _level(words: Words, place: int, *, first: bool) -> _Level | None:
    """ "5%", "5% for half", "half at 5%", "50% at 5%"."""
    share = _share(words, words.skip(place, _FOR if first else frozenset()))
    if share is not None:
        number = words.skip(share[1], {"at", "@", "when", "once", "it", "is", "up"})
        if number > share[1] and is_percent(words, number):
            return words.at(number).value, share[0], True, words.skip(number + 1, _PROFIT)
    number = words.skip(place, _LEADS)
    if not is_percent(words, number) or (not first and not _is_further(words, number)):
        return None
    after = words.skip(number + 1, _PROFIT)
    told = _share(words, words.skip(after, _FOR))
    if told is None or _begins_level(words, told[1]):
        return abs(words.at(number).value), None, False, after
    return abs(words.at(number).value), told[0], True, told[1]


def _is_further(words: Words, place: int) -> bool:
    """Whether a percentage after a level is another one, and not that of a stop or of a move."""
    return words.at(place).kind is Kind.PERCENT and words.at(place + 1).text not in _OTHERS


def _share(words: Words, place: int) -> tuple[float | None, int] | None:
    """ "half", "the other half", "a quarter", "the rest", "50%": how much of the position."""
    start = words.skip(place, {"a", "an", "the", "one", "other", "another"})
    text = words.at(start).text
    if text in _SHARES:
        remaining = text == "half" and words.says(start - 1, "other")
        return (None if remaining else _SHARES[text]), words.skip(start + 1, _OF_IT)
    token = words.at(start)
    led = words.at(place - 1).text in _FOR or _begins_level(words, start + 1)
    if led and token.kind is Kind.PERCENT and 0 < token.value <= 100 and _is_further(words, start):
        return token.value, words.skip(start + 1, _OF_IT)
    return None


def _begins_level(words: Words, place: int) -> bool:
    """Whether what was taken for a share begins the next level instead: "5%, half at 12%"."""
    number = words.skip(place, {"at", "@", "when", "once", "it", "is", "up"})
    return number > place and is_percent(words, number)


def _target(percent: float) -> Target | Vague:
    return Target(abs(percent)) if percent else Vague("target")


def _says_target(words: Words, place: int) -> bool:
    taking = words.at(place).text in {"take", "taking"} and words.at(place + 1).text in {"profit", "profits"}
    return taking or words.at(place).text in _TARGETS
