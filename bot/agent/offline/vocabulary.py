"""The words that conditions are made of, and what they say about a direction."""

from __future__ import annotations

from typing import Literal

from bot.agent.offline.words import Words

Direction = Literal["above", "below"]


def one_of(words: str) -> frozenset[str]:
    """A set of words, written with spaces between them."""
    return frozenset(words.split())


FALLS = one_of(
    "drop drops dropped dropping dip dips dipped dipping fall falls fell falling decline declines "
    "declined lose loses crash crashes crashed dump dumps dumped decrease decreases decreased sink sinks "
    "plunge plunges slip slips slides slide pullback retraces retrace correction corrects tank tanks"
)
"""Verbs and nouns of a falling price."""

RISES = one_of(
    "rise rises rose rising gain gains gained pump pumps pumped increase increases increased climb climbs "
    "climbed jump jumps jumped grow grows rally rallies surge surges surged spike spikes spiked"
)
"""Verbs and nouns of a rising price."""

CROSSES = one_of("cross crosses crossed crossing break breaks breaking")
REACHES = one_of("reach reaches reached hit hits touch touches touched at")
BELOW = one_of("below under beneath underneath <")
ABOVE = one_of("above over exceeds exceed past >")
LESS = one_of("less lower smaller")
MORE = one_of("more greater higher bigger")
LITTLE = one_of("is are goes go going gets get moves move comes back the a an its it to of by value")
"""Words that say nothing between a subject and its number."""

CANDLE_WORDS = one_of(
    "candle candles candlestick candlesticks chart charts bar bars timeframe interval klines"
)
"""What makes a length of time the length of a candle."""

LONGEST_PERIOD = 1000
"""Candles; the longest look-back of an indicator."""


def direction_at(words: Words, place: int) -> tuple[Direction, int] | None:
    """ "below", "higher than", ">=" and the like, and the place after it."""
    text = words.at(place).text
    if text in BELOW or text in ABOVE:
        after = place + 2 if words.at(place + 1).text == "=" else place + 1
        return ("below" if text in BELOW else "above"), after
    if (text in LESS or text in MORE) and words.at(place + 1).text == "than":
        return ("below" if text in LESS else "above"), place + 2
    return None


def move_at(words: Words, place: int) -> Direction | None:
    """Where a verb such as "drops" or a word such as "up" says that the price goes."""
    text = words.at(place).text
    if text in FALLS or text == "down":
        return "below"
    return "above" if text in RISES or text == "up" else None


def after_or_more(words: Words, place: int) -> int:
    """The place after "or more", which is not the "or" before another condition."""
    more = words.says(place, "or") and words.at(place + 1).text in {"more", "higher", "greater", "better"}
    return place + 2 if more else place
