"""Tools and commands without the house around them: a database, the synthetic market, people who ask."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.accounts.identity import identify
from bot.accounts.limits import Limits
from bot.handlers.commands import build_commands
from bot.handlers.context import CommandSpec, Request
from bot.market.provider import Market
from bot.market.synthetic import SyntheticMarket
from bot.messages import ChatAddress, Command, Incoming, PassingReply, Sender
from bot.reports.usage import usage
from bot.settings import Settings
from bot.tools import build_tools
from bot.tools.registry import Caller, Outcome, Registry, Services, Tool, ToolContext
from bot.workers import Workers
from storage.database import Database
from storage.people import Owner
from tests.fakes.clock import StoppedClock

_ids = itertools.count(1)


@dataclass
class Person:
    """Somebody at the desk, in private or in a group."""

    services: Services
    clock: StoppedClock
    tools: Registry
    table: dict[str, CommandSpec]
    sender: Sender
    owner: Owner
    address: ChatAddress
    private: bool
    shown: list[PassingReply] = field(default_factory=list)

    async def conversation_id(self) -> str:
        """The current conversation here; the first question begins one."""
        place = (self.address.platform, self.address.chat, self.address.thread)
        async with self.services.database.unit() as unit:
            current = await unit.conversations.current(*place)
            if current is None:
                current = await unit.conversations.begin(self.owner, *place, self.services.clock())
            return current.id

    async def caller(self) -> Caller:
        """For whom and where a call runs."""
        conversation_id = await self.conversation_id()
        return Caller(self.owner, self.sender.name, self.address, conversation_id, self.private)

    async def call(self, name: str, /, *, key: str | None = None, **arguments: Any) -> Outcome:
        """Run a tool as the assistant does, after any yes, and commit what came of it."""
        tool, checked, context = await self._understood(name, arguments, key)
        return await self._committed(await tool.run(context, checked))

    async def description(self, name: str, /, **arguments: Any) -> str:
        """What the person would be asked before the tool runs."""
        tool, checked, context = await self._understood(name, arguments, None)
        return await tool.describe(context, checked)

    async def commands(self, line: str, *, key: str | None = None, confirmed: bool = False) -> Outcome:
        """Give a slash command and commit what came of it."""
        name, _, rest = line.removeprefix("/").partition(" ")
        number = next(_ids)
        request = Request(
            key=key or f"command:{number}",
            incoming_id=number,
            incoming=Incoming(
                f"m{number}",
                self.address,
                self.sender,
                self.services.clock(),
                Command(name, rest),
                self.private,
            ),
            caller=await self.caller(),
            services=self.services,
            tools=self.tools,
            show=self.shown.append,
            confirmed=confirmed,
        )
        return await self._committed(await self.table[name].handler(request))

    async def _understood(
        self, name: str, arguments: dict[str, Any], key: str | None
    ) -> tuple[Tool, Any, ToolContext]:
        tool = self.tools.get(name)
        assert tool is not None
        checked = tool.arguments.model_validate(arguments)
        context = ToolContext(
            key or f"turn:{next(_ids)}", await self.caller(), self.services, self.shown.append
        )
        return tool, checked, context

    async def _committed(self, outcome: Outcome) -> Outcome:
        self.clock.move(seconds=1)
        if outcome.write is None:
            return outcome
        async with self.services.database.unit() as unit:
            return await outcome.write(unit)


@dataclass
class Desk:
    """Everything that tools and commands work with."""

    services: Services
    clock: StoppedClock
    tools: Registry
    table: dict[str, CommandSpec]

    async def person(self, name: str, *, group: str | None = None) -> Person:
        """Somebody who asks, known by name."""
        sender = Sender("fake", name, name.capitalize())
        async with self.services.database.unit() as unit:
            identity = await identify(unit, sender, self.clock())
            assert identity is not None
            owner = identity.owner
        address = ChatAddress("fake", group or f"dm-{name}")
        return Person(
            self.services, self.clock, self.tools, self.table, sender, owner, address, group is None
        )


@asynccontextmanager
async def open_desk(
    folder: Path, workers: Workers, *, market: Market | None = None, **settings: Any
) -> AsyncIterator[Desk]:
    """A desk on the database in `folder`; opening it again is a restart."""
    clock = StoppedClock()
    chosen = Settings(data_dir=folder, **settings)
    database = await Database.open(chosen.database_url)
    try:
        services = Services(
            chosen, database, Limits(chosen, clock), market or SyntheticMarket(1, clock), workers, clock
        )
        yield Desk(services, clock, build_tools(), build_commands(usage))
    finally:
        await database.close()
