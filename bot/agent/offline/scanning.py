"""A sentence about a strategy turned into items, from left to right; what no rule knows becomes a `Mention`."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from bot.agent.offline.amounts import amount, candles, chain, limit, naming, schedule
from bot.agent.offline.guards import (
    break_even,
    cost,
    drawdown,
    holding_time,
    span,
    stop_loss,
    trailing,
)
from bot.agent.offline.indicators import crossover, rsi, volume
from bot.agent.offline.items import Change, Found, Join, Matcher, Mention, Placed, Verb
from bot.agent.offline.moves import exit_level, fall_or_rise, level
from bot.agent.offline.targets import take_profit
from bot.agent.offline.vocabulary import one_of
from bot.agent.offline.words import Kind, Words

_BUYS = one_of(
    "buy buys buying bought purchase purchases purchasing accumulate accumulates enter enters long invest "
    "invests dca ape apes aping scoop scoops"
)
_SELLS = one_of("sell sells selling sold exit exits exiting liquidate liquidates")
_TELLS = one_of(
    "tell tells notify notifies notifying alert alerts warn warns ping inform informs message messages"
)
_WHENS = one_of("when whenever if once while")
_ALSO = one_of("also additionally too")
_REMOVES = one_of("remove removes delete disable drop cancel clear without no off")
_NOT = one_of("not isn't doesn't aren't don't never unless")
_STOPS = one_of(". ; !")

FILLERS = one_of(
    "a an the it its it's itself this that these those which who is are was be been being am to of in on "
    "at by for from with into onto as than then so up down out over again please thanks thank you your i "
    "i'd i'll i'm me my we us our want wants would like need needs could can will should shall let's lets "
    "do does did have has had get gets go goes going gone make makes making made create creates creating "
    "created build builds set sets setting use uses using put bot bots trading trade trades trader "
    "strategy strategies rule rules robot agent one ones some any there here now price prices value level "
    "levels token tokens coin coins crypto memecoin market position positions worth size order orders "
    "percent hour hours day days time times candle candles chart charts more most less least about around "
    "roughly approximately every each per single whole always only just simply basically automatically "
    "auto immediately right away straight moves move moving crosses cross crossing breaks break closes "
    "close closing stays stay touches touch hits hit reaches reach reached comes come turns turn becomes "
    "become starts start begins same total cash balance money funds capital holds hold holding held keep "
    "keeps once after until while because where what how new simple basic nice small little good great "
    "following another different hey hi hello ok okay yes yeah well and/or know send sends message alert "
    "notification alerts notifications either both amount all everything profit profits loss losses gain "
    "return version change changes changed changing modify update updates updated adjust raise lower "
    "reduce increase decrease add adds adding switch threshold condition conditions period periods "
    "indicator line lines band bands past entry entries dollars pair against usd usdt "
    "bro man dude mate guys u pls plz thx wanna gonna im like"
)
"""Words that carry nothing a strategy needs once the rules have taken theirs."""

UNSUPPORTED = one_of(
    "macd atr vwap adx stochastic stoch ichimoku obv fibonacci fib cci mfi supertrend sar ath atl pnl roi "
    "ai kdj"
)
"""Indicators and measures that look like symbols, and that no strategy document knows."""


def _verb(words: Words, place: int) -> Found:
    text = words.at(place).text
    if text in _BUYS:
        return Verb("buy"), place + 1
    if text in _SELLS:
        return Verb("sell"), place + 1
    if text in {"put", "puts"} and words.at(place + 1).kind in (Kind.MONEY, Kind.PERCENT):
        return Verb("buy"), place + 1
    if words.says(place, "cash", "out") or words.says(place, "cashes", "out"):
        return Verb("sell"), place + 2
    if words.says(place, "dollar", "cost") and words.at(place + 2).text in {"average", "averaging"}:
        return Verb("buy"), place + 3
    closing = words.skip(place + 1, {"the", "my", "out", "whole", "entire"})
    if text in {"close", "closes"} and words.at(closing).text in {"position", "trade", "it", "everything"}:
        return Verb("sell"), closing + 1
    if words.says(place, "let", "me", "know") or words.says(place, "send", "me"):
        return Verb("tell"), words.skip(place + 3, {"a", "an", "message", "alert", "notification"})
    if words.says(place + 1, "me", "about") or words.says(place + 1, "me", "more"):
        return None
    if text in _TELLS and words.at(place + 1).text in {"me", "us", "when", "if", "once", "whenever", ":"}:
        return Verb("tell"), words.skip(place + 1, {"me", "us"})
    return None


def _join(words: Words, place: int) -> Found:
    token = words.at(place)
    text = token.text
    if words.says(place, "as", "soon", "as"):
        return Join("when"), place + 3
    if text in _WHENS:
        return Join("when"), place + 1
    if text in {"and", "&", "plus"} and words.at(words.skip(place + 1, _ALSO)).text in _WHENS - {"while"}:
        also = words.at(place + 1).text in _ALSO
        return Join("or" if also else "again"), place + (2 if also else 1)
    if text in {"and", "&", "plus", "while"}:
        return Join("and"), place + 1
    if text == "or":
        return Join("or"), place + 1
    if text in _NOT:
        return Join("not"), words.skip(place + 1, {"ever"})
    if text in {",", "then", "but"}:
        return Join("comma"), place + 1
    return (Join("stop"), place + 1) if text in _STOPS else None


def _change(words: Words, place: int) -> Found:
    text = words.at(place).text
    if text in _ALSO:
        return Change("also"), place + 1
    if text in {"instead", "rather"}:
        return Change("instead"), words.skip(place + 1, {"of"})
    if text in _REMOVES or words.says(place, "get", "rid") or words.says(place, "turn", "off"):
        return Change("remove"), place + (1 if text in _REMOVES else 2)
    return None


# The order decides: what is longer and more particular comes before what would take a part of it.
_MATCHERS: tuple[Matcher, ...] = (
    naming,
    holding_time,
    limit,
    drawdown,
    trailing,
    break_even,
    take_profit,
    stop_loss,
    volume,
    rsi,
    crossover,
    cost,
    candles,
    schedule,
    exit_level,
    fall_or_rise,
    level,
    _join,
    amount,
    _change,
    _verb,
    span,
)


def scan(words: Words, chains: Collection[str]) -> tuple[Placed, ...]:
    """The items of a sentence in their order."""
    return tuple(_items(words, chains))


def _items(words: Words, chains: Collection[str]) -> Iterator[Placed]:
    place = 0
    while place < len(words):
        found = _at(words, place, chains)
        if found is not None and found[1] > place:
            yield Placed(found[0], place, found[1])
            place = found[1]
            continue
        token = words.at(place)
        if token.kind is not Kind.MARK and token.text not in FILLERS:
            yield Placed(Mention(token.raw, _looks_like_a_symbol(words, place)), place, place + 1)
        place += 1


def _at(words: Words, place: int, chains: Collection[str]) -> Found:
    for matcher in _MATCHERS:
        found = matcher(words, place)
        if found is not None:
            return found
    return chain(words, place, chains)


def _looks_like_a_symbol(words: Words, place: int) -> bool:
    token = words.at(place)
    if token.text.startswith("$") or token.kind is Kind.ADDRESS:
        return True
    written_large = token.raw.isupper() and 2 <= len(token.raw) <= 12 and token.text not in UNSUPPORTED
    return token.kind is Kind.WORD and written_large and not words.shouting
