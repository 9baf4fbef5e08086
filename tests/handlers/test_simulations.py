"""How /simulate and /notify read what stands behind them."""

from __future__ import annotations

from typing import Any

import pytest

from bot.handlers.simulations import Asked, _notifications, parse


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        ("", Asked()),
        ("PEPE dip", Asked("PEPE dip")),
        ("PEPE dip 1m 500", Asked("PEPE dip", "1m", 500.0)),
        ("PEPE dip $1,500 15m", Asked("PEPE dip", "15m", 1500.0)),
        ("5k 1h bot", Asked("5k 1h bot")),
        ("bot 5k", Asked("bot", None, 5000.0)),
        ("2", Asked("2")),
        ("$200", Asked(None, None, 200.0)),
        ("1m", Asked(None, "1m")),
        ("1m $500", Asked(None, "1m", 500.0)),
    ],
)
def test_start(arguments: str, asked: Asked) -> None:
    assert parse(arguments) == asked


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        ("", {}),
        ("trades", {"notify": "trades"}),
        ("off PEPE dip", {"notify": "off", "bot": "PEPE dip"}),
        ("quiet 22-7", {"quiet": "22-7"}),
        ("quiet 22-7 Europe/Berlin PEPE dip", {"quiet": "22-7", "zone": "Europe/Berlin", "bot": "PEPE dip"}),
        ("summary 22:30-7 utc", {"notify": "summary", "quiet": "22:30-7", "zone": "utc"}),
        ("quiet off", {"quiet": "off"}),
        ("nonsense", {}),
    ],
)
def test_notify(arguments: str, asked: dict[str, Any]) -> None:
    assert _notifications(arguments) == asked
