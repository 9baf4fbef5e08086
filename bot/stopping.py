"""How a person ends an answer that is under way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

Result = TypeVar("Result")


class Stopped(Exception):
    """The person asked to stop; raised where the work was raced against the signal."""


class StopSignal:
    """A wish to stop that long work is raced against."""

    def __init__(self) -> None:
        self._wished = asyncio.Event()

    @property
    def wished(self) -> bool:
        """True once the person has asked to stop."""
        return self._wished.is_set()

    def stop(self) -> None:
        """Ask to stop; asking twice is harmless."""
        self._wished.set()

    async def race(self, work: Awaitable[Result]) -> Result:
        """Await `work`, but cancel it and raise `Stopped` as soon as the person asks to stop."""
        working = asyncio.ensure_future(work)
        wishing = asyncio.ensure_future(self._wished.wait())
        try:
            await asyncio.wait((working, wishing), return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                return working.result()
            raise Stopped
        finally:
            wishing.cancel()
            if not working.done():
                working.cancel()
            await asyncio.gather(wishing, working, return_exceptions=True)
