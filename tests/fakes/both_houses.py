"""One Randebu on Telegram and Discord at once: how long answers take on one while the other has trouble."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median

from adapters.discord.adapter import Connection as DiscordConnection
from adapters.discord.adapter import DiscordAdapter
from adapters.telegram.adapter import Connection as TelegramConnection
from adapters.telegram.adapter import TelegramAdapter
from bot.app import Randebu
from bot.settings import Settings
from bot.workers import Workers
from tests.fakes.bot_api import TOKEN, BotApi
from tests.fakes.discord_api import DISCORD_TOKEN, DiscordApi
from tests.fakes.telegram_house import HASTY

UNDER_WAY_SECONDS = 0.3
"""So long after somebody has written elsewhere their message is handled, and its answer meets the trouble."""


@dataclass
class Both:
    """A running Randebu on both platforms."""

    telegram: BotApi
    discord: DiscordApi

    async def time_on_telegram(self) -> float:
        """Seconds until somebody's message on Telegram is answered."""
        world = self.telegram.world
        person = world.person("Alice")
        chat = world.private(person)
        began = time.perf_counter()
        world.says(person, "/price PEPE")
        while not chat.ours():
            await world.news.wait()
        return time.perf_counter() - began

    async def time_on_discord(self) -> float:
        """Seconds until somebody's command on Discord is answered."""
        world = self.discord.world
        began = time.perf_counter()
        made = world.uses(world.person("Alice"), "price", tokens="PEPE")
        while made.original is None or made.original.thinking:
            await world.news.wait()
        return time.perf_counter() - began

    def write_on_telegram(self) -> None:
        """Somebody writes on Telegram."""
        self.telegram.world.says(self.telegram.world.person("Bob"), "/price CAKE")

    def write_on_discord(self) -> None:
        """Somebody writes on Discord."""
        self.discord.world.says(self.discord.world.person("Bob"), "/price CAKE")

    def break_telegram(self, how: str | None) -> None:
        """Let every call to Telegram fail, hang, or work again."""
        self.telegram.fault = lambda method, parameters: how

    def break_discord(self, how: str | None) -> None:
        """Let every call to Discord fail, be slow, or work again."""
        self.discord.fault = lambda call: how


@asynccontextmanager
async def open_both(settings: Settings, workers: Workers) -> AsyncIterator[Both]:
    """A house on both."""
    async with BotApi() as bot_api, DiscordApi() as discord_api:
        randebu = Randebu(settings, workers=workers)
        telegram = TelegramAdapter(
            TelegramConnection(TOKEN, api_url=bot_api.url, poll_seconds=5), randebu, limits=HASTY
        )
        discord = DiscordAdapter(DiscordConnection(DISCORD_TOKEN, api_url=discord_api.url), randebu)
        for adapter in (telegram, discord):
            randebu.attach(adapter)
        await randebu.start()
        running = [asyncio.ensure_future(telegram.run()), asyncio.ensure_future(discord.run())]
        try:
            async with asyncio.timeout(30):
                while not (discord_api.gateway.connected and discord_api.world.commands):
                    await discord_api.world.news.wait()
            yield Both(bot_api, discord_api)
        finally:
            for each in running:
                each.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            await randebu.close()
            await telegram.close()
            await discord.close()


async def compare(
    measure: Callable[[], Awaitable[float]],
    write_elsewhere: Callable[[], None],
    break_other: Callable[[str | None], None],
    trouble: tuple[str, ...],
    rounds: int,
) -> dict[str, float]:
    """The median answer time in seconds by what is wrong with the other platform; taken in turns, "alone" too."""
    times: dict[str, list[float]] = {"alone": [], **{how: [] for how in trouble}}
    await measure()
    for _ in range(rounds):
        for how, taken in times.items():
            break_other(None if how == "alone" else how)
            if how != "alone":
                write_elsewhere()
            await asyncio.sleep(UNDER_WAY_SECONDS)
            taken.append(await measure())
    break_other(None)
    return {how: median(taken) for how, taken in times.items()}
