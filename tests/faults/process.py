"""`randebu run` as a process of its own, to be killed; forked from one that has imported everything."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.fakes.bot_api import TOKEN, BotApi

PROJECT = Path(__file__).parents[2]


class Forks:
    """Asks `tests.faults.preloaded` for processes."""

    def __init__(self, server: subprocess.Popen[str]) -> None:
        self._server = server

    def __call__(self, **wish: Any) -> int:
        """The answer to a wish; blocks until there is one."""
        if self._server.stdin is None or self._server.stdout is None:
            raise RuntimeError("It has no pipes.")
        self._server.stdin.write(json.dumps(wish) + "\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())


@contextmanager
def forking() -> Iterator[Forks]:
    """A process that forks others, for as long as this is open."""
    command = [sys.executable, "-m", "tests.faults.preloaded"]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=PROJECT, text=True, **pipes) as server:
        yield Forks(server)


class RunningRandebu:
    """One life of a Randebu on a data folder; what is in `environment` goes over what it is given otherwise."""

    def __init__(self, folder: Path, api: BotApi, forks: Forks, **environment: str) -> None:
        self._folder = folder
        self._api = api
        self._forks = forks
        self._environment = environment
        self._pid = 0

    @property
    def log(self) -> str:
        """What all lives on this folder have said."""
        return (self._folder / "log.txt").read_text(encoding="utf-8")

    async def start(self) -> None:
        """Start the process; it is not yet there when this returns."""
        given = {
            "DATA_DIR": str(self._folder),
            "TELEGRAM_TOKEN": TOKEN,
            "TELEGRAM_API_URL": self._api.url,
            "LLM_PROVIDER": "offline",
            "MARKET_SOURCE": "synthetic",
            "ANONYMOUS_CHATS": "",
            "ANONYMOUS_BOTS": "",
            "ANONYMOUS_BACKTESTS": "",
            "MAX_CHATS_PER_5HOURS": "",
            **self._environment,
        }
        log = str(self._folder / "log.txt")
        self._pid = await asyncio.to_thread(self._forks, environment=given, log=log)

    async def here(self) -> None:
        """Wait until it asks for updates."""
        seen = len(self._api.calls)
        while not any(call.method == "getUpdates" for call in self._api.calls[seen:]):
            await self._api.world.news.wait()

    async def busy(self, calls: int) -> None:
        """Wait until it has made so many calls that count for the flood limits; the last is still on its way."""
        enough = len(self._api.counted()) + calls
        while len(self._api.counted()) < enough:
            await self._api.world.news.wait()

    async def kill(self) -> int:
        """SIGKILL, the whole session, worker processes too; returns the exit status."""
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)
        return await self.ends()

    async def end(self) -> int:
        """SIGTERM; returns the exit status."""
        os.kill(self._pid, signal.SIGTERM)
        return await self.ends()

    async def ends(self) -> int:
        """Wait until it has ended; returns the exit status, negative for a signal."""
        return await asyncio.to_thread(self._forks, wait=self._pid)
