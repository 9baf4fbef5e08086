"""Worker processes for whatever would hold the event loop: backtests, charts, compiling."""

from __future__ import annotations

import asyncio
import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from multiprocessing.context import SpawnContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

import structlog

from bot.errors import Refused

_log = structlog.get_logger(__name__)

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

MOST_WAITING = 100
"""How many calls may wait for a worker; a further one is refused."""


class Workers:
    """A pool of processes that run functions of modules; arguments and results are pickled.

    `warm_up` names functions as "module:function" that every process runs once when it starts. `code_directory` is
    where compiled code is kept when it cannot be kept beside Randebu's own files.
    """

    def __init__(
        self,
        count: int,
        *,
        warm_up: tuple[str, ...] = (),
        code_directory: Path | None = None,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._workers = [_Worker(warm_up, code_directory) for _ in range(count)]
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)
        # One thread for each process waits for it, so that the event loop never does; it also keeps the queue.
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="worker")
        self._most = count + most_waiting
        self._underway = 0
        self._closed = False

    @property
    def underway(self) -> int:
        """How many calls run or wait."""
        return self._underway

    async def start(self) -> None:
        """Begin to start the processes; returns before they are ready."""
        for worker in self._workers:
            self._threads.submit(worker.open)

    async def run(
        self, function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Run a function of a module in a worker and await its result.

        Cancelling ends the waiting; a function that already runs is left to end by itself. A worker that died is
        replaced and its call made once more. Raises `Refused` when too many calls wait, whatever the function
        raises, `BrokenProcessPool` when the second worker died as well, and `RuntimeError` after `close`.
        """
        if self._closed:
            raise RuntimeError("The workers are closed.")
        if self._underway >= self._most:
            raise Refused("I am busy: too many calculations are waiting. Please try again in a minute.")
        self._underway += 1
        try:
            call = self._threads.submit(lambda: self._call(function, *args, **kwargs))
            return await asyncio.wrap_future(call)
        except (BrokenProcessPool, asyncio.CancelledError) as error:
            task = asyncio.current_task()
            if self._closed and not (task is not None and task.cancelling()):
                raise RuntimeError("The workers were closed while this was running.") from error
            raise
        finally:
            self._underway -= 1

    async def close(self) -> None:
        """End the processes at once, whatever they do; what waits for them fails."""
        self._closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        await asyncio.to_thread(self._end)

    def _call(
        self, function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        worker = self._idle.get()
        try:
            try:
                return worker.call(function, *args, **kwargs)
            except BrokenProcessPool:
                if self._closed:
                    raise
                _log.warning("worker died", function=function.__qualname__)
                return worker.call(function, *args, **kwargs)
        finally:
            self._idle.put(worker)

    def _end(self) -> None:
        for worker in self._workers:
            worker.close()


class _Worker:
    """One process, which is started anew after it died; everything here blocks, and belongs into threads."""

    def __init__(self, warm_up: tuple[str, ...], code_directory: Path | None) -> None:
        self._beginning = (warm_up, code_directory)
        self._lock = threading.Lock()
        self._spawning = _Spawning()
        self._pool: ProcessPoolExecutor | None = None
        self._closed = False

    def open(self) -> ProcessPoolExecutor:
        """Start the process if there is none; it may not be ready yet."""
        with self._lock:
            if self._closed:
                raise BrokenProcessPool("The workers are closed.")
            if self._pool is None:
                _hush_cleaning_up()
                self._pool = ProcessPoolExecutor(
                    1, mp_context=self._spawning, initializer=_begin, initargs=self._beginning
                )
                # Inherited by the process, so that Ctrl-C does not even reach one that has only begun to start.
                before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
                try:
                    self._pool.submit(os.getpid)
                finally:
                    signal.pthread_sigmask(signal.SIG_SETMASK, before)
            return self._pool

    def call(
        self, function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Run a function in the process; raises `BrokenProcessPool` when it dies of it."""
        pool = self.open()
        try:
            return pool.submit(function, *args, **kwargs).result()
        except BrokenProcessPool:
            with self._lock:
                if self._pool is pool:
                    self._pool = None
                    pool.shutdown()
            raise

    def close(self) -> None:
        """Kill the process and wait until it has gone."""
        with self._lock:
            self._closed = True
            pool, self._pool = self._pool, None
            if pool is not None:
                for process in self._spawning.processes:
                    process.kill()
                pool.shutdown()


class _Spawning(SpawnContext):
    """Starts fresh processes, one at a time, and remembers the last one."""

    def __init__(self) -> None:
        super().__init__()
        self.processes: list[BaseProcess] = []

    def Process(self, *args: Any, **kwargs: Any) -> BaseProcess:  # type: ignore[override]  # noqa: N802
        process = SpawnContext.Process(*args, **kwargs)
        self.processes = [process]
        return process


def _hush_cleaning_up() -> None:
    """Keep Python's resource tracker from writing into the terminal when this process was killed.

    It is a process of its own that takes the warning options of this one along, and it cleans up all the same.
    """
    if _NO_WARNING not in sys.warnoptions:
        sys.warnoptions.append(_NO_WARNING)


_NO_WARNING = "ignore:resource_tracker:UserWarning"


def _begin(warm_up: tuple[str, ...], code_directory: Path | None) -> None:
    """Prepare a worker: Ctrl-C is the parent's business, and the worker ends when the parent does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    if code_directory is not None and not os.access(Path(__file__).parent, os.W_OK):
        # Read when numba is imported, which nothing has done yet in this process.
        os.environ.setdefault("NUMBA_CACHE_DIR", str(code_directory))
    for name in warm_up:
        module, _, function = name.partition(":")
        call: Callable[[], Any] = getattr(import_module(module), function)
        call()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)
