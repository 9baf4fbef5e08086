"""Real processes that a test starts, talks to line by line, and ends or kills."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def running(module: str, *arguments: str) -> AsyncIterator[Process]:
    """A module of this folder, run as a program; killed at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"tests.storage.{module}", *arguments, stdin=PIPE, stdout=PIPE, cwd=ROOT
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        # Closes the pipes, which a killed process leaves open.
        await process.communicate()


async def line_from(process: Process) -> str:
    """The next line that a process says; empty when it has ended."""
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


async def say_to(process: Process, line: str) -> None:
    """Give a process a line."""
    assert process.stdin is not None
    process.stdin.write(f"{line}\n".encode())
    await process.stdin.drain()
