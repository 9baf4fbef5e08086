"""What the providers of market data answer with, shape by shape, written from their documents by hand."""

from __future__ import annotations

from typing import Any

from tests.fakes.market_world import WBNB, FakeToken


def gecko_token(token: FakeToken) -> dict[str, Any]:
    attributes = {"address": token.address, "name": token.name, "symbol": token.symbol, "decimals": 18}
    return {"id": f"bsc_{token.address}", "type": "token", "attributes": attributes}


def gecko_pool(token: FakeToken, now: int) -> dict[str, Any]:
    def related(name: str, kind: str) -> dict[str, Any]:
        return {"data": {"id": name, "type": kind}}

    return {
        "id": f"bsc_{token.pool}",
        "type": "pool",
        "attributes": {
            "address": token.pool,
            "name": f"{token.symbol} / WBNB 0.25%",
            "base_token_price_usd": f"{token.close(now):.18f}",
            "pool_created_at": token.born.isoformat().replace("+00:00", "Z"),
            "fdv_usd": "1",
            "market_cap_usd": None,
            "reserve_in_usd": str(token.liquidity),
            "price_change_percentage": {"m5": "0", "h1": "0", "h6": "0", "h24": "-1.25"},
            "volume_usd": {"m5": "0", "h24": str(token.volume)},
        },
        "relationships": {
            "base_token": related(f"bsc_{token.address}", "token"),
            "quote_token": related(f"bsc_{WBNB}", "token"),
            "dex": related("pancakeswap_v2", "dex"),
        },
    }


def ave_token(token: FakeToken, now: int) -> dict[str, Any]:
    return {
        "name": token.name,
        "symbol": token.symbol,
        "token": token.address,
        "chain": "bsc",
        "current_price_usd": f"{token.close(now):.18f}",
        "market_cap": "1000000",
        "tx_volume_u_24h": str(token.volume),
        "main_pair_tvl": str(token.liquidity),
        "token_price_change_24h": "-1.25",
        "logo_url": "https://example.com/x.png",
    }


def exchange_pair(token: FakeToken) -> dict[str, Any]:
    return {
        "symbol": f"{token.symbol}USDT",
        "status": "TRADING",
        "baseAsset": token.symbol,
        "quoteAsset": "USDT",
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "isSpotTradingAllowed": True,
        "permissions": ["SPOT"],
        "permissionSets": [["SPOT"]],
        "orderTypes": ["LIMIT", "MARKET"],
        "filters": [],
    }


def exchange_ticker(token: FakeToken, now: int) -> dict[str, Any]:
    return {
        "symbol": f"{token.symbol}USDT",
        "lastPrice": f"{token.close(now):.18f}",
        "priceChangePercent": "-1.25",
        "quoteVolume": str(token.volume),
        "closeTime": now * 1000,
    }


def exchange_candle(row: tuple[int, float, float, float, float, float], timeframe: int) -> list[Any]:
    start, open_, high, low, close, volume = row
    closed = (start + timeframe) * 1000 - 1
    return [
        start * 1000,
        str(open_),
        str(high),
        str(low),
        str(close),
        str(volume / close),
        closed,
        str(volume),
        1,
        "0",
        "0",
        "0",
    ]
