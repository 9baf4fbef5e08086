"""A whole Randebu on Discord: everything real but Discord itself, which is a server on a local port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from adapters.discord.adapter import Connection, DiscordAdapter
from adapters.discord.updates import message_id
from bot.app import Randebu
from bot.clock import Clock, system_clock
from bot.messages import ChatAddress, LastingReply, Outgoing
from bot.settings import Settings
from bot.workers import Workers
from storage.journal import IncomingRow
from tests.fakes.discord_api import DISCORD_TOKEN, DiscordApi
from tests.fakes.discord_things import Account, Made, Room, Shown
from tests.fakes.discord_world import DiscordWorld

PATIENCE_SECONDS = 30


@dataclass
class DiscordHouse:
    """A running Randebu on Discord."""

    api: DiscordApi
    randebu: Randebu
    adapter: DiscordAdapter
    running: asyncio.Task[None]

    @property
    def world(self) -> DiscordWorld:
        """Who is there, and what they see."""
        return self.api.world

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until something can be seen in the world; fails after a while."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():
                await self.world.news.wait()

    async def here(self) -> None:
        """Wait until the bot hears what is said, and its commands are known."""
        await self.until(lambda: self.api.gateway.connected and self.world.commands)

    async def accepted(self, external_id: str) -> None:
        """Wait until something that a person did is written down."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                async with self.randebu.database.view() as view:
                    row = await view.journal.incoming_by_external_id("discord", external_id)
                # Between its commit and its lane there is a moment in which nothing seems to be under way.
                if row is not None and (row.state not in ("waiting", "running") or self._works_in(row)):
                    return
                await asyncio.sleep(0.01)

    def _works_in(self, row: IncomingRow) -> bool:
        return self.randebu.dispatcher.lanes.busy(ChatAddress(row.platform, row.chat, row.thread))

    async def said(self, shown: Shown) -> None:
        """Wait until something that a person wrote is written down."""
        await self.accepted(message_id(shown.id, private=shown.room.guild is None))

    async def heard(self) -> None:
        """Wait until everything that was said so far was heard, by saying something further elsewhere."""
        somebody = self.world.person("Somebody else")
        said = self.world.says(somebody, "/status")
        await self.said(said)

    async def reads(self, room: Room, person: Account | None = None) -> list[Shown]:
        """Wait until everything in a channel is answered; gives what the bot has said there, as a person sees it."""
        address = address_of(room)
        await self.randebu.answered(address)
        if person is not None:
            await self.randebu.answered(address.whispering_to(str(person.id)))
        return room.ours(person)

    async def says(self, person: Account, text: str, room: Room | None = None) -> Shown:
        """Write something (to the bot by name, in a channel), wait for the answer and give its last message."""
        room = room or self.world.private(person)
        to_us = room.guild is None or room.owner == self.world.bot.id
        said = self.world.says(person, text if to_us else f"{self.world.bot.mention} {text}", room)
        await self.said(said)
        return (await self.reads(room, person))[-1]

    async def done(self, made: Made) -> Made:
        """Wait until an interaction is written down, acknowledged and answered."""
        await self.until(lambda: made.acknowledged_after is not None)
        await self.accepted(f"interaction:{made.id}")
        await self.reads(made.room, made.user)
        return made

    async def uses(
        self, person: Account, name: str, room: Room | None = None, **options: str | int | float
    ) -> Shown:
        """Use a slash command, wait for the answer and give its last message."""
        room = room or self.world.private(person)
        await self.done(self.world.uses(person, name, room, **options))
        return (await self.reads(room, person))[-1]

    async def presses(self, person: Account, label: str, room: Room | None = None) -> Shown:
        """Press a button of the newest message that has it; wait for the answer and give the last message."""
        room = room or self.world.private(person)
        shown = next(each for each in reversed(room.ours(person)) if label in each.labels)
        await self.done(self.world.presses(person, shown, label))
        return (await self.reads(room, person))[-1]

    async def emits(self, room: Room, *replies: LastingReply) -> list[Shown]:
        """Let the house say something, and wait until it has arrived."""
        address = address_of(room)
        async with self.randebu.database.unit() as unit:
            await self.randebu.outbox.write(unit, *(Outgoing(address, reply) for reply in replies))
        self.randebu.outbox.wake(address)
        return await self.reads(room)


def address_of(room: Room) -> ChatAddress:
    """The address of a channel."""
    return ChatAddress("discord", str(room.id))


@asynccontextmanager
async def open_discord_house(
    settings: Settings,
    workers: Workers,
    *,
    api: DiscordApi | None = None,
    model: Any = None,
    clock: Clock = system_clock,
    wait: bool = True,
    **connection: Any,
) -> AsyncIterator[DiscordHouse]:
    """Open a house on Discord; with an `api` of an earlier one it is a restart."""
    if api is None:
        async with (
            DiscordApi() as fresh,
            open_discord_house(
                settings, workers, api=fresh, model=model, clock=clock, wait=wait, **connection
            ) as house,
        ):
            yield house
        return
    randebu = Randebu(settings, clock=clock, model=model, workers=workers)
    details = {"token": DISCORD_TOKEN, "api_url": api.url, **connection}
    adapter = DiscordAdapter(Connection(**details), randebu, clock)
    randebu.attach(adapter)
    await randebu.start()
    running = asyncio.get_running_loop().create_task(adapter.run())
    house = DiscordHouse(api, randebu, adapter, running)
    try:
        if wait:
            await house.here()
        yield house
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await randebu.close()
        await adapter.close()
