"""A source is asked at its pace by everybody together, left alone when it asks for that, and when it fails."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from pydantic import TypeAdapter

from bot.errors import NoData, ProviderDown
from bot.market.breaker import FAILURES, OPEN_SECONDS
from bot.market.budget import LONGEST_QUEUE_SECONDS, Budget, Crowded, Pace
from bot.market.geckoterminal import GeckoTerminal
from bot.market.live import LiveMarket
from bot.market.service import HttpService, Patience
from bot.market.waiting import hearing_waits
from storage.database import Database
from tests.fakes.market_apis import Asked, MarketApis
from tests.fakes.market_world import FakeToken, MarketWorld
from tests.fakes.monotonic import FakeTime
from tests.market.serving import HASTY

ANYTHING = TypeAdapter(object)


def most_within(times: list[float], seconds: float) -> int:
    """The most of them in any stretch of so many seconds."""
    first, most = 0, 0
    for last, at in enumerate(sorted(times)):
        while times[first] <= at - seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


@asynccontextmanager
async def a_service(
    apis: MarketApis, time: FakeTime, calls: int = 30, patience: Patience = HASTY
) -> AsyncIterator[HttpService]:
    async with httpx2.AsyncClient() as client:
        pace = Pace(calls, 60.0, time.monotonic, time.sleep)
        yield HttpService("Gecko", apis.url("gecko"), client, pace, apis.world.clock, patience=patience)


async def test_no_stretch_holds_more_than_the_budget() -> None:
    time, given = FakeTime(), list[float]()
    budget = Budget(Pace(30, 60.0, time.monotonic, time.sleep))

    async def ask(after: float) -> None:
        await time.sleep(after)
        await budget.take()
        given.append(time.seconds)

    await time.until(asyncio.gather(*(ask(random.Random(each).uniform(0, 200)) for each in range(150))))
    assert len(given) == 150
    assert most_within(given, 60.0) == 30


async def test_who_came_first_is_served_first_and_nobody_waits_beyond_all_reason() -> None:
    time, served, sent_away = FakeTime(), list[int](), list[float]()
    budget = Budget(Pace(10, 60.0, time.monotonic, time.sleep))

    async def ask(number: int) -> None:
        try:
            await budget.take()
            served.append(number)
        except Crowded as crowded:
            sent_away.append(crowded.seconds)

    await time.until(asyncio.gather(*(ask(number) for number in range(100))))
    assert served == list(range(len(served)))
    assert min(sent_away) > LONGEST_QUEUE_SECONDS
    assert len(served) == 10 * (LONGEST_QUEUE_SECONDS // 60)
    assert time.seconds <= LONGEST_QUEUE_SECONDS * 1.02
    assert budget.waiting == 0


async def test_who_gives_up_waiting_costs_nobody_a_turn() -> None:
    time = FakeTime()
    budget = Budget(Pace(1, 60.0, time.monotonic, time.sleep))
    await budget.take()
    waiting = [asyncio.ensure_future(budget.take()) for _ in range(3)]
    await asyncio.sleep(0)
    for each in waiting[:2]:
        each.cancel()
    await time.until(waiting[2])
    assert time.seconds == pytest.approx(60.6)


async def test_a_wait_is_heard_by_whoever_waits(apis: MarketApis) -> None:
    time, heard = FakeTime(), list[object]()
    async with a_service(apis, time, calls=1) as service:
        await service.get("search/pools", ANYTHING, {"query": "pepe"})
        with hearing_waits(lambda name, seconds: heard.append((name, seconds))):
            await time.until(service.get("search/pools", ANYTHING, {"query": "cake"}))
    assert heard == [("Gecko", pytest.approx(60.6))]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, 20), ("7", 7), ("x", 20), ("-3", 20), ("Mon, 01 Jun 2026 12:00:40 GMT", 40)],
)
async def test_who_asks_to_be_left_alone_is_for_its_time(
    apis: MarketApis, header: str | None, seconds: float
) -> None:
    time = FakeTime()
    async with a_service(apis, time) as service:
        faults = iter(["429"])
        apis.fault, apis.retry_after = (lambda asked: next(faults, None)), header
        waits = asyncio.Event()
        with hearing_waits(lambda name, seconds: waits.set()):
            asking = asyncio.ensure_future(service.get("search/pools", ANYTHING, {"query": "pepe"}))
        await waits.wait()
        assert (service.health().paused_until or apis.world.clock()).second == 0 + seconds % 60
        other = asyncio.ensure_future(service.get("search/pools", ANYTHING, {"query": "cake"}))
        await time.until(asyncio.gather(asking, other))
        assert time.seconds == pytest.approx(seconds)
        assert len(apis.asked) == 3
        assert service.health().breaker == "closed"


async def test_a_long_pause_is_told_instead_of_waited_for(apis: MarketApis) -> None:
    time = FakeTime()
    async with a_service(apis, time) as service:
        apis.fault, apis.retry_after = (lambda asked: "429"), "1800"
        for _ in range(2):
            with pytest.raises(ProviderDown, match="30 minutes"):
                await time.until(service.get("search/pools", ANYTHING, {"query": "pepe"}))
        assert len(apis.asked) == 1
        assert time.seconds == 0


async def test_three_failures_in_a_row_and_it_is_left_alone_then_tried_once(apis: MarketApis) -> None:
    time, once = FakeTime(), Patience(attempts=1)
    async with a_service(apis, time, patience=once) as service:
        apis.fault = lambda asked: "503"
        for _ in range(FAILURES):
            assert service.health().breaker == "closed"
            with pytest.raises(ProviderDown, match="does not answer"):
                await service.get("search/pools", ANYTHING, {"query": "pepe"})
        assert service.health().breaker == "open"
        with pytest.raises(ProviderDown, match="left alone"):
            await service.get("search/pools", ANYTHING, {"query": "pepe"})
        assert len(apis.asked) == FAILURES

        time.seconds += OPEN_SECONDS
        assert service.health().breaker == "half-open"
        with pytest.raises(ProviderDown, match="does not answer"):
            await service.get("search/pools", ANYTHING, {"query": "pepe"})
        assert service.health().breaker == "open"

        time.seconds += OPEN_SECONDS
        apis.fault = lambda asked: None
        trial, other = await asyncio.gather(
            service.get("search/pools", ANYTHING, {"query": "pepe"}),
            service.get("search/pools", ANYTHING, {"query": "pepe"}),
            return_exceptions=True,
        )
        assert not isinstance(trial, Exception)
        assert isinstance(other, ProviderDown)
        assert service.health().breaker == "closed"
        assert service.health().last_success == apis.world.clock()


async def test_a_trial_that_is_given_up_lets_the_next_one_try(apis: MarketApis) -> None:
    time, once = FakeTime(), Patience(attempts=1)
    async with a_service(apis, time, patience=once) as service:
        apis.fault = lambda asked: "500"
        for _ in range(FAILURES):
            with pytest.raises(ProviderDown):
                await service.get("search/pools", ANYTHING)
        time.seconds += OPEN_SECONDS
        arrived = asyncio.Event()

        def hang(asked: Asked) -> str:
            arrived.set()
            return "hang"

        apis.fault = hang
        trial = asyncio.ensure_future(service.get("search/pools", ANYTHING))
        await arrived.wait()
        trial.cancel()
        with pytest.raises(asyncio.CancelledError):
            await trial
        apis.fault = lambda asked: None
        assert await service.get("search/pools", ANYTHING, {"query": "pepe"})


async def test_every_try_of_a_retry_is_paid_from_the_budget(apis: MarketApis) -> None:
    time = FakeTime()
    async with a_service(apis, time) as service:
        faults = iter(["500", "drop"])
        apis.fault = lambda asked: next(faults, None)
        await service.get("search/pools", ANYTHING, {"query": "pepe"})
        assert len(apis.asked) == 3
        assert service.health().calls_used == 3


async def test_not_to_know_is_an_answer(apis: MarketApis) -> None:
    async with a_service(apis, FakeTime()) as service:
        for _ in range(2 * FAILURES):
            with pytest.raises(NoData):
                await service.get("no/such/path", ANYTHING)
        assert service.health().breaker == "closed"


CROWD = tuple(
    FakeToken(f"T{number}", f"Token {number}", f"0x{number + 500:040x}", f"0x{number + 9000:040x}", 1.0, 1e5)
    for number in range(120)
)


async def test_five_hundred_people_at_once_never_exceed_thirty_calls_a_minute(
    open_database: Database,
) -> None:
    time, arrived, waits = FakeTime(), list[float](), list[float]()

    async def leaves(request: httpx2.Request) -> None:
        time.busy += 1

    async def is_back(response: httpx2.Response) -> None:
        time.busy -= 1

    hooks: dict[str, list[Callable[..., Any]]] = {"request": [leaves], "response": [is_back]}
    async with MarketApis(MarketWorld(tokens=CROWD)) as apis, httpx2.AsyncClient(event_hooks=hooks) as client:

        def note(asked: Asked) -> str | None:
            arrived.append(time.seconds)
            # Now and then it fails, and the tries after that must fit into the budget as well.
            return "500" if len(arrived) % 17 == 0 else None

        apis.fault = note
        pace = Pace(30, 60.0, time.monotonic, time.sleep)
        service = HttpService("Gecko", apis.url("gecko"), client, pace, apis.world.clock, patience=HASTY)
        market = LiveMarket(
            GeckoTerminal(service), [], open_database, apis.world.clock, ["bsc"], client.aclose
        )
        answered, refused = list[str](), list[str]()

        async def ask(number: int) -> None:
            token = CROWD[number % len(CROWD)]
            with hearing_waits(lambda name, seconds: waits.append(seconds)):
                try:
                    found = await market.token(token.address, "bsc")
                    assert found.symbol == token.symbol
                    answered.append(token.symbol)
                except ProviderDown as down:
                    refused.append(str(down))

        await time.until(asyncio.gather(*(ask(number) for number in range(500))))
        await market.close()
    assert len(answered) + len(refused) == 500
    assert refused == []
    assert most_within(arrived, 60.0) <= 30
    assert len(arrived) == len(CROWD) + len(arrived) // 17
    assert time.seconds <= 61.0 * (len(arrived) // 30)
    assert max(waits) >= 180.0
