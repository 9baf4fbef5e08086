"""What a live source has to tell; everything that all of them share stands in `LiveMarket` and `History`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.errors import NoData
from bot.market.decoding import Rows
from bot.market.provider import MarketHealth, Token
from bot.trading.candles import Seconds

MINUTE, HOUR, DAY = 60, 3_600, 86_400


@dataclass(frozen=True, slots=True)
class Quote:
    """A price in US dollars, its change over 24 hours in percent, and since when the source knows it, if it says so."""

    usd: float
    change_24h_percent: float | None = None
    at: datetime | None = None


class Source(Protocol):
    """A live source. Everything that asks raises `NoData` for what the source does not know, and `ProviderDown`.

    Tokens come without `as_of`; whoever keeps them knows when they came.
    """

    @property
    def name(self) -> str:
        """What `MARKET_SOURCE` calls it, and every answer shows."""
        ...

    @property
    def timeframes(self) -> Sequence[Seconds]:
        """The lengths of candles that it has."""
        ...

    @property
    def patience(self) -> int:
        """After so many pages without a candle, going back in time, there are taken to be none before."""
        ...

    def chains(self, served: Sequence[str]) -> Sequence[str]:
        """The places of this source that may be asked for, given the chains that are served."""
        ...

    async def search(self, query: str, chain: str) -> Sequence[Token]:
        """Tokens that match a symbol or a name."""
        ...

    async def token(self, address: str, chain: str) -> Token:
        """One token by its address."""
        ...

    async def quotes(self, addresses: Sequence[str], chain: str) -> Mapping[str, Quote]:
        """The prices of several tokens by their addresses; those without one are left out."""
        ...

    async def trending(self, chain: str) -> Sequence[Token]:
        """What is traded most now."""
        ...

    def market_key(self, token: Token) -> str:
        """What the candles of a token are kept under; raises `NoData` when it has none."""
        ...

    async def rows(self, token: Token, timeframe: Seconds, first: int, end: int) -> Rows:
        """Candles with a start in [first, end), at most a page of them, in any order; others are ignored."""
        ...

    def health(self) -> MarketHealth:
        """How it is doing."""
        ...

    async def close(self) -> None:
        """Hang up."""
        ...


def best_per_token(tokens: Sequence[Token]) -> list[Token]:
    """Every token once, with its most liquid pool, the most liquid first."""
    best: dict[tuple[str, str], Token] = {}
    for token in sorted(tokens, key=lambda each: -(each.liquidity_usd or 0.0)):
        best.setdefault((token.chain, token.address), token)
    return list(best.values())


def require(token: Token | None, name: str, address: str, chain: str) -> Token:
    """The token, or `NoData` that says who does not know it."""
    if token is None:
        raise NoData(
            f"{name} knows no token {address[:80]} on {chain}. Search by its symbol to find its address."
        )
    return token
