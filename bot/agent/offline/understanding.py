"""Items put together to a draft: conditions to their verbs, words that nobody knows to the token or to a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.agent.offline.assembly import Assembly
from bot.agent.offline.clauses import Clause, clauses
from bot.agent.offline.draft import Draft
from bot.agent.offline.items import Join, Placed
from bot.agent.offline.meanings import meaning
from bot.agent.offline.reading import Part
from bot.agent.offline.symbols import named_token
from bot.agent.offline.vocabulary import one_of
from bot.agent.offline.words import Kind, Words

_FOREVER = one_of("hodl forever")


def draft_of(words: Words, scanned: Sequence[Placed], answers: Mapping[str, str]) -> Draft:
    """Understand a scanned sentence about a strategy; `answers` are those given to its open questions so far."""
    items, token = named_token(words, scanned)
    assembly = Assembly(words, answers)
    for clause in clauses(items):
        _read(assembly, clause)
    draft = assembly.draft()
    return replace(
        draft,
        symbol=token.symbol,
        others=token.others,
        address=token.address,
        replaced=token.replaced,
        keeps=draft.keeps or words.has(*_FOREVER),
    )


def _read(assembly: Assembly, clause: Clause) -> None:
    if clause.denied is not None:
        _deny(assembly, clause, clause.denied)
        return
    part = Part(assembly, clause.verb)
    for placed in clause.items:
        part = part.take(placed, meaning(placed.item, clause.verb, assembly.answers))
    part.finish()


def _deny(assembly: Assembly, clause: Clause, verb: Placed) -> None:
    """ "Never sell" is a wish; "don't buy when …" and "don't sell at a loss" are what no rule can express."""
    told = [placed for placed in clause.items if not isinstance(placed.item, Join)]
    after = assembly.words.at(assembly.words.skip(verb.last, _ANYTHING))
    if clause.verb == "sell" and not told and (after.kind in (Kind.MARK, Kind.END) or after.text in _ENDS):
        assembly.fields["keeps"] = True
        return
    end = max((placed.last for placed in told), default=verb.last + 1)
    assembly.not_known(Placed(verb.item, verb.first - 1, end), clause.verb)


_ANYTHING = one_of("it them anything any of my the coins tokens position ever again please")
_ENDS = one_of("and but then")
