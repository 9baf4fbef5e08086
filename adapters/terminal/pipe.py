"""The terminal without a person: every line of standard input is a message."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from typing_extensions import override

from adapters.terminal.adapter import Screen
from adapters.terminal.render import Drawn, harmless, plain
from adapters.terminal.updates import leaves, readable_text
from bot.messages import PassingReply

_CHUNK_BYTES = 65_536


class PipeScreen(Screen):
    """Writes plain text to standard output; `closed` is set when nobody reads it any more."""

    def __init__(self) -> None:
        self.closed = False
        sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]

    @override
    async def welcome(self, greeting: Drawn, commands: Mapping[str, str]) -> None:
        """Print the first words."""
        await self.lasting(greeting)

    @override
    async def lasting(self, drawn: Drawn) -> None:
        """Print a reply."""
        self.write(f"randebu> {plain(drawn)}")

    @override
    def passing(self, reply: PassingReply) -> None:
        """Nothing: in a pipe only what stays is worth reading."""

    def write(self, text: str) -> None:
        """Print a line at once."""
        if self.closed:
            return
        try:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
        except BrokenPipeError:
            self.closed = True
            # Or the interpreter complains when it flushes at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


async def converse_by_pipe(screen: PipeScreen, send: Callable[[str], Awaitable[None]]) -> None:
    """Send every line of standard input, each when the one before it is answered, until the end or a "quit"."""
    async for raw in _lines(sys.stdin.fileno()):
        line = readable_text(raw)
        if not line:
            continue
        screen.write(f"you> {harmless(line)}")
        if screen.closed or leaves(line):
            return
        await send(line)
        if screen.closed:
            return


async def _lines(descriptor: int) -> AsyncIterator[bytes]:
    rest: list[bytes] = []
    async for chunk in _chunks(descriptor):
        *whole, last = chunk.split(b"\n")
        for line in whole:
            yield b"".join((*rest, line))
            rest.clear()
        rest.append(last)
    yield b"".join(rest)


async def _chunks(descriptor: int) -> AsyncIterator[bytes]:
    """Read in a thread of its own, as event loops take no files; a daemon does not hold up the exit."""
    loop = asyncio.get_running_loop()
    chunks: asyncio.Queue[bytes] = asyncio.Queue()
    room = threading.Semaphore(2)

    def read() -> None:
        chunk = b"?"
        while chunk:
            room.acquire()
            try:
                chunk = os.read(descriptor, _CHUNK_BYTES)
            except OSError:
                # A terminal that hung up says so like this.
                chunk = b""
            try:
                loop.call_soon_threadsafe(chunks.put_nowait, chunk)
            except RuntimeError:
                # The loop has been closed: nobody listens any more.
                return

    os.set_blocking(descriptor, True)
    threading.Thread(target=read, name="stdin", daemon=True).start()
    while chunk := await chunks.get():
        room.release()
        yield chunk
