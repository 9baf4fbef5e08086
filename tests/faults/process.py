"""`randebu run` as a process of its own, to be killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from tests.fakes.bot_api import TOKEN, BotApi

PROJECT = Path(__file__).parents[2]


class RunningRandebu:
    """One life of a Randebu on a data folder."""

    def __init__(self, folder: Path, api: BotApi) -> None:
        self._folder = folder
        self._api = api
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start the process; it is not yet there when this returns."""
        environment = {
            **os.environ,
            "DATA_DIR": str(self._folder),
            "TELEGRAM_TOKEN": TOKEN,
            "TELEGRAM_API_URL": self._api.url,
            "LLM_PROVIDER": "offline",
            "ANONYMOUS_CHATS": "",
            "ANONYMOUS_BOTS": "",
            "ANONYMOUS_BACKTESTS": "",
            "MAX_CHATS_PER_5HOURS": "",
        }
        log = (self._folder / "log.txt").open("ab")
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "adapters.cli",
            "run",
            cwd=PROJECT,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()

    async def here(self) -> None:
        """Wait until it asks for updates."""
        seen = len(self._api.calls)
        while not any(call.method == "getUpdates" for call in self._api.calls[seen:]):
            await self._api.world.news.wait()

    async def kill(self) -> None:
        """SIGKILL, the whole session, worker processes too."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()

    async def end(self) -> int:
        """SIGTERM; returns the exit status."""
        if self._process is None:
            raise RuntimeError("It was never started.")
        self._process.terminate()
        return await self._process.wait()
