"""Which token a person means: a symbol is no identity, so where it is not clear nobody guesses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.errors import NoData, ToolFailed
from bot.market.provider import Market, NotServed, Token
from bot.numbers import readable, roughly
from bot.tools.plain import plain
from bot.trading.document import Market as Place

LISTED = 5


class SeveralTokens(ToolFailed):
    """A symbol stands for several tokens, which are listed here, the most liquid first."""

    def __init__(self, text: str, tokens: Sequence[Token], now: datetime) -> None:
        listed = "; ".join(in_short(token, now) for token in tokens)
        super().__init__(
            f"{len(tokens)} tokens are called {plain(text)}: {listed}. A symbol is no identity: ask the "
            "person which one is meant, and go on with its address."
        )
        self.text = plain(text)
        self.tokens = tokens
        self.now = now


async def matches(market: Market, text: str, chain: str | None = None) -> Sequence[Token]:
    """The tokens with exactly this address, else this symbol, else this name, the most liquid first.

    "$pepe" and "PEPE/USD" mean PEPE. Empty when there is none. Raises `ProviderDown`.
    """
    whole = text.strip().lstrip("$").casefold()
    wanted = whole.split("/")[0].strip()
    if not wanted:
        return ()
    found = await _search(market, wanted, chain)
    return (
        [token for token in found if token.address.casefold() in (wanted, whole)]
        or [token for token in found if token.symbol.casefold() in (wanted, whole)]
        or [token for token in found if token.name.casefold() == wanted]
    )


async def one_token(market: Market, text: str, chain: str | None = None) -> Token:
    """The one token that is meant. Raises `ToolFailed` with what there is when it is none or several."""
    exact = await matches(market, text, chain)
    if len(exact) == 1:
        return exact[0]
    place = f" on {chain}" if chain else ""
    if not exact:
        near = (await _search(market, text.strip(), chain))[:LISTED]
        similar = "; ".join(in_short(token, market.now()) for token in near)
        hint = f" Similar ones: {similar}." if near else ""
        raise ToolFailed(f"There is no token called {plain(text)}{place}.{hint}")
    raise SeveralTokens(text, exact[:LISTED], market.now())


def pinned_token(place: Place) -> Token:
    """The token that a strategy is pinned to, as a market is asked for it."""
    if place.source == "exchange":
        pair = f"{place.symbol}/{place.quote}"
        return Token(place.exchange or "", pair, place.symbol, place.symbol)
    return Token(place.chain or "", place.address or "", place.symbol, place.symbol, place.pool)


def in_short(token: Token, now: datetime) -> str:
    """A token in a few words with its address, its liquidity and its age."""
    liquidity = "" if token.liquidity_usd is None else f", liquidity ${readable(token.liquidity_usd)}"
    known_age = age(token, now)
    how_old = "" if known_age is None else f", {known_age} old"
    return (
        f"{plain(token.symbol)} ({plain(token.name)}) on {token.chain}, {token.address}{liquidity}{how_old}"
    )


def age(token: Token, now: datetime) -> str | None:
    """How long ago a token, or its pool, was created, such as "3 months"; None while unknown."""
    if token.created_at is None or token.created_at > now:
        return None
    return roughly((now - token.created_at).total_seconds())


def short_address(address: str) -> str:
    """An address by its beginning and its end; a short one as it is."""
    return address if len(address) <= 16 else f"{address[:6]}…{address[-4:]}"


async def _search(market: Market, text: str, chain: str | None) -> Sequence[Token]:
    try:
        return await market.search(text, chain)
    except NotServed:
        raise
    except NoData:
        return ()
