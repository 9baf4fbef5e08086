"""What many tasks want at the same moment, done at once: hundreds of feeds close a candle in the same second."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from bot.jobs.clockwork import failure_of

Item = TypeVar("Item")
Result = TypeVar("Result")


class Batch(Generic[Item, Result]):
    """Does pieces of work together, at most so many: whatever comes while some are done is done next.

    The task that comes first does the work for all that wait. When pieces fail together each is done alone, so that
    whoever is to blame fails alone.
    """

    def __init__(self, work: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]], most: int) -> None:
        self._work = work
        self._most = most
        self._waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._working = False

    async def of(self, item: Item) -> Result:
        """The result of one piece. Raises whatever it failed with."""
        mine: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, mine))
        if not self._working:
            self._working = True
            try:
                # One turn of the loop, so that those who come at the same moment are done in the first go.
                await asyncio.sleep(0)
                while self._waiting:
                    taken = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
                    await self._carry(taken)
            finally:
                self._working = False
                for _, future in self._waiting:
                    future.cancel()
                self._waiting.clear()
        return await mine

    async def _carry(self, taken: Sequence[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            error = await failure_of(self._settle(taken))
            if error is not None and len(taken) == 1:
                taken[0][1].set_exception(error)
            elif error is not None:
                for one in taken:
                    await self._carry([one])
        finally:
            for _, future in taken:
                if not future.done():
                    future.cancel()

    async def _settle(self, taken: Sequence[tuple[Item, asyncio.Future[Result]]]) -> None:
        results = await self._work([item for item, _ in taken])
        for (_, future), result in zip(taken, results, strict=True):
            # Whoever was cancelled meanwhile no longer waits for it.
            if not future.done():
                future.set_result(result)
