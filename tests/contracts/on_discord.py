"""Discord under the contract: discord.py over HTTP and a web socket against a stand-in on a local port."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bot.settings import Settings
from bot.workers import Workers
from tests.contracts.harness import Harness, Seen, ShiftedClock, Somebody
from tests.fakes.discord_api import RestCall
from tests.fakes.discord_house import DiscordHouse, address_of, open_discord_house
from tests.fakes.discord_things import Account, Made, Room, Shown


class DiscordHarness(Harness):
    """People in a `DiscordWorld`."""

    name = "discord"
    longest = 2000

    def __init__(self, house: DiscordHouse, clock: ShiftedClock) -> None:
        self.house, self.randebu, self.clock = house, house.randebu, clock
        self._people: dict[str, Account] = {}
        self._channels: dict[str, Room] = {}

    def somebody(self, name: str, group: str | None = None) -> Somebody:
        """A person in direct messages, or in a channel of a server."""
        world = self.house.world
        person = self._people.setdefault(name, world.person(name))
        if group is None:
            return _Talker(self.house, person, world.private(person))
        if group not in self._channels:
            self._channels[group] = world.channel(group)
        return _Talker(self.house, person, self._channels[group])

    def fail_once(self) -> None:
        """Drop the connection of the next message before it is read."""
        left = [True]

        def fault(call: RestCall) -> str | None:
            return "drop_before" if call.route == "POST channels/messages" and left and left.pop() else None

        self.house.api.fault = fault


class _Talker(Somebody):
    def __init__(self, house: DiscordHouse, person: Account, room: Room) -> None:
        self.name, self.address = person.name, address_of(room)
        self._house, self._person, self._room = house, person, room
        self._last: Shown | Made | None = None

    async def writes(self, text: str) -> None:
        world = self._house.world
        if text.startswith("/"):
            self._last = made = world.enters(self._person, text, self._room)
            await self._house.accepted(f"interaction:{made.id}")
            return
        named = "" if self._room.guild is None else f"{world.bot.mention} "
        self._last = said = world.says(self._person, named + text, self._room)
        await self._house.said(said)

    async def comes_again(self) -> None:
        world = self._house.world
        if isinstance(self._last, Made):
            world.again(self._last)
        elif self._last is not None:
            world.emit("MESSAGE_CREATE", world.event_of(self._last))
        await self._house.heard()

    async def presses(self, label: str) -> None:
        shown = next(each for each in reversed(self._room.ours(self._person)) if label in each.labels)
        made = self._house.world.presses(self._person, shown, label)
        await self._house.accepted(f"interaction:{made.id}")

    async def reads(self) -> list[Seen]:
        shown = await self._house.reads(self._room, self._person)
        return [Seen(each.text, each.files[0][1] if each.files else None) for each in shown]

    def buttons(self) -> list[str]:
        return [label for each in self._room.ours(self._person) for label in each.labels]


@asynccontextmanager
async def open_discord(settings: Settings, workers: Workers, model: Any) -> AsyncIterator[Harness]:
    """A house on Discord."""
    clock = ShiftedClock()
    async with open_discord_house(settings, workers, model=model, clock=clock) as house:
        yield DiscordHarness(house, clock)
