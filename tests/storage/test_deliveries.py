"""The outbox on disk, and single facts."""

from __future__ import annotations

from storage.database import Database
from tests.storage.rows import PLACE, START, delivery, later


async def test_pieces_leave_each_thread_in_the_order_in_which_they_were_written(database: Database) -> None:
    async with database.unit() as unit:
        first, second, other = delivery(), delivery(content=b"PNG"), delivery(thread="topic")
        for row in (first, second, other):
            await unit.deliveries.add(row)
        assert first.id < second.id < other.id
        assert (await unit.deliveries.next(*PLACE)) is first
        await unit.deliveries.attempt(first.id, later(1))
        assert (await unit.deliveries.next(*PLACE)) is first
        await unit.deliveries.delivered(first.id, "message 1", later(2))
        assert (await unit.deliveries.next(*PLACE)) is second
    assert (first.state, first.attempts, first.first_attempt_at) == ("delivered", 1, later(1))
    assert (first.receipt, first.delivered_at, second.content) == ("message 1", later(2), b"PNG")


async def test_a_wait_that_the_platform_asks_for_is_no_failure_and_no_attempt(database: Database) -> None:
    async with database.unit() as unit:
        row = delivery()
        await unit.deliveries.add(row)
        for second, counts in ((1, False), (2, True), (3, True)):
            await unit.deliveries.attempt(row.id, later(second))
            await unit.deliveries.later(row.id, later(second + 60), "later", counts=counts)
        assert (row.attempts, row.failures, row.state) == (2, 2, "pending")
        assert (row.first_attempt_at, row.not_before) == (later(1), later(63))
        await unit.deliveries.failed(row.id, "refused")
        assert (row.state, row.error) == ("failed", "refused")
        assert await unit.deliveries.next(*PLACE) is None


async def test_a_chat_that_is_gone_gets_nothing_more(database: Database) -> None:
    async with database.unit() as unit:
        for thread in ("", "", "topic"):
            await unit.deliveries.add(delivery(thread=thread))
        assert await unit.deliveries.fail_thread(*PLACE, "blocked") == 2
        assert await unit.deliveries.fail_thread(*PLACE, "blocked") == 0
        assert await unit.deliveries.next(*PLACE) is None


async def test_threads_with_something_to_send_are_those_of_the_platforms_that_are_here(
    database: Database,
) -> None:
    async with database.unit() as unit:
        for fields in (
            {},
            {},
            {"thread": "topic"},
            {"platform": "telegram"},
            {"chat": "done", "state": "failed"},
        ):
            await unit.deliveries.add(delivery(**fields))
        waiting = await unit.deliveries.waiting_threads(["terminal"])
        assert await unit.deliveries.waiting_threads([]) == []
    assert sorted(waiting) == [("terminal", "here", ""), ("terminal", "here", "topic")]


async def test_the_message_that_shows_a_question_is_known_once_it_has_arrived(database: Database) -> None:
    async with database.unit() as unit:
        shown, redrawn = delivery(kind="Choice", choice="abc"), delivery(kind="Settled", choice="abc")
        await unit.deliveries.add(shown)
        await unit.deliveries.add(redrawn)
        assert await unit.deliveries.receipt_of_choice("abc") is None
        await unit.deliveries.delivered(shown.id, "message 1", START)
        await unit.deliveries.delivered(redrawn.id, "message 2", START)
        assert await unit.deliveries.receipt_of_choice("abc") == "message 1"


async def test_a_fact_is_what_was_written_last(database: Database, other_process: Database) -> None:
    async with database.unit() as unit:
        assert await unit.facts.get("clock") is None
        await unit.facts.set("clock", {"speed": 1})
        assert await unit.facts.get("clock") == {"speed": 1}
        await unit.facts.set("clock", {"speed": 60})
        assert await unit.facts.get("clock") == {"speed": 60}
    async with other_process.view() as view:
        assert await view.facts.get("clock") == {"speed": 60}
