"""Centralised exchanges through ccxt, an optional extra that takes seconds to import and is only imported when used.

ccxt's blocking form is used, in a thread: taking apart thousands of pairs holds whichever loop it runs on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import Any

from bot.clock import Clock
from bot.errors import NoData, SettingsError
from bot.market.budget import Pace
from bot.market.decoding import Rows, number, usable_price
from bot.market.provider import MarketHealth, Token
from bot.market.service import PAUSE_SECONDS, Away, Nonsense, Patience, Service, TooFast
from bot.market.source import DAY, HOUR, MINUTE, Quote, require
from bot.trading.candles import Seconds

_DOLLARS = ("USDT", "USDC", "USD", "FDUSD")
"""Quotes that are taken as US dollars, the first one first."""

_USUAL = (MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 12 * HOUR, DAY)
_SPOT_ONLY = {"defaultType": "spot", "fetchMarkets": {"types": ["spot"]}}
_MOST_ROWS = 500
_MOST_FOUND = 20
_MOST_SINGLE_TICKERS = 5
_MILLISECONDS = 1000
_TIMEOUT_MILLISECONDS = 10_000


class Exchange:
    """Implements `Source` for the spot pairs of one exchange that are quoted in dollars.

    A token's chain is the exchange's name and its address the pair, such as "PEPE/USDT".
    """

    patience = 2

    def __init__(self, ccxt: Any, exchange: Any, pace: Pace, clock: Clock, patience: Patience | None) -> None:
        self._ccxt = ccxt
        self._exchange = exchange
        self._id: str = exchange.id
        self.name = f"exchange:{self._id}"
        self._service = Service(self._id, pace, clock, patience)
        self._one_call = asyncio.Lock()
        written = {exchange.parse_timeframe(each): each for each in exchange.timeframes or {}}
        self._written = {seconds: each for seconds, each in written.items() if seconds in _USUAL}
        self.timeframes: Sequence[Seconds] = tuple(self._written)

    @classmethod
    async def open(
        cls, name: str, url: str | None, pace: Pace, clock: Clock, patience: Patience | None = None
    ) -> Exchange:
        """An exchange by its name in ccxt; `url` takes the place of all its addresses.

        Raises `SettingsError` when ccxt is not installed, does not know it, or it has no candles.
        """
        ccxt = await asyncio.to_thread(_imported)
        if name not in ccxt.exchanges:
            raise SettingsError(f"MARKET_SOURCE is exchange:{name}: ccxt knows no exchange {name}.")
        exchange = getattr(ccxt, name)(
            {"enableRateLimit": True, "timeout": _TIMEOUT_MILLISECONDS, "options": _SPOT_ONLY}
        )
        if url is not None:
            exchange.urls["api"] = _replaced(exchange.urls["api"], url)
        if not exchange.has.get("fetchOHLCV") or not exchange.timeframes:
            raise SettingsError(f"MARKET_SOURCE is exchange:{name}: this exchange tells no candles.")
        return cls(ccxt, exchange, pace, clock, patience)

    def chains(self, served: Sequence[str]) -> Sequence[str]:  # noqa: ARG002
        """The exchange itself: it is no chain."""
        return (self._id,)

    async def search(self, query: str, chain: str) -> Sequence[Token]:  # noqa: ARG002
        """The pairs whose base has this symbol or begins with it; with their prices."""
        wanted = query.strip().upper().lstrip("$")
        pairs = await self._pairs()
        base = wanted.split("/")[0]
        found = [pair for pair in pairs.values() if pair["base"].upper().startswith(base)]
        found.sort(key=lambda pair: (pair["base"].upper() != base, pair["base"], _rank(pair)))
        if not found:
            return []
        tickers = await self._tickers([pair["symbol"] for pair in found[:_MOST_FOUND]])
        return [self._token(pair, tickers) for pair in found[:_MOST_FOUND]]

    async def token(self, address: str, chain: str) -> Token:
        """One pair."""
        pair = (await self._pairs()).get(address.upper())
        if pair is None or chain != self._id:
            return require(None, self._id, address, chain)
        return self._token(pair, await self._tickers([pair["symbol"]]))

    async def quotes(
        self,
        addresses: Sequence[str],
        chain: str,  # noqa: ARG002
    ) -> Mapping[str, Quote]:
        """The last prices of some pairs."""
        known = await self._pairs()
        asked = {
            address: known[address.upper()]["symbol"] for address in addresses if address.upper() in known
        }
        tickers = await self._tickers(list(asked.values())) if asked else {}
        found: dict[str, Quote] = {}
        for address, symbol in asked.items():
            ticker = tickers.get(symbol) or {}
            usd = usable_price(ticker.get("last"))
            if usd is not None:
                found[address] = Quote(usd, number(ticker.get("percentage")))
        return found

    async def trending(self, chain: str) -> Sequence[Token]:  # noqa: ARG002
        """The pairs with the largest volume in dollars."""
        pairs = await self._pairs()
        tickers = await self._tickers(None)
        tokens = [self._token(pair, tickers) for pair in pairs.values() if pair["symbol"] in tickers]
        return sorted(tokens, key=lambda token: -(token.volume_24h_usd or 0.0))[:_MOST_FOUND]

    def market_key(self, token: Token) -> str:
        """The pair."""
        if token.chain != self._id:
            raise NoData(
                f"Prices come from {self._id} now, which trades pairs such as PEPE/USDT and knows no tokens on "
                f"{token.chain or 'a chain'}. Make a bot for a pair of {self._id}."
            )
        return token.address.upper()

    async def rows(self, token: Token, timeframe: Seconds, first: int, end: int) -> Rows:
        """Candles; their volume is turned from tokens into dollars at the close."""
        pair = (await self._pairs()).get(token.address.upper())
        if pair is None:
            require(None, self._id, token.address, token.chain)
        found: list[Any] = []
        since = first
        while since < end:
            some = await self._asked(
                partial(
                    self._exchange.fetch_ohlcv,
                    token.address.upper(),
                    self._written[timeframe],
                    since=since * _MILLISECONDS,
                    limit=_MOST_ROWS,
                )
            )
            rows = [_in_seconds(row) for row in some] if isinstance(some, list) else []
            found += rows
            last = max((row[0] for row in rows if row[0] is not None), default=0)
            if last < since:
                break
            since = int(last) + timeframe
        return found

    def health(self) -> MarketHealth:
        """How it is doing."""
        return self._service.health()

    async def close(self) -> None:
        """Hang up."""
        session = getattr(self._exchange, "session", None)
        if session is not None:
            await asyncio.to_thread(session.close)

    async def _pairs(self) -> dict[str, Any]:
        """The spot pairs in dollars by their symbol; asked once, then known to ccxt."""
        if not self._exchange.markets:
            await self._asked(self._exchange.load_markets)
        return {
            symbol: market
            for symbol, market in self._exchange.markets.items()
            if market.get("spot") and market.get("active") is not False and market.get("quote") in _DOLLARS
        }

    async def _tickers(self, symbols: list[str] | None) -> dict[str, Any]:
        if self._exchange.has.get("fetchTickers"):
            told = await self._asked(partial(self._exchange.fetch_tickers, symbols))
            return told if isinstance(told, dict) else {}
        some = (symbols or [])[:_MOST_SINGLE_TICKERS]
        return {one: await self._asked(partial(self._exchange.fetch_ticker, one)) for one in some}

    async def _asked(self, ask: Callable[[], Any]) -> Any:
        return await self._service.call(lambda: self._translated(ask))

    async def _translated(self, ask: Callable[[], Any]) -> Any:
        """Ask ccxt, one call at a time, with its errors as ours."""
        ccxt = self._ccxt
        try:
            async with self._one_call:
                return await asyncio.to_thread(ask)
        except (ccxt.RateLimitExceeded, ccxt.DDoSProtection) as error:
            raise TooFast(PAUSE_SECONDS) from error
        except ccxt.NetworkError as error:
            raise Away("it cannot be reached") from error
        except ccxt.BadSymbol as error:
            raise NoData(f"{self._id} does not trade that.") from error
        except ccxt.BaseError as error:
            raise Nonsense("answered with an error or with something that is no data") from error
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            # ccxt takes an answer apart without looking whether it is one.
            raise Nonsense("answered in a form that is not known here") from error

    def _token(self, pair: dict[str, Any], tickers: Mapping[str, Any]) -> Token:
        ticker = tickers.get(pair["symbol"]) or {}
        return Token(
            self._id,
            pair["symbol"],
            pair["base"],
            f"{pair['base']} in {pair['quote']} on {self._id}",
            None,
            usable_price(ticker.get("last")),
            number(ticker.get("percentage")),
            None,
            number(ticker.get("quoteVolume")),
        )


def _imported() -> Any:
    try:
        return import_module("ccxt")
    except ImportError as error:
        raise SettingsError(
            "MARKET_SOURCE names an exchange, which needs ccxt: pip install randebu[exchange]."
        ) from error


def _replaced(urls: Any, url: str) -> Any:
    if isinstance(urls, dict):
        return {name: _replaced(each, url) for name, each in urls.items()}
    return url


def _rank(pair: dict[str, Any]) -> int:
    return _DOLLARS.index(pair["quote"])


def _in_seconds(row: Any) -> list[Any]:
    """A candle of ccxt with its start in seconds and its volume in dollars."""
    if not isinstance(row, list | tuple) or len(row) < 6:
        return [None] * 6
    milliseconds, open_, high, low, close, volume = row[:6]
    start, price, amount = number(milliseconds), number(close), number(volume)
    dollars = None if price is None or amount is None else price * amount
    return [None if start is None else start / _MILLISECONDS, open_, high, low, close, dollars]
