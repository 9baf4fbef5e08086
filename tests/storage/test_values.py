"""What goes in comes out: times, texts, JSON and money, the same from both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects.sqlite.pysqlite import dialect as sqlite_dialect
from sqlalchemy.exc import StatementError

from storage.base import PlainText, to_json
from storage.database import Database
from tests.storage.rows import PLACE, START, accepted, later, somebody, turn

HOSTILE = "nul \x00 half \ud83d whole \U0001f600 and ' \" % _ \\ ; --"


async def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="Times must be aware"):
        async with database.unit() as unit:
            await accepted(unit, "1", at=datetime(2026, 3, 1, 12, 0))  # noqa: DTZ001


async def test_every_time_comes_back_in_utc_to_the_microsecond(database: Database) -> None:
    there = datetime(2026, 3, 1, 1, 2, 3, 456789, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    async with database.unit() as unit:
        row = await accepted(unit, "1", at=there)
    async with database.view() as view:
        read = await view.journal.incoming(row.id)
    assert read is not None
    assert read.at == there
    assert read.at.tzinfo is UTC or read.at.utcoffset() == timedelta(0)


async def test_what_one_database_cannot_hold_becomes_a_replacement_character_on_both(
    database: Database,
) -> None:
    async with database.unit() as unit:
        row = await accepted(unit, "1", sender_name=HOSTILE, body={"kind": "Text", "text": HOSTILE})
    async with database.view() as view:
        read = await view.journal.incoming(row.id)
    assert read is not None
    assert read.sender_name == HOSTILE.replace("\x00", "\ufffd").replace("\ud83d", "\ufffd")
    assert read.body == {"kind": "Text", "text": HOSTILE}


@given(st.text(st.characters()))
def test_text_keeps_its_length_and_everything_that_can_be_stored(text: str) -> None:
    kept = PlainText().process_bind_param(text, sqlite_dialect())
    assert kept is not None
    assert len(kept) == len(text)
    assert all(new in (old, "\ufffd") for old, new in zip(text, kept, strict=True))
    assert kept.encode().decode() == kept
    assert "\x00" not in kept


async def test_json_keeps_the_order_of_its_keys(database: Database) -> None:
    body = {"kind": "Text", "zebra": 1, "apple": {"b": 2.5, "a": None}, "list": [1, "two", True]}
    async with database.unit() as unit:
        row = await accepted(unit, "1", body=body)
    async with database.view() as view:
        read = await view.journal.incoming(row.id)
    assert read is not None
    assert to_json(read.body) == to_json(body)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
async def test_a_number_that_json_does_not_know_is_refused(database: Database, number: float) -> None:
    with pytest.raises(StatementError):
        async with database.unit() as unit:
            await unit.facts.set("price", {"value": number})


async def test_no_body_is_nothing_to_the_model(database: Database) -> None:
    async with database.unit() as unit:
        conversation = await unit.conversations.begin(await somebody(unit), *PLACE, START)
        await unit.conversations.say(conversation.id, "notice", "for people only", START, body=None)
        await unit.conversations.say(conversation.id, "user", "hello", START, body={"said": "hello"})
        assert [message.text for message in await unit.conversations.history(conversation.id, 10)] == [
            "hello"
        ]


async def test_money_adds_up_to_the_last_digit(database: Database) -> None:
    tiny = Decimal("0.00000001")
    async with database.unit() as unit:
        owner = await somebody(unit)
        conversation = await unit.conversations.begin(owner, *PLACE, START)
        for second in range(30):
            await unit.conversations.add_to_tally(
                conversation.id, later(second), cost_usd=Decimal("0.1") + tiny
            )
        await unit.journal.add_turn(turn(conversation, owner, cost_usd=Decimal("123456.12345678")))
        await unit.journal.add_turn(turn(conversation, owner, cost_usd=tiny))
    async with database.view() as view:
        read = await view.conversations.get(conversation.id)
        totals = await view.journal.totals(owner)
    assert read is not None
    assert read.total_cost_usd == Decimal("3.00000030")
    assert totals.cost_usd == Decimal("123456.12345679")
