"""The clock: APScheduler runs each job at its pace, never two of the same at once, and logs what fails."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.clock import Clock, system_clock

_log = structlog.get_logger(__name__)

Job = Callable[[], Awaitable[object]]

OnFailure = Callable[[str, Exception], Awaitable[None]]
"""Told of a job that failed, by its name."""


@dataclass(slots=True)
class JobRecord:
    """How a job has gone since the start; `last_ms` is how long the last run took.

    `seconds` is its pace, None for one that says after each run when it wants to run again.
    """

    name: str
    seconds: float | None
    runs: int = 0
    failures: int = 0
    last_at: datetime | None = None
    last_ms: int | None = None
    last_error: str = ""


async def _only_logged(job: str, error: Exception) -> None:
    """What is done about a failed job where nobody has said anything else."""


_FAR = 86_400.0


class Clockwork:
    """Runs jobs again and again until it is closed; what they do is up to their own, injected clock."""

    def __init__(self, clock: Clock = system_clock, on_failure: OnFailure = _only_logged) -> None:
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._clock = clock
        self._on_failure = on_failure
        self._records: dict[str, JobRecord] = {}
        self._running: set[str] = set()
        self._under_way: set[asyncio.Task[Any]] = set()
        self._closing = False

    @property
    def records(self) -> Sequence[JobRecord]:
        """How each job has gone, in the order in which they were set."""
        return tuple(self._records.values())

    def every(self, seconds: float, name: str, job: Job) -> None:
        """Run `job` every so many seconds; a run that is late or still going is left out."""
        self._add(JobRecord(name, seconds), job, IntervalTrigger(seconds=seconds), first_after=seconds)

    def paced(self, name: str, job: Job, wait: Callable[[], float]) -> None:
        """Run `job` again and again: as many seconds after a run has ended as `wait` says then."""

        async def run() -> None:
            try:
                await job()
            finally:
                self._running.discard(name)
                self.hurry(name, wait())

        def begin() -> Awaitable[object]:
            self._running.add(name)
            return run()

        # Due far in the future until the end of a run says when, so that no run ever meets the one before.
        self._add(JobRecord(name, None), begin, IntervalTrigger(seconds=_FAR), first_after=wait())

    def hurry(self, name: str, seconds: float) -> None:
        """Let a job that does not run now run after `seconds` if it would run later.

        Its time may also be wrong because the machine's clock was set back.
        """
        job = self._scheduler.get_job(name)
        due = system_clock() + timedelta(seconds=seconds)
        if job is not None and name not in self._running and job.next_run_time > due:
            job.modify(next_run_time=due)

    def names(self, prefix: str) -> set[str]:
        """The jobs whose names begin so."""
        return {job.id for job in self._scheduler.get_jobs() if job.id.startswith(prefix)}

    def remove(self, name: str) -> None:
        """Run a job no more."""
        self._scheduler.remove_job(name)
        self._records.pop(name, None)

    def start(self) -> None:
        """Begin."""
        self._scheduler.start()

    async def close(self) -> None:
        """End; returns when every job that runs is cancelled and over."""
        self._closing = True
        self._scheduler.shutdown(wait=False)
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _add(self, record: JobRecord, job: Job, trigger: IntervalTrigger, *, first_after: float) -> None:
        self._records[record.name] = record

        async def run() -> None:
            with self._owned():
                await work()

        async def work() -> None:
            started = time.perf_counter()
            record.runs += 1
            record.last_at = self._clock()
            error = await failure_of(job())
            if error is not None:
                record.failures += 1
                record.last_error = f"{type(error).__name__}: {error}"
                _log.error("job failed", job=record.name, exc_info=error)
                further = await failure_of(self._on_failure(record.name, error))
                if further is not None:  # what made the job fail may hinder this as well
                    _log.error("failed job not recorded", job=record.name, exc_info=further)
            record.last_ms = round((time.perf_counter() - started) * 1000)

        self._scheduler.add_job(
            run,
            trigger,
            id=record.name,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
            next_run_time=system_clock() + timedelta(seconds=first_after),
        )

    @contextmanager
    def _owned(self) -> Iterator[None]:
        """While inside, `close` waits for this job; at the end being cancelled is no failure."""
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        self._under_way.add(task)
        try:
            yield
        except asyncio.CancelledError:
            if not self._closing:
                raise
        finally:
            self._under_way.discard(task)


async def failure_of(work: Awaitable[object]) -> Exception | None:
    """Await a piece of a job; what it raises is given back, so that the other pieces go on."""
    try:
        await work
    except Exception as error:  # the job runner is one of the three places where everything is caught
        return error
    return None
