"""What a person wants, told from one message by rules."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from bot.agent.offline.changes import Manner
from bot.agent.offline.dates import MONTHS
from bot.agent.offline.draft import Draft
from bot.agent.offline.foreign import is_foreign
from bot.agent.offline.items import Change, Guard, Mention, Placed, Target, Vague, Verb
from bot.agent.offline.periods import Stretch, stretch_of
from bot.agent.offline.removals import things_removed
from bot.agent.offline.scanning import FILLERS, scan
from bot.agent.offline.simulating import Simulate, simulation_wish
from bot.agent.offline.talk import topic_of
from bot.agent.offline.understanding import draft_of
from bot.agent.offline.vocabulary import one_of
from bot.agent.offline.words import LONGEST_TEXT, Kind, Words
from bot.agent.steps import TurnFacts


@dataclass(frozen=True, slots=True)
class Create:
    """A new trading bot, and perhaps a backtest right after it."""

    draft: Draft
    stretch: Stretch | None = None


@dataclass(frozen=True, slots=True)
class Alter:
    """A change of a trading bot; `bot` None means the current one."""

    bot: str | None
    draft: Draft
    manner: Manner
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Backtest:
    """A test of a bot, named by itself, by its token, or not at all; `changing` when it was to be changed for it."""

    bot: str | None
    symbol: str | None
    stretch: Stretch
    changing: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """One call of a reading tool, or of one that deletes, with what it is about; `guessed` from a lone word."""

    tool: str
    about: tuple[str, ...] = ()
    bot: str | None = None
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class Talk:
    """Something that needs no tool."""

    topic: str


@dataclass(frozen=True, slots=True)
class Puzzle:
    """Something that no rule understands; `draft` holds whatever of a strategy was in it."""

    text: str
    draft: Draft


Wish = Create | Alter | Backtest | Ask | Simulate | Talk | Puzzle

_TESTS = one_of("backtest backtests backtesting backtested test tests retest rerun")
_LISTS = one_of("list show see display give which what all my have how view")
_TRENDS = one_of("trending trend trends hot hottest popular movers gainers losers hype")
_RISKS = one_of(
    "risk risks risky safe scam rug rugpull honeypot legit dangerous audit safety tax taxes trustworthy"
)
_PRICES = one_of("price prices quote worth cost costs trading quotes")
_SEARCHES = one_of("search find lookup")
_CHOOSES = one_of("use choose select switch open activate pick take set go")
_DESCRIBES = one_of(
    "tell describe show explain display details info rules about status summary summarize settings work does"
)
_DELETES = one_of("delete remove erase destroy discard kill")
_CREATES = one_of("create build new make design generate develop start want need set")
_CHANGES = one_of(
    "set change update raise lower increase decrease reduce adjust modify replace use tighten loosen edit"
)
_MOVES = _CHANGES | one_of("trade switch move swap exchange make turn")
_BOTS = one_of("bot bots strategy strategies robot robots")
_STORED = one_of("it this that them current one")


def wish_of(text: str, facts: TurnFacts, chains: Collection[str], answers: Mapping[str, str]) -> Wish:
    """What a message asks for."""
    if len(text) > LONGEST_TEXT:
        return Talk("too long")
    bot, rest = _without_bot(text, facts.bots)
    words = Words(rest)
    simulation = simulation_wish(words, bot, facts)
    if simulation is not None:
        return simulation
    items = scan(words, chains)
    draft = draft_of(words, items, answers)
    if is_foreign(words):
        return Talk("foreign")
    strategic = not draft.empty
    topic = topic_of(words, strategic=strategic)
    if topic is not None and not (bot and topic in {"why", "advice"}):
        return Talk(topic)
    testing = _test(words, bot, draft, facts, chains, answers)
    if testing is not None:
        return testing
    asked = _ask(words, items, bot, draft, facts)
    if asked is not None:
        return asked
    return _strategy(words, items, bot, draft, facts) or Puzzle(text, draft)


def _without_bot(text: str, bots: Collection[str]) -> tuple[str | None, str]:
    """The trading bot that a message names, the longest name first, and the message without that name."""
    folded = text.casefold()
    if len(folded) != len(text):
        return None, text
    for name in sorted(bots, key=len, reverse=True):
        place = folded.find(name.casefold())
        end = place + len(name)
        if (
            place >= 0
            and not folded[max(0, place - 1) : place].isalnum()
            and not folded[end : end + 1].isalnum()
        ):
            return name, f"{text[:place]} it {text[end:]}"
    return None, text


def _test(
    words: Words,
    bot: str | None,
    draft: Draft,
    facts: TurnFacts,
    chains: Collection[str],
    answers: Mapping[str, str],
) -> Wish | None:
    said = words.has(*(_TESTS - {"test", "tests"})) or words.says(0, "back", "test")
    tried = words.has("test", "tests", "try") and (
        bot is not None or words.has(*_BOTS, *_STORED) or len(words) < 3
    )
    if not said and not tried:
        return None
    place = next((at for at, token in enumerate(words.tokens) if token.text in _TESTS), 0)
    if draft.of("buy"):
        told = Words(words.text[: words.at(place).start].rstrip(" ,;."))
        before = draft_of(told, scan(told, chains), answers)
        if before.of("buy"):
            rest = Words(words.text[words.at(place).start :])
            return Create(before, stretch_of(rest, facts.today, _KNOWN_IN_TESTS))
        return Create(draft, _UNTOLD)
    symbols = {symbol.lower() for symbol in (draft.symbol, *draft.others) if symbol} - MONTHS.keys()
    stretch = stretch_of(words, facts.today, _KNOWN_IN_TESTS | symbols | {f"${symbol}" for symbol in symbols})
    named = bot is not None or not symbols
    symbol = None if named else draft.symbol
    alone = words.at(words.skip(place + 1, {"the", "my", "a"}))
    if bot is None and symbol is None and stretch.unknown == (alone.raw,) and alone.raw.isalpha():
        symbol, stretch = alone.raw.upper(), replace(stretch, unknown=())
    guarded = bool(draft.rules or draft.loose or draft.exits or draft.risk or draft.costs or draft.vague)
    return Backtest(bot, symbol, stretch, changing=guarded and bool(stretch.unknown))


_KNOWN_IN_TESTS = _TESTS | _BOTS | _STORED | one_of("back try run perform performance candles")
_UNTOLD = Stretch(unknown=("",))


def _ask(
    words: Words, items: tuple[Placed, ...], bot: str | None, draft: Draft, facts: TurnFacts
) -> Wish | None:
    """Something that one tool answers; sentences about a strategy are left for later."""
    tokens = _tokens(words, items, draft)
    if words.has(*_DELETES) and not _about_a_part(items) and (bot or words.has(*_BOTS) or len(words) < 4):
        return Talk("delete all") if words.has("all", "every") else Ask("delete_bot", bot=bot)
    if any(isinstance(placed.item, Verb) for placed in items) or not draft.empty:
        return None
    if words.has("bots", "strategies") and words.has(*_LISTS):
        return Ask("list_bots")
    if words.has(*_TRENDS) or words.says(0, "most", "traded"):
        return Ask("get_trending")
    if words.has(*_RISKS):
        return Ask("get_risk", tokens[:1]) if tokens else Talk("safe")
    if words.has(*_SEARCHES) or words.says(0, "look", "for") or words.says(0, "look", "up"):
        return Ask("search_tokens", (_query(words),)) if _query(words) else None
    if words.has(*_PRICES) or words.has("much"):
        return Ask("get_price", tokens[:10]) if tokens else Talk("which price")
    return _about_bot(words, bot, facts) or _about_token(words, tokens)


def _about_bot(words: Words, bot: str | None, facts: TurnFacts) -> Wish | None:
    first = _first(words)
    if bot and first in _CHOOSES:
        return Ask("set_bot", bot=bot)
    number = next((token for token in words.tokens if token.kind is Kind.NUMBER), None)
    if first in _CHOOSES and words.has("bot") and number is not None and 1 <= number.value <= len(facts.bots):
        return Ask("set_bot", bot=facts.bots[int(number.value) - 1])
    named = bot is not None or words.has("bot", "strategy", "rules", "it")
    describing = words.has(*_DESCRIBES) or first in {"what", "what's"}
    if named and describing and not _unknown(words):
        return Ask("get_bot_info", bot=bot)
    return Ask("get_bot_info", bot=bot) if bot and len(words) <= 2 else None


def _unknown(words: Words) -> bool:
    """Whether a word stands here that neither describes nor fills."""
    known = FILLERS | _DESCRIBES | _BOTS | _STORED | {"what's"}
    return any(token.kind is not Kind.MARK and token.text not in known for token in words.tokens)


def _about_token(words: Words, tokens: tuple[str, ...]) -> Wish | None:
    asking = words.has("about", "info", "information", "details", "token", "coin") or words.says(0, "what")
    asking = asking or words.says(0, "show")
    alone = len(words) == 1 and words.text.isascii()
    return Ask("get_token", tokens[:1], guessed=not asking) if tokens and (asking or alone) else None


def _tokens(words: Words, items: tuple[Placed, ...], draft: Draft) -> tuple[str, ...]:
    """The tokens that a question is about: addresses, symbols, or else the words that nothing else explains."""
    if draft.address:
        return (draft.address,)
    found = [
        placed.item.text.upper()
        for placed in items
        if isinstance(placed.item, Mention)
        and words.at(placed.first).kind is Kind.WORD
        and placed.item.text.lower() not in _NO_TOKENS
        and "'" not in placed.item.text
    ]
    found += [symbol for symbol in (draft.symbol, *draft.others) if symbol]
    told = tuple(dict.fromkeys(symbol.lstrip("$") for symbol in found))
    return told if draft.symbol or len(told) <= _MOST_TOKENS else ()


_MOST_TOKENS = 3
_NO_TOKENS = (
    _TRENDS | _RISKS | _PRICES | _SEARCHES | _DESCRIBES | _LISTS | FILLERS | _BOTS | {"information", "much"}
)


def _query(words: Words) -> str:
    """What to search for: everything after the verb of searching."""
    places = [place for place, token in enumerate(words.tokens) if token.text in _SEARCHES | {"look"}]
    start = words.skip(places[0] + 1 if places else 0, _BEFORE_QUERY)
    quoted = next((token.raw for token in words.tokens if token.kind is Kind.QUOTED), None)
    said = quoted or words.between(start, len(words)).rstrip(" ?.!")
    tail = said.rsplit(" ", 1)
    return (tail[0] if len(tail) == 2 and tail[1] in {"token", "tokens", "coin", "coins"} else said)[:100]


_BEFORE_QUERY = one_of("for up a the token tokens coin coins called named like me some any with in name")


def _about_a_part(items: tuple[Placed, ...]) -> bool:
    """Whether "remove" is about a part of a strategy, such as its stop loss."""
    return any(isinstance(placed.item, Guard | Vague | Target) for placed in items) or bool(
        things_removed(items)
    )


def _strategy(
    words: Words, items: tuple[Placed, ...], bot: str | None, draft: Draft, facts: TurnFacts
) -> Wish | None:
    """A new trading bot, or a change of one, whichever the sentence rather is."""
    changes = {placed.item.kind for placed in items if isinstance(placed.item, Change)}
    verbs = {placed.item.kind for placed in items if isinstance(placed.item, Verb)}
    removed = things_removed(items) if "remove" in changes else ()
    if facts.bots and removed and not draft.of("buy"):
        return Alter(bot, draft, "remove", removed)
    if draft.empty and not draft.symbol and not draft.unknown and not verbs:
        asks_for_one = words.has(*_CREATES) and words.has(*_BOTS) and bot is None
        return Create(draft) if asks_for_one else _bare_change(words, bot, draft)
    if not facts.bots or _is_new(words, bot, draft, changes, verbs):
        return Create(draft) if verbs or not draft.empty or words.has(*_BOTS) else None
    if draft.empty and draft.symbol and not (changes or _first(words) in _MOVES or draft.replaced):
        return None
    manner: Manner = "also" if "also" in changes or _first(words) == "add" else "set"
    return Alter(bot, draft, "instead" if "instead" in changes else manner)


def _bare_change(words: Words, bot: str | None, draft: Draft) -> Wish | None:
    """ "Change it" says nothing of what; it is asked."""
    changing = _first(words) in _CHANGES and (bot is not None or words.has(*_BOTS, *_STORED))
    return Alter(bot, draft, "set") if changing else None


def _is_new(
    words: Words, bot: str | None, draft: Draft, changes: Collection[str], verbs: Collection[str]
) -> bool:
    """Whether a sentence about a strategy is about a new bot, where there are some already."""
    if bot is not None or {"also", "instead"} & set(changes):
        return False
    if words.has(*_CREATES) and words.has(*_BOTS) and _first(words) not in {"set", "make it"}:
        return True
    told = draft.of("buy") or draft.of("tell")
    if _first(words) in _CHANGES | {"add"}:
        return bool(told and draft.symbol)
    return bool(told or ("buy" in verbs and (draft.symbol or draft.unknown or draft.vague)))


def _first(words: Words) -> str:
    """The first word that is not only polite."""
    return words.at(words.skip(0, {"please", "can", "could", "you", "now", "ok", "and", "then"})).text
