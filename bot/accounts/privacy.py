"""What is stored about one person: all of it as a document, and its end."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING, Any

from bot.accounts.codes import LOCKED_FOR, WITHIN, locked_until
from bot.errors import Refused
from storage.feeds import lock_name
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
    # Behind whatever steps or tells of their simulations right now: it is found below, and nothing comes after it.
    for feed_id in await unit.simulations.feeds_of(owner):
        await unit.lock(lock_name(feed_id))
    await unit.simulations.lock_of(owner)
    until = locked_until(await unit.accounts.wrong_codes(owner, now - WITHIN - LOCKED_FOR))
    for each in identities:
        earlier = await unit.accounts.locked_since_forgotten(each.platform, each.user)
        latest = max(filter(None, (until, earlier)), default=None)
        await unit.accounts.keep_forgotten(await unit.forgetting.forgotten(each, latest))
    await unit.forgetting.erase(await unit.forgetting.traces(owner), now)


def _document(tables: Mapping[str, Sequence[Mapping[str, Any]]], now: datetime) -> bytes:
    """The document, a row a line. What is stored as JSON goes in as it is: parsing it all would hold up everybody."""
    written, left = BytesIO(), MOST_BINARY

    def as_json(value: Any) -> str:
        nonlocal left
        if isinstance(value, JsonText):
            return value.text
        if isinstance(value, bytes):
            if len(value) > left:
                return json.dumps({"bytes_left_out": len(value)})
            left -= len(value)
            return f'"{base64.b64encode(value).decode()}"'
        if isinstance(value, datetime):
            value = value.isoformat()
        elif isinstance(value, Decimal):
            value = str(value)
        return json.dumps(value, ensure_ascii=False)

    def row_as_json(row: Mapping[str, Any]) -> bytes:
        return (
            "{" + ", ".join(f"{as_json(name)}: {as_json(value)}" for name, value in row.items()) + "}"
        ).encode()

    head = {"format": "randebu person 1", "exported_at": now.isoformat()}
    written.write(json.dumps(head)[:-1].encode() + b', "tables": {')
    for number, (table, rows) in enumerate(tables.items()):
        written.write(f"{',' if number else ''}\n{as_json(table)}: [".encode())
        for place, row in enumerate(rows):
            written.write((b",\n " if place else b"\n ") + row_as_json(row))
        written.write(b"]")
    written.write(b"\n}}\n")
    return written.getvalue()
