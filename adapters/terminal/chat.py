"""A conversation in the terminal, from the first prompt to the last answer."""

from __future__ import annotations

import asyncio
import getpass
import os
import signal
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.heartbeat import beat
from adapters.terminal.adapter import House, Screen, TerminalAdapter
from adapters.terminal.pipe import PipeScreen, converse_by_pipe
from adapters.terminal.render import draw
from adapters.terminal.updates import ADDRESS, incoming
from bot.clock import system_clock
from bot.messages import Incoming, Notice

if TYPE_CHECKING:
    from adapters.terminal.person import PersonScreen

_SPIN_SECONDS = 0.12


async def chat(data_dir: Path, build: Callable[[], House]) -> None:
    """Talk until the person leaves or the pipe ends; `build` may take long and runs in a thread.

    Raises that for which the house could not open, and `KeyboardInterrupt` for an interrupted pipe.
    """
    try:
        await (_with_person(data_dir, build) if _can_edit_lines() else _with_pipe(data_dir, build))
    except BaseExceptionGroup as group:
        if len(group.exceptions) == 1:
            raise group.exceptions[0] from None
        raise


async def _with_person(data_dir: Path, build: Callable[[], House]) -> None:
    # Imported here because a pipe must not wait for it.
    from adapters.terminal.person import PersonScreen

    screen = PersonScreen(data_dir)
    async with asyncio.TaskGroup() as tasks, _opening(tasks, screen, data_dir, build) as opening:
        talking = _Dialogue(screen, Line(opening), tasks).run()
        await _until_told_to_leave(tasks, talking, signal.SIGTERM, signal.SIGHUP)


async def _with_pipe(data_dir: Path, build: Callable[[], House]) -> None:
    screen = PipeScreen()
    async with asyncio.TaskGroup() as tasks, _opening(tasks, screen, data_dir, build) as opening:
        await asyncio.wait([opening])
        talking = converse_by_pipe(screen, Line(opening).send)
        told = await _until_told_to_leave(tasks, talking, signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    if told == signal.SIGINT:
        raise KeyboardInterrupt


@asynccontextmanager
async def _opening(
    tasks: asyncio.TaskGroup, screen: Screen, data_dir: Path, build: Callable[[], House]
) -> AsyncIterator[asyncio.Task[House]]:
    """The house while it opens; closed again at the end, also when that comes before it was open."""
    beating = tasks.create_task(beat(data_dir))
    opening = tasks.create_task(_open(screen, data_dir, build))
    try:
        yield opening
    finally:
        beating.cancel()
        await asyncio.wait([opening])
        if not opening.cancelled() and opening.exception() is None:
            await opening.result().close()


async def _open(screen: Screen, data_dir: Path, build: Callable[[], House]) -> House:
    house = await asyncio.to_thread(build)
    house.attach(TerminalAdapter(screen, data_dir))
    opened = False
    try:
        await house.start()
        await screen.welcome(draw(Notice(house.greeting())), house.commands())
        opened = True
    finally:
        if not opened:
            await house.close()
    return house


async def _until_told_to_leave(
    tasks: asyncio.TaskGroup, talking: Coroutine[None, None, None], *signals: signal.Signals
) -> signal.Signals | None:
    """Wait until the conversation is over or one of the signals ends it; says which."""
    loop = asyncio.get_running_loop()
    task = tasks.create_task(talking)
    told: list[signal.Signals] = []

    def leave(which: signal.Signals) -> None:
        told.append(which)
        task.cancel()

    for which in signals:
        loop.add_signal_handler(which, leave, which)
    try:
        await asyncio.wait([task])
    finally:
        for which in signals:
            loop.remove_signal_handler(which)
    return told[0] if told else None


class Line:
    """The wire from the terminal to the house; what is sent before it is open waits."""

    def __init__(self, opening: asyncio.Task[House]) -> None:
        self._opening = opening
        self._in_order = asyncio.Lock()
        self._user = _user_name()

    @property
    def is_open(self) -> bool:
        """True once the house takes messages."""
        return self._opening.done()

    async def send(self, text: str, leaves: Callable[[], None] = lambda: None) -> None:
        """Send one line and wait until it is answered, or rests waiting for the person.

        `leaves` is called when the house takes it; until then it can still be given up by cancelling.
        """
        async with self._in_order:
            # Shielded, or a person who gives up one line would stop the opening for all others.
            house = await asyncio.shield(self._opening)
            leaves()
            await house.receive(self._incoming(text))
        await house.answered(ADDRESS)

    async def stop(self) -> None:
        """End the running answer; waits until the house has taken its line, and not for the answer itself."""
        async with self._in_order:
            await self._opening.result().receive(self._incoming("/stop"))

    def _incoming(self, text: str) -> Incoming:
        return incoming(text, message_id=uuid.uuid4().hex, at=system_clock(), user=self._user)


class _Dialogue:
    """A person's side: the prompt does not wait for answers, and Ctrl-C ends the running one."""

    def __init__(self, screen: PersonScreen, line: Line, tasks: asyncio.TaskGroup) -> None:
        self._screen = screen
        self._line = line
        self._tasks = tasks
        self._pending: set[asyncio.Task[None]] = set()
        self._unsent: set[asyncio.Task[None]] = set()
        self._stopping: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Talk until the person leaves; what is not answered by then goes on at the next start."""
        self._screen.entered = self._submit
        self._screen.interrupt = self._interrupt
        try:
            await self._screen.converse()
        finally:
            for task in self._pending:
                task.cancel()

    def _submit(self, text: str) -> None:
        if not self._pending:
            self._tasks.create_task(self._spin())
        task = self._tasks.create_task(self._line.send(text, lambda: self._unsent.discard(task)))
        for tasks in (self._pending, self._unsent):
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        if not self._line.is_open:
            self._screen.waits_for("Getting ready")

    def _interrupt(self) -> bool:
        """What Ctrl-C does while an answer runs; False when none does."""
        if not self._pending:
            return False
        sent = self._pending - self._unsent
        if self._unsent:
            for task in self._unsent:
                task.cancel()
            self._screen.gave_up()
        if sent and (self._stopping is None or self._stopping.done()):
            self._stopping = self._tasks.create_task(self._line.stop())
        return True

    async def _spin(self) -> None:
        while True:
            self._screen.spin()
            await asyncio.sleep(_SPIN_SECONDS)
            if not self._pending:
                break
        self._screen.rests()


def _can_edit_lines() -> bool:
    """True for a terminal whose cursor can be moved; any other is treated like a pipe."""
    dumb = os.environ.get("TERM", "").lower() in ("dumb", "unknown")
    return sys.stdin.isatty() and sys.stdout.isatty() and not dumb


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a number that has no name.
        return str(os.getuid())
