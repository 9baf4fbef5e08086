"""A market with made-up prices: it needs no network and gives everybody the same prices at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from bot.clock import Clock
from bot.errors import NoData
from bot.market.provider import MarketHealth, OnProgress, Price, Risk, Token
from bot.market.synthetic_prices import MINUTE, PriceProcess, key_of, minute_candles, price_at
from bot.market.synthetic_tokens import CHAIN, TOKENS, SyntheticToken
from bot.trading.candles import Candles, resample

_DAY_MINUTES = 1440
_MINUTES_AT_ONCE = 60_000


@dataclass(frozen=True, slots=True)
class _Listed:
    """A token together with its price process, which depends on the seed."""

    token: SyntheticToken
    process: PriceProcess


class SyntheticMarket:
    """Tokens with made-up prices, a pure function of the seed and of the time on `clock`.

    Implements `Market`. What takes longer than some milliseconds runs in a thread, where numpy lets the event
    loop work meanwhile.
    """

    def __init__(self, seed: int, clock: Clock) -> None:
        self._clock = clock
        self._listed = {
            token.address: _Listed(
                token,
                PriceProcess(
                    key_of(seed, token.address), token.level, token.yearly_volatility, token.daily_volume
                ),
            )
            for token in TOKENS
        }

    @property
    def source(self) -> str:
        """The name that every answer shows."""
        return "synthetic"

    @property
    def synthetic(self) -> bool:
        """Always true: whatever shows these prices must say so."""
        return True

    def now(self) -> datetime:
        """The time on the market's own clock; it may run faster than the machine's."""
        return self._clock()

    async def search(self, query: str, chain: str | None = None, limit: int = 10) -> Sequence[Token]:
        """Tokens that match a symbol, a name or an address: exact matches first, then by liquidity."""
        if chain is not None and chain.lower() != CHAIN:
            return []
        wanted = query.strip().lower().removeprefix("$")
        ranked = [
            (_rank(listed.token, wanted), -listed.token.liquidity, listed) for listed in self._listed.values()
        ]
        found = sorted((entry for entry in ranked if entry[0] is not None), key=lambda entry: entry[:2])
        return await self._described(listed for _, _, listed in found[:limit])

    async def token(self, address: str, chain: str) -> Token:
        """One token by its address; raises `NoData` for one that is not listed."""
        return (await self._described([self._find(address, chain)]))[0]

    async def prices(self, tokens: Sequence[Token]) -> Sequence[Price]:
        """The prices at the last full minute, in the order of `tokens`."""
        listed = [self._find(token.address, token.chain) for token in tokens]
        minute = self._minute()

        def quote() -> list[tuple[float, float]]:
            return [
                (price_at(one.process, minute), price_at(one.process, minute - _DAY_MINUTES))
                for one in listed
            ]

        at = datetime.fromtimestamp(minute * MINUTE, UTC)
        return [
            Price(token, now, (now / before - 1) * 100, at)
            for token, (now, before) in zip(tokens, await asyncio.to_thread(quote), strict=True)
        ]

    async def trending(self, chain: str | None = None, limit: int = 10) -> Sequence[Token]:
        """What was traded most in the last 24 hours."""
        if chain is not None and chain.lower() != CHAIN:
            return []
        tokens = await self._described(self._listed.values())
        return sorted(tokens, key=lambda token: -(token.volume_24h_usd or 0))[:limit]

    async def risk(self, token: Token) -> Risk:
        """What is known against a token; made up like its prices."""
        known = self._find(token.address, token.chain).token.risk
        return Risk(
            token, known.verdict, known.reasons, known.buy_tax_percent, known.sell_tax_percent, self.source
        )

    async def candles(
        self, token: Token, timeframe: int, start: int, end: int, on_progress: OnProgress | None = None
    ) -> Candles:
        """Closed candles whose start lies in [start, end), from the token's creation up to now at most.

        Raises `NoData` for an unlisted token, for a timeframe that is not whole minutes, and for a stretch
        that ends before the token was created.
        """
        listed = self._find(token.address, token.chain)
        if timeframe < MINUTE or timeframe % MINUTE:
            raise NoData(f"Synthetic candles come in whole minutes, not in {timeframe} s; take 1m or more.")
        created = int(listed.token.created_at.timestamp())
        if start < end <= created:
            raise NoData(
                f"{listed.token.symbol} was created on {listed.token.created_at:%d %B %Y}; there are no "
                "candles from before. Take a later stretch."
            )
        first = -(-max(start, created) // timeframe)
        last = min(-(-end // timeframe), int(self.now().timestamp()) // timeframe)
        step = max(1, _MINUTES_AT_ONCE * MINUTE // timeframe)
        minutes = timeframe // MINUTE
        parts = []
        for begin in range(first, max(last, first + 1), step):
            finish = max(begin, min(begin + step, last))
            parts.append(
                await asyncio.to_thread(_joined, listed.process, timeframe, begin * minutes, finish * minutes)
            )
            if on_progress is not None:
                on_progress(1.0 if finish >= last else (finish - first) / (last - first))
        return parts[0] if len(parts) == 1 else await asyncio.to_thread(_concatenated, parts)

    def health(self) -> MarketHealth:
        """Always well: there is nothing outside to fail."""
        return MarketHealth(self.source, self.now())

    async def close(self) -> None:
        """Nothing to end."""

    def _minute(self) -> int:
        return int(self.now().timestamp()) // MINUTE

    def _find(self, address: str, chain: str) -> _Listed:
        listed = self._listed.get(address.strip().lower())
        if listed is None or chain.lower() != CHAIN:
            raise NoData(
                f"The synthetic market has no token {address} on {chain}. "
                "Search by its symbol to find those it has."
            )
        return listed

    async def _described(self, chosen: Iterable[_Listed]) -> list[Token]:
        minute = self._minute()
        return await asyncio.to_thread(lambda: [_describe(listed, minute) for listed in chosen])


def _rank(token: SyntheticToken, wanted: str) -> int | None:
    """How well a token fits what was searched, 0 the best; None when it does not."""
    if wanted in (token.address, token.pool) or wanted == token.symbol.lower():
        return 0
    if wanted == token.name.lower():
        return 1
    words = (token.symbol.lower(), *token.name.lower().replace("(", "").split(), token.name.lower())
    return 2 if wanted and any(word.startswith(wanted) for word in words) else None


def _describe(listed: _Listed, minute: int) -> Token:
    day = minute_candles(listed.process, minute - _DAY_MINUTES, minute)
    token, price = listed.token, float(day.close[-1])
    return Token(
        CHAIN,
        token.address,
        token.symbol,
        token.name,
        token.pool,
        price,
        (price / float(day.open[0]) - 1) * 100,
        float(token.liquidity),
        float(day.volume.sum()),
        price * token.supply,
        token.created_at,
    )


def _joined(process: PriceProcess, timeframe: int, first_minute: int, end_minute: int) -> Candles:
    candles = minute_candles(process, first_minute, end_minute)
    if len(candles):
        return resample(candles, timeframe)
    nothing = candles.open
    return Candles(timeframe, candles.start, nothing, nothing, nothing, nothing, nothing)


def _concatenated(parts: Sequence[Candles]) -> Candles:
    return Candles(
        parts[0].timeframe,
        np.concatenate([part.start for part in parts]),
        np.concatenate([part.open for part in parts]),
        np.concatenate([part.high for part in parts]),
        np.concatenate([part.low for part in parts]),
        np.concatenate([part.close for part in parts]),
        np.concatenate([part.volume for part in parts]),
    )
