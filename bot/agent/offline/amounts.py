"""How much, how often, on which candles, and under which name: the rest of what a strategy is told with."""

from __future__ import annotations

from collections.abc import Collection

from bot.agent.offline.items import (
    Amount,
    Candles,
    Chain,
    Condition,
    Found,
    Guard,
    Limit,
    Named,
    Portion,
    Share,
    whole,
)
from bot.agent.offline.vocabulary import CANDLE_WORDS, one_of
from bot.agent.offline.words import ADVERBS, Kind, Token, Words
from bot.trading.timeframe import format_timeframe

_CASH = one_of("cash balance money capital funds wallet budget")
_EQUITY = one_of("equity portfolio account")
_POSITION = one_of("position holdings holding bag tokens coins it them stack bags")
_OWNERS = one_of("of the my its our available free remaining all total")
_PARTS = {"half": 50.0, "third": 100 / 3, "quarter": 25.0, "all": 100.0, "everything": 100.0, "rest": None}


def amount(words: Words, place: int) -> Found:
    """ "$200 of", "25% of my cash", "half", "everything", "the rest"."""
    token = words.at(place)
    if token.kind is Kind.NUMBER and words.at(place + 1).text == "/":
        return _fraction(words, place)
    if words.at(place - 1).text == "-" and words.at(place - 1).end == token.start:
        return None
    if token.kind is Kind.MONEY and token.value > 0 and words.at(place - 1).text not in {"at", "to", "than"}:
        return Amount("amount_usd", whole(token.value)), words.skip(place + 1, {"worth", "of"})
    if token.kind is Kind.PERCENT:
        return _of_something(words, abs(token.value), place + 1) or (
            Portion(token.value, words.at(place - 1).text),
            place + 1,
        )
    part = words.skip(place, {"a", "one", "the"})
    said = words.at(part).text
    counted = words.at(words.skip(part + 1, {"my", "the", "your", "of"})).text
    if said not in _PARTS or counted in {"time", "bots", "bot", "strategies"}:
        return None
    share = _PARTS[said]
    of = None if share is None else _of_something(words, share, part + 1)
    return of or (Share(share), words.skip(part + 1, {"in", "of", "it", "them"}))


def _fraction(words: Words, place: int) -> Found:
    """ "1/3"."""
    part, of = words.at(place).value, words.at(place + 2)
    if of.kind is not Kind.NUMBER or not 1 <= part < of.value <= _SMALLEST_PART:
        return None
    return Share(100 * part / of.value), words.skip(place + 3, {"of", "it", "them"})


_SMALLEST_PART = 10


def _of_something(words: Words, percent: float, after: int) -> Found:
    """ "… of my cash", "… of the portfolio", "… of the position"."""
    noun = words.skip(after, _OWNERS)
    if not 0 < percent <= 100 or (noun == after and words.at(noun).text not in _CASH):
        return None
    said = words.at(noun).text
    if said in _CASH:
        return Amount("amount_percent", whole(percent)), noun + 1
    if said in _EQUITY:
        return Amount("equity_percent", whole(percent)), words.skip(noun + 1, {"balance", "value"})
    return (Share(percent), noun + 1) if said in _POSITION else None


def schedule(words: Words, place: int) -> Found:
    """ "every day", "each week", "daily", "every 4 hours", "once a day" after a verb of buying."""
    token = words.at(place)
    if token.text in ADVERBS and words.at(place + 1).text not in CANDLE_WORDS:
        unit = ADVERBS[token.text]
        return None if unit == "month" else (_every(f"1{unit[0]}"), place + 1)
    if token.text in {"a", "per"} and words.at(place - 1).kind is Kind.MONEY:
        time = words.at(place + 1)
        bare = time.kind is Kind.TIME and time.value == 1 and time.seconds
        return (_every(format_timeframe(bare)), place + 2) if bare else None
    if token.text not in {"every", "each"}:
        return None
    if words.at(place + 1).text in {"time", "single"}:
        return Limit("repeat", True), place + 2
    if words.says(place + 1, "other") and words.at(place + 2).kind is Kind.TIME:
        time, after = words.at(place + 2), place + 3
        return (_every(format_timeframe(2 * time.seconds)), after) if time.seconds else None
    time = words.at(place + 1)
    if time.kind is Kind.TIME and time.seconds and words.at(place + 2).text not in CANDLE_WORDS:
        return _every(format_timeframe(time.seconds)), place + 2
    return (Limit("repeat", True), place + 1) if time.kind is Kind.PERCENT else None


def _every(timeframe: str) -> Condition:
    return Condition({"type": "schedule", "every": timeframe})


def limit(words: Words, place: int) -> Found:
    """ "at most once a day", "only once", "at most 3 times", "max 3 buys", "cooldown 1h", "wait 1h between buys"."""
    start = words.skip(place, _AT_MOST)
    bounded = start > place
    token = words.at(start)
    if token.text == "once" or (bounded and token.kind is Kind.NUMBER and token.value == 1):
        return _once(words, start, bounded)
    if bounded and token.kind is Kind.NUMBER and token.value >= 1 and token.value == int(token.value):
        return _counted(words, start, int(token.value))
    if words.at(place).text in {"cooldown", "wait", "waits", "pause"}:
        time = words.skip(place + 1, {"of", "for", "at", "least", "is", "a", "an", ":"})
        if seconds := words.at(time).seconds:
            rest = words.skip(time + 1, _BETWEEN)
            return Limit("cooldown", format_timeframe(seconds)), rest
    if token.kind is Kind.TIME and token.seconds and words.at(start + 1).text == "cooldown":
        return Limit("cooldown", format_timeframe(token.seconds)), start + 2
    if words.at(place).text in {"again", "repeatedly"}:
        return Limit("repeat", True), place + 1
    return None


_AT_MOST = one_of("at most no more than not maximum max only just up to")
_BETWEEN = one_of(
    "between before after each every buy buys trade trades entries buying the next and it again"
)
_COUNTED = one_of("buys buy entries entry positions purchases trades")


def _once(words: Words, place: int, bounded: bool) -> Found:
    """ "once a day" rests for a day; "only once" fires once; a lone "once" is a word like "when"."""
    token = words.at(place)
    after = words.skip(place + 1, _COUNTED | {"time", "a", "an", "per", "every", "each", "in"})
    time = words.at(after)
    if time.kind is Kind.TIME and time.seconds and after > place + 1:
        return Limit("cooldown", format_timeframe(time.seconds)), after + 1
    if time.text in ADVERBS and ADVERBS[time.text] != "month":
        return Limit("cooldown", f"1{ADVERBS[time.text][0]}"), after + 1
    if token.kind is Kind.NUMBER and words.at(place + 1).text in _COUNTED:
        return Guard("max_entries", 1), place + 2
    return (Limit("max_fires", 1), place + 1) if bounded and token.text == "once" else None


def _counted(words: Words, place: int, count: int) -> Found:
    noun = words.at(place + 1).text
    if words.at(place + 2).text in {"a", "an", "per", "every", "each"}:
        return None
    if noun == "times":
        return Limit("max_fires", count), words.skip(place + 2, {"in", "total", "all"})
    return (Guard("max_entries", count), place + 2) if noun in _COUNTED else None


def candles(words: Words, place: int) -> Found:
    """ "15m candles", "the 1h chart", "timeframe 15m", "hourly candles"."""
    token = words.at(place)
    if token.kind is Kind.TIME and token.seconds and words.at(place + 1).text in CANDLE_WORDS:
        return Candles(format_timeframe(token.seconds)), place + 2
    if token.text in ADVERBS and words.at(place + 1).text in CANDLE_WORDS and ADVERBS[token.text] != "month":
        return Candles(f"1{ADVERBS[token.text][0]}"), place + 2
    if token.text in {"timeframe", "interval"}:
        time = words.skip(place + 1, {"of", "is", "to", ":", "=", "a", "the"})
        if words.at(time).kind is Kind.TIME and (seconds := words.at(time).seconds):
            return Candles(format_timeframe(seconds)), time + 1
    return None


def naming(words: Words, place: int) -> Found:
    """ "called PEPE dip", 'named "My bot"', "call it dip hunter"."""
    text = words.at(place).text
    if text in {"called", "named", "titled"}:
        start = place + 1
    elif text in {"call", "name"} and words.at(place + 1).text in {"it", "is", "the", ":"}:
        start = words.skip(place + 1, {"it", "is", "the", "bot", ":"})
    else:
        return None
    if words.at(start).kind is Kind.QUOTED:
        return Named(words.at(start).raw), start + 1
    end = start
    while end < start + _LONGEST_NAME and _may_be_in_a_name(words.at(end)):
        end += 1
    return (Named(words.between(start, end)), end) if end > start else None


_LONGEST_NAME = 6
_ENDS_NAME = one_of(
    "that which who to and for buy buys buying sell sells selling when if with using on trading it trades "
    "please then"
)


def _may_be_in_a_name(token: Token) -> bool:
    return token.kind not in (Kind.END, Kind.MARK, Kind.QUOTED) and token.text not in _ENDS_NAME


def chain(words: Words, place: int, known: Collection[str]) -> Found:
    """ "on bsc", "on the base chain"."""
    if words.at(place).text not in {"on", "from", "via"}:
        return None
    noun = words.skip(place + 1, {"the"})
    name = _CHAINS.get(words.at(noun).text, words.at(noun).text)
    if words.says(noun, "binance", "smart", "chain"):
        return Chain("bsc"), noun + 3
    named = words.at(noun + 1).text in {"chain", "network"}
    name = "bsc" if named and name == "bnb" else name
    if name not in known and name not in _CHAINS.values() and not named:
        return None
    return Chain(name), noun + 2 if named else noun + 1


_CHAINS = {
    "bsc": "bsc",
    "bep20": "bsc",
    "ethereum": "eth",
    "erc20": "eth",
    "solana": "solana",
    "base": "base",
    "arbitrum": "arbitrum",
    "polygon": "polygon",
}
