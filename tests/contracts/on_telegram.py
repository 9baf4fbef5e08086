"""Telegram under the contract: aiogram over HTTP against a Bot API on a local port."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bot.settings import Settings
from bot.workers import Workers
from tests.contracts.harness import Harness, Seen, ShiftedClock, Somebody
from tests.fakes.bot_api_methods import Parameters
from tests.fakes.telegram_house import TelegramHouse, address_of, open_telegram_house
from tests.fakes.telegram_world import BOT_NAME, Person, WorldChat


class TelegramHarness(Harness):
    """People in a `World`."""

    name = "telegram"
    longest = 4096
    _lives = itertools.count()

    def __init__(self, house: TelegramHouse, clock: ShiftedClock) -> None:
        self.house, self.randebu, self.clock = house, house.randebu, clock
        # Numbers of messages go on over restarts, although the server is another one.
        self._first_number = 1 + 1000 * next(self._lives)
        self._people: dict[str, Person] = {}
        self._groups: dict[str, WorldChat] = {}

    def somebody(self, name: str, group: str | None = None) -> Somebody:
        """A person in private, or in a supergroup."""
        world = self.house.world
        person = self._people.setdefault(name, world.person(name))
        chat = world.private(person) if group is None else self._groups.setdefault(group, world.group(group))
        if not chat.messages:
            chat.numbers = itertools.count(self._first_number)
        return _Talker(self.house, person, chat)

    def fail_once(self) -> None:
        """Drop the connection of the next message before it is read."""
        left = [True]

        def fault(method: str, parameters: Parameters) -> str | None:
            return "drop_before" if method.startswith("send") and left and left.pop() else None

        self.house.api.fault = fault


class _Talker(Somebody):
    def __init__(self, house: TelegramHouse, person: Person, chat: WorldChat) -> None:
        self.name, self.address = person.name, address_of(chat)
        self._house, self._person, self._chat = house, person, chat
        self._last: dict[str, Any] = {}

    async def writes(self, text: str) -> None:
        to_us = text.startswith("/") or self._chat.type == "private"
        self._house.world.says(self._person, text if to_us else f"@{BOT_NAME} {text}", self._chat)
        self._last = dict(self._house.world.updates[-1])

    async def comes_again(self) -> None:
        self._house.world.owe({key: value for key, value in self._last.items() if key != "update_id"})

    async def presses(self, label: str) -> None:
        message = next(each for each in reversed(self._chat.ours()) if label in each.labels)
        self._house.world.presses(self._person, message, label, self._chat)

    async def reads(self) -> list[Seen]:
        shown = await self._house.reads(self._chat)
        return [Seen(each.text, each.photo or (each.document or ("", None))[1]) for each in shown]

    def buttons(self) -> list[str]:
        return [label for each in self._chat.ours() for label in each.labels]


@asynccontextmanager
async def open_telegram(settings: Settings, workers: Workers, model: Any) -> AsyncIterator[Harness]:
    """A house on Telegram."""
    clock = ShiftedClock()
    async with open_telegram_house(settings, workers, model=model, clock=clock) as house:
        yield TelegramHarness(house, clock)
