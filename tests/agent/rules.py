"""Parts of strategy documents, as tests write them down."""

from __future__ import annotations

from typing import Any

ALL_CASH = {"amount_percent": 100}


def buys(when: Any, amount: dict[str, Any] | None = None, **limits: Any) -> dict[str, Any]:
    """A rule that buys, usually only while nothing is held."""
    limits.setdefault("only_if", "flat")
    return {
        "id": "buy",
        **{key: value for key, value in limits.items() if value is not None},
        "when": when,
        "then": [{"type": "buy", **(amount or ALL_CASH)}],
    }


def sells(when: Any, percent: float = 100, number: int = 1) -> dict[str, Any]:
    """A rule that sells."""
    return {
        "id": "sell" if number == 1 else f"sell-{number}",
        "only_if": "in_position",
        "when": when,
        "then": [{"type": "sell", "amount_percent": percent}],
    }


def tells(when: Any, message: str) -> dict[str, Any]:
    """A rule that only tells."""
    return {"id": "tell", "when": when, "then": [{"type": "notify", "message": message}]}


def drop(threshold: float, timeframe: str | None = None) -> dict[str, Any]:
    found = {"type": "price_drop", "threshold": threshold}
    return found if timeframe is None else {**found, "timeframe": timeframe}


def rise(threshold: float, timeframe: str | None = None) -> dict[str, Any]:
    return {**drop(threshold, timeframe), "type": "price_rise"}


def rsi(direction: str, value: float, **more: Any) -> dict[str, Any]:
    return {"type": "rsi", "direction": direction, "value": value, **more}


def cross(kind: str, fast: int, slow: int, direction: str) -> dict[str, Any]:
    return {"type": "ma_crossover", "ma_type": kind, "fast": fast, "slow": slow, "direction": direction}


def volume(threshold: float, **more: Any) -> dict[str, Any]:
    return {"type": "volume_spike", "threshold": threshold, **more}


def level(direction: str, price: float) -> dict[str, Any]:
    return {"type": "price_level", "price": price, "direction": direction}


def band(side: str, direction: str, **more: Any) -> dict[str, Any]:
    return {"type": "bollinger", "band": side, "direction": direction, **more}


def every(time: str) -> dict[str, Any]:
    return {"type": "schedule", "every": time}


def steps(*pairs: tuple[float, float]) -> list[dict[str, Any]]:
    return [{"percent": percent, "sell_percent": share} for percent, share in pairs]
