"""A paced job: never two of its runs at once, the next one as long after the last as it says, also after a failure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.jobs.clockwork import Clockwork


@pytest.fixture
async def clockwork() -> AsyncIterator[Clockwork]:
    made = Clockwork()
    yield made
    await made.close()


async def test_runs_never_meet_and_a_failure_does_not_end_them(clockwork: Clockwork) -> None:
    running, most, runs = 0, 0, 0
    enough = asyncio.Event()

    async def job() -> None:
        nonlocal running, most, runs
        running, runs = running + 1, runs + 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1
        if runs == 4:
            enough.set()
        if runs == 2:
            raise ValueError("This run fails.")

    clockwork.paced("job", job, lambda: 0.01)
    clockwork.start()
    async with asyncio.timeout(20):
        await enough.wait()
    assert most == 1


async def test_a_job_that_would_run_later_can_be_hurried_and_removed(clockwork: Clockwork) -> None:
    ran = asyncio.Event()

    async def job() -> None:
        ran.set()

    clockwork.start()
    clockwork.paced("feed 1", job, lambda: 3_600.0)
    assert clockwork.names("feed ") == {"feed 1"}
    clockwork.hurry("feed 1", 0.0)
    async with asyncio.timeout(20):
        await ran.wait()
    clockwork.remove("feed 1")
    assert clockwork.names("feed ") == set()
    clockwork.hurry("feed 1", 0.0)


async def test_what_runs_at_the_end_is_over_when_the_clock_is_closed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clockwork, begun, ended = Clockwork(), asyncio.Event(), False

    async def job() -> None:
        nonlocal ended
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended = True

    clockwork.start()
    clockwork.paced("endless", job, lambda: 0.0)
    async with asyncio.timeout(20):
        await begun.wait()
    await clockwork.close()
    assert ended
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
