"""One turn at a time per chat thread: lanes in which messages wait for the one before them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from bot.dispatch.tasks import Tasks
from bot.messages import ChatAddress
from bot.stopping import StopSignal

MAX_WAITING = 20
"""How many messages may wait in one chat thread, besides the one that is worked on."""

Work = Callable[[int, StopSignal], Awaitable[None]]


class _Lane:
    """The messages of one chat thread, by the id of their row."""

    def __init__(self) -> None:
        self.waiting: deque[int] = deque()
        self.current: int | None = None
        self.stop = StopSignal()
        self.empty = asyncio.Event()


class Lanes:
    """Works through each chat thread in order, and through different ones at once."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._lanes: dict[ChatAddress, _Lane] = {}
        self._tasks = Tasks()

    def full(self, address: ChatAddress) -> bool:
        """True when no further message may wait here."""
        lane = self._lanes.get(address)
        return lane is not None and len(lane.waiting) >= MAX_WAITING

    def busy(self, address: ChatAddress) -> bool:
        """True while something is worked on here."""
        return address in self._lanes

    def waiting(self, address: ChatAddress) -> int:
        """How many messages wait here, besides the one that is worked on."""
        lane = self._lanes.get(address)
        return 0 if lane is None else len(lane.waiting)

    def put(self, address: ChatAddress, incoming_id: int) -> None:
        """Let a stored message wait for its turn."""
        lane = self._lanes.get(address)
        if lane is None:
            lane = self._lanes[address] = _Lane()
            lane.waiting.append(incoming_id)
            self._tasks.start(self._walk(address, lane), f"lane {address}")
        else:
            lane.waiting.append(incoming_id)

    def running(self, address: ChatAddress) -> tuple[int, StopSignal] | None:
        """The message that is worked on here, and the way to stop it."""
        lane = self._lanes.get(address)
        if lane is None or lane.current is None:
            return None
        return lane.current, lane.stop

    def total_waiting(self) -> int:
        """How many messages wait everywhere."""
        return sum(len(lane.waiting) for lane in self._lanes.values())

    def total_busy(self) -> int:
        """In how many chat threads something is worked on."""
        return len(self._lanes)

    async def idle(self, address: ChatAddress) -> None:
        """Wait until nothing is worked on or waits here."""
        while (lane := self._lanes.get(address)) is not None:
            await lane.empty.wait()

    async def close(self) -> None:
        """Leave everything where it is; rows that are unfinished go on at the next start."""
        await self._tasks.close()
        for lane in self._lanes.values():
            lane.empty.set()
        self._lanes.clear()

    async def _walk(self, address: ChatAddress, lane: _Lane) -> None:
        try:
            while lane.waiting:
                lane.stop = StopSignal()
                lane.current = lane.waiting.popleft()
                await self._work(lane.current, lane.stop)
                lane.current = None
        finally:
            self._lanes.pop(address, None)
            lane.empty.set()
