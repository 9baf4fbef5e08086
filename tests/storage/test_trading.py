"""Trading bots and backtests: each made once for each call, one owner's names apart, versions without gaps."""

from __future__ import annotations

import asyncio

import pytest

from storage.database import Database, Unit
from storage.people import Owner
from storage.trading import NameTaken, TradingBot
from tests.storage.rows import START, later, somebody

DOCUMENT = {"version": "2.0", "name": "Dip"}


async def make_bot(unit: Unit, owner: Owner, name: str = "Dip", key: str = "call 1") -> TradingBot:
    return await unit.trading.add_bot(owner, name, DOCUMENT, key, START)


async def test_a_bot_begins_with_version_one_of_its_strategy(database: Database) -> None:
    async with database.unit() as unit:
        owner = await somebody(unit)
        made = await make_bot(unit, owner)
    async with database.view() as view:
        found = await view.trading.bot(made.id, owner)
        first = await view.trading.strategy(made.id, 1)
        assert await view.trading.strategy(made.id, 2) is None
    assert found is not None
    assert (found.name, found.version) == ("Dip", 1)
    assert first is not None
    assert first.document == DOCUMENT


async def test_a_call_that_comes_again_finds_what_it_made(database: Database) -> None:
    async with database.unit() as unit:
        owner = await somebody(unit)
        made = await make_bot(unit, owner)
        version = await unit.trading.add_version(made, DOCUMENT, "call 2", later(1))
        begun = await unit.trading.begin_backtest(owner, made, version, {}, "call 3", START)
    async with database.unit() as unit:
        again = await make_bot(unit, owner, name="another name by then")
        assert (again.id, again.name) == (made.id, "Dip")
        assert await unit.trading.add_version(again, {"other": 1}, "call 2", later(2)) == version == 2
        assert (await unit.trading.begin_backtest(owner, again, 1, {}, "call 3", later(2))).id == begun.id
    async with database.view() as view:
        found = await view.trading.bot(made.id, owner)
    assert found is not None
    assert (found.version, found.updated_at) == (2, later(1))


async def test_two_processes_that_do_the_same_call_make_one_bot(
    database: Database, other_process: Database
) -> None:
    async with database.unit() as unit:
        owner = await somebody(unit)

    async def make(place: Database) -> str:
        async with place.unit() as unit:
            return (await make_bot(unit, owner)).id

    made = await asyncio.gather(*(make(place) for place in [database, other_process] * 5))
    assert len(set(made)) == 1
    async with database.view() as view:
        assert len(await view.trading.bots(owner)) == 1


@pytest.mark.parametrize("same", ["Dip", "DIP", "dip"])
async def test_an_owner_has_one_living_bot_of_a_name_whatever_its_case(database: Database, same: str) -> None:
    async with database.unit() as unit:
        ann, bob = await somebody(unit, "ann"), await somebody(unit, "bob")
        hers = await make_bot(unit, ann)
        with pytest.raises(NameTaken):
            await make_bot(unit, ann, same, "call 2")
        await make_bot(unit, bob, same, "call 3")
        await unit.trading.delete_bot(hers, later(1))
        again = await make_bot(unit, ann, same, "call 4")
        assert [each.id for each in await unit.trading.bots(ann)] == [again.id]


async def test_two_processes_cannot_give_one_name_twice(database: Database, other_process: Database) -> None:
    async with database.unit() as unit:
        owner = await somebody(unit)

    async def make(place: Database, key: str) -> bool:
        try:
            async with place.unit() as unit:
                await make_bot(unit, owner, key=key)
        except NameTaken:
            return False
        return True

    made = await asyncio.gather(*(make(each, str(n)) for n, each in enumerate([database, other_process] * 5)))
    assert made.count(True) == 1


@pytest.mark.parametrize("asked", ["ÄRGER", "ärger", "Ärger"])
async def test_a_name_is_found_whatever_its_case_in_every_alphabet(database: Database, asked: str) -> None:
    async with database.unit() as unit:
        owner = await somebody(unit)
        made = await make_bot(unit, owner, "Ärger")
        assert await unit.trading.bot_named(asked, owner) is made
        assert await unit.trading.bot_named(asked, await somebody(unit, "bob")) is None


async def test_versions_made_at_once_are_counted_without_a_gap(
    database: Database, other_process: Database
) -> None:
    async with database.unit() as unit:
        made = await make_bot(unit, await somebody(unit))

    async def change(place: Database, key: str) -> int:
        async with place.unit() as unit:
            return await unit.trading.add_version(made, {"key": key}, key, later(1))

    numbers = await asyncio.gather(
        *(change(each, f"change {n}") for n, each in enumerate([database, other_process] * 5))
    )
    assert sorted(numbers) == list(range(2, 12))
    async with database.view() as view:
        for number in range(2, 12):
            assert await view.trading.strategy(made.id, number) is not None


async def test_a_deleted_bot_is_gone_for_its_owner_and_stays_for_its_results(database: Database) -> None:
    async with database.unit() as unit:
        owner = await somebody(unit)
        made = await make_bot(unit, owner)
        begun = await unit.trading.begin_backtest(owner, made, 1, {}, "call 2", START)
    async with database.unit() as unit:
        await unit.trading.delete_bot(made, later(1))
    async with database.view() as view:
        assert await view.trading.bot(made.id, owner) is None
        assert await view.trading.bots(owner) == []
        assert await view.trading.bot_named("Dip", owner) is None
        assert await view.trading.bot_even_deleted(made.id, owner) is not None
        assert await view.trading.strategy(made.id, 1) is not None
        assert [each.id for each in await view.trading.backtests(owner, made.id)] == [begun.id]


async def test_nobody_sees_anothers_bots_and_backtests(database: Database) -> None:
    async with database.unit() as unit:
        ann, bob = await somebody(unit, "ann"), await somebody(unit, "bob")
        hers = await make_bot(unit, ann)
        begun = await unit.trading.begin_backtest(ann, hers, 1, {}, "call 2", START)
        for stranger in (bob, Owner(), Owner(anonymous_token="")):
            assert await unit.trading.bot(hers.id, stranger) is None
            assert await unit.trading.bot_even_deleted(hers.id, stranger) is None
            assert await unit.trading.bots(stranger) == []
            assert await unit.trading.backtest(begun.id, stranger) is None
            assert await unit.trading.backtests(stranger) == []


async def test_a_backtest_ends_once_with_its_result_and_its_chart(database: Database) -> None:
    async with database.unit() as unit:
        owner = await somebody(unit)
        made = await make_bot(unit, owner)
        begun = await unit.trading.begin_backtest(owner, made, 1, {"days": 90}, "call 2", START)
        assert (begun.state, begun.finished_at) == ("running", None)
    async with database.unit() as unit:
        end = unit.trading.finish_backtest
        assert await end(begun.id, "done", later(1), result={"trades": 3}, chart=b"PNG")
        assert not await end(begun.id, "stopped", later(2))
    async with database.view() as view:
        found = await view.trading.backtest(begun.id, owner)
        assert found is not None
        assert await found.awaitable_attrs.chart == b"PNG"
    assert (found.state, found.result, found.finished_at) == ("done", {"trades": 3}, later(1))


async def test_a_backtest_is_found_by_the_first_eight_characters_of_its_id(database: Database) -> None:
    async with database.unit() as unit:
        owner = await somebody(unit)
        begun = await unit.trading.begin_backtest(owner, await make_bot(unit, owner), 1, {}, "call 2", START)
        for named in (begun.id, begun.id[:8], begun.id[:8].upper()):
            assert await unit.trading.backtest(named, owner) is begun
        for named in (begun.id[:7], "%%%%%%%%", "________"):
            assert await unit.trading.backtest(named, owner) is None


async def test_the_latest_backtests_come_first(database: Database) -> None:
    async with database.unit() as unit:
        owner = await somebody(unit)
        bots = [await make_bot(unit, owner, name, name) for name in ("a", "b")]
        begun = [
            await unit.trading.begin_backtest(owner, bots[n % 2], 1, {}, f"run {n}", later(n))
            for n in range(5)
        ]
        assert await unit.trading.backtests(owner, limit=3) == begun[:1:-1]
        assert await unit.trading.backtests(owner, bots[1].id) == [begun[3], begun[1]]
