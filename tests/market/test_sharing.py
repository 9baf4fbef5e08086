"""Everybody who waits for the same shares one fetch; who gives up ends it only when nobody else waits."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import NoData, ProviderDown
from bot.market.sharing import Cache, SingleFlight
from bot.market.waiting import current_listener, hearing_waits
from tests.fakes.clock import StoppedClock


class Work:
    """Something that takes until it is let go."""

    def __init__(self) -> None:
        self.begun = 0
        self.cancelled = 0
        self.go_on = asyncio.Event()

    async def __call__(self) -> int:
        self.begun += 1
        listener = current_listener()
        if listener is not None:
            listener("it", 7.0)
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return self.begun


async def test_one_that_gives_up_leaves_the_others_their_answer() -> None:
    flights, work = SingleFlight(), Work()
    asking = [asyncio.ensure_future(flights.run("x", work)) for _ in range(5)]
    await asyncio.sleep(0)
    asking[0].cancel()
    await asyncio.sleep(0)
    work.go_on.set()
    assert await asyncio.gather(*asking[1:]) == [1, 1, 1, 1]
    assert work.cancelled == 0


async def test_when_all_give_up_it_ends_and_the_next_one_begins_anew() -> None:
    flights, work = SingleFlight(), Work()
    asking = [asyncio.ensure_future(flights.run("x", work)) for _ in range(3)]
    await asyncio.sleep(0.001)
    for each in asking:
        each.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    assert work.cancelled == 1
    work.go_on.set()
    assert await flights.run("x", work) == 2


async def test_everybody_who_waits_hears_of_it() -> None:
    flights, work, heard = SingleFlight(), Work(), list[int]()

    async def ask(number: int) -> None:
        with hearing_waits(lambda name, seconds: heard.append(number)):
            await flights.run("x", work)

    asking = asyncio.gather(*(ask(number) for number in range(3)))
    await asyncio.sleep(0.001)
    work.go_on.set()
    await asking
    assert sorted(heard) == [0, 1, 2]


async def test_a_failure_is_everybodys_and_is_not_kept() -> None:
    clock = StoppedClock()
    cache: Cache[int] = Cache(clock, 60)

    async def fails() -> int:
        raise ProviderDown("It is away.")

    failed = await asyncio.gather(*(cache.get("x", fails) for _ in range(3)), return_exceptions=True)
    assert all(isinstance(each, ProviderDown) for each in failed)

    async def works() -> int:
        return 1

    assert await cache.get("x", works) == 1
    clock.move(hours=5)
    assert await cache.get("x", fails) == 1

    async def knows_nothing() -> int:
        raise NoData("It is gone.")

    with pytest.raises(NoData):
        await cache.get("x", knows_nothing)


async def test_the_oldest_is_forgotten_first() -> None:
    cache: Cache[int] = Cache(StoppedClock(), 60, most=3)
    for number in range(5):
        cache.keep(number, number)
    assert [cache.stale(number) for number in range(5)] == [None, None, 2, 3, 4]


async def test_closing_ends_what_is_under_way() -> None:
    cache: Cache[int] = Cache(StoppedClock(), 60)
    work = Work()
    asking = asyncio.ensure_future(cache.get("x", work))
    await asyncio.sleep(0.001)
    await cache.close()
    assert work.cancelled == 1
    with pytest.raises(asyncio.CancelledError):
        await asking
