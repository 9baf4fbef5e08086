"""Commands about tokens: prices, search, what is traded most, risk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.errors import Refused
from bot.handlers.calling import say
from bot.handlers.context import Request
from bot.messages import Action, Notice
from bot.tools.finding_tokens import SeveralTokens, short_address
from bot.tools.registry import Outcome
from bot.tools.tokens import MOST_PRICES, token_facts
from bot.tools.wording import price


async def prices(request: Request) -> Outcome:
    """/price: what tokens cost now."""
    wanted = request.arguments.replace(",", " ").split()
    if not wanted:
        raise Refused("Which token? For instance: /price PEPE CAKE")
    if len(wanted) > MOST_PRICES:
        raise Refused(f"At most {MOST_PRICES} prices at once, please.")
    return await say(request, "get_price", tokens=wanted)


async def search(request: Request) -> Outcome:
    """/search: tokens by symbol, name or address."""
    if not request.arguments:
        raise Refused("What are you looking for? For instance: /search moon")
    return await say(request, "search_tokens", query=request.arguments[:100])


async def trending(request: Request) -> Outcome:
    """/trending: what is traded most now."""
    return await say(request, "get_trending")


async def risk(request: Request) -> Outcome:
    """/risk: what is known against a token."""
    if not request.arguments:
        raise Refused("Which token? For instance: /risk PEPE")
    try:
        return await say(request, "get_risk", token=request.arguments)
    except SeveralTokens as several:
        return _which_one(request, several)


async def token(request: Request) -> Outcome:
    """/token: everything known of one token."""
    if not request.arguments:
        raise Refused("Which token? For instance: /token PEPE, or an address")
    try:
        return await say(request, "get_token", address=request.arguments)
    except SeveralTokens as several:
        return _which_one(request, several)


def _which_one(request: Request, several: SeveralTokens) -> Outcome:
    """A symbol that stands for several tokens, with a button for each of them."""
    facts = [token_facts(each, several.now) for each in several.tokens]
    lines = [
        f"{number}. {each['symbol']} · {each['name']} on {each['chain']}, `{short_address(each['address'])}`, "
        f"liquidity {price(each, 'liquidity_usd')}, {_how_old(each)}"
        for number, each in enumerate(facts, 1)
    ]
    buttons = tuple(
        Action(f"{number}. {each['name']}"[:40], f"/{request.command.name} {each['address']}")
        for number, each in enumerate(facts, 1)
    )
    head = f"{len(facts)} tokens are called {several.text}, the most liquid first. Which one do you mean?"
    return Outcome(replies=(Notice("\n".join([head, *lines]), buttons),))


def _how_old(facts: Mapping[str, Any]) -> str:
    return f"{facts['age']} old" if "age" in facts else "age unknown"
