"""Conversations: one current one for each chat thread, nobody else's ever, and nothing left of a deleted one."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from sqlalchemy import func, select

from storage.approvals import Approval
from storage.base import Base
from storage.conversations import NEW_TITLE, ChatThread, Conversation, Message
from storage.database import Database, Unit
from storage.journal import Step, Turn
from storage.people import ChatUse, Owner
from tests.storage.rows import PLACE, START, accepted, approval, incoming, later, somebody, turn


async def count_of(unit: Unit, table: type[Base]) -> int:
    return await unit.session.scalar(select(func.count()).select_from(table)) or 0


async def test_a_chat_thread_has_the_conversation_that_was_begun_last(database: Database) -> None:
    async with database.unit() as unit:
        owner = await somebody(unit)
        assert await unit.conversations.current(*PLACE) is None
        first = await unit.conversations.begin(owner, *PLACE, START)
        second = await unit.conversations.begin(owner, *PLACE, later(1))
        elsewhere = await unit.conversations.begin(owner, "terminal", "here", "topic", later(2))
        current = await unit.conversations.current(*PLACE)
        assert current is second
        await unit.conversations.make_current(first.id, *PLACE)
        assert await unit.conversations.current(*PLACE) is first
        assert await unit.conversations.current("terminal", "here", "topic") is elsewhere
    assert (first.title, first.turn_count, first.agents_used, first.status) == (NEW_TITLE, 0, [], "open")


async def test_the_first_messages_of_a_thread_at_once_begin_one_conversation(
    database: Database, other_process: Database
) -> None:
    async with database.unit() as unit:
        owner = await somebody(unit)

    async def first_message(place: Database) -> str:
        async with place.unit() as unit:
            return (await unit.conversations.current_or_begin(owner, *PLACE, START)).id

    begun = await asyncio.gather(*(first_message(place) for place in [database, other_process] * 5))
    async with database.view() as view:
        current = await view.conversations.current(*PLACE)
        assert await view.conversations.count(owner) == 1
    assert current is not None
    assert set(begun) == {current.id}


async def test_two_begun_at_once_in_one_thread_are_both_kept_and_one_is_current(
    database: Database, other_process: Database
) -> None:
    async with database.unit() as unit:
        owner = await somebody(unit)

    async def begin(place: Database) -> str:
        async with place.unit() as unit:
            return (await unit.conversations.begin(owner, *PLACE, START)).id

    begun = await asyncio.gather(*(begin(place) for place in [database, other_process] * 5))
    async with database.view() as view:
        current = await view.conversations.current(*PLACE)
        assert await view.conversations.count(owner) == len(set(begun)) == 10
    assert current is not None
    assert current.id in begun


async def test_a_foreign_conversation_is_as_unknown_as_one_that_does_not_exist(database: Database) -> None:
    async with database.unit() as unit:
        ann, bob = await somebody(unit, "ann"), await somebody(unit, "bob")
        hers = await unit.conversations.begin(ann, *PLACE, START)
        for stranger in (bob, Owner(), Owner(user_id="x"), Owner(anonymous_token="")):
            assert await unit.conversations.owned(hers.id, stranger) is None
            assert await unit.conversations.search_by_prefix(stranger, hers.id) == []
            assert await unit.conversations.list(stranger, 10) == []
            assert await unit.conversations.count(stranger) == 0
        assert await unit.conversations.owned(hers.id, ann) is hers


async def test_the_latest_come_first_page_by_page(database: Database) -> None:
    async with database.unit() as unit:
        owner = await somebody(unit)
        begun = [await unit.conversations.begin(owner, *PLACE, later(second)) for second in range(5)]
        await unit.conversations.add_to_tally(begun[1].id, later(60))
        assert await unit.conversations.count(owner) == 5
        pages = [await unit.conversations.list(owner, 2, offset) for offset in (0, 2, 4)]
    assert [begun.index(each) for page in pages for each in page] == [1, 4, 3, 2, 0]


async def test_a_conversation_is_found_by_the_beginning_of_its_id(database: Database) -> None:
    async with database.unit() as unit:
        owner = await somebody(unit)
        begun = await unit.conversations.begin(owner, *PLACE, START)
        await unit.conversations.begin(owner, *PLACE, START)
        for prefix in (begun.id, begun.id[:13], begun.id[:13].upper()):
            assert await unit.conversations.search_by_prefix(owner, prefix) == [begun]
        for prefix in ("", "%", "________", "no such id"):
            assert await unit.conversations.search_by_prefix(owner, prefix) == []


async def test_renaming_changes_the_title_and_nothing_else(database: Database) -> None:
    async with database.unit() as unit:
        begun = await unit.conversations.begin(await somebody(unit), *PLACE, START)
        await unit.conversations.rename(begun.id, "Dips")
        assert (begun.title, begun.updated_at) == ("Dips", START)


async def test_the_tally_grows_and_names_each_agent_once(database: Database) -> None:
    async with database.unit() as unit:
        begun = await unit.conversations.begin(await somebody(unit), *PLACE, START)
        for agent in ("assistant", "offline", "assistant", None):
            await unit.conversations.add_to_tally(
                begun.id, later(9), turns=1, tokens=10, cost_usd=Decimal("0.01"), agent=agent
            )
    async with database.view() as view:
        read = await view.conversations.get(begun.id)
    assert read is not None
    assert (read.turn_count, read.total_tokens, read.total_cost_usd) == (4, 40, Decimal("0.04"))
    assert (read.agents_used, read.updated_at) == (["assistant", "offline"], later(9))


async def test_what_was_set_on_a_row_outlives_a_statement_that_changes_the_same_row(
    database: Database,
) -> None:
    async with database.unit() as unit:
        begun = await unit.conversations.begin(await somebody(unit), *PLACE, START)
    async with database.unit() as unit:
        read = await unit.conversations.current(*PLACE)
        assert read is not None
        read.title = "Dips"
        await unit.conversations.add_to_tally(begun.id, later(1), turns=1)
        assert (read.title, read.turn_count) == ("Dips", 1)
    async with database.view() as view:
        read = await view.conversations.get(begun.id)
    assert read is not None
    assert (read.title, read.turn_count) == ("Dips", 1)


async def test_history_is_the_newest_that_the_model_was_given_in_order(database: Database) -> None:
    async with database.unit() as unit:
        begun = await unit.conversations.begin(await somebody(unit), *PLACE, START)
        for number in range(6):
            body = {"number": number} if number != 3 else None
            await unit.conversations.say(begun.id, "user", str(number), START, body=body, turn_id="t")
        await unit.conversations.set_body(
            (await unit.conversations.messages(begun.id))[3].id, {"number": "late"}
        )
        history = await unit.conversations.history(begun.id, 4)
        bodies = await unit.conversations.bodies_of_turn("t")
        assert [message.text for message in await unit.conversations.messages(begun.id)] == list("012345")
    assert [message.body for message in history] == bodies[2:]
    assert bodies[3] == {"number": "late"}


async def test_deleting_leaves_nothing_that_was_said_and_wins_no_chat_back(database: Database) -> None:
    async with database.unit() as unit:
        owner = await somebody(unit)
        begun, kept = [await unit.conversations.begin(owner, *PLACE, START) for _ in range(2)]
        await unit.conversations.make_current(begun.id, *PLACE)
        for conversation, name in ((begun, "1"), (kept, "2")):
            row = await accepted(unit, name, body={"kind": "Text", "text": "a secret plan"})
            await unit.people.add_chat_use(row.id, owner, START)
            asked = await unit.journal.add_turn(turn(conversation, owner, incoming_id=row.id))
            await unit.conversations.say(conversation.id, "user", "a secret plan", START, turn_id=asked.id)
            await unit.journal.note(asked.id, "user", START, {"text": "a secret plan"})
            await unit.approvals.ask(approval(conversation_id=conversation.id, turn_id=asked.id, call_id="1"))
            await unit.journal.finish(row.id, START)
        current = await accepted(unit, "3", body={"kind": "Command", "name": "delete"}, state="running")
    async with database.unit() as unit:
        await unit.conversations.delete(begun.id)
    async with database.view() as view:
        for table in (Conversation, Message, Turn, Step, Approval):
            assert await count_of(view, table) == 1, table
        assert await count_of(view, ChatThread) == 0
        assert await view.conversations.current(*PLACE) is None
        assert await count_of(view, ChatUse) == 2
        emptied = await view.journal.incoming_by_external_id("terminal", "1")
        other = await view.journal.incoming_by_external_id("terminal", "2")
        running = await view.journal.incoming(current.id)
    assert emptied is not None
    assert (emptied.body, emptied.state) == ({"kind": "Text", "text": ""}, "done")
    assert other is not None
    assert other.body["text"] == "a secret plan"
    assert running is not None
    assert running.body == {"kind": "Command", "name": "delete"}


async def test_a_message_to_a_deleted_conversation_is_not_taken_twice(database: Database) -> None:
    async with database.unit() as unit:
        owner = await somebody(unit)
        begun = await unit.conversations.begin(owner, *PLACE, START)
        row = await accepted(unit, "1")
        await unit.journal.add_turn(turn(begun, owner, incoming_id=row.id))
        await unit.conversations.delete(begun.id)
        assert await unit.journal.turn_of_incoming(row.id) is None
    async with database.unit() as unit:
        assert not await unit.journal.accept(incoming("1"))
