"""Telegram and Discord in one process: what goes wrong on one is nothing to the other."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from adapters.serving import serve
from bot.settings import Settings
from bot.workers import Workers
from tests.databases import ready_database
from tests.fakes.bot_api import TOKEN, BotApi
from tests.fakes.both_houses import compare, open_both
from tests.fakes.discord_api import DISCORD_TOKEN, DiscordApi

ROUNDS = 3
# A busy machine may double what takes a few milliseconds; waiting for the other would take seconds.
MOST = 2.0
SLACK_SECONDS = 0.1


@pytest.mark.slow
async def test_one_that_fails_or_is_slow_does_not_delay_the_other(tmp_path: Path, workers: Workers) -> None:
    url = await ready_database("sqlite", tmp_path)
    async with open_both(Settings(data_dir=tmp_path, database_url=url), workers) as both:
        measured = (
            await compare(
                both.time_on_telegram, both.write_on_discord, both.break_discord, ("503", "slow"), ROUNDS
            ),
            await compare(
                both.time_on_discord, both.write_on_telegram, both.break_telegram, ("500", "hang"), ROUNDS
            ),
        )
    for medians in measured:
        print({how: f"{seconds * 1000:.0f} ms" for how, seconds in medians.items()})
        assert max(medians.values()) < MOST * medians["alone"] + SLACK_SECONDS


async def test_a_platform_that_is_set_up_wrongly_is_left_out_alone(tmp_path: Path) -> None:
    async with BotApi() as telegram, DiscordApi() as discord:
        discord.gateway.refuses = 4014
        settings = Settings(
            data_dir=tmp_path,
            telegram_token=TOKEN,
            telegram_api_url=telegram.url,
            discord_token=DISCORD_TOKEN,
            discord_api_url=discord.url,
        )
        with capture_logs() as logs:
            serving = asyncio.ensure_future(serve(settings))
            try:
                async with asyncio.timeout(60):
                    while not any("Message Content Intent" in str(each.get("reason")) for each in logs):
                        alice = telegram.world.person("Alice")
                        telegram.world.says(alice, "/help")
                        while not telegram.world.private(alice).ours():
                            await telegram.world.news.wait()
            finally:
                serving.cancel()
                await asyncio.gather(serving, return_exceptions=True)
