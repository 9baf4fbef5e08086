"""A market of any source, served by stand-ins on a local port, on a database of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from bot.market.provider import Market, Token
from bot.market.service import Patience
from bot.market.sources import build_market
from bot.settings import Settings
from storage.database import Database
from tests.fakes.clock import StoppedClock
from tests.fakes.market_apis import Asked, MarketApis

HASTY = Patience(attempts=3, first_wait=0.0, longest_wait=0.0)
LIVE = ("geckoterminal", "ave", "exchange:binance")
CANDLE_PATHS = ("/ohlcv/", "v2/klines/", "klines")

OpenServed = Callable[..., AbstractAsyncContextManager["Served"]]


@dataclass
class Served:
    """A market, and who serves it."""

    market: Market
    apis: MarketApis
    database: Database

    @property
    def clock(self) -> StoppedClock:
        """The clock of everybody."""
        return self.apis.world.clock

    @property
    def now(self) -> int:
        """Epoch seconds."""
        return int(self.market.now().timestamp())

    @property
    def candle_requests(self) -> list[Asked]:
        """The requests for candles that have arrived."""
        return [each for each in self.apis.asked if any(path in each.path for path in CANDLE_PATHS)]

    async def pepe(self) -> Token:
        """The most liquid PEPE."""
        return (await self.market.search("PEPE"))[0]


@asynccontextmanager
async def serve(source: str, apis: MarketApis, url: str, **settings: Any) -> AsyncIterator[Served]:
    """A market of this source; opening it again on the same database is a restart."""
    given = Settings(database_url=url, **{**apis.settings(source), **settings})
    database = await Database.open(given.database_url)
    market = await build_market(given, database, apis.world.clock, patience=HASTY)
    try:
        yield Served(market, apis, database)
    finally:
        await market.close()
        await database.close()
