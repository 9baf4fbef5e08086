"""The journal: what comes in is taken once, and what was done is written down once."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from storage.conversations import Conversation
from storage.database import Database, Unit
from storage.journal import HappenedAlready, Turn
from storage.people import Owner
from tests.storage.rows import PLACE, START, accepted, incoming, later, somebody, turn


async def begun(unit: Unit) -> tuple[Owner, Conversation]:
    owner = await somebody(unit)
    return owner, await unit.conversations.begin(owner, *PLACE, START)


async def test_the_second_sight_of_a_message_is_known_as_such(database: Database) -> None:
    async with database.unit() as unit:
        first, again, elsewhere = incoming("1"), incoming("1"), incoming("1", platform="telegram")
        assert await unit.journal.accept(first)
        assert not await unit.journal.accept(again)
        assert await unit.journal.accept(elsewhere)
        assert first.id < elsewhere.id
        found = await unit.journal.incoming_by_external_id("terminal", "1")
        assert found is first


async def test_two_processes_that_get_one_message_take_it_once(
    database: Database, other_process: Database
) -> None:
    async def accept(place: Database) -> bool:
        async with place.unit() as unit:
            return await unit.journal.accept(incoming("1"))

    taken = await asyncio.gather(*(accept(place) for place in [database, other_process] * 10))
    assert taken.count(True) == 1


async def test_an_accepted_row_can_be_changed_like_any_other(database: Database) -> None:
    async with database.unit() as unit:
        row = await accepted(unit, "1")
        row.sender_name = "Anna"
    async with database.view() as view:
        read = await view.journal.incoming(row.id)
    assert read is not None
    assert (read.sender_name, read.finished_at, read.error_reference) == ("Anna", None, None)


async def test_what_is_unfinished_goes_on_in_the_order_in_which_it_came(database: Database) -> None:
    async with database.unit() as unit:
        rows = [await accepted(unit, str(number)) for number in range(4)]
        telegram = await accepted(unit, "5", platform="telegram")
        await unit.journal.finish(rows[1].id, later(1))
        await unit.journal.finish(rows[2].id, later(1), state="failed", error_reference="abcd")
        assert await unit.journal.start(rows[0].id)
        assert not await unit.journal.start(rows[1].id)
    async with database.view() as view:
        unfinished = await view.journal.unfinished()
        of_telegram = await view.journal.unfinished(["telegram"])
        failed = await view.journal.incoming(rows[2].id)
    assert [row.id for row in unfinished] == [rows[0].id, rows[3].id, telegram.id]
    assert [row.state for row in unfinished] == ["running", "waiting", "waiting"]
    assert [row.id for row in of_telegram] == [telegram.id]
    assert failed is not None
    assert (failed.error_reference, failed.finished_at) == ("abcd", later(1))


async def test_a_message_is_replaced_only_while_it_waits(database: Database) -> None:
    async with database.unit() as unit:
        row = await accepted(unit, "1")
        assert await unit.journal.replace_waiting(row.id, {"kind": "Text", "text": "better"})
        await unit.journal.start(row.id)
        assert not await unit.journal.replace_waiting(row.id, {"kind": "Text", "text": "too late"})
        assert row.body["text"] == "better"
        await unit.journal.rewrite(row.id, {"kind": "Answer"})
        assert row.body == {"kind": "Answer"}


async def test_the_number_of_a_message_never_comes_again(database: Database) -> None:
    async with database.unit() as unit:
        row = await accepted(unit, "1")
        number = row.id
        await unit.session.delete(row)
    async with database.unit() as unit:
        assert (await accepted(unit, "2")).id > number


async def test_a_message_leads_to_one_turn(database: Database, other_process: Database) -> None:
    async with database.unit() as unit:
        owner, conversation = await begun(unit)
        row = await accepted(unit, "1")

    async def begin_turn(place: Database) -> str:
        async with place.unit() as unit:
            return (await unit.journal.add_turn(turn(conversation, owner, incoming_id=row.id))).id

    begun_turns = await asyncio.gather(*(begin_turn(place) for place in [database, other_process] * 5))
    async with database.view() as view:
        found = await view.journal.turn_of_incoming(row.id)
        assert len(await view.journal.turns(conversation.id)) == 1
    assert found is not None
    assert set(begun_turns) == {found.id}


async def test_a_new_turn_has_used_nothing_and_counts_what_it_uses(database: Database) -> None:
    async with database.unit() as unit:
        owner, conversation = await begun(unit)
        made = await unit.journal.add_turn(turn(conversation, owner))
        assert (made.requests, made.tool_calls, made.tokens, made.cost_usd) == (0, 0, 0, Decimal(0))
        made.tokens += 7
        made.cost_usd += Decimal("0.5")
        read = await unit.journal.turn(made.id)
        assert read is made
        assert (read.tokens, read.cost_usd, read.owner) == (7, Decimal("0.5"), owner)


async def test_waiting_turns_are_those_of_this_person_in_this_thread(database: Database) -> None:
    async with database.unit() as unit:
        owner, conversation = await begun(unit)

        async def add(**fields: object) -> Turn:
            return await unit.journal.add_turn(turn(conversation, owner, **fields))

        second = await add(state="waiting", created_at=later(2))
        first = await add(state="waiting", created_at=later(1))
        await add(state="done")
        await add(state="waiting", thread="topic")
        await add(state="waiting", asker_user="bob")
        assert await unit.journal.waiting_turns(*PLACE, "ann") == [first, second]


async def test_what_a_key_names_happens_once(database: Database, other_process: Database) -> None:
    async with database.unit() as unit:
        owner, conversation = await begun(unit)
        made = await unit.journal.add_turn(turn(conversation, owner))

    async def run_tool(place: Database) -> bool:
        try:
            async with place.unit() as unit:
                bot = await unit.trading.add_bot(owner, "Dip", {}, f"made by {place}", START)
                await unit.journal.note(made.id, "tool_result", START, {"bot": bot.id}, key=f"{made.id}:1")
        except HappenedAlready:
            return False
        return True

    assert await run_tool(database)
    async with database.unit() as unit:
        await unit.trading.delete_bot((await unit.trading.bots(owner))[0], later(1))
    assert not await run_tool(other_process)
    async with database.view() as view:
        assert await view.trading.bots(owner) == []
        stored = await view.journal.result(f"{made.id}:1")
        assert stored is not None
        assert len(await view.journal.steps(made.id)) == 1


async def test_entries_without_a_key_may_repeat_and_keep_their_order(database: Database) -> None:
    async with database.unit() as unit:
        owner, conversation = await begun(unit)
        made = await unit.journal.add_turn(turn(conversation, owner))
        for number in (2, 1, 2):
            await unit.journal.note(made.id, "response", later(-number), {"number": number}, tokens=number)
        steps = await unit.journal.steps(made.id)
    assert [step.data["number"] for step in steps] == [2, 1, 2]


async def test_totals_are_of_one_owner(database: Database) -> None:
    async with database.unit() as unit:
        owner, conversation = await begun(unit)
        stranger = await somebody(unit, "bob")
        await unit.journal.add_turn(turn(conversation, owner, tokens=10, cost_usd=Decimal("0.25")))
        await unit.journal.add_turn(turn(conversation, owner, tokens=5, cost_usd=Decimal("0.5")))
        await unit.journal.add_turn(turn(conversation, stranger, tokens=1000))
    async with database.view() as view:
        totals = await view.journal.totals(owner)
        nobodys = await view.journal.totals(Owner())
    assert (totals.turns, totals.tokens, totals.cost_usd) == (2, 15, Decimal("0.75"))
    assert (nobodys.turns, nobodys.tokens, nobodys.cost_usd) == (0, 0, Decimal(0))


@pytest.mark.parametrize("missing", ["no such turn", ""])
async def test_what_does_not_exist_is_none(database: Database, missing: str) -> None:
    async with database.view() as view:
        assert await view.journal.turn(missing) is None
        assert await view.journal.incoming(99) is None
        assert await view.journal.result(missing) is None
        assert await view.journal.steps(missing) == []
