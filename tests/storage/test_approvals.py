"""Questions to people: asked once, answered once, by whoever comes first."""

from __future__ import annotations

import asyncio

from storage.approvals import short_id
from storage.database import Database
from tests.storage.rows import PLACE, START, approval, later, somebody, turn


async def test_the_first_answer_wins(database: Database, other_process: Database) -> None:
    async with database.unit() as unit:
        asked = await unit.approvals.ask(approval())

    async def answer(place: Database, state: str) -> str | None:
        async with place.unit() as unit:
            won = await unit.approvals.settle(asked.id, state, state.title(), later(1))
            return state if won else None

    answers = await asyncio.gather(
        *(answer(*each) for each in [(database, "granted"), (other_process, "denied")] * 5)
    )
    winners = [each for each in answers if each is not None]
    assert len(winners) == 1
    async with database.view() as view:
        read = await view.approvals.get(asked.id)
    assert read is not None
    assert (read.state, read.answer, read.answered_at) == (winners[0], winners[0].title(), later(1))


async def test_who_comes_too_late_sees_how_it_was_decided(
    database: Database, other_process: Database
) -> None:
    async with database.unit() as unit:
        asked = await unit.approvals.ask(approval())
    async with other_process.unit() as unit:
        await unit.approvals.settle(asked.id, "expired", None, later(1))
    async with database.unit() as unit:
        read = await unit.approvals.get(asked.id)
        assert not await unit.approvals.settle(asked.id, "granted", "Create", later(2))
        assert read is not None
        assert read.state == "expired"


async def test_a_question_about_a_call_is_asked_once(database: Database, other_process: Database) -> None:
    async with database.unit() as unit:
        owner = await somebody(unit)
        conversation = await unit.conversations.begin(owner, *PLACE, START)
        made = await unit.journal.add_turn(turn(conversation, owner))

    async def ask(place: Database) -> str:
        async with place.unit() as unit:
            return (await unit.approvals.ask(approval(turn_id=made.id, call_id="1"))).id

    asked = await asyncio.gather(*(ask(place) for place in [database, other_process] * 5))
    async with database.view() as view:
        found = await view.approvals.of_call(made.id, "1")
        assert await view.approvals.of_call(made.id, "2") is None
    assert found is not None
    assert set(asked) == {found.id}


async def test_questions_that_belong_to_no_call_are_each_their_own(database: Database) -> None:
    async with database.unit() as unit:
        assert (await unit.approvals.ask(approval())).id != (await unit.approvals.ask(approval())).id


async def test_the_open_question_is_the_newest_to_this_person_here(database: Database) -> None:
    async with database.unit() as unit:
        older = await unit.approvals.ask(approval())
        newest = await unit.approvals.ask(approval(created_at=later(1)))
        await unit.approvals.ask(approval(created_at=later(2), asker_user="bob"))
        await unit.approvals.ask(approval(created_at=later(2), thread="topic"))
        assert await unit.approvals.open_in(*PLACE, "ann") is newest
        await unit.approvals.settle(newest.id, "denied", None, later(3))
        assert await unit.approvals.open_in(*PLACE, "ann") is older


async def test_an_overdue_question_can_expire_and_be_asked_again_by_its_asker(database: Database) -> None:
    async with database.unit() as unit:
        asked = await unit.approvals.ask(approval(expires_at=later(10)))
        assert await unit.approvals.overdue(later(9)) == []
        assert await unit.approvals.overdue(later(10)) == [asked]
        assert not await unit.approvals.open_again(asked.id, "ann", later(99))
        await unit.approvals.settle(asked.id, "expired", None, later(10))
        assert await unit.approvals.overdue(later(10)) == []
        assert not await unit.approvals.open_again(asked.id, "bob", later(99))
        assert await unit.approvals.open_again(asked.id, "ann", later(99))
        assert (asked.state, asked.expires_at, asked.answered_at) == ("open", later(99), None)


def test_short_ids_fit_every_button_and_do_not_meet() -> None:
    made = {short_id() for _ in range(1000)}
    assert len(made) == 1000
    assert all(len(each) == 10 and each.isascii() and not set(each) & set("il1o0") for each in made)
