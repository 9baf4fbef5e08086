"""Answers that people share: one fetch for everybody who waits for the same, kept for a while, and longer in need."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from bot.clock import Clock
from bot.errors import NoData, ProviderDown
from bot.market.waiting import OnWait, current_listener, hearing_waits

Value = TypeVar("Value")

MOST_KEPT = 2000


@dataclass(slots=True)
class _Flight:
    """A fetch that is under way, and who waits for it."""

    task: asyncio.Task[Any]
    listeners: list[OnWait] = field(default_factory=list)
    waiting: int = 0


class SingleFlight:
    """Runs one piece of work for everybody who asks for it at the same time.

    It goes on for as long as one of them waits, and all of them hear how long it takes.
    """

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight] = {}

    async def run(self, key: Hashable, work: Callable[[], Awaitable[Value]]) -> Value:
        """The result of the work under this key, which is begun unless it is under way."""
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = self._begin(key, work)
        listener = current_listener()
        if listener is not None:
            flight.listeners.append(listener)
        flight.waiting += 1
        try:
            result: Value = await asyncio.shield(flight.task)
            return result
        finally:
            flight.waiting -= 1
            if listener is not None:
                flight.listeners.remove(listener)
            if not flight.waiting and not flight.task.done():
                self._forget(key, flight)
                await _ended(flight.task)

    async def close(self) -> None:
        """End everything that is under way."""
        for flight in list(self._flights.values()):
            await _ended(flight.task)

    def _begin(self, key: Hashable, work: Callable[[], Awaitable[Value]]) -> _Flight:
        def tell_everybody(name: str, seconds: float) -> None:
            for listener in list(flight.listeners):
                listener(name, seconds)

        async def fly() -> Value:
            with hearing_waits(tell_everybody):
                return await work()

        flight = _Flight(asyncio.ensure_future(fly()))
        flight.task.add_done_callback(lambda _: self._forget(key, flight))
        return flight

    def _forget(self, key: Hashable, flight: _Flight) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
        if flight.task.done() and not flight.task.cancelled():
            # Whoever waited has been told; where nobody did any more, asyncio would complain.
            flight.task.exception()


async def _ended(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError, ProviderDown):
        await task


class Cache(Generic[Value]):
    """The latest answers by key, the oldest forgotten first; each with the time at which it was given."""

    def __init__(self, clock: Clock, seconds: float, most: int = MOST_KEPT) -> None:
        self._clock = clock
        self._seconds = seconds
        self._most = most
        self._kept: OrderedDict[Hashable, tuple[Value, datetime]] = OrderedDict()
        self._flights = SingleFlight()

    def fresh(self, key: Hashable) -> Value | None:
        """The answer, if there is one that is not too old to be given without asking."""
        kept = self._kept.get(key)
        if kept is None or (self._clock() - kept[1]).total_seconds() >= self._seconds:
            return None
        return kept[0]

    def stale(self, key: Hashable) -> Value | None:
        """The latest answer, however old."""
        kept = self._kept.get(key)
        return None if kept is None else kept[0]

    def keep(self, key: Hashable, value: Value) -> None:
        """Remember an answer."""
        self._kept[key] = (value, self._clock())
        self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    async def get(self, key: Hashable, fetch: Callable[[], Awaitable[Value]]) -> Value:
        """The answer: a fresh one, else a fetched one, else, while the source is away, the latest one.

        Raises `NoData`, and `ProviderDown` when there never was an answer.
        """
        fresh = self.fresh(key)
        if fresh is not None:
            return fresh

        async def fetched() -> Value:
            value = await fetch()
            self.keep(key, value)
            return value

        try:
            return await self._flights.run(key, fetched)
        except NoData:
            raise
        except ProviderDown:
            stale = self.stale(key)
            if stale is None:
                raise
            return stale

    async def close(self) -> None:
        """End what is under way."""
        await self._flights.close()
