"""People with accounts and bots, and the passing of market time."""

from __future__ import annotations

import re
from typing import Any

from bot.accounts.identity import identify
from bot.messages import LastingReply, Sender
from storage.people import User
from tests.conftest import House
from tests.fakes.platform import Chat

LIVELY: dict[str, Any] = {
    "version": "2.0",
    "name": "Lively",
    "market": {"symbol": "PEPE"},
    "timeframe": "1m",
    "rules": [
        {
            "id": "in",
            "only_if": "flat",
            "trigger": "level",
            "when": {"type": "price_drop", "threshold": 0.05},
            "then": [{"type": "buy", "amount_percent": 50}],
        },
        {
            "id": "out",
            "only_if": "in_position",
            "trigger": "level",
            "when": {"type": "price_rise", "threshold": 0.05},
            "then": [{"type": "sell", "amount_percent": 100}],
        },
    ],
    "risk_management": {"stop_loss_percent": 2, "take_profit_percent": 2},
}
"""A bot that trades every few minutes on the synthetic market."""

TRADES = re.compile(r"^\*\*(Bought|Sold)", re.MULTILINE)


async def with_account(house: House, name: str) -> Chat:
    """Somebody whose platform identity is linked to an account."""
    chat = house.chat(name)
    async with house.randebu.database.unit() as unit:
        identity = await identify(unit, Sender("fake", name, name.capitalize()), house.clock())
        assert identity is not None
        user = User(name=name, created_at=house.clock())
        unit.session.add(user)
        await unit.session.flush()
        identity.user_id = user.id
    return chat


async def make_bot(house: House, chat: Chat, document: dict[str, Any], **changes: Any) -> str:
    """A bot of this document, as if it had been talked into being; gives its id."""
    from bot.tools.strategies import prepare

    whole = {**document, **changes}
    prepared = await prepare(house.randebu.services.market, whole)
    async with house.randebu.database.unit() as unit:
        identity = await unit.people.identity(chat.sender.platform, chat.sender.user)
        assert identity is not None
        key = f"test:{identity.id}:{whole['name']}"
        made = await unit.trading.add_bot(
            identity.owner, whole["name"], prepared.document(whole["name"]), key, house.clock()
        )
        return made.id


async def pass_minutes(house: House, minutes: int, *, each: int = 1) -> None:
    """Let market time pass, `each` minutes at once, and step whatever has closed."""
    for _ in range(0, minutes, each):
        house.clock.move(minutes=each)
        await house.randebu.simulations.advance_all()


def cards(replies: list[LastingReply]) -> list[str]:
    """The messages about single trades."""
    texts = [getattr(reply, "text", "") for reply in replies]
    return [text for text in texts if TRADES.match(text)]
