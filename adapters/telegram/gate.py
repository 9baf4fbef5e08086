"""When calls may leave: one gate for all that Telegram counts; what lasts goes first, what passes if there is room."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from weakref import WeakValueDictionary

from aiolimiter import AsyncLimiter

GROUP_CALLS = 20
GROUP_PASSING = 8
"""Calls a minute in a group, and how many of these may be passing ones."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What Telegram asks for, in seconds and calls a second over all; kept a little stricter than it is.

    Calls do not all take equally long to arrive, so those that leave a second apart may come in closer together.
    """

    second: float = 1.05
    minute: float = 61.0
    calls_per_second: float = 28.0


_FORGET_ABOVE = 2000


class Pace:
    """The calls to one chat and when the next may follow; pure, times in seconds of one clock."""

    def __init__(self, limits: Limits, *, group: bool) -> None:
        self._limits = limits
        self._group = group
        self._calls: deque[float] = deque(maxlen=GROUP_CALLS)
        self._passing: deque[float] = deque(maxlen=GROUP_PASSING)
        self._closed_until = float("-inf")

    def free_at(self, *, passing: bool = False) -> float:
        """The earliest time at which the next call may leave."""
        times = [self._closed_until]
        if self._calls:
            times.append(self._calls[-1] + self._limits.second)
        if self._group and len(self._calls) == GROUP_CALLS:
            times.append(self._calls[0] + self._limits.minute)
        if self._group and passing and len(self._passing) == GROUP_PASSING:
            times.append(self._passing[0] + self._limits.minute)
        return max(times)

    def left(self, now: float, *, passing: bool = False) -> None:
        """Count a call that has left."""
        self._calls.append(now)
        if passing:
            self._passing.append(now)

    def arrived(self, now: float) -> None:
        """Count the latest call from now, when it has surely arrived: it may have been long on its way."""
        if self._calls:
            self._calls[-1] = max(self._calls[-1], now)

    def close(self, until: float) -> None:
        """Let nothing through before a time."""
        self._closed_until = max(self._closed_until, until)


class Gate:
    """Holds every counted call to the pace of its chat and to the one over everything."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        # A bucket for a single call: a larger one would let a burst through on top of the steady pace.
        self._everything = AsyncLimiter(1, 1 / limits.calls_per_second)
        self._paces: dict[str, Pace] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._waiting = 0

    async def wait(self, chat: str) -> None:
        """Wait for the slot of a lasting call, in the order of asking, and take it."""
        loop = asyncio.get_running_loop()
        async with self._turn(chat):
            pace = self._pace(chat)
            wait = pace.free_at() - loop.time()
            while wait > 0:
                await asyncio.sleep(wait)
                wait = pace.free_at() - loop.time()
            self._waiting += 1
            try:
                await self._everything.acquire()
            finally:
                self._waiting -= 1
            pace.left(loop.time())

    async def take(self, chat: str) -> bool:
        """Take the slot of a passing call, if one is free at this moment and nothing lasting waits for it."""
        now = asyncio.get_running_loop().time()
        pace = self._pace(chat)
        if self._waiting or self._turn(chat).locked() or pace.free_at(passing=True) > now:
            return False
        if not self._everything.has_capacity():
            return False
        await self._everything.acquire()
        pace.left(now, passing=True)
        return True

    def arrived(self, chat: str) -> None:
        """Let the next call to a chat wait from now on, since the latest one has been answered."""
        self._pace(chat).arrived(asyncio.get_running_loop().time())

    def close(self, chat: str, seconds: float) -> None:
        """Let nothing more through to a chat for some time, as Telegram has asked."""
        self._pace(chat).close(asyncio.get_running_loop().time() + seconds)

    def _pace(self, chat: str) -> Pace:
        pace = self._paces.get(chat)
        if pace is None:
            self._forget()
            # Telegram's ids of groups and channels are negative.
            pace = self._paces[chat] = Pace(self._limits, group=chat.startswith("-"))
        return pace

    def _turn(self, chat: str) -> asyncio.Lock:
        return self._turns.setdefault(chat, asyncio.Lock())

    def _forget(self) -> None:
        """Forget the chats that have been quiet, once there are many."""
        if len(self._paces) < _FORGET_ABOVE:
            return
        quiet = asyncio.get_running_loop().time() - self._limits.minute
        for chat in [chat for chat, pace in self._paces.items() if pace.free_at() < quiet]:
            del self._paces[chat]
