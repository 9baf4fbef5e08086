"""AVE Cloud: tokens, prices, candles and risk of tokens on many chains, with a key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import TypeAdapter

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
)
from bot.market.provider import MarketHealth, Token
from bot.market.service import HttpService, Params
from bot.market.source import MINUTE, Quote, require

_MINUTES = (1, 5, 15, 30, 60, 120, 240, 1440)
_MOST_IDS = 200
_MOST_FOUND = 50

REFUSALS = {
    401: "AVE does not accept the key in AVE_API_KEY, so there are no prices; whoever runs this Randebu can mend it.",
    403: "The key in AVE_API_KEY has expired, or its plan lacks this; whoever runs this Randebu can mend it.",
}


class _Told(Shape):
    """A token in a list."""

    token: AddressText
    symbol: Words
    name: Words = ""
    current_price_usd: UsdPrice = None
    market_cap: Amount = None
    tx_volume_u_24h: Amount = None
    main_pair_tvl: Amount = None
    token_price_change_24h: Figure = None
    price_change_24h: Figure = None
    created_at: Moment = None


class _Envelope(Shape):
    """How every answer begins; anything but 1 or 200 is no success, and has no data."""

    status: Literal[1, 200]


_Tokens = Annotated[list[_Told], lenient(_Told)]


class _Found(_Envelope):
    data: _Tokens


class _TokenAndPairs(Shape):
    token: _Told


class _One(_Envelope):
    data: _TokenAndPairs | _Told | None = None


class _TrendingTokens(Shape):
    tokens: _Tokens


class _Trending(_Envelope):
    data: _TrendingTokens


class _Price(Shape):
    current_price_usd: UsdPrice = None
    price: UsdPrice = None
    price_change_24h: Figure = None
    price_24h_change: Figure = None
    updated_at: Moment = None


class _Prices(_Envelope):
    data: dict[str, _Price | None]


class _Point(Shape):
    time: object = None
    open: object = None
    high: object = None
    low: object = None
    close: object = None
    volume: object = None


class _Points(Shape):
    points: list[_Point]


class _Klines(_Envelope):
    data: _Points


class Contract(Shape):
    """What AVE knows against a contract; taxes as it writes them, honeypot -1 unknown, 0 no, 1 yes."""

    is_honeypot: Figure = None
    buy_tax: Amount = None
    sell_tax: Amount = None
    risk_level: Figure = None


class _Contract(_Envelope):
    data: Contract | None = None


_FOUND = TypeAdapter(_Found)
_ONE = TypeAdapter(_One)
_TRENDING = TypeAdapter(_Trending)
_PRICES = TypeAdapter(_Prices)
_KLINES = TypeAdapter(_Klines)
_CONTRACT = TypeAdapter(_Contract)


class Ave:
    """Implements `Source`; candles are those of a token, whatever its pools."""

    name = "ave"
    timeframes = tuple(minutes * MINUTE for minutes in _MINUTES)
    # It tells nothing about quiet stretches, so a page without candles may have some before it.
    patience = 3

    def __init__(self, service: HttpService) -> None:
        self._service = service

    def chains(self, served: Sequence[str]) -> Sequence[str]:
        """All that are served."""
        return served

    async def search(self, query: str, chain: str) -> Sequence[Token]:
        """Tokens that match a symbol or a name."""
        params: Params = {"keyword": query, "chain": chain, "limit": _MOST_FOUND}
        answer = await self._service.get("v2/tokens", _FOUND, params)
        return [_token(told, chain) for told in answer.data]

    async def token(self, address: str, chain: str) -> Token:
        """One token."""
        if not is_address(address):
            require(None, "AVE", address, chain)
        try:
            answer = await self._service.get(f"v2/tokens/{_id(address, chain)}", _ONE)
        except NoData:
            return require(None, "AVE", address, chain)
        told = answer.data.token if isinstance(answer.data, _TokenAndPairs) else answer.data
        if told is None or told.token != as_address(address):
            return require(None, "AVE", address, chain)
        return _token(told, chain)

    async def quotes(self, addresses: Sequence[str], chain: str) -> Mapping[str, Quote]:
        """Prices with their change over 24 hours, and the time of each."""
        found: dict[str, Quote] = {}
        for begin in range(0, len(addresses), _MOST_IDS):
            ids = {_id(address, chain): address for address in addresses[begin : begin + _MOST_IDS]}
            answer = await self._service.post("v2/tokens/price", _PRICES, {"token_ids": list(ids)})
            for told_id, told in answer.data.items():
                address = ids.get(_as_id(told_id))
                usd = None if told is None else told.current_price_usd or told.price
                if address is not None and told is not None and usd is not None:
                    change = told.price_change_24h if told.price_24h_change is None else told.price_24h_change
                    found[address] = Quote(usd, change, told.updated_at)
        return found

    async def trending(self, chain: str) -> Sequence[Token]:
        """What AVE shows first."""
        params: Params = {"chain": chain, "current_page": 0, "page_size": _MOST_FOUND}
        answer = await self._service.get("v2/tokens/trending", _TRENDING, params)
        return [_token(told, chain) for told in answer.data.tokens]

    def market_key(self, token: Token) -> str:
        """The chain and the token."""
        if not is_address(token.address):
            raise NoData(f"AVE knows tokens by their address, and {token.address[:80]} is none.")
        return f"{token.chain}:{as_address(token.address)}"

    async def rows(self, token: Token, timeframe: int, first: int, end: int) -> Rows:
        """Candles in US dollars; where nothing was traded there are none."""
        params: Params = {
            "interval": timeframe // MINUTE,
            "limit": (end - first) // timeframe,
            "from_time": first,
            "to_time": end - 1,
        }
        path = f"v2/klines/token/{_id(token.address, token.chain)}"
        points = (await self._service.get(path, _KLINES, params)).data.points
        return [(each.time, each.open, each.high, each.low, each.close, each.volume) for each in points]

    async def contract(self, address: str, chain: str) -> Contract | None:
        """What is known against a contract; None when nothing is."""
        try:
            return (await self._service.get(f"v2/contracts/{_id(address, chain)}", _CONTRACT)).data
        except NoData:
            return None

    def health(self) -> MarketHealth:
        """How it is doing."""
        return self._service.health()

    async def close(self) -> None:
        """Nothing of its own: the connections are shared."""


def _id(address: str, chain: str) -> str:
    return f"{as_address(address)}-{chain}"


def _as_id(told: str) -> str:
    address, _, chain = told.rpartition("-")
    return _id(address, chain)


def _token(told: _Told, chain: str) -> Token:
    change = told.price_change_24h if told.token_price_change_24h is None else told.token_price_change_24h
    return Token(
        chain,
        told.token,
        told.symbol,
        told.name or told.symbol,
        None,
        told.current_price_usd,
        change,
        told.main_pair_tvl,
        told.tx_volume_u_24h,
        told.market_cap,
        told.created_at,
    )
