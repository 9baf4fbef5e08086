"""Which token a sentence is about: the words that stand where a token's name does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.agent.offline.items import Amount, Join, Mention, Placed, Portion, Verb
from bot.agent.offline.scanning import UNSUPPORTED
from bot.agent.offline.vocabulary import CROSSES, REACHES, direction_at, move_at, one_of
from bot.agent.offline.words import Kind, Words

_BEFORE_TOKEN = one_of("token coin memecoin trade trades trading for of symbol on to ticker into")
_AFTER_TOKEN = one_of("bot token coin strategy trader")
_EXCHANGES = one_of("change switch replace swap move exchange turn")
_FOR_ANOTHER = one_of("to with by for into against")
_MOVES_ON = one_of("goes is gets moves trades rsi price volume")
_NO_TOKENS = one_of(
    "since until till before yesterday today tomorrow last between during default soon later "
    "minutes hours days weeks months years couple few weekend summer winter launch"
)
_GAP = 12
"""Letters that may stand between "buys" and a token's name: "some of the"."""


@dataclass(frozen=True, slots=True)
class Naming:
    """The token that was named, further ones, an address; `replaced` is the one that it takes the place of."""

    symbol: str | None = None
    others: tuple[str, ...] = ()
    address: str | None = None
    replaced: str | None = None


def named_token(words: Words, items: Sequence[Placed]) -> tuple[list[Placed], Naming]:
    """The items without the names of tokens, and which tokens those are."""
    address = next((token.raw for token in words.tokens if token.kind is Kind.ADDRESS), None)
    mentions = [placed for placed in items if isinstance(placed.item, Mention)]
    strong = [_symbol(placed) for placed in mentions if _is_strong(placed) and not _is_address(words, placed)]
    weak = [_symbol(placed) for placed in mentions if _is_named_as_token(words, items, placed)]
    names = list(dict.fromkeys(name.upper() for name in strong or weak[:1]))
    exchanged = _exchanged(words, mentions)
    if exchanged is not None:
        names = [exchanged[1]]
    gone = {*names, *(exchanged or ())}
    kept = [placed for placed in items if not _names_one_of(placed, gone, address)]
    return kept, Naming(
        names[0] if names else None, tuple(names[1:]), address, exchanged[0] if exchanged else None
    )


def _exchanged(words: Words, mentions: Sequence[Placed]) -> tuple[str, str] | None:
    """ "Change DOGE to CAKE", "use CAKE instead of DOGE": the old token and the new one."""
    for one, other in pairwise(mentions):
        between = {words.at(place).text for place in range(one.last, other.first)}
        before = {words.at(place).text for place in range(max(0, one.first - 3), one.first)}
        if before & _EXCHANGES and between & _FOR_ANOTHER and len(between) <= _SHORT:
            return _symbol(one).upper(), _symbol(other).upper()
        if between == {"instead", "of"}:
            return _symbol(other).upper(), _symbol(one).upper()
    return None


_SHORT = 3


def _symbol(placed: Placed) -> str:
    return placed.item.text.lstrip("$") if isinstance(placed.item, Mention) else ""


def _is_strong(placed: Placed) -> bool:
    return isinstance(placed.item, Mention) and placed.item.strong


def _is_address(words: Words, placed: Placed) -> bool:
    return words.at(placed.first).kind is Kind.ADDRESS


def _is_named_as_token(words: Words, items: Sequence[Placed], placed: Placed) -> bool:
    """Whether an unknown word stands where a token's name does: after "buys $200 of", before "bot"."""
    token = words.at(placed.first)
    if token.kind is not Kind.WORD or "'" in token.text or token.text in UNSUPPORTED | _NO_TOKENS:
        return False
    before = next((each for each in reversed(items) if each.last <= placed.first), None)
    gap = words.between(before.last, placed.first) if before else "-"
    after_verb = before is not None and isinstance(before.item, Verb | Amount | Portion) and len(gap) <= _GAP
    return (
        after_verb
        or words.at(placed.first - 1).text in _BEFORE_TOKEN
        or words.at(placed.last).text in _AFTER_TOKEN
        or (before is not None and before.item == Join("when") and _moves(words, placed))
    )


def _moves(words: Words, placed: Placed) -> bool:
    """Whether the word is what rises or falls: "if cake goes under $2"."""
    after = words.at(placed.last).text
    told = direction_at(words, placed.last) or move_at(words, placed.last)
    alone = words.at(placed.first - 1).text in _WHENS
    return alone and (told is not None or after in CROSSES | REACHES | _MOVES_ON)


_WHENS = one_of("when whenever if once")


def _names_one_of(placed: Placed, names: set[str], address: str | None) -> bool:
    if not isinstance(placed.item, Mention):
        return False
    return _symbol(placed).upper() in names or (address is not None and placed.item.text == address)
