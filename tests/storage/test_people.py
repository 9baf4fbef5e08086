"""People: one identity for each platform user, and counters that never go over their limit."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import Engine, event, text

from storage.database import Database
from storage.people import Owner
from tests.storage.rows import START, accepted, later, somebody


async def test_a_platform_user_is_one_person_however_often_they_are_added(database: Database) -> None:
    async with database.unit() as unit:
        first = await unit.people.add_anonymous("telegram", "42", "Ann", START)
        again = await unit.people.add_anonymous("telegram", "42", "Ann", later(1))
        other = await unit.people.add_anonymous("discord", "42", "Ann", START)
    assert (again.id, again.owner) == (first.id, first.owner)
    assert other.owner != first.owner


async def test_two_processes_that_meet_somebody_at_once_know_one_person(
    database: Database, other_process: Database
) -> None:
    async def meet(place: Database) -> Owner:
        async with place.unit() as unit:
            return (await unit.people.add_anonymous("telegram", "42", "Ann", START)).owner

    owners = await asyncio.gather(*(meet(place) for place in [database, other_process] * 5))
    assert len(set(owners)) == 1
    async with database.view() as view:
        person = await view.people.anonymous(owners[0].anonymous_token or "")
    assert person is not None


async def test_a_name_is_kept_up_to_date(database: Database) -> None:
    async with database.unit() as unit:
        await unit.people.add_anonymous("telegram", "42", "Ann", START)
        await unit.people.touch_name("telegram", "42", "Anna")
    async with database.view() as view:
        identity = await view.people.identity("telegram", "42")
    assert identity is not None
    assert identity.name == "Anna"


async def test_a_counter_stops_at_its_limit_and_comes_back_when_given_back(database: Database) -> None:
    async with database.unit() as unit:
        token = (await somebody(unit)).anonymous_token or ""
        assert [await unit.people.take(token, "bot_created", 2) for _ in range(3)] == [True, True, False]
        await unit.people.give_back(token, "bot_created")
        assert await unit.people.take(token, "bot_created", 2)


async def test_zero_allows_none_and_no_limit_allows_all(database: Database) -> None:
    async with database.unit() as unit:
        token = (await somebody(unit)).anonymous_token or ""
        assert not await unit.people.take(token, "backtest_count", 0)
        assert all([await unit.people.take(token, "chat_count", None) for _ in range(60)])


async def test_nobody_can_take_anything(database: Database) -> None:
    async with database.unit() as unit:
        assert not await unit.people.take("", "chat_count", None)


async def test_giving_back_never_goes_below_zero(database: Database) -> None:
    async with database.unit() as unit:
        token = (await somebody(unit)).anonymous_token or ""
        await unit.people.give_back(token, "chat_count")
        person = await unit.people.anonymous(token)
    assert person is not None
    assert person.chat_count == 0


async def test_what_was_read_before_a_take_is_up_to_date_after_it(database: Database) -> None:
    async with database.unit() as unit:
        token = (await somebody(unit)).anonymous_token or ""
        person = await unit.people.anonymous(token)
        await unit.people.take(token, "chat_count", 5)
        assert person is not None
        assert person.chat_count == 1


async def test_fifty_at_once_take_exactly_what_there_is(database: Database, other_process: Database) -> None:
    async with database.unit() as unit:
        token = (await somebody(unit)).anonymous_token or ""

    async def take(place: Database) -> bool:
        async with place.unit() as unit:
            return await unit.people.take(token, "chat_count", 10)

    taken = await asyncio.gather(*(take(place) for place in [database, other_process] * 25))
    assert taken.count(True) == 10


async def test_a_chat_is_reserved_once_for_a_message_and_given_back_once(database: Database) -> None:
    async with database.unit() as unit:
        owner, row = await somebody(unit), await accepted(unit, "1")
        assert await unit.people.add_chat_use(row.id, owner, START)
        assert not await unit.people.add_chat_use(row.id, owner, later(1))
        use = await unit.people.chat_use(row.id)
        assert use is not None
        assert await unit.people.remove_chat_use(use)
        assert not await unit.people.remove_chat_use(use)
        assert use.anonymous_token == owner.anonymous_token
        assert await unit.people.chat_use(row.id) is None


async def test_the_nth_newest_chat_of_everybody(database: Database) -> None:
    async with database.unit() as unit:
        for second in (3, 1, 2):
            row = await accepted(unit, str(second))
            await unit.people.add_chat_use(row.id, await somebody(unit, str(second)), later(second))
    async with database.view() as view:
        newest = [await view.people.nth_newest_chat(n) for n in (1, 2, 3, 4)]
    assert newest == [later(3), later(2), later(1), None]


async def test_the_nth_newest_chat_is_found_in_the_index_alone(database: Database, kind: str) -> None:
    statements: list[tuple[str, Any]] = []

    @event.listens_for(Engine, "before_cursor_execute")
    def remember(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        statements.append((statement, parameters))

    async with database.view() as view:
        await view.people.nth_newest_chat(500)
        event.remove(Engine, "before_cursor_execute", remember)
        statement, parameters = statements[-1]
        if kind == "postgresql":
            # An empty table would be read as a whole, which is the cheapest there.
            await view.session.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN" if kind == "sqlite" else "EXPLAIN"
        connection = await view.session.connection()
        plan = (await connection.exec_driver_sql(f"{explain} {statement}", parameters)).all()
    said = " ".join(str(row) for row in plan)
    assert "ix_chat_uses_at" in said
    assert ("USING COVERING INDEX" in said) or ("Index Only Scan Backward" in said)
    assert "TEMP B-TREE" not in said
    assert "Sort" not in said


async def test_of_messages_at_the_same_instant_one_gets_the_last_chat(
    database: Database, other_process: Database
) -> None:
    limit = 10

    async def admit(place: Database, name: str) -> bool:
        async with place.unit() as unit:
            row = await accepted(unit, name)
            await unit.lock("chats")
            if await unit.people.nth_newest_chat(limit) is not None:
                return False
            return await unit.people.add_chat_use(row.id, Owner(), START)

    for number in range(limit - 1):
        assert await admit(database, str(number))
    last = await asyncio.gather(
        *(admit(place, f"last {number}") for number, place in enumerate([database, other_process] * 5))
    )
    assert last.count(True) == 1
