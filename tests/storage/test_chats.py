"""What concerns a whole chat: it moves, or it falls asleep."""

from __future__ import annotations

from storage.chats import ASLEEP
from storage.database import Database
from tests.storage.rows import PLACE, START, accepted, approval, delivery, somebody, turn


async def test_a_chat_that_moves_takes_along_what_is_open(database: Database) -> None:
    async with database.unit() as unit:
        owner = await somebody(unit)
        conversation = await unit.conversations.begin(owner, *PLACE, START)
        topic = await unit.conversations.begin(owner, "terminal", "here", "topic", START)
        waiting, done = await accepted(unit, "1"), await accepted(unit, "2", state="done")
        resting = await unit.journal.add_turn(turn(conversation, owner, state="waiting"))
        question = await unit.approvals.ask(approval())
        owed, sent = delivery(), delivery(state="delivered", receipt="here:1")
        for row in (owed, sent):
            await unit.deliveries.add(row)
    async with database.unit() as unit:
        assert await unit.chats.move("terminal", "here", "there")
    async with database.view() as view:
        moved = await view.conversations.current("terminal", "there", "")
        assert moved is not None
        assert moved.id == conversation.id
        in_topic = await view.conversations.current("terminal", "there", "topic")
        assert in_topic is not None
        assert in_topic.id == topic.id
        assert await view.conversations.current(*PLACE) is None
        assert [row.id for row in await view.journal.unfinished()] == [waiting.id]
        assert (await view.journal.unfinished())[0].chat == "there"
        finished = await view.journal.incoming(done.id)
        assert finished is not None
        assert finished.chat == "here"
        assert [each.id for each in await view.journal.waiting_turns("terminal", "there", "", "ann")] == [
            resting.id
        ]
        asked = await view.approvals.open_in("terminal", "there", "", "ann")
        assert asked is not None
        assert asked.id == question.id
        piece = await view.deliveries.next("terminal", "there", "")
        assert piece is not None
        assert piece.id == owed.id


async def test_moving_again_changes_nothing(database: Database) -> None:
    async with database.unit() as unit:
        owner = await somebody(unit)
        await unit.conversations.begin(owner, *PLACE, START)
        assert await unit.chats.move("terminal", "here", "there")
        newer = await unit.conversations.begin(owner, "terminal", "there", "", START)
        assert not await unit.chats.move("terminal", "here", "there")
        current = await unit.conversations.current("terminal", "there", "")
        assert current is not None
        assert current.id == newer.id


async def test_a_conversation_begun_too_early_in_the_new_chat_gives_way_to_the_old_one(
    database: Database,
) -> None:
    async with database.unit() as unit:
        owner = await somebody(unit)
        old = await unit.conversations.begin(owner, *PLACE, START)
        await unit.conversations.begin(owner, "terminal", "there", "", START)
        assert await unit.chats.move("terminal", "here", "there")
    async with database.view() as view:
        current = await view.conversations.current("terminal", "there", "")
        assert current is not None
        assert current.id == old.id


async def test_a_conversation_falls_asleep_with_its_chat_thread(database: Database) -> None:
    async with database.unit() as unit:
        owner = await somebody(unit)
        conversation = await unit.conversations.begin(owner, *PLACE, START)
        other = await unit.conversations.begin(owner, "terminal", "here", "topic", START)
        await unit.chats.sleep(*PLACE)
    async with database.view() as view:
        for each, status in ((conversation, ASLEEP), (other, "open")):
            found = await view.conversations.get(each.id)
            assert found is not None
            assert found.status == status
