"""A source's rate budget: so many calls in any stretch of so many seconds, over the whole process.

A leaky bucket, as in aiolimiter, lets twice its rate through in the first stretch; a provider counts any stretch.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Monotonic = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]

LONGEST_QUEUE_SECONDS = 300.0
"""Who would wait longer than this for a turn is told at once instead."""

_MARGIN = 0.01
"""This part of a stretch is added to it: a provider counts when calls arrive, which is not as evenly as they leave."""


class Crowded(Exception):
    """So many wait already that the next one would wait `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The wait would be {seconds:.0f} s.")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Pace:
    """How many calls are allowed in any stretch of `seconds`, and the clock that this is measured with."""

    calls: int
    seconds: float
    monotonic: Monotonic = time.monotonic
    sleep: Sleep = asyncio.sleep


class Budget:
    """Gives out turns, first come, first served, and none while the source asked to be left alone."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self.waiting = 0
        self._given: deque[float] = deque(maxlen=pace.calls)
        self._closed_until = -math.inf
        self._queue = asyncio.Lock()

    async def take(self) -> None:
        """Wait for a turn. Raises `Crowded` when that would take too long."""
        wait = self.wait()
        if wait > LONGEST_QUEUE_SECONDS:
            raise Crowded(wait)
        self.waiting += 1
        try:
            # The lock is fair, so whoever came first stands at its head.
            async with self._queue:
                while (seconds := self._until_free()) > 0:
                    await self.pace.sleep(seconds)
                self._given.append(self.pace.monotonic())
        finally:
            self.waiting -= 1

    def close_for(self, seconds: float) -> None:
        """Give out no turn for so long."""
        self._closed_until = max(self._closed_until, self.pace.monotonic() + seconds)

    def wait(self) -> float:
        """About how many seconds somebody who came now would wait."""
        free = self.pace.calls - self.used()
        behind = self.waiting - max(0, free)
        rounds = 0.0 if behind < 0 else self.pace.seconds * (behind // self.pace.calls)
        first = self._until_free() if behind >= 0 else self.closed_for()
        return rounds + first

    def closed_for(self) -> float:
        """For how many seconds the source still wants to be left alone; 0 when it does not."""
        return max(0.0, self._closed_until - self.pace.monotonic())

    def used(self) -> int:
        """How many calls of the present stretch are spent."""
        since = self.pace.monotonic() - self.pace.seconds * (1 + _MARGIN)
        return sum(at > since for at in self._given)

    def _until_free(self) -> float:
        full = len(self._given) == self.pace.calls
        oldest = self._given[0] + self.pace.seconds * (1 + _MARGIN) - self.pace.monotonic() if full else 0.0
        return max(oldest, self.closed_for())
