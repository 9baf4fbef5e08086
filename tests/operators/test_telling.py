"""What the operators' chat hears by itself: errors in groups, and the summary of the day."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

from bot.dispatch.faults import MOST_TRACEBACK, FaultRecorder, new_reference
from bot.jobs.clockwork import Clockwork
from bot.jobs.faults import MOST_KEPT, prune_faults, tell_faults
from bot.jobs.loop_lag import LoopLag
from bot.jobs.summary import send_summary
from bot.messages import ChatAddress, LastingReply, Notice
from bot.reports.stats import totals
from bot.settings import Settings
from tests.conftest import House
from tests.fakes.clock import StoppedClock
from tests.fakes.platform import words
from tests.operators.conftest import CHAT, OpenRun

HERE = ChatAddress("fake", "operators")


def heard(house: House) -> list[LastingReply]:
    return [each.reply for each in house.platform.delivered if each.address == HERE]


async def breaks(house: House, error: Exception, place: str = "text") -> str:
    recorder, reference = FaultRecorder(house.settings), new_reference()
    async with house.randebu.database.unit() as unit:
        await unit.faults.add(recorder.describe(error, reference, place, house.clock()))
    return reference


async def told(house: House) -> list[LastingReply]:
    """What is new in the operators' chat after the clock has looked."""
    before = len(heard(house))
    await tell_faults(house.randebu.services, house.randebu.outbox, HERE)
    await house.randebu.outbox.flushed(HERE)
    return heard(house)[before:]


async def test_errors_are_grouped_one_message_a_minute_for_each_kind(open_run: OpenRun) -> None:
    async with open_run(operator_chat=CHAT) as house:
        first = await breaks(house, KeyError("one"))
        assert first in words(await told(house))
        for number in range(3):
            latest = await breaks(house, KeyError(f"two {number}"))
        other = await breaks(house, ValueError("another kind"))
        (message,) = await told(house)
        assert other in words([message])

        house.clock.move(seconds=59)
        assert await told(house) == []
        house.clock.move(seconds=1)
        (message,) = await told(house)
        assert "3 times" in words([message])
        assert latest in words([message])
        house.clock.move(minutes=5)
        assert await told(house) == []


async def test_a_job_that_fails_is_an_error_like_any_other(open_run: OpenRun) -> None:
    async with open_run(operator_chat=CHAT) as house:
        await house.randebu.operations.job_failed("expire approvals", OSError("no disk"))
        assert "OSError** in job expire approvals" in words(await told(house))


async def test_what_needs_a_look_is_told_though_nothing_has_failed(open_run: OpenRun) -> None:
    async with open_run(operator_chat=CHAT) as house:
        async with house.randebu.database.unit() as unit:
            await house.randebu.operations.tell(
                unit, "simulation paused", "Lively failed ten times in a row."
            )
        said = words(await told(house))
        assert "simulation paused" in said
        assert "ten times in a row" in said


async def test_a_sign_up_is_decided_in_the_operators_chat_and_its_person_is_told(open_run: OpenRun) -> None:
    async with open_run(operator_chat=CHAT, signup="approval") as house:
        alice, boss = house.chat("alice"), house.chat("boss")
        await alice.says("/signup")
        await house.randebu.outbox.flushed(HERE)
        (asked,) = heard(house)
        assert isinstance(asked, Notice)
        assert "Alice (fake:alice) asks for an account" in asked.text
        assert [each.line for each in asked.actions] == [
            "/admin approve fake:alice",
            "/admin reject fake:alice",
        ]

        await alice.says("/signup")
        await house.randebu.outbox.flushed(HERE)
        assert len(heard(house)) == 1

        assert "has an account now" in words(await boss.says(asked.actions[0].line))
        assert "account" in words(await alice.reads())
        assert "free" in words(await alice.says("/account"))
        assert "account, free" in words(await boss.says("/admin user fake:alice"))


async def test_tiers_and_quotas_are_seen_where_a_person_is_looked_at(house: House) -> None:
    alice, boss = house.chat("alice"), house.chat("boss")
    await alice.says("/signup")
    assert "pro tier now" in words(await boss.says("/admin tier fake:alice pro"))
    assert "bots 5" in words(await boss.says("/admin quota fake:alice set bots=5"))
    assert "account, pro; own limits: bots 5" in words(await boss.says("/admin user fake:alice"))
    audit = words(await boss.says("/admin audit"))
    assert "/admin tier" in audit
    assert "/admin quota" in audit


async def test_what_cannot_be_sent_to_the_operators_chat_is_not_reported_there(open_run: OpenRun) -> None:
    async with open_run(operator_chat=CHAT) as house:
        await breaks(house, KeyError("lost"), place=str(HERE))
        assert await told(house) == []
        assert "KeyError" in words(await house.chat("boss").says("/admin errors"))


async def test_tracebacks_are_short_enough_and_without_what_people_wrote(house: House) -> None:
    recorder = FaultRecorder(Settings(telegram_token="4242:very-secret-token"))  # noqa: S106
    long = recorder.describe(ValueError("x" * 50_000), "a", "text", house.clock())
    assert len(long.traceback) <= MOST_TRACEBACK + 10
    assert len(long.text) <= 500
    statement = "failed\n[SQL: INSERT INTO x]\n[parameters: ('my private words', 'more')]"
    hidden = recorder.describe(RuntimeError(statement), "b", "text", house.clock())
    assert "private" not in hidden.traceback + hidden.text
    masked = recorder.describe(
        RuntimeError("at very-secret-token 4242:very-secret-token"), "c", "text", house.clock()
    )
    assert "4242:very-secret-token" not in masked.traceback + masked.text


async def test_old_errors_go(house: House) -> None:
    old = await breaks(house, KeyError("old"))
    house.clock.move(days=31)
    new = await breaks(house, KeyError("new"))
    assert await prune_faults(house.randebu.services) == 1
    async with house.randebu.database.unit() as unit:
        assert await unit.faults.find(old) is None
        assert await unit.faults.find(new) is not None
        assert await unit.faults.prune(house.clock() - timedelta(days=99), 1) == 0
        assert await unit.faults.prune(house.clock() - timedelta(days=99), 0) == 1
    assert MOST_KEPT > 1


async def test_the_summary_comes_once_a_day_at_its_time(open_run: OpenRun) -> None:
    async with open_run(operator_chat=CHAT, daily_summary_at="13:00") as house:
        randebu = house.randebu

        async def look() -> bool:
            sent = await send_summary(
                randebu.services, randebu.outbox, HERE, lambda: totals(randebu.services, 1)
            )
            await randebu.outbox.flushed(HERE)
            return sent

        await house.chat("alice").says("hello")
        assert not await look()
        house.clock.move(minutes=61)
        assert await look()
        assert "1 active" in words(heard(house))
        assert not await look()
        house.clock.move(hours=22)
        assert not await look()
        house.clock.move(hours=5)
        assert await look()
        assert len(heard(house)) == 2


async def test_the_summary_that_a_restart_missed_comes_late_and_once(open_run: OpenRun) -> None:
    async with open_run(operator_chat=CHAT, daily_summary_at="13:00") as house:
        services, clock = house.randebu.services, house.clock
        assert not await send_summary(services, house.randebu.outbox, HERE, lambda: totals(services, 1))
        house.clock.move(hours=9)
    async with open_run(operator_chat=CHAT, daily_summary_at="13:00", clock=clock) as house:
        services = house.randebu.services
        assert await send_summary(services, house.randebu.outbox, HERE, lambda: totals(services, 1))
        assert not await send_summary(services, house.randebu.outbox, HERE, lambda: totals(services, 1))


async def test_nothing_is_written_for_a_chat_that_nobody_serves(open_run: OpenRun) -> None:
    async with open_run(operator_chat="telegram:-100123:5") as house:
        shown = words(await house.chat("boss").says("/admin jobs"))
        assert "tell of errors" not in shown
        assert "carry broadcasts" in shown


async def test_the_clock_tells_of_a_job_that_fails_and_goes_on() -> None:
    told, again = asyncio.Queue[tuple[str, str]](), asyncio.Event()

    async def breaks() -> None:
        raise OSError("no disk")

    async def works() -> None:
        again.set()

    async def failed(job: str, error: Exception) -> None:
        told.put_nowait((job, str(error)))
        raise RuntimeError("not even that can be written down")

    clockwork = Clockwork(StoppedClock(), failed)
    clockwork.every(0.02, "breaks", breaks)
    clockwork.every(0.02, "works", works)
    clockwork.start()
    try:
        assert [await told.get(), await told.get()] == [("breaks", "no disk")] * 2
        await again.wait()
    finally:
        await clockwork.close()
    broken, working = clockwork.records
    assert broken.failures >= 2
    assert broken.last_error == "OSError: no disk"
    assert (working.failures, working.last_at) == (0, StoppedClock().now)


async def test_what_holds_the_loop_is_measured() -> None:
    lag = LoopLag()
    watching = asyncio.ensure_future(lag.watch())
    await asyncio.sleep(0)
    time.sleep(0.4)  # noqa: ASYNC251
    await asyncio.sleep(0.01)
    watching.cancel()
    await asyncio.wait([watching])
    assert lag.last >= 0.1
    assert lag.worst >= lag.last
