"""The clock: APScheduler runs each job at its pace, never two of the same at once, and logs what fails."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.clock import Clock, system_clock

_log = structlog.get_logger(__name__)

OnFailure = Callable[[str, Exception], Awaitable[None]]
"""Told of a job that failed, by its name."""


@dataclass(slots=True)
class JobRecord:
    """How a job has gone since the start; `seconds` is its pace, `last_ms` how long the last run took."""

    name: str
    seconds: float
    runs: int = 0
    failures: int = 0
    last_at: datetime | None = None
    last_ms: int | None = None
    last_error: str = ""


async def _only_logged(job: str, error: Exception) -> None:
    """What is done about a failed job where nobody has said anything else."""


class Clockwork:
    """Runs jobs again and again until it is closed; what they do is up to their own, injected clock."""

    def __init__(self, clock: Clock = system_clock, on_failure: OnFailure = _only_logged) -> None:
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._clock = clock
        self._on_failure = on_failure
        self._records: list[JobRecord] = []

    @property
    def records(self) -> Sequence[JobRecord]:
        """How each job has gone, in the order in which they were set."""
        return self._records

    def every(self, seconds: float, name: str, job: Callable[[], Awaitable[object]]) -> None:
        """Run `job` every so many seconds; a run that is late or still going is left out."""
        record = JobRecord(name, seconds)
        self._records.append(record)

        async def run() -> None:
            started = time.perf_counter()
            record.runs += 1
            record.last_at = self._clock()
            try:
                await job()
            except Exception as error:  # the job runner is one of the three places where everything is caught
                record.failures += 1
                record.last_error = f"{type(error).__name__}: {error}"
                _log.error("job failed", job=name, exc_info=error)
                await self._tell(name, error)
            record.last_ms = round((time.perf_counter() - started) * 1000)

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

    async def _tell(self, name: str, error: Exception) -> None:
        try:
            await self._on_failure(name, error)
        except Exception as further:  # what made the job fail may hinder this as well
            _log.error("failed job not recorded", job=name, exc_info=further)
