"""GeckoTerminal: tokens, prices and candles of pools on many chains, without a key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import Field, TypeAdapter

from bot.errors import NoData
from bot.market.decoding import (
    AddressText,
    Amount,
    Figure,
    Moment,
    Rows,
    Shape,
    UsdPrice,
    Words,
    as_address,
    is_address,
    lenient,
    number,
    those_among,
    usable_price,
)
from bot.market.provider import MarketHealth, Token
from bot.market.service import HttpService, Params
from bot.market.source import DAY, HOUR, MINUTE, Quote, require

_NETWORKS = {"ethereum": "eth", "polygon": "polygon_pos", "avalanche": "avax"}
"""What GeckoTerminal calls a chain where that is not its usual name."""

_AGGREGATES = {
    MINUTE: ("minute", 1),
    5 * MINUTE: ("minute", 5),
    15 * MINUTE: ("minute", 15),
    HOUR: ("hour", 1),
    4 * HOUR: ("hour", 4),
    12 * HOUR: ("hour", 12),
    DAY: ("day", 1),
}
_INCLUDED = "base_token,quote_token,dex"
_MOST_PRICES = 30


class _Reference(Shape):
    id: str


class _Related(Shape):
    data: _Reference | None = None


class _Relationships(Shape):
    base_token: _Related = _Related()


class _Windows(Shape):
    """A figure over several stretches of time."""

    h24: Figure = None


class _PoolAttributes(Shape):
    address: AddressText
    base_token_price_usd: UsdPrice = None
    pool_created_at: Moment = None
    fdv_usd: Amount = None
    market_cap_usd: Amount = None
    reserve_in_usd: Amount = None
    price_change_percentage: _Windows | None = None
    volume_usd: _Windows | None = None


class _Pool(Shape):
    attributes: _PoolAttributes
    relationships: _Relationships


class _TokenAttributes(Shape):
    address: AddressText
    name: Words
    symbol: Words
    price_usd: UsdPrice = None
    market_cap_usd: Amount = None
    fdv_usd: Amount = None
    volume_usd: _Windows | None = None


class _Token(Shape):
    id: str
    attributes: _TokenAttributes


class _PoolList(Shape):
    data: Annotated[list[_Pool], lenient(_Pool)]
    included: list[object] = Field(default_factory=list)


class _TokenAnswer(Shape):
    data: _Token
    included: list[object] = Field(default_factory=list)


class _PriceAttributes(Shape):
    token_prices: dict[str, object]
    h24_price_change_percentage: dict[str, object] | None = None


class _PriceData(Shape):
    attributes: _PriceAttributes


class _PriceAnswer(Shape):
    data: _PriceData


class _CandleAttributes(Shape):
    ohlcv_list: list[list[object]]


class _CandleData(Shape):
    attributes: _CandleAttributes


class _Side(Shape):
    address: str | None = None


class _Sides(Shape):
    base: _Side | None = None


class _CandleAnswer(Shape):
    data: _CandleData
    meta: _Sides | None = None


_POOLS = TypeAdapter(_PoolList)
_TOKEN = TypeAdapter(_TokenAnswer)
_PRICES = TypeAdapter(_PriceAnswer)
_CANDLES = TypeAdapter(_CandleAnswer)
_ONE_TOKEN = TypeAdapter(_Token)
_ONE_POOL = TypeAdapter(_Pool)


class GeckoTerminal:
    """Implements `Source`; a token's pool is the most liquid one in which it is the base, whose candles they are."""

    name = "geckoterminal"
    timeframes = tuple(_AGGREGATES)
    # It fills quiet stretches itself, and an answer reaches back beyond them.
    patience = 1

    def __init__(self, service: HttpService) -> None:
        self._service = service

    def chains(self, served: Sequence[str]) -> Sequence[str]:
        """All that are served."""
        return served

    async def search(self, query: str, chain: str) -> Sequence[Token]:
        """Tokens whose pools match a symbol or a name."""
        params: Params = {"query": query, "network": _network(chain), "include": _INCLUDED, "page": 1}
        return _tokens(await self._service.get("search/pools", _POOLS, params), chain)

    async def trending(self, chain: str) -> Sequence[Token]:
        """The base tokens of the pools that most people look at and trade in, in its order."""
        params: Params = {"include": _INCLUDED, "page": 1, "duration": "24h"}
        path = f"networks/{_network(chain)}/trending_pools"
        return _tokens(await self._service.get(path, _POOLS, params), chain)

    async def token(self, address: str, chain: str) -> Token:
        """One token with its most liquid pool."""
        if not is_address(address):
            require(None, "GeckoTerminal", address, chain)
        path = f"networks/{_network(chain)}/tokens/{as_address(address)}"
        try:
            answer = await self._service.get(path, _TOKEN, {"include": "top_pools"})
        except NoData:
            return require(None, "GeckoTerminal", address, chain)
        own = answer.data.attributes
        if own.address != as_address(address):
            return require(None, "GeckoTerminal", address, chain)
        pools = [pool for pool in those_among(answer.included, _ONE_POOL) if _base_of(pool) == answer.data.id]
        best = max(pools, key=lambda pool: pool.attributes.reserve_in_usd or 0.0, default=None)
        token = Token(chain, own.address, own.symbol, own.name)
        if best is not None:
            token = _with_pool(own, best, chain)
        volume = own.volume_usd.h24 if own.volume_usd else None
        return replace(
            token,
            price_usd=own.price_usd or token.price_usd,
            market_cap_usd=own.market_cap_usd or token.market_cap_usd,
            volume_24h_usd=volume or token.volume_24h_usd,
        )

    async def quotes(self, addresses: Sequence[str], chain: str) -> Mapping[str, Quote]:
        """Prices with their change over 24 hours."""
        found: dict[str, Quote] = {}
        for begin in range(0, len(addresses), _MOST_PRICES):
            some = addresses[begin : begin + _MOST_PRICES]
            path = f"simple/networks/{_network(chain)}/token_price/{','.join(some)}"
            params = {"include_24hr_price_change": "true"}
            attributes = (await self._service.get(path, _PRICES, params)).data.attributes
            changes = _by_address(attributes.h24_price_change_percentage or {})
            prices = _by_address(attributes.token_prices)
            for address in some:
                usd = usable_price(prices.get(as_address(address)))
                if usd is not None:
                    found[address] = Quote(usd, number(changes.get(as_address(address))))
        return found

    def market_key(self, token: Token) -> str:
        """The chain, the pool, and the token, since a pool has two."""
        if token.pool is None or not is_address(token.pool):
            raise NoData(
                f"GeckoTerminal has candles of pools, and it knows none in which {token.symbol} "
                f"({token.address}) is the token that is traded. Choose another token."
            )
        return f"{token.chain}:{as_address(token.pool)}:{as_address(token.address)}"

    async def rows(self, token: Token, timeframe: int, first: int, end: int) -> Rows:
        """Candles in US dollars, quiet ones included."""
        unit, aggregate = _AGGREGATES[timeframe]
        path = f"networks/{_network(token.chain)}/pools/{as_address(token.pool or '')}/ohlcv/{unit}"
        params: Params = {
            "aggregate": aggregate,
            "before_timestamp": end,
            "limit": (end - first) // timeframe,
            "currency": "usd",
            "include_empty_intervals": "true",
        }
        answer = await self._service.get(path, _CANDLES, params)
        base = answer.meta.base if answer.meta is not None else None
        if base is not None and base.address and as_address(base.address) != as_address(token.address):
            raise NoData(
                f"The pool {token.pool} trades another token than {token.symbol} ({token.address}), so its "
                "candles would be wrong. Search for the token again."
            )
        return answer.data.attributes.ohlcv_list

    def health(self) -> MarketHealth:
        """How it is doing."""
        return self._service.health()

    async def close(self) -> None:
        """Nothing of its own: the connections are shared."""


def _network(chain: str) -> str:
    return _NETWORKS.get(chain, chain)


def _base_of(pool: _Pool) -> str | None:
    reference = pool.relationships.base_token.data
    return None if reference is None else reference.id


def _tokens(answer: _PoolList, chain: str) -> list[Token]:
    known = {each.id: each.attributes for each in those_among(answer.included, _ONE_TOKEN)}
    based = [(known.get(_base_of(pool) or ""), pool) for pool in answer.data]
    return [_with_pool(own, pool, chain) for own, pool in based if own is not None]


def _with_pool(own: _TokenAttributes, pool: _Pool, chain: str) -> Token:
    told = pool.attributes
    return Token(
        chain,
        own.address,
        own.symbol,
        own.name,
        told.address,
        told.base_token_price_usd,
        told.price_change_percentage.h24 if told.price_change_percentage else None,
        told.reserve_in_usd,
        told.volume_usd.h24 if told.volume_usd else None,
        told.market_cap_usd,
        told.pool_created_at,
    )


def _by_address(told: Mapping[str, object]) -> dict[str, object]:
    return {as_address(address): value for address, value in told.items()}
