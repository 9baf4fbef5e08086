"""Doing again what has failed, for platforms that will not say a thing twice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count

import structlog

_log = structlog.get_logger(__name__)

PATIENCE = 3
"""After so many failures the other way is tried too, in turn with the first."""

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 10.0

Work = Callable[[], Awaitable[None]]


async def insist(work: Work, otherwise: Work | None = None) -> None:
    """Do something again and again, with growing pauses, until it has not failed.

    `otherwise` is for when it is the thing itself, and not the database, that makes it fail.
    """
    for attempt in count():
        way = otherwise if otherwise is not None and attempt >= PATIENCE and attempt % 2 else work
        try:
            await way()
            break
        except (
            Exception
        ) as error:  # part of the dispatcher, one of the three places where everything is caught
            _log.error("not written down", attempt=attempt + 1, exc_info=error)
        await asyncio.sleep(min(_FIRST_PAUSE * 2 ** min(attempt, 10), _LONGEST_PAUSE))
