"""A market with real prices: one source for tokens and candles, others for risk, and what is known of them kept."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.clock import Clock
from bot.errors import NoData, ProviderDown
from bot.market.decoding import as_address, is_address
from bot.market.history import History
from bot.market.provider import MarketHealth, NotServed, OnProgress, Price, Risk, Token
from bot.market.risk import RiskSource, weigh
from bot.market.sharing import Cache, SingleFlight
from bot.market.source import Quote, Source, best_per_token
from bot.trading.candles import Candles
from storage.database import Database

_LIST_SECONDS = 60.0
_TOKEN_SECONDS = 30.0
_QUOTE_SECONDS = 20.0
_RISK_SECONDS = 1_800.0
_UNKNOWN_RISK_SECONDS = 60.0


class LiveMarket:
    """Implements `Market` over one source, for the chains that are served.

    The same question within some seconds is answered from memory; while the source is away the latest answer is given
    with its own time.
    """

    def __init__(
        self,
        source: Source,
        risks: Sequence[RiskSource],
        database: Database,
        clock: Clock,
        chains: Sequence[str],
        hang_up: Callable[[], Awaitable[None]],
    ) -> None:
        self._source = source
        self._risks = risks
        self._clock = clock
        self._served = tuple(source.chains(chains))
        self._hang_up = hang_up
        self._history = History(database, source, clock)
        self._lists: Cache[list[Token]] = Cache(clock, _LIST_SECONDS)
        self._tokens: Cache[Token] = Cache(clock, _TOKEN_SECONDS)
        self._quotes: Cache[Quote] = Cache(clock, _QUOTE_SECONDS)
        self._quoting = SingleFlight()
        self._known_risks: Cache[Risk] = Cache(clock, _RISK_SECONDS)
        self._unknown_risks: Cache[Risk] = Cache(clock, _UNKNOWN_RISK_SECONDS)

    @property
    def source(self) -> str:
        """The name that every answer shows."""
        return self._source.name

    @property
    def synthetic(self) -> bool:
        """Never."""
        return False

    def now(self) -> datetime:
        """The real time."""
        return self._clock()

    async def search(self, query: str, chain: str | None = None, limit: int = 10) -> Sequence[Token]:
        """Tokens that match a symbol, a name or an address, the most liquid first."""
        wanted = query.strip()
        if is_address(wanted):
            return await self._by_address(wanted, chain)
        found = await asyncio.gather(*(self._searched(wanted, place) for place in self._places(chain)))
        return best_per_token([token for some in found for token in some])[:limit]

    async def token(self, address: str, chain: str) -> Token:
        """One token by its address."""
        (place,) = self._places(chain)
        wanted = as_address(address.strip())

        async def asked() -> Token:
            return self._dated(await self._source.token(wanted, place))

        return await self._tokens.get((place, wanted), asked)

    async def prices(self, tokens: Sequence[Token]) -> Sequence[Price]:
        """The prices of several tokens, in their order; those without one are left out."""
        by_place: defaultdict[str, set[str]] = defaultdict(set)
        for token in tokens:
            (place,) = self._places(token.chain)
            if self._quotes.fresh((place, as_address(token.address))) is None:
                by_place[place].add(as_address(token.address))
        await asyncio.gather(*(self._quoted(place, sorted(some)) for place, some in by_place.items()))
        found = []
        for token in tokens:
            quote = self._quotes.stale((token.chain, as_address(token.address)))
            if quote is not None and quote.at is not None:
                found.append(Price(token, quote.usd, quote.change_24h_percent, quote.at))
        if not found:
            names = ", ".join(token.symbol for token in tokens)
            raise NoData(f"{self.source} has no price of {names} now. It may not be traded any more.")
        return found

    async def trending(self, chain: str | None = None, limit: int = 10) -> Sequence[Token]:
        """What is traded most now, in the source's order."""
        found = [await self._trending(place) for place in self._places(chain)]
        seen = dict.fromkeys((token.chain, token.address) for some in found for token in some)
        first = {(token.chain, token.address): token for some in reversed(found) for token in reversed(some)}
        return [first[key] for key in seen][:limit]

    async def risk(self, token: Token) -> Risk:
        """What is known against a token; whoever cannot be asked is named in the reasons."""
        (place,) = self._places(token.chain)
        key = (place, as_address(token.address))
        known = self._known_risks.fresh(key)
        if known is not None:
            return replace(known, token=token)

        async def asked() -> Risk:
            risk = replace(await weigh(token, self._risks), as_of=self._clock())
            if risk.verdict != "unknown":
                self._known_risks.keep(key, risk)
            return risk

        return replace(await self._unknown_risks.get(key, asked), token=token)

    async def candles(
        self, token: Token, timeframe: int, start: int, end: int, on_progress: OnProgress | None = None
    ) -> Candles:
        """Closed candles whose start lies in [start, end), as far as the source and what is kept reach."""
        self._places(token.chain)
        return await self._history.candles(token, timeframe, start, end, on_progress)

    def health(self) -> MarketHealth:
        """How the source and those for risk are doing."""
        own = self._source.health()
        others = tuple(each.health() for each in self._risks)
        return replace(
            own, source=self.source, others=tuple(each for each in others if each.calls and each != own)
        )

    async def close(self) -> None:
        """End what is under way and hang up."""
        await self._history.close()
        for each in (self._lists, self._tokens, self._unknown_risks, self._quoting):
            await each.close()
        await self._source.close()
        await self._hang_up()

    def _places(self, chain: str | None) -> Sequence[str]:
        """Where to ask; raises `NotServed`."""
        if chain is None:
            return self._served
        if chain.lower() not in self._served:
            raise NotServed(
                f"Prices here are those of {' and '.join(self._served)}, not of {chain[:40]}. "
                "Whoever runs this Randebu can change that with CHAINS."
            )
        return (chain.lower(),)

    def _dated(self, token: Token) -> Token:
        return replace(token, as_of=self._clock())

    async def _searched(self, query: str, place: str) -> list[Token]:
        async def asked() -> list[Token]:
            return [self._dated(token) for token in await self._source.search(query, place)]

        return await self._lists.get(("search", place, query.casefold()), asked)

    async def _trending(self, place: str) -> list[Token]:
        async def asked() -> list[Token]:
            return [self._dated(token) for token in await self._source.trending(place)]

        return await self._lists.get(("trending", place), asked)

    async def _by_address(self, address: str, chain: str | None) -> list[Token]:
        found = []
        for place in self._places(chain):
            try:
                found.append(await self.token(address, place))
            except NoData:
                continue
        return found

    async def _quoted(self, place: str, addresses: Sequence[str]) -> None:
        """Fetch prices; while the source is away those that are kept must do. Raises `ProviderDown`."""

        async def asked() -> None:
            now = self._clock()
            for address, quote in (await self._source.quotes(addresses, place)).items():
                at = now if quote.at is None else min(quote.at, now)
                self._quotes.keep((place, as_address(address)), replace(quote, at=at))

        try:
            await self._quoting.run((place, tuple(addresses)), asked)
        except NoData:
            return
        except ProviderDown:
            if all(self._quotes.stale((place, address)) is None for address in addresses):
                raise
