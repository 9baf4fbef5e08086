"""Rows as the floors above write them, with everything in them that a test does not care about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from storage.approvals import Approval
from storage.conversations import Conversation
from storage.database import Unit
from storage.deliveries import DeliveryRow
from storage.journal import IncomingRow, Turn
from storage.people import Owner

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PLACE = ("terminal", "here", "")


def later(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def incoming(external_id: str, **fields: Any) -> IncomingRow:
    given: dict[str, Any] = {
        "platform": "terminal",
        "external_id": external_id,
        "chat": "here",
        "thread": "",
        "sender_user": "ann",
        "sender_name": "Ann",
        "private": True,
        "body": {"kind": "Text", "text": "hello"},
        "state": "waiting",
        "at": START,
        "received_at": START,
    }
    return IncomingRow(**(given | fields))


def turn(conversation: Conversation, owner: Owner, **fields: Any) -> Turn:
    given: dict[str, Any] = {
        "conversation_id": conversation.id,
        "user_id": owner.user_id,
        "anonymous_token": owner.anonymous_token,
        "platform": "terminal",
        "chat": "here",
        "thread": "",
        "asker_user": "ann",
        "asker_name": "Ann",
        "private": True,
        "state": "running",
        "prompt": "hello",
        "created_at": START,
    }
    return Turn(**(given | fields))


def approval(**fields: Any) -> Approval:
    given: dict[str, Any] = {
        "kind": "tool",
        "platform": "terminal",
        "chat": "here",
        "thread": "",
        "asker_user": "ann",
        "asker_name": "Ann",
        "name": "create bot",
        "text": "Create it?",
        "options": [["Create", "yes"], ["Cancel", "no"]],
        "payload": {},
        "state": "open",
        "created_at": START,
        "expires_at": later(1800),
    }
    return Approval(**(given | fields))


def delivery(**fields: Any) -> DeliveryRow:
    given: dict[str, Any] = {
        "platform": "terminal",
        "chat": "here",
        "thread": "",
        "kind": "Notice",
        "payload": {"text": "hello"},
        "state": "pending",
        "created_at": START,
    }
    return DeliveryRow(**(given | fields))


async def somebody(unit: Unit, user: str = "ann") -> Owner:
    """A person without an account."""
    return (await unit.people.add_anonymous("terminal", user, user.title(), START)).owner


async def accepted(unit: Unit, external_id: str, **fields: Any) -> IncomingRow:
    row = incoming(external_id, **fields)
    assert await unit.journal.accept(row)
    return row
