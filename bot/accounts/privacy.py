"""What is stored about one person: all of it as a document, and its end."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bot.accounts.codes import LOCKED_FOR, WITHIN, locked_until
from bot.errors import Refused
from storage.forgetting import JsonText

if TYPE_CHECKING:
    from storage.database import Database, Unit
    from storage.people import Owner

MOST_BINARY = 4_000_000
"""Bytes of pictures and files that the document repeats; platforms take no file of any size."""

BUSY = (
    "I am still working on something of yours. Wait until that is done, or end it with /stop where it runs; "
    "then /forget again."
)


async def everything_about(database: Database, owner: Owner, now: datetime) -> bytes:
    """Every row that mentions a person, by table, as JSON.

    Pictures and files are in it as base64 up to `MOST_BINARY`; of further ones only the size.
    """
    tables: dict[str, list[dict[str, Any]]] = {}
    async with database.view() as view:
        person = await view.forgetting.traces((await view.people.standing(owner)).owner)
        async for table, rows in view.forgetting.rows(person):
            tables.setdefault(table, []).extend(rows)
    return await asyncio.to_thread(_document, tables, now)


async def forget_person(unit: Unit, owner: Owner, but: int, now: datetime) -> None:
    """Take a person out of everything that is stored, in the caller's unit.

    `but` is the message that asks for it. Raises `Refused` while something else of theirs is worked on.
    """
    await unit.people.lock(owner)
    owner = (await unit.people.standing(owner)).owner
    identities = await unit.people.identities(owner)
    for each in identities:
        if await unit.journal.busy(each.platform, each.user, but):
            raise Refused(BUSY)
    until = locked_until(await unit.accounts.wrong_codes(owner, now - WITHIN - LOCKED_FOR))
    for each in identities:
        earlier = await unit.accounts.locked_since_forgotten(each.platform, each.user)
        latest = max(filter(None, (until, earlier)), default=None)
        await unit.accounts.keep_forgotten(await unit.forgetting.forgotten(each, latest))
    await unit.forgetting.erase(await unit.forgetting.traces(owner), now)


def _document(tables: Mapping[str, Sequence[Mapping[str, Any]]], now: datetime) -> bytes:
    left = MOST_BINARY

    def as_json(value: Any) -> Any:
        nonlocal left
        if isinstance(value, JsonText):
            return json.loads(value.text)
        if isinstance(value, datetime):
            return value.isoformat()
        if isinstance(value, Decimal):
            return str(value)
        if isinstance(value, bytes):
            if len(value) > left:
                return {"bytes_left_out": len(value)}
            left -= len(value)
            return base64.b64encode(value).decode()
        raise TypeError(f"{type(value).__name__} is no column type.")

    about = {"format": "randebu person 1", "exported_at": now.isoformat(), "tables": tables}
    # Indented it is written by Python itself, which lets the event loop go on in between.
    return json.dumps(about, default=as_json, ensure_ascii=False, indent=1).encode()
