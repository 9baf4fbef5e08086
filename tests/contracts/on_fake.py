"""The fake platform of the stories under the contract, so that what stories rely on is what adapters promise."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bot.app import Randebu
from bot.messages import (
    Action,
    Answer,
    Body,
    ChatAddress,
    Choice,
    Command,
    File,
    Incoming,
    Picture,
    Sender,
    Settled,
    Text,
)
from bot.settings import Settings
from bot.workers import Workers
from tests.contracts.harness import Harness, Seen, ShiftedClock, Somebody
from tests.fakes.platform import FakePlatform


class FakeHarness(Harness):
    """People on the fake platform."""

    name = "fake"

    def __init__(self, randebu: Randebu, platform: FakePlatform, clock: ShiftedClock) -> None:
        self.randebu, self.platform, self.clock = randebu, platform, clock

    def somebody(self, name: str, group: str | None = None) -> Somebody:
        """A person in private, or in a group."""
        return _Talker(self, name, group)

    def fail_once(self) -> None:
        """Raise an error at the next delivery."""
        self.platform.trouble.append(ConnectionError("lost"))


class _Talker(Somebody):
    _ids = itertools.count(1)

    def __init__(self, harness: FakeHarness, name: str, group: str | None) -> None:
        self.name = name
        self.address = ChatAddress("fake", group or f"dm-{name}")
        self._harness, self._private = harness, group is None
        self._last: Incoming | None = None

    async def writes(self, text: str) -> None:
        name, _, arguments = text.removeprefix("/").partition(" ")
        await self._does(Command(name, arguments) if text.startswith("/") else Text(text))

    async def comes_again(self) -> None:
        if self._last is not None:
            await self._harness.randebu.receive(self._last)

    async def presses(self, label: str) -> None:
        for reply in reversed(self._replies()):
            for option in reply.options if isinstance(reply, Choice) else ():
                if option.label == label:
                    return await self._does(Answer(reply.id, option.value))
            actions: tuple[Action, ...] = getattr(reply, "actions", ())
            for action in actions:
                if action.label == label:
                    return await self.writes(action.line)
        raise AssertionError(f"There is no button {label}.")

    async def reads(self) -> list[Seen]:
        await self._harness.randebu.answered(self.address)
        replies = self._replies()
        settled = {reply.choice: reply.text for reply in replies if isinstance(reply, Settled)}
        seen = []
        for reply in replies:
            match reply:
                case Settled():
                    continue
                case Picture() | File():
                    seen.append(Seen(reply.caption, reply.content))
                case Choice():
                    seen.append(Seen(settled.get(reply.id, reply.text)))
                case _:
                    seen.append(Seen(reply.text))
        return seen

    def buttons(self) -> list[str]:
        replies = self._replies()
        found: list[str] = []
        for at, reply in enumerate(replies):
            if isinstance(reply, Choice):
                later = replies[at + 1 :]
                if not any(isinstance(each, Settled) and each.choice == reply.id for each in later):
                    found += [option.label for option in reply.options]
            found += [action.label for action in getattr(reply, "actions", ())]
        return found

    def _replies(self) -> list[Any]:
        return [each.reply for each in self._harness.platform.delivered if each.address == self.address]

    async def _does(self, body: Body) -> None:
        number, sender = f"c{next(self._ids)}", Sender("fake", self.name, self.name)
        self._last = Incoming(number, self.address, sender, self._harness.clock(), body, self._private)
        await self._harness.randebu.receive(self._last)


@asynccontextmanager
async def open_fake(settings: Settings, workers: Workers, model: Any) -> AsyncIterator[Harness]:
    """A house on the fake platform."""
    clock, platform = ShiftedClock(), FakePlatform()
    randebu = Randebu(settings, clock=clock, model=model, workers=workers)
    randebu.attach(platform)
    await randebu.start()
    try:
        yield FakeHarness(randebu, platform, clock)
    finally:
        await randebu.close()
