"""GeckoTerminal, AVE, GoPlus, honeypot.is and an exchange on a local port, written from their documents by hand.

`python -m tests.fakes.market_apis PORT` serves the same to a Randebu that runs by itself, at the machine's time; a POST
to /control?fault=html (or 429, 500, hang, null, …) makes it fail from then on, an empty fault ends that.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.fakes.clock import StoppedClock
from tests.fakes.market_shapes import (
    ave_token,
    exchange_candle,
    exchange_pair,
    exchange_ticker,
    gecko_pool,
    gecko_token,
)
from tests.fakes.market_world import WBNB, FakeToken, MarketWorld

KEY = "ave-key-of-nobody"
HTML = "<!DOCTYPE html><html><title>Just a moment...</title><body>Checking your browser</body></html>"

_UNITS = {"minute": 60, "hour": 3_600, "day": 86_400}


@dataclass(frozen=True)
class Asked:
    """A request that arrived."""

    service: str
    path: str
    query: dict[str, str]


Fault = Callable[[Asked], str | None]
"""Names what goes wrong with a request: html, 429, 500, 503, hang, drop, empty, null, …; None for nothing."""

Spoil = Callable[[Asked, Any], Any]
"""Changes an answer before it is sent."""


class MarketApis:
    """The servers; `world` is the truth they tell."""

    def __init__(self, world: MarketWorld | None = None) -> None:
        self.world = world or MarketWorld()
        self.asked: list[Asked] = []
        self.fault: Fault = lambda asked: None
        self.spoil: Spoil = lambda asked, answer: answer
        self.retry_after: str | None = None
        self.port = 0
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/control", self._control)
        app.router.add_route("*", "/{service}/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def url(self, service: str) -> str:
        """The address of a service: gecko, ave, goplus, honeypot or exchange."""
        return f"http://127.0.0.1:{self.port}/{service}"

    def settings(self, source: str, **more: Any) -> dict[str, Any]:
        """Settings of a Randebu that is served from here."""
        return {
            "market_source": source,
            "geckoterminal_url": self.url("gecko"),
            "ave_url": self.url("ave"),
            "ave_api_key": KEY,
            "exchange_url": self.url("exchange"),
            "goplus_url": self.url("goplus"),
            "honeypot_url": self.url("honeypot"),
            "ave_calls_per_second": 20,
            "geckoterminal_calls_per_minute": 1000,
            "exchange_calls_per_minute": 1000,
            **more,
        }

    def counted(self, *services: str) -> Counter[str]:
        """How often each path was asked for."""
        return Counter(each.path for each in self.asked if not services or each.service in services)

    async def _control(self, request: web.Request) -> web.Response:
        fault = request.query.get("fault") or None
        self.retry_after = request.query.get("retry_after")
        self.fault = lambda asked: fault
        return web.json_response({"fault": fault})

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        asked = Asked(request.match_info["service"], request.match_info["path"], dict(request.query))
        self.asked.append(asked)
        fault = self.fault(asked)
        if fault is not None:
            return await self._fail(request, fault)
        try:
            answer = await self._answer(request, asked)
        except LookupError:
            return web.json_response({"errors": [{"status": "404", "title": "Not Found"}]}, status=404)
        except PermissionError as refusal:
            return web.json_response({"status": 0, "msg": str(refusal)}, status=401)
        return web.json_response(self.spoil(asked, answer))

    async def _fail(self, request: web.Request, fault: str) -> web.StreamResponse:
        match fault:
            case "html":
                return web.Response(text=HTML, content_type="text/html")
            case "hang":
                await asyncio.Event().wait()
            case "drop":
                if request.transport is not None:
                    request.transport.abort()
            case "empty":
                return web.Response(text="", content_type="application/json")
            case "null" | "[]" | "{}" | '"text"' | "17" | '{"data": null}' | '{"data": 7}':
                return web.Response(text=fault, content_type="application/json")
            case "429":
                headers = {} if self.retry_after is None else {"retry-after": self.retry_after}
                return web.Response(text="Throttled", status=429, headers=headers)
        return web.Response(
            text=HTML, status=int(fault) if fault.isdigit() else 200, content_type="text/html"
        )

    async def _answer(self, request: web.Request, asked: Asked) -> Any:
        match asked.service:
            case "gecko":
                return self._gecko(asked)
            case "ave":
                if request.headers.get("X-API-KEY") != KEY:
                    raise PermissionError("bad key")
                body = await request.json() if request.method == "POST" else {}
                return {"status": 1, "msg": "SUCCESS", "data": self._ave(asked, body)}
            case "goplus":
                return self._goplus(asked.query["contract_addresses"])
            case "honeypot":
                return self._honeypot(asked.query["address"])
            case "exchange":
                return self._exchange(asked)
        raise LookupError(asked.service)

    # GeckoTerminal

    def _gecko(self, asked: Asked) -> Any:
        match asked.path.split("/"):
            case ["search", "pools"]:
                return self._pools(self.world.find(asked.query["query"]))
            case ["networks", "bsc", "trending_pools"]:
                return self._pools(sorted(self.world.tokens, key=lambda each: -each.volume))
            case ["networks", "bsc", "tokens", address]:
                token = self._token(address)
                pools = self._pools([token])
                own = {"price_usd": f"{token.close(self.world.now()):.18f}", "market_cap_usd": None}
                data = {**gecko_token(token), "attributes": {**gecko_token(token)["attributes"], **own}}
                return {"data": data, "included": pools["data"]}
            case ["simple", "networks", "bsc", "token_price", addresses]:
                known = [each for each in map(self.world.by_address, addresses.split(",")) if each]
                prices = {each.address: f"{each.close(self.world.now()):.18f}" for each in known}
                changes = {each.address: "-1.25" for each in known}
                attributes = {"token_prices": prices, "h24_price_change_percentage": changes}
                return {"data": {"id": "1", "type": "simple_token_price", "attributes": attributes}}
            case ["networks", "bsc", "pools", pool, "ohlcv", unit]:
                return self._gecko_candles(pool, unit, asked.query)
        raise LookupError(asked.path)

    def _pools(self, tokens: list[FakeToken]) -> dict[str, Any]:
        now = self.world.now()
        wbnb = {"address": WBNB, "name": "Wrapped BNB", "symbol": "WBNB", "decimals": 18}
        quote = {"id": f"bsc_{WBNB}", "type": "token", "attributes": wbnb}
        return {
            "data": [gecko_pool(token, now) for token in tokens],
            "included": [quote, *map(gecko_token, tokens)],
        }

    def _gecko_candles(self, pool: str, unit: str, query: dict[str, str]) -> Any:
        token = self.world.by_pool(pool)
        if token is None:
            raise LookupError(pool)
        timeframe = _UNITS[unit] * int(query["aggregate"])
        before, limit = int(query["before_timestamp"]), int(query["limit"])
        assert 1 <= limit <= 1000
        assert query["include_empty_intervals"] == "true"
        assert query["currency"] == "usd"
        rows = self.world.candles(token, timeframe, before - limit * timeframe, before)
        listed = [list(row) for row in reversed(rows)]
        meta = {"base": {"address": token.address, "symbol": token.symbol}, "quote": {"address": WBNB}}
        data = {"id": "1", "type": "ohlcv_request_response", "attributes": {"ohlcv_list": listed}}
        return {"data": data, "meta": meta}

    # AVE

    def _ave(self, asked: Asked, body: dict[str, Any]) -> Any:
        now = self.world.now()
        match asked.path.split("/"):
            case ["v2", "tokens"]:
                return [ave_token(each, now) for each in self.world.find(asked.query["keyword"])]
            case ["v2", "tokens", "trending"]:
                listed = sorted(self.world.tokens, key=lambda each: -each.volume)
                return {"tokens": [ave_token(each, now) for each in listed], "next_page": 1}
            case ["v2", "tokens", "price"]:
                known = [
                    (name, self.world.by_address(name.removesuffix("-bsc"))) for name in body["token_ids"]
                ]
                return {
                    name: {
                        "current_price_usd": f"{each.close(now):.18f}",
                        "price_change_24h": "-1.25",
                        "updated_at": now - 7,
                    }
                    for name, each in known
                    if each
                }
            case ["v2", "tokens", name]:
                return {"token": ave_token(self._token(name.removesuffix("-bsc")), now), "pairs": []}
            case ["v2", "contracts", name]:
                token = self._token(name.removesuffix("-bsc"))
                honeypot = {None: -1, False: 0, True: 1}[token.honeypot]
                return {"is_honeypot": honeypot, "buy_tax": token.buy_tax, "sell_tax": token.sell_tax}
            case ["v2", "klines", "token", name]:
                return self._ave_candles(self._token(name.removesuffix("-bsc")), asked.query)
        raise LookupError(asked.path)

    def _ave_candles(self, token: FakeToken, query: dict[str, str]) -> Any:
        timeframe, limit = int(query["interval"]) * 60, int(query["limit"])
        assert limit <= 1000
        rows = self.world.candles(token, timeframe, int(query["from_time"]), int(query["to_time"]) + 1)[
            -limit:
        ]
        names = ("time", "open", "high", "low", "close", "volume")
        points = [dict(zip(names, [row[0], *map(str, row[1:])], strict=True)) for row in rows]
        # The order is not promised.
        return {"points": points[1::2] + points[::2], "total_count": len(points)}

    # GoPlus, honeypot.is

    def _goplus(self, address: str) -> Any:
        token = self.world.by_address(address)
        if token is None:
            return {"code": 1, "message": "OK", "result": {}}
        told = {
            "is_honeypot": "" if token.honeypot is None else str(int(token.honeypot)),
            "buy_tax": "" if token.buy_tax is None else str(token.buy_tax / 100),
            "sell_tax": "" if token.sell_tax is None else str(token.sell_tax / 100),
            "cannot_sell_all": "0",
            "is_open_source": "1",
            "is_mintable": "0",
            "hidden_owner": "0",
            "transfer_pausable": "0",
            "is_blacklisted": "0",
            "holder_count": "1000",
        }
        return {"code": 1, "message": "OK", "result": {address.lower(): told}}

    def _honeypot(self, address: str) -> Any:
        token = self._token(address)
        if token.honeypot is None:
            return {"summary": {"risk": "unknown"}, "simulationSuccess": False}
        return {
            "summary": {"risk": "low", "riskLevel": 1, "flags": []},
            "simulationSuccess": True,
            "honeypotResult": {"isHoneypot": token.honeypot},
            "simulationResult": {"buyTax": token.buy_tax, "sellTax": token.sell_tax, "transferTax": 0},
        }

    # An exchange: what ccxt asks Binance

    def _exchange(self, asked: Asked) -> Any:
        listed = [
            each for each in self.world.tokens if each.symbol in ("PEPE", "CAKE") and each.liquidity > 1e5
        ]
        match asked.path:
            case "exchangeInfo":
                return {
                    "timezone": "UTC",
                    "serverTime": self.world.now() * 1000,
                    "symbols": [exchange_pair(each) for each in listed],
                }
            case "ticker/24hr":
                return [exchange_ticker(each, self.world.now()) for each in listed]
            case "klines":
                token = next(each for each in listed if f"{each.symbol}USDT" == asked.query["symbol"])
                amount, unit = int(asked.query["interval"][:-1]), asked.query["interval"][-1]
                timeframe = amount * {"m": 60, "h": 3_600, "d": 86_400}[unit]
                first, limit = int(asked.query["startTime"]) // 1000, int(asked.query["limit"])
                rows = self.world.candles(token, timeframe, first, first + limit * timeframe)
                return [exchange_candle(row, timeframe) for row in rows]
        raise LookupError(asked.path)

    def _token(self, address: str) -> FakeToken:
        token = self.world.by_address(address)
        if token is None:
            raise LookupError(address)
        return token


class _RealClock(StoppedClock):
    def __call__(self) -> datetime:
        return datetime.now(UTC)


async def _serve(port: int) -> None:
    apis = MarketApis(MarketWorld(_RealClock()))
    apis.port = port
    async with apis:
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
