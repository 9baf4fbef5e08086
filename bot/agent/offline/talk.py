"""Small talk and questions that no tool answers: which topic they are about."""

from __future__ import annotations

from bot.agent.offline.vocabulary import one_of
from bot.agent.offline.words import Kind, Words

_HELLO = one_of(
    "hi hello hey hiya howdy greetings morning evening afternoon yo moin hola sup good there randebu again"
)
_THANKS = one_of(
    "thanks thank thx ty cheers great awesome perfect cool nice wonderful excellent super appreciated"
)
_AROUND = one_of("you so much very that was is it a lot for the your help ! . , :) well done randebu again")
_BYE = one_of("bye goodbye cya later see you tomorrow ciao night quit exit")
_CHOICES = one_of("1 2 3 4 5 6")
_AGREES = one_of("yes y yeah yep yup sure ok okay fine agreed confirm please do it k")
_CANCEL = one_of(
    "cancel nevermind no nope nah stop never mind forget it nothing please abort don't ok okay thanks"
)
_OPENERS = one_of(
    "why how what what's will would should can could is are does do did when which explain tell who whats"
)
_LIVE = one_of(
    "live real wallet deploy simulation simulations simulate paper metamask withdraw deposit funds"
)
_TERMS = {
    "trailing": "trailing stop",
    "stoploss": "stop loss",
    "stop": "stop loss",
    "drawdown": "drawdown",
    "backtest": "backtest",
    "backtests": "backtest",
    "backtesting": "backtest",
    "rsi": "rsi",
    "ema": "ema",
    "sma": "ema",
    "average": "ema",
    "bollinger": "bollinger",
    "synthetic": "synthetic",
    "profit": "take profit",
}


def topic_of(words: Words, *, strategic: bool) -> str | None:
    """The topic of a message that needs no tool, or None; `strategic` when it tells something of a strategy."""
    texts = [token.text for token in words.tokens if token.kind is not Kind.MARK]
    if not texts:
        return None
    if len(texts) == 1 and words.at(0).kind is Kind.NUMBER and texts[0] in _CHOICES:
        return "nothing asked"
    if (small := _small_talk(set(texts), texts)) is not None:
        return small
    if not strategic and (about_account(words) or _undecided(words, texts)):
        return "account" if about_account(words) else "unsure"
    if _against_falling(words):
        return "short"
    if texts[0] in {"stop", "pause", "resume"} and texts[-1] in {
        "it",
        "bot",
        "bots",
        "everything",
        "trading",
    }:
        return "not running"
    if texts[0] in _OPENERS or words.tokens[-1].text == "?":
        return _question(words, texts, strategic=strategic)
    return _wish_without_tool(words, strategic=strategic)


def about_account(words: Words) -> bool:
    """Whether a message is about having an account."""
    two = any(words.says(place, *pair) for place in range(len(words)) for pair in _ENTERING)
    return two or words.has("login", "signup", "register", "registration", "password", "account")


_ENTERING = (("log", "in"), ("sign", "up"), ("sign", "in"), ("sign", "me", "up"), ("log", "me", "in"))


def _undecided(words: Words, texts: list[str]) -> bool:
    unsure = words.has("maybe", "perhaps", "dunno", "idk", "unsure", "possibly", "hmm")
    unsure = unsure or words.says(0, "not", "sure") or {"don't", "know"} <= set(texts)
    return unsure and len(texts) <= _SHORT


def _against_falling(words: Words) -> bool:
    """Whether a bot is to sell what it does not have, or to trade with borrowed money."""
    shorting = any(
        words.at(place).text in _SHORTS and words.at(place + 1).text not in _SHORT_WHAT
        for place in range(len(words))
    )
    return shorting or words.has("leverage", "leveraged", "futures", "perp", "perps")


_SHORTS = one_of("short shorts shorting")
_SHORT_WHAT = one_of("term ema sma ma average period time while sentences summary one")


def _small_talk(said: set[str], texts: list[str]) -> str | None:
    if said <= _HELLO and said & (_HELLO - {"good", "there", "again", "randebu"}):
        return "hello"
    if said & _THANKS and said <= _THANKS | _AROUND:
        return "thanks"
    if said <= _BYE | {"good"} and said & {"bye", "goodbye", "cya", "ciao", "later", "night", "quit", "exit"}:
        return "bye"
    if said <= _AGREES:
        return "nothing asked"
    if said <= _CANCEL and said & {
        "cancel",
        "nevermind",
        "no",
        "nope",
        "nah",
        "stop",
        "mind",
        "forget",
        "abort",
    }:
        return "cancelled"
    asks_help = said & {"help", "commands", "examples", "example", "manual", "menu", "instructions"}
    if asks_help and len(texts) <= _SHORT:
        return "help"
    return None


_SHORT = 6


def _question(words: Words, texts: list[str], *, strategic: bool) -> str | None:
    said = set(texts)
    first = texts[0]
    if words.says(0, "who", "are") or words.says(0, "what", "are", "you") or "yourself" in said:
        return "who"
    if ({"you", "do"} <= said and first == "what") or ({"can", "you"} <= said and "understand" in said):
        return "help"
    if first == "why":
        return "why"
    if (
        said & {"perform", "performance", "performing", "performed"}
        or words.says(0, "how", "did")
        or "made" in said
    ):
        return None if strategic else "performance"
    if words.says(0, "what", "if") or words.says(0, "what", "happens") or words.says(0, "what", "would"):
        return "what if"
    if first in {"what", "what's", "whats", "explain", "how"} and (term := _term(words, texts)) is not None:
        return term
    if said & _LIVE and not strategic:
        return "live"
    if first in {"should", "will", "would"} or said & {
        "profitable",
        "recommend",
        "advice",
        "best",
        "predict",
        "rich",
    }:
        return None if strategic and first not in {"should", "will"} else "advice"
    return "what if" if words.has("happens") else None


def _term(words: Words, texts: list[str]) -> str | None:
    """ "What is a trailing stop?", "how does the RSI work?": a word to be explained and nothing of one's own."""
    if any(token.kind in (Kind.PERCENT, Kind.NUMBER, Kind.MONEY, Kind.TIME) for token in words.tokens):
        return None
    if {"my", "this", "buy", "sell"} & set(texts):
        return None
    return next((_TERMS[text] for text in texts if text in _TERMS), None)


def _wish_without_tool(words: Words, *, strategic: bool) -> str | None:
    if words.has("rename"):
        return "rename"
    if words.has("limits", "usage", "quota") and not strategic:
        return "account"
    if words.has("monthly") or (words.has("every", "each") and _next_is_month(words)):
        return "months"
    changing = words.has("increase", "raise", "lower", "reduce", "decrease", "tighten", "widen")
    if changing and words.has("by") and any(token.kind is Kind.PERCENT for token in words.tokens[-2:]):
        return "relative"
    live = words.has(*_LIVE) or (words.has("start", "run", "launch") and words.has("trading"))
    return "live" if live and not strategic else None


def _next_is_month(words: Words) -> bool:
    return any(
        token.text in {"every", "each"} and words.at(place + 1).unit == "month"
        for place, token in enumerate(words.tokens)
    )
