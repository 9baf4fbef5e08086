"""A whole Randebu on Telegram: everything real but Telegram itself, which is a server on a local port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from adapters.telegram.adapter import Connection, TelegramAdapter
from adapters.telegram.gate import Limits
from adapters.telegram.previews import Rhythm
from bot.app import Randebu
from bot.clock import Clock, system_clock
from bot.messages import ChatAddress, LastingReply, Outgoing
from bot.settings import Settings
from bot.workers import Workers
from tests.fakes.bot_api import TOKEN, BotApi
from tests.fakes.telegram_world import BOT_NAME, Person, Shown, World, WorldChat

HASTY = Limits(second=0.02, minute=0.4, calls_per_second=500)
"""Limits for tests that are about something else."""

BRISK = Rhythm(first_after=0.1, draft_every=0.15, edit_every=0.3, look_every=0.025)
"""A rhythm for tests that are about something else: ten times the usual one."""

PATIENCE_SECONDS = 30


@dataclass
class TelegramHouse:
    """A running Randebu on Telegram."""

    api: BotApi
    randebu: Randebu
    adapter: TelegramAdapter
    running: asyncio.Task[None]

    @property
    def world(self) -> World:
        """Who is there, and what they see."""
        return self.api.world

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until something can be seen in the world; fails after a while."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():
                await self.world.news.wait()

    async def taken(self) -> None:
        """Wait until every update that is owed has been taken."""
        await self.until(lambda: not self.world.updates)

    async def reads(self, chat: WorldChat, topic: int | None = None) -> list[Shown]:
        """Wait until everything in a chat is answered; gives the bot's messages there."""
        await self.taken()
        await self.randebu.answered(address_of(chat, topic))
        return chat.ours(topic)

    async def says(
        self, person: Person, text: str, chat: WorldChat | None = None, topic: int | None = None
    ) -> Shown:
        """Write something (to the bot by name, in a group), wait for the answer and give its last message."""
        to = "" if chat is None or text.startswith("/") else f"@{BOT_NAME} "
        self.world.says(person, to + text, chat, topic=topic)
        return (await self.reads(chat or self.world.private(person), topic))[-1]

    async def presses(self, person: Person, label: str, chat: WorldChat | None = None) -> Shown:
        """Press a button of the newest message that has it; wait for the answer and give the last message."""
        chat = chat or self.world.private(person)
        message = next(each for each in reversed(chat.ours()) if label in each.labels)
        self.world.presses(person, message, label, chat)
        return (await self.reads(chat))[-1]

    async def emits(self, chat: WorldChat, *replies: LastingReply, topic: int | None = None) -> list[Shown]:
        """Let the house say something, and wait until it has arrived."""
        address = address_of(chat, topic)
        async with self.randebu.database.unit() as unit:
            await self.randebu.outbox.write(unit, *(Outgoing(address, reply) for reply in replies))
        self.randebu.outbox.wake(address)
        await self.randebu.answered(address)
        return chat.ours(topic)


def address_of(chat: WorldChat, topic: int | None = None) -> ChatAddress:
    """The address of a chat thread."""
    return ChatAddress("telegram", str(chat.id), "" if topic is None else str(topic))


@asynccontextmanager
async def open_telegram_house(
    settings: Settings,
    workers: Workers,
    *,
    api: BotApi | None = None,
    model: Any = None,
    clock: Clock = system_clock,
    limits: Limits = HASTY,
    rhythm: Rhythm = BRISK,
    **connection: Any,
) -> AsyncIterator[TelegramHouse]:
    """Open a house on Telegram; with an `api` of an earlier one it is a restart."""
    if api is None:
        async with (
            BotApi() as fresh,
            open_telegram_house(
                settings,
                workers,
                api=fresh,
                model=model,
                clock=clock,
                limits=limits,
                rhythm=rhythm,
                **connection,
            ) as house,
        ):
            yield house
        return
    randebu = Randebu(settings, clock=clock, model=model, workers=workers)
    details = {"api_url": api.url, "poll_seconds": 5, **connection}
    adapter = TelegramAdapter(Connection(TOKEN, **details), randebu, clock, limits, rhythm)
    randebu.attach(adapter)
    await randebu.start()
    running = asyncio.get_running_loop().create_task(adapter.run())
    try:
        yield TelegramHouse(api, randebu, adapter, running)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await randebu.close()
        await adapter.close()
