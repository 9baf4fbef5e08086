"""Which token a person means: a symbol is no identity, so where it is not clear nobody guesses."""

from __future__ import annotations

from collections.abc import Sequence

from bot.errors import NoData, ToolFailed
from bot.market.provider import Market, Token
from bot.numbers import readable
from bot.tools.plain import plain

LISTED = 5


class SeveralTokens(ToolFailed):
    """A symbol stands for several tokens, which are listed here, the most liquid first."""

    def __init__(self, text: str, tokens: Sequence[Token]) -> None:
        listed = "; ".join(map(in_short, tokens))
        super().__init__(
            f"{len(tokens)} tokens are called {plain(text)}: {listed}. A symbol is no identity: ask the "
            "person which one is meant, and go on with its address."
        )
        self.text = plain(text)
        self.tokens = tokens


async def matches(market: Market, text: str, chain: str | None = None) -> Sequence[Token]:
    """The tokens with exactly this symbol or address, else with exactly this name, the most liquid first.

    "$pepe" and "PEPE/USD" mean PEPE. Empty when there is none. Raises `ProviderDown`.
    """
    whole = text.strip().lstrip("$").casefold()
    wanted = whole.split("/")[0].strip()
    if not wanted:
        return ()
    found = await _search(market, wanted, chain)
    exact = [
        token for token in found if {token.symbol.casefold(), token.address.casefold()} & {wanted, whole}
    ]
    return exact or [token for token in found if token.name.casefold() == wanted]


async def one_token(market: Market, text: str, chain: str | None = None) -> Token:
    """The one token that is meant. Raises `ToolFailed` with what there is when it is none or several."""
    exact = await matches(market, text, chain)
    if len(exact) == 1:
        return exact[0]
    place = f" on {chain}" if chain else ""
    if not exact:
        near = (await _search(market, text.strip(), chain))[:LISTED]
        hint = f" Similar ones: {'; '.join(map(in_short, near))}." if near else ""
        raise ToolFailed(f"There is no token called {plain(text)}{place}.{hint}")
    raise SeveralTokens(text, exact[:LISTED])


def in_short(token: Token) -> str:
    """A token in a few words with its address and its liquidity."""
    liquidity = "" if token.liquidity_usd is None else f", liquidity ${readable(token.liquidity_usd)}"
    return f"{plain(token.symbol)} ({plain(token.name)}) on {token.chain}, {token.address}{liquidity}"


async def _search(market: Market, text: str, chain: str | None) -> Sequence[Token]:
    try:
        return await market.search(text, chain)
    except NoData:
        return ()
