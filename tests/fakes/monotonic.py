"""A monotonic clock that stands still until a test moves it, and sleeps that end when it does."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Awaitable
from typing import TypeVar

Result = TypeVar("Result")

_QUIET_ROUNDS = 3
_ROUND_SECONDS = 0.002


class FakeTime:
    """Seconds that pass only when somebody waits for them and nothing else is going on."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.busy = 0
        """How much is going on outside, such as requests under way; while there is any, no time passes."""
        self._sleeping: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def monotonic(self) -> float:
        """The time now."""
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        """Wait until so much time has passed."""
        ended = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleeping, (self.seconds + seconds, next(self._order), ended))
        await ended

    async def until(self, work: Awaitable[Result]) -> Result:
        """Let time pass, sleep by sleep, until the work is done."""
        task = asyncio.ensure_future(work)
        quiet = 0
        while not task.done():
            await asyncio.wait({task}, timeout=_ROUND_SECONDS)
            quiet = 0 if self.busy else quiet + 1
            if quiet >= _QUIET_ROUNDS and self._sleeping:
                quiet = 0
                self._wake_next()
        return task.result()

    def _wake_next(self) -> None:
        at, _, _ = self._sleeping[0]
        self.seconds = max(self.seconds, at)
        while self._sleeping and self._sleeping[0][0] <= self.seconds:
            _, _, ended = heapq.heappop(self._sleeping)
            if not ended.done():
                ended.set_result(None)
