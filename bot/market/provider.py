"""The one protocol behind which every source of tokens, prices and candles stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from bot.errors import NoData
from bot.trading.candles import Candles


@dataclass(frozen=True, slots=True)
class Token:
    """A token by its contract address, as a symbol is no identity; money in dollars, changes in percent.

    On an exchange `chain` is the exchange's name and `address` the pair, such as "PEPE/USDT". `as_of` is when the
    source said so; None where that means nothing.
    """

    chain: str
    address: str
    symbol: str
    name: str
    pool: str | None = None
    price_usd: float | None = None
    change_24h_percent: float | None = None
    liquidity_usd: float | None = None
    volume_24h_usd: float | None = None
    market_cap_usd: float | None = None
    created_at: datetime | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """A price in US dollars, and the time it is from."""

    token: Token
    usd: float
    change_24h_percent: float | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Risk:
    """What is known against a token: three-valued, with reasons; taxes in percent, None where unknown."""

    token: Token
    verdict: Literal["danger", "no warning found", "unknown"]
    reasons: tuple[str, ...]
    buy_tax_percent: float | None
    sell_tax_percent: float | None
    source: str
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class MarketHealth:
    """How a source is doing.

    `breaker` is closed while it is asked, open while it is left alone after failures, and half-open while one call
    finds out whether it is back. `paused_until` is the time until which it asked to be left alone (429). `calls` are
    allowed in any `period_seconds`, `calls_used` of them are spent, and `waiting` wait for one; None where there is no
    budget. `others` are the services that it leans on, such as those for risk.
    """

    source: str
    last_success: datetime | None = None
    breaker: Literal["closed", "open", "half-open"] = "closed"
    paused_until: datetime | None = None
    calls: int | None = None
    period_seconds: float | None = None
    calls_used: int = 0
    waiting: int = 0
    others: tuple[MarketHealth, ...] = ()


class NotServed(NoData):
    """A chain that this Randebu does not serve; the sentence says which it does."""


OnProgress = Callable[[float], None]
"""Called with a fraction from 0 to 1 while something long is loaded."""


class Market(Protocol):
    """A source of market data; raises `NoData` for what it does not know, `ProviderDown` when it is away."""

    @property
    def source(self) -> str:
        """The name that every answer shows, such as "synthetic" or "geckoterminal"."""
        ...

    @property
    def synthetic(self) -> bool:
        """True when the prices are made up; whatever shows them must say so."""
        ...

    def now(self) -> datetime:
        """The time on the market's own clock; it may run faster than the machine's."""
        ...

    async def search(self, query: str, chain: str | None = None, limit: int = 10) -> Sequence[Token]:
        """Tokens that match a symbol, a name or an address, the most liquid first."""
        ...

    async def token(self, address: str, chain: str) -> Token:
        """One token by its address."""
        ...

    async def prices(self, tokens: Sequence[Token]) -> Sequence[Price]:
        """The prices of several tokens at once, in their order; those without a price are left out.

        Raises `NoData` when none of them has one.
        """
        ...

    async def trending(self, chain: str | None = None, limit: int = 10) -> Sequence[Token]:
        """What is traded most now."""
        ...

    async def risk(self, token: Token) -> Risk:
        """What is known against a token."""
        ...

    async def candles(
        self, token: Token, timeframe: int, start: int, end: int, on_progress: OnProgress | None = None
    ) -> Candles:
        """Closed candles whose start lies in [start, end), epoch seconds; `timeframe` in seconds."""
        ...

    def health(self) -> MarketHealth:
        """How the source is doing, for operators; asks nobody."""
        ...

    async def close(self) -> None:
        """End what is under way and hang up."""
        ...
