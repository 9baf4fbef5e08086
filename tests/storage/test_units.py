"""Units and views: all or nothing, one state at a time, nobody in anybody's way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from storage.database import Database
from tests.storage.rows import START, accepted, incoming


async def stored(database: Database) -> list[str]:
    async with database.view() as view:
        return [row.external_id for row in await view.journal.unfinished()]


async def turn_of_the_loop() -> None:
    """Lets everything that is ready run, and worker threads answer."""
    await asyncio.get_running_loop().run_in_executor(None, lambda: None)


async def test_what_a_unit_wrote_is_there_afterwards(database: Database, other_process: Database) -> None:
    async with database.unit() as unit:
        await accepted(unit, "1")
    assert await stored(database) == await stored(other_process) == ["1"]


async def test_a_unit_that_fails_has_written_nothing(database: Database) -> None:
    async def fail() -> None:
        async with database.unit() as unit:
            await accepted(unit, "1")
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await stored(database) == []


async def test_a_failed_unit_does_not_spoil_the_next(database: Database) -> None:
    async def fail() -> None:
        async with database.unit() as unit:
            await accepted(unit, "1")
            await unit.conversations.make_current("no such conversation", "terminal", "here", "")

    with pytest.raises(DBAPIError):
        await fail()
    async with database.unit() as unit:
        await accepted(unit, "2")
    assert await stored(database) == ["2"]


async def test_a_long_unit_does_not_hold_up_views(database: Database) -> None:
    writing, go_on = asyncio.Event(), asyncio.Event()

    async def write_slowly() -> None:
        async with database.unit() as unit:
            await accepted(unit, "1")
            writing.set()
            await go_on.wait()

    slow = asyncio.create_task(write_slowly())
    await writing.wait()
    assert await stored(database) == []
    go_on.set()
    await slow
    assert await stored(database) == ["1"]


async def test_a_view_sees_one_state_from_its_first_look_on(
    database: Database, other_process: Database
) -> None:
    async with database.view() as view:
        assert await view.journal.unfinished() == []
        async with other_process.unit() as unit:
            await accepted(unit, "1")
        assert await view.journal.unfinished() == []
        assert await view.journal.incoming_by_external_id("terminal", "1") is None
    assert await stored(database) == ["1"]


async def test_a_view_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError):
        async with database.view() as view:
            await view.journal.accept(incoming("1"))
    assert await stored(database) == []


async def test_what_was_read_can_be_used_when_the_unit_is_over(database: Database) -> None:
    async with database.unit() as unit:
        row = await accepted(unit, "1")
    async with database.view() as view:
        read = await view.journal.incoming(row.id)
    assert read is not None
    assert (read.sender_name, read.at, read.finished_at) == ("Ann", START, None)


async def test_units_of_one_process_take_turns_in_the_order_in_which_they_asked(tmp_path: Path) -> None:
    database = await Database.open(f"sqlite+aiosqlite:///{tmp_path / 'randebu.db'}")
    served: list[int] = []

    async def ask(number: int) -> None:
        async with database.unit() as unit:
            await accepted(unit, str(number))
            served.append(number)

    await asyncio.gather(*(ask(number) for number in range(20)))
    await database.close()
    assert served == list(range(20))


async def test_many_units_and_views_at_once_all_get_through(
    database: Database, other_process: Database
) -> None:
    async def write(place: Database, number: int) -> None:
        async with place.unit() as unit:
            await accepted(unit, str(number))
        await stored(place)

    await asyncio.gather(
        *(write(place, number) for number, place in enumerate([database, other_process] * 30))
    )
    assert len(await stored(database)) == 60


@pytest.mark.parametrize("times", [1, 2])
async def test_a_unit_cancelled_at_any_moment_is_whole_or_nothing_and_in_nobodys_way(
    database: Database, caplog: pytest.LogCaptureFixture, times: int
) -> None:
    async def write_two(name: str) -> None:
        async with database.unit() as unit:
            await accepted(unit, f"{name} first")
            await accepted(unit, f"{name} second")

    for moment in range(30):
        writing = asyncio.create_task(write_two(f"cancelled {moment}"))
        for _ in range(moment):
            await turn_of_the_loop()
        for _ in range(times):
            writing.cancel()
            await turn_of_the_loop()
        await asyncio.gather(writing, return_exceptions=True)
        await write_two(f"next {moment}")
    found = await stored(database)
    assert [name for name in found if "first" in name] == [
        name.replace("second", "first") for name in found if "second" in name
    ]
    assert len([name for name in found if "next" in name]) == 60
    if times == 1:
        assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_view_cancelled_at_any_moment_is_in_nobodys_way(database: Database) -> None:
    async with database.unit() as unit:
        for number in range(50):
            await accepted(unit, str(number))
    for moment in range(20):
        reading = asyncio.create_task(stored(database))
        for _ in range(moment):
            await turn_of_the_loop()
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        assert len(await stored(database)) == 50


Opening = Callable[[Database], Awaitable[object]]


async def open_unit(database: Database) -> None:
    async with database.unit():
        pass


async def open_view(database: Database) -> None:
    async with database.view():
        pass


@pytest.mark.parametrize("inner", [open_unit, open_view])
async def test_a_unit_inside_a_unit_is_refused_instead_of_waiting_for_ever(
    database: Database, inner: Opening
) -> None:
    async with database.unit():
        with pytest.raises(RuntimeError, match="has a unit or a view open"):
            await inner(database)
    async with database.view():
        with pytest.raises(RuntimeError, match="has a unit or a view open"):
            await inner(database)


async def test_only_one_unit_holds_a_name(database: Database, other_process: Database) -> None:
    inside = 0

    async def hold(place: Database) -> None:
        nonlocal inside
        async with place.unit() as unit:
            await unit.lock("a name")
            await unit.facts.get("anything")
            inside += 1
            assert inside == 1
            await turn_of_the_loop()
            inside -= 1

    await asyncio.gather(*(hold(place) for place in [database, other_process] * 10))


async def test_who_waited_for_a_lock_sees_what_its_holder_wrote(
    database: Database, other_process: Database
) -> None:
    async def add_one(place: Database) -> None:
        async with place.unit() as unit:
            await unit.lock("counter")
            counted = await unit.facts.get("counter") or {"value": 0}
            await unit.facts.set("counter", {"value": counted["value"] + 1})

    await asyncio.gather(*(add_one(place) for place in [database, other_process] * 10))
    async with database.view() as view:
        assert await view.facts.get("counter") == {"value": 20}


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_units_go_on_when_the_server_has_dropped_every_connection(
    database: Database, other_process: Database
) -> None:
    await asyncio.gather(*(stored(database) for _ in range(5)))
    async with other_process.unit() as unit:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        await unit.session.execute(text(f"{others} AND pid <> pg_backend_pid()"))
    async with database.unit() as unit:
        await accepted(unit, "1")
    assert await stored(database) == ["1"]


async def test_a_database_in_memory_is_refused() -> None:
    with pytest.raises(ValueError, match="SQLite needs a file"):
        await Database.open("sqlite+aiosqlite:///:memory:")


async def test_a_unit_sees_what_it_wrote_itself(database: Database) -> None:
    async with database.unit() as unit:
        await accepted(unit, "1")
        assert [row.external_id for row in await unit.journal.unfinished()] == ["1"]
