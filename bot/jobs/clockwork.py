"""The clock: APScheduler runs each job at its pace, never two of the same at once, and logs what fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

_log = structlog.get_logger(__name__)


class Clockwork:
    """Runs jobs again and again until it is closed."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(timezone="UTC")

    def every(self, seconds: float, name: str, job: Callable[[], Awaitable[object]]) -> None:
        """Run `job` every so many seconds; a run that is late or still going is left out."""

        async def run() -> None:
            try:
                await job()
            except Exception as error:  # the job runner is one of the three places where everything is caught
                _log.error("job failed", job=name, exc_info=error)

        self._scheduler.add_job(
            run,
            IntervalTrigger(seconds=seconds),
            id=name,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )

    def start(self) -> None:
        """Begin."""
        self._scheduler.start()

    def close(self) -> None:
        """End; a job that runs is cancelled with the loop's tasks."""
        self._scheduler.shutdown(wait=False)
