"""Conditions on the price and on the profit of a position, as people say them."""

from __future__ import annotations

from bot.agent.offline.indicators import average_at, band, bollinger, crossover_leaf, lasting
from bot.agent.offline.items import Condition, Crossing, Exit, Found, Leaf, Mention, Price, Vague, whole
from bot.agent.offline.vocabulary import (
    ABOVE,
    CANDLE_WORDS,
    CROSSES,
    LITTLE,
    MORE,
    REACHES,
    Direction,
    after_or_more,
    direction_at,
    move_at,
    one_of,
)
from bot.agent.offline.words import Kind, Words
from bot.trading.timeframe import format_timeframe

_AMOUNT = one_of("by of to about around roughly at least more than over a an the = :")
_WINDOW = one_of(
    "in within over during inside the last past a an one per single less than more course of time space"
)


def fall_or_rise(words: Words, place: int) -> Found:
    """ "drops 5% in 1h", "a 5% dip", "falls below 0.5", "goes up 10%"; a move without a number is vague."""
    token = words.at(place)
    if token.kind is Kind.PERCENT:
        return _percent_then_move_at(words, place)
    direction = move_at(words, place)
    if direction is None:
        return None
    beyond = place + 1
    if (level := _level_after_move_at(words, beyond, direction)) is not None:
        return level
    window, after = _window(words, beyond)
    amount = words.skip(after, _AMOUNT)
    if words.at(amount).kind is Kind.PERCENT and words.at(amount).value > 0:
        threshold, after = words.at(amount).value, after_or_more(words, amount + 1)
        if _said_of_position(words, after):
            return None
        if words.at(place - 1).text in _PERSONS:
            return Exit(threshold if direction == "above" else -threshold), after
        if direction == "below" and threshold >= _WHOLE:
            return Vague("fall"), after
        if window is None:
            window, after = _window(words, after)
        if words.at(after).text == "from":
            paid = words.skip(after + 1, {"my", "the", "our", "average"})
            if words.at(paid).text in _PAID:
                return Exit(threshold if direction == "above" else -threshold), words.skip(
                    paid + 1, {"price"}
                )
        if direction_at(words, after) is not None or words.at(after).text == "from":
            # "5% below the 20 EMA", "5% from its high" compare with something that no document knows.
            return Mention(words.between(place, after + 1), strong=False), after + 1
        return Condition(_move_leaf(direction, threshold, window)), after
    if token.text in {"up", "down"} and words.at(place - 1).text not in _GOES:
        return None
    if _about_a_setting(words, beyond):
        return None
    return Vague("fall" if direction == "below" else "rise"), beyond


_PERSONS = one_of("i i'm im am we we're")
_WHOLE = 100
_PAID = one_of("entry purchase buy cost entries")
_GOES = one_of("goes go going moves is it's its comes price")
_SETTINGS = one_of(
    "stop take tp sl trailing target amount profit loss rsi timeframe cooldown size fee slippage"
)


def _about_a_setting(words: Words, place: int) -> bool:
    """Whether a word such as "increase" is about a setting of the strategy and not about the price."""
    return words.at(words.skip(place, {"the", "my", "its", "a"})).text in _SETTINGS


def _said_of_position(words: Words, place: int) -> bool:
    """Whether "5 %" is a loss or a profit of the position rather than a move of the price."""
    return words.at(words.skip(place, {"in", "a", "the"})).text in {"profit", "loss", "stop"}


def _percent_then_move_at(words: Words, place: int) -> Found:
    threshold = words.at(place).value
    noun = words.skip(after_or_more(words, place + 1), {"price"})
    direction = move_at(words, noun)
    if direction == "below" and threshold >= _WHOLE:
        return Vague("fall"), noun + 1
    if direction is None or threshold <= 0 or words.at(noun).text in {"gain", "gains"}:
        return None
    window, after = _window(words, noun + 1)
    return Condition(_move_leaf(direction, threshold, window)), after


def _move_leaf(direction: Direction, threshold: float, window: str | None) -> Leaf:
    kind = "price_drop" if direction == "below" else "price_rise"
    leaf: Leaf = {"type": kind, "threshold": whole(threshold)}
    return leaf if window is None else {**leaf, "timeframe": window}


def _window(words: Words, place: int) -> tuple[str | None, int]:
    """The time over which something moves: "in 1h", "within an hour", "over the last 15 minutes"."""
    after = words.skip(place, _WINDOW)
    token = words.at(after)
    prepared = any(words.at(each).text in _LEADS_TO_TIME for each in range(place, after))
    if words.at(place - 1).kind is Kind.PERCENT and after == place:
        # "5% 1h" and "5%/1h"
        after = words.skip(place, {"/"})
        token, prepared = words.at(after), True
    if (
        token.kind is Kind.TIME
        and prepared
        and token.seconds
        and words.at(after + 1).text not in CANDLE_WORDS
    ):
        return format_timeframe(token.seconds), after + 1
    return None, place


_LEADS_TO_TIME = one_of("in within over during inside per last past")


def _level_after_move_at(words: Words, place: int, direction: Direction) -> Found:
    """ "falls below 0.5", "drops to $2", "rises over the upper band"."""
    told = direction_at(words, place)
    if told is None and words.at(place).text in {"to", "through"}:
        told = (direction, place + 1)
    return None if told is None else _target(words, told[1], told[0], sure=words.at(place).text != "to")


def level(words: Words, place: int) -> Found:
    """ "above 0.5", "crosses below the lower band", "reaches $2", "at 0.00002"."""
    text = words.at(place).text
    start = words.skip(place + 1, {"back"}) if text in CROSSES or text in REACHES else place
    told = direction_at(words, start)
    if text in CROSSES and words.at(place + 1).text in {"up", "down"}:
        return Crossing("above" if words.at(place + 1).text == "up" else "below"), place + 2
    if told is not None:
        found = _target(words, told[1], told[0], sure=True)
        if found is None:
            return (Crossing(told[0]), told[1]) if text in CROSSES else None
        return lasting(found) if start == place and not _just_moved(words, place) else found
    if start == place:
        return None
    return _reached(words, start)


def _just_moved(words: Words, place: int) -> bool:
    """Whether "goes", "closes" or the like stands before "above": the moment is meant, not what comes after it."""
    return words.at(place - 1).text in _MOMENTS or words.at(place - 2).text in _MOMENTS


_MOMENTS = CROSSES | one_of("goes go going gets get moves move comes closes close turns")


def _reached(words: Words, place: int) -> Found:
    after = words.skip(place, {"a", "the", "price", "level", "of", "its", "through"})
    token = words.at(after)
    if token.kind in (Kind.NUMBER, Kind.MONEY) and token.value > 0 and _is_no_count(words, after + 1):
        return Price(token.value, money=token.kind is Kind.MONEY or token.value < 1), after + 1
    found = band(words, after)
    return None if found is None else bollinger(found, "below" if found[0] == "lower" else "above")


def _is_no_count(words: Words, place: int) -> bool:
    return words.at(place).text not in {"am", "pm", "times", "time", "x", ":", "o'clock"} | CANDLE_WORDS


def _target(words: Words, place: int, direction: Direction, *, sure: bool) -> Found:
    """What a price is above or below: a price, a band, an average, or a profit in percent."""
    after = words.skip(place, {"the", "a", "its", "price", "level", "of"})
    token = words.at(after)
    average = average_at(words, after)
    if average is not None:
        kind, period, after, _ = average
        return Condition(crossover_leaf(kind, 1, period, direction)), after
    if token.kind in (Kind.NUMBER, Kind.MONEY) and token.value > 0 and _is_no_count(words, after + 1):
        bare = token.kind is Kind.NUMBER and words.at(place - 2).text not in {"price", "it"} and sure
        leaf = {"type": "price_level", "price": whole(token.value), "direction": direction}
        return Condition(leaf, bare=bare), after + 1
    found = band(words, after)
    return None if found is None else bollinger(found, direction)


def exit_level(words: Words, place: int) -> Found:
    """ "10% profit", "a profit of 10%", "profit is above 8%", "in profit by 5%", "a 5% loss"."""
    token = words.at(place)
    if token.kind is Kind.PERCENT:
        after = words.skip(after_or_more(words, place + 1), {"in", "of", "a"})
        noun = words.at(after).text
        if noun in _PROFITS and words.at(after - 1).text != "of":
            return Exit(abs(token.value)), after_or_more(words, after + 1)
        return (Exit(-abs(token.value)), after + 1) if noun in {"loss", "losses"} else None
    if token.text in {"make", "earn"} and words.at(place - 1).text in _PERSONS:
        made = words.at(place + 1)
        return (Exit(made.value), place + 2) if made.kind is Kind.PERCENT else None
    times = words.at(place + 1).text in {"x", "times"} and words.at(place - 1).text in {
        "at",
        "hits",
        "reaches",
    }
    if token.kind is Kind.NUMBER and times and 1 < token.value <= _LARGEST_MULTIPLE:
        return Exit(whole(100 * (token.value - 1))), place + 2
    if token.text not in _PROFITS | {"loss", "losses"} or token.text == "gains":
        return None
    after = words.skip(
        place + 1, LITTLE | REACHES | ABOVE | MORE | {"than", "by", "least", "exceeds", "=", ":"}
    )
    if words.at(after).kind is not Kind.PERCENT:
        return None
    sign = 1 if token.text in _PROFITS else -1
    return Exit(sign * abs(words.at(after).value)), after_or_more(words, after + 1)


_LARGEST_MULTIPLE = 1000
_PROFITS = one_of("profit profits gain gains return plus")
