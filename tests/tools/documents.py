"""Strategy documents as a model writes them."""

from __future__ import annotations

from typing import Any


def dip(symbol: str = "PEPE", name: str = "PEPE dip", **changes: Any) -> dict[str, Any]:
    """Buys a fall of 5 % within an hour; sells at 10 % profit, stops at 3 %."""
    return {
        "version": "2.0",
        "name": name,
        "market": {"chain": "bsc", "symbol": symbol},
        "timeframe": "15m",
        "rules": [
            {
                "id": "dip",
                "only_if": "flat",
                "when": {"type": "price_drop", "threshold": 5, "timeframe": "1h"},
                "then": [{"type": "buy", "amount_percent": 100}],
            }
        ],
        "risk_management": {"stop_loss_percent": 3, "take_profit_percent": 10},
        **changes,
    }


OLD_MIXED: dict[str, Any] = {
    "conditions": [
        {"type": "price_drop", "token": "PEPE", "chain": "bsc", "threshold": 5, "timeframe": "1h"},
        {"type": "price_rise", "token": "PEPE", "chain": "bsc", "threshold": 10, "timeframe": "1h"},
    ],
    "actions": [{"type": "buy", "amount_percent": 10}, {"type": "sell", "amount_percent": 100}],
    "risk_management": None,
}
"""Version 1.0 with buys and sells mixed, where nobody may guess which condition goes with which action."""
