"""Candle by candle, whatever the provider does: the events are the backtest's, and everybody is told once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import String, cast, select

from bot.accounts.privacy import forget_person
from bot.errors import NoData, ProviderDown
from bot.messages import Notice
from bot.trading.packing import pack_program
from bot.workers import Workers
from storage.deliveries import DeliveryRow
from storage.people import Owner
from tests.databases import KINDS
from tests.fakes.platform import words
from tests.simulations.desk import CHAT, MINUTE, NOON, Desk, desk_on, open_desk
from tests.simulations.living import cards

NOON_SECONDS = int(NOON.timestamp())


async def test_events_are_those_of_the_backtest(desk: Desk) -> None:
    one = await desk.start("one")
    await desk.minutes(30)
    two = await desk.start("two")
    await desk.minutes(60)
    for each in (one, two):
        assert len(await desk.events(each)) > 5
        assert await desk.is_the_backtest(each)
    assert (await desk.get(two)).start == NOON_SECONDS + 30 * MINUTE


async def test_candles_that_come_together_lead_to_the_same(tmp_path: Path, workers: Workers) -> None:
    events = []
    for name, each in (("one by one", 1), ("by seven", 7), ("all", 70)):
        (tmp_path / name).mkdir()
        async with open_desk("sqlite", tmp_path / name, workers, seed=3) as desk:
            simulation = await desk.start()
            await desk.stepping.advance_all()
            await desk.minutes(70, each)
            events.append(await desk.events(simulation))
    assert len(events[0]) > 10
    assert events[0] == events[1] == events[2]


async def test_one_question_for_all_simulations_of_a_feed(desk: Desk) -> None:
    for number in range(5):
        await desk.start(f"bot {number}")
    await desk.minutes(1)
    before = desk.market.asked
    await desk.minutes(10)
    assert desk.market.asked - before == 10


async def test_nothing_is_asked_before_a_candle_has_closed(desk: Desk) -> None:
    await desk.start()
    await desk.minutes(1)
    before = desk.market.asked
    desk.clock.move(seconds=30)
    await desk.stepping.advance_all()
    assert desk.market.asked == before


async def test_a_missing_candle_is_a_gap_once_a_later_one_is_there(desk: Desk) -> None:
    simulation = await desk.start()
    await desk.minutes(3)
    desk.market.missing = {NOON_SECONDS + 3 * MINUTE}
    await desk.minutes(1)
    assert (await desk.get(simulation)).next_start == NOON_SECONDS + 3 * MINUTE
    await desk.minutes(1)
    assert (await desk.get(simulation)).next_start == NOON_SECONDS + 5 * MINUTE
    assert await desk.is_the_backtest(simulation)


async def test_a_market_without_trades_is_a_gap_after_three_intervals(desk: Desk) -> None:
    simulation = await desk.start()
    await desk.minutes(3)
    desk.market.missing = {NOON_SECONDS + minute * MINUTE for minute in range(3, 20)}
    await desk.minutes(3)
    assert (await desk.get(simulation)).next_start == NOON_SECONDS + 3 * MINUTE
    await desk.minutes(4)
    assert (await desk.get(simulation)).next_start == NOON_SECONDS + 7 * MINUTE
    await desk.minutes(20)
    assert (await desk.get(simulation)).next_start == NOON_SECONDS + 30 * MINUTE
    assert await desk.is_the_backtest(simulation)


async def test_a_clock_that_jumps_ahead_makes_no_gaps(desk: Desk) -> None:
    simulation = await desk.start()
    await desk.minutes(5)
    desk.market.missing = {NOON_SECONDS + minute * MINUTE for minute in range(5, 4_000)}
    desk.clock.move(hours=30)
    await desk.stepping.advance_all()
    desk.clock.move(hours=-30)
    desk.market.missing = set()
    await desk.minutes(10)
    assert (await desk.get(simulation)).next_start == NOON_SECONDS + 15 * MINUTE
    assert await desk.is_the_backtest(simulation)


async def test_a_clock_that_jumps_back_waits(desk: Desk) -> None:
    simulation = await desk.start()
    await desk.minutes(10)
    desk.clock.move(hours=-1)
    await desk.minutes(30)
    assert (await desk.get(simulation)).next_start == NOON_SECONDS + 10 * MINUTE
    await desk.minutes(40)
    assert (await desk.get(simulation)).next_start == NOON_SECONDS + 20 * MINUTE
    assert await desk.is_the_backtest(simulation)


async def test_repetitions_are_ignored_and_revisions_are_counted_and_ignored(desk: Desk) -> None:
    simulation = await desk.start()
    desk.market.repeats = 5
    await desk.minutes(10)
    desk.market.revised = {NOON_SECONDS + 9 * MINUTE}
    await desk.minutes(10)
    async with desk.database.view() as view:
        feed = await view.feeds.get(1)
    assert feed is not None
    assert feed.revised == 1
    assert await desk.is_the_backtest(simulation)


async def test_without_prices_it_waits_and_says_so_once(desk: Desk) -> None:
    simulation = await desk.start()
    await desk.minutes(5)
    said = len(await desk.reads())
    desk.market.down = ProviderDown("The provider is away.")
    for _ in range(20):
        desk.clock.move(minutes=5)
        await desk.stepping.advance_all()
    waiting = (await desk.reads())[said:]
    assert words(waiting).count("no prices of PEPE for an hour") == 1
    assert len(waiting) == 1
    assert (await desk.get(simulation)).state == "running"

    desk.market.down = None
    await desk.stepping.advance_all()
    assert "this comes late" in words((await desk.reads())[said + 1 :])
    assert (await desk.get(simulation)).next_start == NOON_SECONDS + 105 * MINUTE
    assert await desk.is_the_backtest(simulation)


async def test_a_stretch_with_too_many_holes_is_asked_for_in_halves(desk: Desk) -> None:
    simulation = await desk.start()
    await desk.minutes(1)
    whole = desk.market.candles

    async def holes(token: Any, timeframe: int, start: int, end: int, on_progress: Any = None) -> Any:
        if end - start > 2 * MINUTE:
            raise NoData("Too many candles are missing.")
        return await whole(token, timeframe, start, end)

    desk.market.candles = holes  # type: ignore[method-assign]
    await desk.minutes(30, 10)
    assert (await desk.get(simulation)).next_start == NOON_SECONDS + 31 * MINUTE
    assert await desk.is_the_backtest(simulation)


async def test_a_failing_one_is_done_alone_and_paused_in_the_end(desk: Desk) -> None:
    good, bad = await desk.start("good"), await desk.start("bad")
    await desk.minutes(5)
    async with desk.database.unit() as unit:
        found = await unit.simulations.get(bad)
        assert found is not None
        await unit.simulations.set(bad, run=b"spoilt")
        saved = await unit.trading.strategy(found.bot_id, 1)
        await unit.session.delete(saved)
    await desk.minutes(12)

    assert (await desk.get(good)).next_start == NOON_SECONDS + 17 * MINUTE
    assert await desk.is_the_backtest(good)
    failed = await desk.get(bad)
    assert (failed.state, failed.reason, failed.failures) == ("paused", "failures", 10)
    assert failed.next_start == NOON_SECONDS + 5 * MINUTE
    assert "it failed ten times in a row" in words(await desk.reads())
    assert len(desk.told_operator) == 1


async def test_another_version_of_the_engine_begins_from_the_very_candles(desk: Desk) -> None:
    simulation = await desk.start()
    await desk.minutes(20)
    async with desk.database.unit() as unit:
        found = await unit.simulations.get(simulation)
        assert found is not None
        older = b"8 older!" + (found.program or b"")[8:]
        await unit.simulations.set(simulation, program=older)
    await desk.minutes(20)
    again = await desk.get(simulation)
    assert (again.next_start, again.failures) == (NOON_SECONDS + 40 * MINUTE, 0)
    assert (again.program or b"")[:8] == pack_program_mark()
    assert await desk.is_the_backtest(simulation)


def pack_program_mark() -> bytes:
    """How a program of this engine begins."""
    import numpy as np

    from bot.trading.layout import PROGRAM

    return pack_program(np.zeros(1, PROGRAM))[:8]


async def test_the_greatest_drawdown_pauses_it(tmp_path: Path, workers: Workers) -> None:
    ends = []
    for name, each in (("one by one", 1), ("together", 60)):
        (tmp_path / name).mkdir()
        async with open_desk("sqlite", tmp_path / name, workers) as desk:
            simulation = await desk.start(risk_management={"max_drawdown_percent": 2})
            await desk.stepping.advance_all()
            await desk.minutes(60, each)
            ended = await desk.get(simulation)
            assert (ended.state, ended.reason, ended.quantity) == ("paused", "drawdown", 0.0)
            told = words(await desk.reads())
            assert "is paused: equity fell as far as its rules allow" in told
            assert await desk.is_the_backtest(simulation)
            ends.append((ended.next_start, await desk.events(simulation)))
    assert ends[0] == ends[1]


async def test_a_chat_that_is_closed_pauses_its_simulations(desk: Desk) -> None:
    simulation = await desk.start()
    await desk.minutes(2)
    async with desk.database.unit() as unit:
        await unit.chats.sleep(CHAT.platform, CHAT.chat, CHAT.thread)
    paused = await desk.get(simulation)
    assert (paused.state, paused.reason) == ("paused", "chat")


@pytest.mark.parametrize("kind", KINDS)
async def test_two_processes_step_once(kind: str, tmp_path: Path, workers: Workers) -> None:
    async with open_desk(kind, tmp_path, workers) as first:
        second = desk_on(first.database, tmp_path, workers, first.clock)
        simulation = await first.start()
        await first.stepping.advance_all()
        for _ in range(25):
            first.clock.move(minutes=1)
            await asyncio.gather(first.stepping.advance_all(), second.stepping.advance_all())
        events = await first.events(simulation)
        assert len(events) > 3
        assert await first.is_the_backtest(simulation)
        trades = [event for event in events if event["kind"] in ("buy", "sell")]
        await second.outbox.close()
        async with first.database.view() as view:
            row = await view.deliveries.get(len(trades))
        assert row is not None
        told = {each.id: each.reply for desk in (first, second) for each in desk.platform.delivered}
        assert len(cards(list(told.values()))) == len(trades)


async def test_silent_hours_hold_back_and_tell_after(desk: Desk) -> None:
    await desk.start(quiet_from=14 * 60, quiet_to=15 * 60, zone="Europe/Berlin")
    await desk.minutes(30)
    assert await desk.reads() == []
    await desk.by_the_hour()
    assert await desk.reads() == []
    desk.clock.now = NOON + timedelta(hours=1)
    await desk.by_the_hour()
    (told,) = await desk.reads()
    assert isinstance(told, Notice)
    assert "this happened while it was quiet" in told.text
    await desk.by_the_hour()
    assert len(await desk.reads()) == 1


async def test_a_day_is_summed_up_once_with_a_picture(desk: Desk) -> None:
    await desk.start(summary_at=NOON + timedelta(minutes=30), notify="summary")
    await desk.minutes(29)
    await desk.by_the_hour()
    assert await desk.reads() == []
    await desk.minutes(5)
    await desk.by_the_hour()
    await desk.by_the_hour()
    (told,) = await desk.reads()
    assert "**The day of Lively**" in words([told])


@pytest.mark.parametrize("kind", KINDS)
async def test_whoever_is_forgotten_while_candles_are_stepped_hears_nothing_more(
    kind: str, tmp_path: Path, workers: Workers
) -> None:
    async with open_desk(kind, tmp_path, workers) as desk:
        forgotten = [await desk.start(f"bot {number}") for number in range(4)]
        stays = await desk.start("stays")
        await desk.stepping.advance_all()
        await desk.minutes(8)
        waiting = await desk.start("waiting")
        owners = [(await desk.get(each)).owner for each in [*forgotten, waiting]]

        async def forget(owner: Owner) -> None:
            async with desk.database.unit() as unit:
                await forget_person(unit, owner, 0, desk.clock())

        desk.clock.move(minutes=6)
        await asyncio.gather(
            *(forget(owner) for owner in owners[:2]),
            desk.stepping.advance_all(),
            desk.by_the_hour(),
            *(forget(owner) for owner in owners[2:]),
        )
        await desk.minutes(6)
        await desk.by_the_hour()
        await desk.outbox.flushed(CHAT)
        for each in [*forgotten, waiting]:
            left = await desk.get(each)
            assert (left.state, left.name, left.chat, left.run, left.program) == (
                "stopped",
                "",
                "",
                None,
                None,
            )
            assert left.owner == Owner()
            assert await desk.events(each) == []
        async with desk.database.view() as view:
            said = (await view.session.scalars(select(cast(DeliveryRow.payload, String)))).all()
            assert list(await view.faults.list(10)) == []
        assert not any(each[:8] in text for each in [*forgotten, waiting] for text in said)
        assert any(stays[:8] in text for text in said)
        assert await desk.is_the_backtest(stays)


async def test_what_waited_for_the_end_of_silent_hours_is_told_once(desk: Desk) -> None:
    simulation = await desk.start(untold=True)
    async with desk.database.unit() as unit:
        assert await unit.simulations.take_untold(simulation) is not None
        assert await unit.simulations.take_untold(simulation) is None
