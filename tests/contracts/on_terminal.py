"""The terminal under the contract: one person, one chat, everything typed."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from adapters.terminal.adapter import TerminalAdapter
from adapters.terminal.render import Drawn, plain
from adapters.terminal.updates import ADDRESS, incoming
from bot.app import Randebu
from bot.messages import Incoming, PassingReply
from bot.settings import Settings
from bot.workers import Workers
from tests.contracts.harness import Harness, Seen, ShiftedClock, Somebody

_OPTION = re.compile(r"\[\d+\] (.+?)(?=  \[|$)")


class _Paper:
    """A screen that keeps what is drawn on it."""

    def __init__(self) -> None:
        self.drawn: list[Drawn] = []

    async def welcome(self, greeting: Drawn, commands: Mapping[str, str]) -> None:
        """Nothing is kept of the first words."""

    async def lasting(self, drawn: Drawn) -> None:
        """Keep a reply."""
        self.drawn.append(drawn)

    def passing(self, reply: PassingReply) -> None:
        """Nothing passing is kept."""


class TerminalHarness(Harness):
    """The one person at a terminal."""

    name = "terminal"
    has_groups = False
    has_network = False

    def __init__(self, randebu: Randebu, paper: _Paper, clock: ShiftedClock) -> None:
        self.randebu, self.paper, self.clock = randebu, paper, clock

    def somebody(self, name: str, group: str | None = None) -> Somebody:
        """Whoever sits there."""
        return _Typist(self, name)

    def fail_once(self) -> None:
        """A screen does not fail."""


class _Typist(Somebody):
    _ids = itertools.count(1)

    def __init__(self, harness: TerminalHarness, name: str) -> None:
        self.name, self.address = name, ADDRESS
        self._harness = harness
        self._last: Incoming | None = None

    async def writes(self, text: str) -> None:
        number = f"t{next(self._ids)}"
        self._last = incoming(text, message_id=number, at=self._harness.clock(), user=self.name)
        await self._harness.randebu.receive(self._last)

    async def comes_again(self) -> None:
        if self._last is not None:
            await self._harness.randebu.receive(self._last)

    async def presses(self, label: str) -> None:
        for drawn in reversed(self._harness.paper.drawn):
            for hint in drawn.hints:
                if hint.endswith(f"  {label}"):
                    return await self.writes(hint.removesuffix(label).strip())
        await self.writes(label)
        return None

    async def reads(self) -> list[Seen]:
        await self._harness.randebu.answered(ADDRESS)
        seen = []
        for drawn in self._harness.paper.drawn:
            saved = await asyncio.to_thread(Path(drawn.saved).read_bytes) if drawn.saved else None
            seen.append(Seen(plain(drawn), saved))
        return seen

    def buttons(self) -> list[str]:
        """The options of the last question, unless something was settled after it; and what hints offer."""
        options: list[str] = []
        hints: list[str] = []
        for drawn in self._harness.paper.drawn:
            if drawn.options:
                options = _OPTION.findall(drawn.options)
            elif drawn.quiet:
                options = []
            hints += [hint.strip().rpartition("  ")[2] for hint in drawn.hints]
        return options + hints


@asynccontextmanager
async def open_terminal(settings: Settings, workers: Workers, model: Any) -> AsyncIterator[Harness]:
    """A house at a terminal."""
    clock, paper = ShiftedClock(), _Paper()
    randebu = Randebu(settings, clock=clock, model=model, workers=workers)
    randebu.attach(TerminalAdapter(paper, settings.data_dir))
    await randebu.start()
    try:
        yield TerminalHarness(randebu, paper, clock)
    finally:
        await randebu.close()
