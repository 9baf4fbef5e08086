"""Conditions on indicators and on volume, as people say them."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from bot.agent.offline.items import Condition, Found, Item, Leaf, Vague, whole
from bot.agent.offline.vocabulary import (
    ABOVE,
    CANDLE_WORDS,
    CROSSES,
    FALLS,
    LITTLE,
    LONGEST_PERIOD,
    MORE,
    REACHES,
    RISES,
    Direction,
    after_or_more,
    direction_at,
    move_at,
    one_of,
)
from bot.agent.offline.words import Kind, Token, Words

_AVERAGES: dict[str, Literal["sma", "ema"]] = {"ema": "ema", "sma": "sma", "ma": "sma"}


def band(words: Words, place: int) -> tuple[str, int, int, float] | None:
    """Which Bollinger band is named here: its side, the place after it, its period and width."""
    after, side, named, period, std = place, "", False, 20, 2.0
    for _ in range(6):
        text = words.at(after).text
        if text in {"lower", "bottom", "upper", "top"}:
            side = "lower" if text in {"lower", "bottom"} else "upper"
        elif text in {"bollinger", "bb", "band", "bands"}:
            named = True
        elif text == "(" and words.at(after + 1).kind is Kind.NUMBER:
            period, std, after = _in_brackets(words, after)
            continue
        elif text not in {"the", "of", "line"} or after == place:
            break
        after += 1
    return (side, after, period, std) if side and named else None


def _in_brackets(words: Words, place: int) -> tuple[int, float, int]:
    numbers, after = [], place + 1
    while words.at(after).kind is Kind.NUMBER or words.at(after).text in {",", ";"}:
        if words.at(after).kind is Kind.NUMBER:
            numbers.append(words.at(after).value)
        after += 1
    period = int(numbers[0]) if 2 <= numbers[0] <= LONGEST_PERIOD else 20
    std = numbers[1] if len(numbers) > 1 and 0 < numbers[1] <= 20 else 2.0
    return period, std, after + 1 if words.at(after).text == ")" else after


def bollinger(found: tuple[str, int, int, float], direction: Direction) -> Found:
    """The condition on a band that `band` has found."""
    side, after, period, std = found
    leaf: Leaf = {"type": "bollinger", "band": side, "direction": direction}
    if period != 20:
        leaf["period"] = period
    if std != 2:
        leaf["std"] = whole(std)
    return Condition(leaf), after


def rsi(words: Words, place: int) -> Found:
    """ "RSI is below 30", "RSI(7) > 70", "14 period RSI drops to 30", "oversold"."""
    period, after = 14, place
    if words.at(place).text in {"oversold", "overbought"}:
        return Condition(_extreme(words.at(place), period)), place + 1
    if words.at(place).kind is Kind.NUMBER and words.at(words.skip(place + 1, {"period"})).text == "rsi":
        period, after = int(words.at(place).value), words.skip(place + 1, {"period"})
    if words.says(after, "relative", "strength", "index"):
        after += 2
    elif words.at(after).text != "rsi":
        return None
    after += 1
    if words.at(after).text == "(" and words.at(after + 1).kind is Kind.NUMBER:
        period, after = int(words.at(after + 1).value), words.skip(after + 2, {")"})
    elif words.at(after).kind is Kind.NUMBER and _compares(words, after + 1):
        period, after = int(words.at(after).value), after + 1
    if not 2 <= period <= LONGEST_PERIOD:
        return Vague("rsi"), after
    after = words.skip(after, _RSI_FILLERS)
    if words.at(after).text in {"not", "isn't"}:
        found = _rsi_value(words, after + 1, period)
        leaf = found[0].leaf if isinstance(found[0], Condition) else None
        return found if leaf is None else (Condition({"not": leaf}), found[1])
    return _rsi_value(words, after, period)


def _rsi_value(words: Words, after: int, period: int) -> tuple[Condition | Vague, int]:
    """What comes after "RSI is": below or above a number, oversold, overbought."""
    if words.at(after).text in {"oversold", "overbought"}:
        return Condition(_extreme(words.at(after), period)), after + 1
    told = direction_at(words, after)
    number = words.skip(told[1] if told else after, {"the", "a", "value", "of", "level"})
    value = words.at(number).value
    if told is None and words.at(after - 1).text in CROSSES:
        return Vague("rsi"), after
    if words.at(number).kind is not Kind.NUMBER or not 0 < value < 100:
        return Vague("rsi"), after
    return Condition(
        _rsi_leaf(value, told[0] if told else ("below" if value < 50 else "above"), period)
    ), number + 1


_RSI_FILLERS = LITTLE | FALLS | RISES | CROSSES | REACHES | {"index", "reading", "level", ":", "=", "turns"}


def _compares(words: Words, place: int) -> bool:
    return direction_at(words, words.skip(place, _RSI_FILLERS)) is not None


def _extreme(token: Token, period: int) -> Leaf:
    return _rsi_leaf(30, "below", period) if token.text == "oversold" else _rsi_leaf(70, "above", period)


def _rsi_leaf(value: float, direction: Direction, period: int) -> Leaf:
    leaf: Leaf = {"type": "rsi", "direction": direction, "value": whole(value)}
    return leaf if period == 14 else {**leaf, "period": period}


def crossover(words: Words, place: int) -> Found:
    """ "the 9 EMA crosses above the 21 EMA", "EMA 9/21 crossover", "golden cross"."""
    if words.at(place).text in {"golden", "death"} and words.at(place + 1).text in {"cross", "crossover"}:
        direction: Direction = "above" if words.at(place).text == "golden" else "below"
        return Condition(crossover_leaf("sma", 50, 200, direction)), place + 2
    if (pair := _pair(words, place)) is not None:
        return pair
    first = average_at(words, place)
    if first is None:
        return None
    kind, one, after, candles = first
    after = words.skip(after, LITTLE | {"line", "has", "have"})
    moved = move_at(words, after)
    crossing = words.skip(after, CROSSES | FALLS | RISES | {"up", "down", "through", "closes"})
    told = direction_at(words, crossing)
    sides = [words.at(each).text for each in range(after, crossing) if words.at(each).text in {"up", "down"}]
    if moved is None and sides:
        moved = "above" if sides[0] == "up" else "below"
    other = words.skip(told[1] if told else crossing, {"the", "a", "its"})
    second = average_at(words, other) or _same_kind(words, other, kind)
    direction_told = told[0] if told else moved
    if second is None or second[1] == one or direction_told is None:
        return Vague("average"), crossing
    # A slow average that rises over a fast one is the fast one falling under it.
    if one > second[1]:
        direction_told = "below" if direction_told == "above" else "above"
    fast, slow = sorted((one, second[1]))
    leaf = crossover_leaf(kind, fast, slow, direction_told)
    moment = moved is not None or any(words.at(each).text in _MOMENTS for each in range(after, crossing))
    return Condition(leaf, candles=candles, lasting=not moment), second[2]


_MOMENTS = CROSSES | FALLS | RISES | {"closes"}


def lasting(found: tuple[Item, int]) -> tuple[Item, int]:
    """The same, told as something that goes on where the document knows only the moment of crossing."""
    item, after = found
    crossing = isinstance(item, Condition) and item.leaf["type"] in {"price_level", "ma_crossover"}
    return (replace(item, lasting=True), after) if crossing and isinstance(item, Condition) else found


def _pair(words: Words, place: int) -> Found:
    """ "9/21 EMA crossover", "EMA 9/21 cross down", "EMA crossover of 9 and 21"."""
    kind = _AVERAGES.get(words.at(place).text)
    after = place if kind is None else words.skip(place + 1, {"cross", "crossover", "of", "(", ":"})
    one, two = words.at(after), words.at(after + 2)
    joined = words.at(after + 1).text in {"/", "and", "&", ","}
    if one.kind is not Kind.NUMBER or two.kind is not Kind.NUMBER or not joined:
        return None
    after = words.skip(after + 3, {")"})
    if kind is None:
        kind, after = _AVERAGES.get(words.at(after).text), after + 1
    fast, slow = sorted((int(one.value), int(two.value)))
    if kind is None or not 1 <= fast < slow <= LONGEST_PERIOD:
        return None
    after = words.skip(after, {"cross", "crosses", "crossover", "crossovers"})
    down = words.at(after).text in {"down", "below", "bearish", "under"}
    named = words.at(after).text in {"up", "above", "bullish", "over", "down", "below", "bearish", "under"}
    bearish = down or words.at(place - 1).text == "bearish"
    return Condition(crossover_leaf(kind, fast, slow, "below" if bearish else "above")), after + int(named)


def average_at(words: Words, place: int) -> tuple[Literal["sma", "ema"], int, int, str | None] | None:
    """A moving average: its kind, its period, the place after it, and the candles that "50-day" implies."""
    token = words.at(place)
    period, candles, after = 0, None, place
    if token.kind is Kind.NUMBER or (token.kind is Kind.TIME and token.unit in {"day", "hour"}):
        period, after = int(token.value), words.skip(place + 1, {"period", "candle", "bar"})
        candles = None if token.kind is Kind.NUMBER else f"1{token.unit[0]}"
    kind, after = _kind_of_average_at(words, after)
    if kind is None:
        return None
    if not period:
        number = words.skip(after, {"of", "(", "line"})
        if words.at(number).kind is not Kind.NUMBER:
            return None
        period, after = int(words.at(number).value), words.skip(number + 1, {")"})
    return (kind, period, after, candles) if 2 <= period <= LONGEST_PERIOD else None


def _kind_of_average_at(words: Words, place: int) -> tuple[Literal["sma", "ema"] | None, int]:
    if words.at(place).text in _AVERAGES:
        return _AVERAGES[words.at(place).text], place + 1
    exponential = words.at(place).text == "exponential"
    after = words.skip(place, {"exponential", "simple"})
    if words.says(after, "moving", "average"):
        return ("ema" if exponential else "sma"), after + 2
    return None, place


def _same_kind(
    words: Words, place: int, kind: Literal["sma", "ema"]
) -> tuple[Literal["sma", "ema"], int, int, str | None] | None:
    """ "the 9 EMA crosses above the 21": the second one's kind goes without saying."""
    token = words.at(place)
    if token.kind is Kind.NUMBER and 2 <= token.value <= LONGEST_PERIOD:
        return kind, int(token.value), place + 1, None
    return None


def crossover_leaf(kind: str, fast: int, slow: int, direction: Direction) -> Leaf:
    """The condition that two averages of one kind cross; a fast one of 1 candle is the price itself."""
    return {"type": "ma_crossover", "ma_type": kind, "fast": fast, "slow": slow, "direction": direction}


def volume(words: Words, place: int) -> Found:
    """ "volume spikes 200%", "a 200% volume spike", "volume is 3x the average", "volume doubles"."""
    token = words.at(place)
    before = token.kind is Kind.PERCENT and words.at(place + 1).text == "volume"
    if token.text != "volume" and not before:
        return None
    after = words.skip(place + (2 if before else 1), _VOLUME_FILLERS)
    threshold = token.value if before else None
    said = words.at(after)
    if threshold is None and said.text in _TIMES_THE_MEAN:
        threshold, after = _TIMES_THE_MEAN[said.text], after + 1
    elif threshold is None and said.kind is Kind.PERCENT:
        threshold, after = said.value, after + 1
    elif threshold is None and said.kind is Kind.NUMBER and words.at(after + 1).text in {"x", "times"}:
        threshold, after = 100 * (said.value - 1), after + 2
    if threshold is None or threshold <= 0:
        return Vague("volume"), after
    after = words.skip(after_or_more(words, after), _VOLUME_REST)
    leaf: Leaf = {"type": "volume_spike", "threshold": whole(threshold)}
    count = words.skip(after, {"over", "in", "of", "the", "last", "previous", "past"})
    if words.at(count).kind is Kind.NUMBER and words.at(count + 1).text in CANDLE_WORDS:
        if 1 <= words.at(count).value <= LONGEST_PERIOD:
            leaf["lookback"] = int(words.at(count).value)
        after = count + 2
    return Condition(leaf), after


_TIMES_THE_MEAN = {"doubles": 100.0, "twice": 100.0, "triples": 200.0, "quadruples": 300.0}
_VOLUME_FILLERS = (
    LITTLE | RISES | ABOVE | MORE | {"than", "up", "at", "least", "trading", "explodes", "has", "shows"}
)
_VOLUME_REST = ABOVE | MORE | one_of("than the its a average mean normal usual volume of spike spikes surge")
