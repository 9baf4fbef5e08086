"""How long the event loop keeps others waiting, measured all the time."""

from __future__ import annotations

import asyncio
from collections import deque

_PACE_SECONDS = 0.25
_KEPT = round(60 / _PACE_SECONDS)


class LoopLag:
    """By how much a short sleep comes back late: the last time, and at worst within the last minute."""

    def __init__(self) -> None:
        self._late: deque[float] = deque([0.0], maxlen=_KEPT)

    @property
    def last(self) -> float:
        """The last measurement, in seconds."""
        return self._late[-1]

    @property
    def worst(self) -> float:
        """The worst one of about a minute, in seconds."""
        return max(self._late)

    async def watch(self) -> None:
        """Measure until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _PACE_SECONDS
            await asyncio.sleep(_PACE_SECONDS)
            self._late.append(max(0.0, loop.time() - due))
