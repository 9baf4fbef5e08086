"""Protection and costs as people say them: stops, trailing stops, limits of time and of loss."""

from __future__ import annotations

from bot.agent.offline.items import Cost, Found, Guard, Span, Vague, whole
from bot.agent.offline.vocabulary import CANDLE_WORDS, one_of
from bot.agent.offline.words import Kind, Words
from bot.trading.timeframe import format_timeframe

_TO = one_of("loss losses it at of to is a an the = : per trade out position if when it's maximum max")
_STOPS = one_of("stop stoploss sl")
_LONGEST_FALL = 100


def is_percent(words: Words, place: int) -> bool:
    """Whether a percentage stands here, or a whole number that traders mean as one: "sl 5", "tp 20"."""
    token, after = words.at(place), words.at(place + 1)
    if token.kind is Kind.PERCENT:
        return True
    written = token.kind is Kind.NUMBER and token.raw.isdigit()
    return written and 1 <= token.value < _LONGEST_FALL and after.text not in _COUNTED | CANDLE_WORDS


_COUNTED = one_of("times x losses loss stops trades bars / and -")


def trailing(words: Words, place: int) -> Found:
    """ "trailing stop 4%", "a 4% trailing stop loss", "trail by 4% once up 6%"."""
    if words.at(place).kind is Kind.PERCENT and words.at(place + 1).text == "trailing":
        percent, after = words.at(place).value, words.skip(place + 2, _STOPS | {"loss"})
    elif words.at(place).text in {"trailing", "trail", "trails"}:
        number = words.skip(place + 1, _STOPS | _TO | {"by", "with", "price", "high"})
        if not is_percent(words, number):
            return Vague("trailing"), number
        percent, after = words.at(number).value, number + 1
    else:
        return None
    if not 0 < percent < _LONGEST_FALL:
        return Vague("trailing"), after
    armed = words.skip(after, _ARMING)
    if armed > after and words.at(armed).kind is Kind.PERCENT and _says_armed(words, after, armed):
        arm = words.at(armed).value
        rest = words.skip(armed + 1, {"profit", "in", "gain", "up"})
        return Guard("trailing_stop", {"percent": whole(percent), "arm_percent": whole(arm)}), rest
    return Guard("trailing_stop", {"percent": whole(percent)}), after


_ARMING = one_of(
    "once after when if armed arm at from up in profit of it's it is the price that starts starting by ,"
)


def _says_armed(words: Words, first: int, last: int) -> bool:
    said = {words.at(place).text for place in range(first, last)}
    return bool(said & {"once", "after", "armed", "arm", "from", "starts", "starting", "if", "when"})


def stop_loss(words: Words, place: int) -> Found:
    """ "a 3% stop loss", "stop at 3%", "SL 3%", "cut losses at 5%"; "wait 4h after a stop" is a cooldown."""
    if words.at(place).kind is Kind.PERCENT:
        after = words.skip(place + 1, {"max", "maximum", "hard"})
        if words.at(after).text in _STOPS:
            return _stop(words.at(place).value), words.skip(after + 1, {"loss"})
        return None
    cutting = words.at(place).text in _CUTS and words.at(words.skip(place + 1, _MY)).text in _LOSSES
    if words.at(place).text not in _STOPS and not cutting:
        return None
    after = words.skip(place + 1, _TO | _MY | _LOSSES)
    if is_percent(words, after):
        rest = words.at(after + 1).text
        return _stop(words.at(after).value), after + 2 if rest in _LOSSES else after + 1
    if words.at(place + 1).text in {"trading", "buying"}:
        return None
    if (even := break_even(words, after)) is not None:
        return even
    # A stop at a price is none that a document knows, and its price must not become a condition of its own.
    priced = words.at(after).kind in (Kind.NUMBER, Kind.MONEY)
    return Vague("stop"), after + 1 if priced else words.skip(place + 1, _LOSSES)


_MY = one_of("my the its your")
_LOSSES = one_of("loss losses")
_CUTS = one_of("cut limit max maximum")


def _stop(percent: float) -> Guard | Vague:
    percent = abs(percent)
    return Guard("stop_loss_percent", whole(percent)) if 0 < percent < _LONGEST_FALL else Vague("stop")


def break_even(words: Words, place: int) -> Found:
    """ "move the stop to break even at 5%", "breakeven after 5% profit"."""
    if words.at(place).text == "breakeven":
        after = place + 1
    elif words.says(place, "break", "even"):
        after = place + 2
    else:
        return None
    number = words.skip(after, _TO | {"after", "once", "up", "in", "profit", "from", "when"})
    if words.at(number).kind is not Kind.PERCENT or words.at(number).value <= 0:
        return None
    rest = words.skip(number + 1, {"profit", "in", "gain"})
    return Guard("break_even_at_percent", whole(words.at(number).value)), rest


def drawdown(words: Words, place: int) -> Found:
    """ "stop trading at a 30% drawdown", "max drawdown 30%"."""
    after = words.skip(place, _BEFORE_DRAWDOWN)
    if words.at(after).kind is Kind.PERCENT:
        noun = words.skip(after + 1, {"max", "maximum"})
        if words.at(noun).text == "drawdown":
            return _drawdown(words.at(after).value), noun + 1
    if words.at(after).text == "drawdown":
        number = words.skip(after + 1, _TO | {"limit", "over", "above", "reaches", "exceeds", "by"})
        if words.at(number).kind is Kind.PERCENT:
            return _drawdown(words.at(number).value), number + 1
    return None


_BEFORE_DRAWDOWN = one_of("stop trading buying everything at after a an the max maximum limit when if on")


def _drawdown(percent: float) -> Guard:
    return Guard("max_drawdown_percent", whole(min(max(percent, 0.01), 99.9)))


def holding_time(words: Words, place: int) -> Found:
    """ "hold at most 3 days", "max hold 3d", "wait 4h after a stop", "after 3 days"."""
    text = words.at(place).text
    if text in {"hold", "holds", "holding", "keep"} or words.says(place, "max", "hold"):
        after = words.skip(place, _BEFORE_HOLD)
        if (seconds := words.at(after).seconds) and words.at(after).kind is Kind.TIME:
            return Guard("max_hold", format_timeframe(seconds)), after + 1
        return None
    if text in {"wait", "waits", "pause", "pauses", "cooldown", "rest"}:
        after = words.skip(place + 1, {"for", "of", "at", "least", "a", "an", "is", ":"})
        rest = words.skip(after + 1, {"after", "following", "a", "an", "the", "each", "every", "any"})
        stopped = rest > after + 1 and (words.at(rest).text in _STOPS or words.says(rest, "being", "stopped"))
        if (seconds := words.at(after).seconds) and stopped:
            done = words.skip(rest + 1, {"loss", "stopped", "out", "hit", "is"})
            return Guard("cooldown_after_stop", format_timeframe(seconds)), done
    return None


_BEFORE_HOLD = one_of(
    "hold holds holding keep keeps max maximum for it at most no longer than up to time position of is"
)


def cost(words: Words, place: int) -> Found:
    """ "0.3% fees", "a fee of 0.3%", "slippage 1%"."""
    token = words.at(place)
    if token.kind is Kind.PERCENT and words.at(place + 1).text in _COSTS and 0 <= token.value < 100:
        return Cost(_COSTS[words.at(place + 1).text], whole(token.value)), place + 2
    if token.text in _COSTS:
        number = words.skip(place + 1, _TO | {"are"})
        if words.at(number).kind is Kind.PERCENT and 0 <= words.at(number).value < 100:
            return Cost(_COSTS[token.text], whole(words.at(number).value)), number + 1
    return None


_COSTS = {"fee": "fee_percent", "fees": "fee_percent", "slippage": "slippage_percent"}


def span(words: Words, place: int) -> Found:
    """A length of time that no other rule took, with the word before it."""
    token = words.at(place)
    if token.kind is not Kind.TIME or not token.seconds:
        return None
    earlier = (words.at(each).text for each in range(place - 1, place - 4, -1))
    before = next((text for text in earlier if text not in _ARTICLES), "")
    return Span(format_timeframe(token.seconds), before), place + 1


_ARTICLES = one_of("a an the last past least about")
