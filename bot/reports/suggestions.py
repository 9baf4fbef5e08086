"""What somebody who types may mean: their bots, their conversations, tokens; for platforms that complete."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.errors import ProviderDown
from bot.messages import Sender
from bot.numbers import readable
from bot.tools.plain import plain
from bot.tools.registry import Services
from storage.people import Owner

Kind = Literal["bot", "conversation", "token"]

MOST = 25
"""So many suggestions at most."""

_PATIENCE_SECONDS = 1.5
_SHORT_ID = 8
_LABEL = 60


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something to choose: what it is called, and the word that a command takes for it."""

    label: str
    value: str


async def suggest(services: Services, sender: Sender, kind: Kind, typed: str) -> Sequence[Suggestion]:
    """What fits what is typed, the likeliest first; nothing where the market does not answer soon."""
    if kind == "token":
        return await _tokens(services, typed.strip()[:60])
    async with services.database.view() as view:
        identity = await view.people.identity(sender.platform, sender.user)
    if identity is None:
        return ()
    found = await (_bots if kind == "bot" else _conversations)(services, identity.owner)
    wanted = typed.strip().casefold()
    return [each for each in found if wanted in each.label.casefold() or each.value.startswith(wanted)][:MOST]


async def _bots(services: Services, owner: Owner) -> list[Suggestion]:
    async with services.database.view() as view:
        return [Suggestion(plain(bot.name, _LABEL), bot.id) for bot in await view.trading.bots(owner)]


async def _conversations(services: Services, owner: Owner) -> list[Suggestion]:
    async with services.database.view() as view:
        listed = await view.conversations.list(owner, 4 * MOST)
    return [
        Suggestion(f"{plain(each.title, _LABEL)} · {each.updated_at:%d %b %Y, %H:%M}", each.id[:_SHORT_ID])
        for each in listed
    ]


async def _tokens(services: Services, typed: str) -> list[Suggestion]:
    market = services.market
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            found = await (market.search(typed, limit=MOST) if typed else market.trending(limit=MOST))
    except (ProviderDown, TimeoutError):
        return []
    suggestions = []
    for token in found[:MOST]:
        liquidity = "" if token.liquidity_usd is None else f" · liquidity ${readable(token.liquidity_usd)}"
        words = f"{plain(token.symbol)} ({plain(token.name)}) on {token.chain}{liquidity}"
        suggestions.append(Suggestion(words, token.address))
    return suggestions
