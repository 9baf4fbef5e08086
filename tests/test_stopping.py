"""Stopping: work ends when the person wishes, and only then."""

from __future__ import annotations

import asyncio

import pytest

from bot.stopping import Stopped, StopSignal


async def test_work_that_ends_first_gives_its_result() -> None:
    async def work() -> int:
        return 7

    assert await StopSignal().race(work()) == 7


async def test_an_error_of_the_work_comes_through() -> None:
    async def work() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await StopSignal().race(work())


async def test_a_wish_cancels_the_work_and_lets_it_clean_up() -> None:
    signal, begun, cleaned = StopSignal(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.set()

    racing = asyncio.ensure_future(signal.race(work()))
    await begun.wait()
    signal.stop()
    with pytest.raises(Stopped):
        await racing
    assert cleaned.is_set()
    assert signal.wished


async def test_the_end_of_the_process_is_no_wish() -> None:
    signal, begun, cancelled = StopSignal(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    racing = asyncio.ensure_future(signal.race(work()))
    await begun.wait()
    racing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await racing
    assert cancelled.is_set()
    assert not signal.wished
