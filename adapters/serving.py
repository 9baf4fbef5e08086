"""Randebu as a service: every chat platform that is set up, until the process is told to end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import structlog
from pydantic import SecretStr

from adapters.discord.adapter import Connection as DiscordConnection
from adapters.discord.adapter import DiscordAdapter
from adapters.heartbeat import beat
from adapters.telegram.adapter import Connection, TelegramAdapter
from bot.app import Randebu
from bot.dispatch.tasks import Tasks
from bot.errors import SettingsError
from bot.messages import Adapter
from bot.settings import Settings

_log = structlog.get_logger(__name__)


class Platform(Adapter, Protocol):
    """An adapter that listens by itself."""

    async def run(self) -> None:
        """Listen until cancelled; raises `SettingsError` when this platform cannot be used as it is set up."""
        ...

    async def close(self) -> None:
        """Hang up."""
        ...


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; a platform that is set up wrongly stops alone.

    Raises `SettingsError` when no platform is left; what is unfinished goes on at the next start.
    """
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    for which in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(which, told.set)
    serving = asyncio.ensure_future(_serve(settings))
    waiting = asyncio.ensure_future(told.wait())
    await asyncio.wait((serving, waiting), return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if told.is_set():
        _log.info("ending")
        serving.cancel()
    try:
        await serving
    except asyncio.CancelledError:
        if not told.is_set():
            raise


async def _serve(settings: Settings) -> None:
    randebu = Randebu(settings)
    platforms = _platforms(settings, randebu)
    for platform in platforms:
        randebu.attach(platform)
    signs = Tasks()
    signs.start(beat(settings.data_dir), "heartbeat")
    try:
        await randebu.start()
        await listen(platforms)
    finally:
        await randebu.close()
        for platform in platforms:
            await platform.close()
        await signs.close()


def _platforms(settings: Settings, randebu: Randebu) -> Sequence[Platform]:
    """Every platform that can be tried; raises `SettingsError` when that is none."""
    wanted: list[Callable[[], Platform]] = []
    if settings.telegram_token is not None:
        wanted.append(partial(TelegramAdapter, _telegram(settings, settings.telegram_token), randebu))
    if settings.discord_token is not None:
        wanted.append(partial(DiscordAdapter, _discord(settings, settings.discord_token), randebu))
    platforms, reasons = list[Platform](), list[str]()
    for build in wanted:
        try:
            platforms.append(build())
        except SettingsError as error:
            _log.error("platform left out", reason=str(error))
            reasons.append(str(error))
    if not platforms:
        raise SettingsError("\n".join(reasons))
    return platforms


def _telegram(settings: Settings, token: SecretStr) -> Connection:
    secret = settings.telegram_webhook_secret
    return Connection(
        token=token.get_secret_value(),
        api_url=settings.telegram_api_url,
        api_local=settings.telegram_api_local,
        webhook_url=settings.telegram_webhook_url,
        webhook_secret=None if secret is None else secret.get_secret_value(),
        webhook_port=settings.telegram_webhook_port,
    )


def _discord(settings: Settings, token: SecretStr) -> DiscordConnection:
    guild = settings.discord_operator_guild
    return DiscordConnection(
        token=token.get_secret_value(),
        api_url=settings.discord_api_url,
        gateway_url=settings.discord_gateway_url,
        guilds=settings.discord_guilds,
        operator_guild=None if guild is None else int(guild),
    )


async def listen(platforms: Sequence[Platform]) -> None:
    """Let every platform listen; one that cannot says so and the others go on. Raises when none is left."""
    listening = [asyncio.ensure_future(platform.run()) for platform in platforms]
    reasons: list[str] = []
    try:
        for ended in asyncio.as_completed(listening):
            try:
                await ended
            except SettingsError as error:
                _log.error("platform left out", reason=str(error))
                reasons.append(str(error))
    finally:
        for each in listening:
            each.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
    raise SettingsError("\n".join(reasons))
