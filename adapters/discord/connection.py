"""The line to Discord: how it is reached, what is heard on it, and what ends it in words for an operator."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import aiohttp
import discord
import structlog
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from adapters.discord.buttons import PersistentButton
from adapters.pressing import Button
from bot.errors import SettingsError

_log = structlog.get_logger(__name__)

PORTAL = "https://discord.com/developers/applications"
WRONG_TOKEN = f"DISCORD_TOKEN is not a token that Discord knows: take the one that {PORTAL} shows under Bot."
NO_INTENT = (
    f"Discord does not let this bot read messages: switch on “Message Content Intent” under Bot in {PORTAL}, "
    "then start Randebu again."
)

LONGEST_RATE_LIMIT = 30.0
"""Seconds: discord.py waits so long for a rate limit; longer ones are waited for in the outbox."""

_OFFICIAL_API = "https://discord.com/api/v10"
_OFFICIAL_GATEWAY = yarl.URL("wss://gateway.discord.gg/")
_PROBE_SECONDS = 20
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0
_WRONG_TOKEN_CODE = 4004
_NO_INTENT_CODES = frozenset({4013, 4014})
_AWAY = (OSError, TimeoutError, aiohttp.ClientError, discord.HTTPException, discord.GatewayNotFound)
# What something that discord.py cannot decode may lead to.
_MALFORMED = (ValueError, TypeError, LookupError, AttributeError, RuntimeError)


class Ears(Protocol):
    """Whoever is told what is heard; each of these returns at once."""

    def met(self) -> None:
        """A new session has begun, so something may have been missed."""
        ...

    def message(self, message: discord.Message) -> None:
        """Somebody has written."""
        ...

    def edit(self, message: discord.Message) -> None:
        """A message has changed."""
        ...

    def interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Somebody uses a command, or types into one."""
        ...

    def press(self, interaction: discord.Interaction[Any], button: Button) -> None:
        """Somebody presses a button of ours."""
        ...

    def reaction(self, reaction: discord.RawReactionActionEvent) -> None:
        """Somebody puts an emoji under a message."""
        ...


class Wire(discord.Client):
    """discord.py's client, which keeps nothing and only hands on."""

    def __init__(self, ears: Ears) -> None:
        intents = discord.Intents.none()
        intents.guilds = intents.guild_messages = intents.dm_messages = intents.message_content = True
        intents.guild_reactions = intents.dm_reactions = True
        # We do not speak, so nobody needs to be warned that we cannot.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        super().__init__(
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_ratelimit_timeout=LONGEST_RATE_LIMIT,
        )
        self._ears = ears
        # One event that discord.py cannot decode would end its connection, again and again if it comes again.
        parsers = self._connection.parsers
        parsers.update({name: _tolerant(name, parse) for name, parse in parsers.items()})
        self.add_dynamic_items(PersistentButton)

    async def on_connect(self) -> None:
        """A session has begun; a resumed one is not told here."""
        self._ears.met()

    async def on_message(self, message: discord.Message) -> None:
        """Somebody has written."""
        self._ears.message(message)

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """A message has changed."""
        self._ears.edit(payload.message)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Somebody uses a command; presses come another way."""
        if interaction.type is not discord.InteractionType.component:
            self._ears.interaction(interaction)

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        """Somebody puts an emoji under a message."""
        self._ears.reaction(payload)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """We were removed: its chats fall asleep when something cannot be sent there."""
        _log.info("removed from a server", guild=guild.id)

    def press(self, interaction: discord.Interaction[Any], button: Button) -> None:
        """Somebody presses a button of ours."""
        self._ears.press(interaction, button)


def _tolerant(name: str, parse: Callable[[Any], Any]) -> Callable[[Any], None]:
    """The same way to decode an event, except that one which cannot be is written down and left out."""

    def parse_if_possible(data: Any) -> None:
        try:
            parse(data)
        except _MALFORMED as error:
            _log.warning("event that cannot be decoded", kind=name, error=repr(error)[:500])

    return parse_if_possible


@dataclass(frozen=True, slots=True)
class Where:
    """How to reach Discord; without a `gateway_url` the REST API is asked for it."""

    token: str = field(repr=False)
    api_url: str | None = None
    gateway_url: str | None = None


class Line:
    """A client that is logged in, and another one whenever that has become unusable."""

    def __init__(self, where: Where, new_wire: Callable[[], Wire]) -> None:
        self._where = where
        self._new_wire = new_wire
        self._wire: Wire | None = None
        self.here = asyncio.Event()
        # Class attributes of discord.py are the only place where it can be told another address.
        Route.BASE = (where.api_url or _OFFICIAL_API).rstrip("/")

    @property
    def wire(self) -> Wire:
        """The client, once there is one; raises `ConnectionError` before."""
        if self._wire is None:
            raise ConnectionError("Discord has not been reached yet.")
        return self._wire

    async def log_in(self) -> None:
        """Reach Discord, however long that takes. Raises `SettingsError` for a wrong token."""
        pause = _FIRST_PAUSE
        while True:
            wire = self._new_wire()
            try:
                DiscordWebSocket.DEFAULT_GATEWAY = await self._gateway()
                await wire.login(self._where.token)
            except discord.LoginFailure as error:
                await wire.close()
                raise SettingsError(WRONG_TOKEN) from error
            except (*_AWAY, *_MALFORMED) as error:
                await wire.close()
                _log.warning("discord cannot be reached", error=str(error)[:300])
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            except BaseException:
                await wire.close()
                raise
            else:
                self._wire = wire
                self.here.set()
                _log.info("discord is here", user=str(wire.user))
                return

    async def listen(self) -> None:
        """Hear what is said until cancelled. Raises `SettingsError` when Discord does not want us like this."""
        pause = _FIRST_PAUSE
        while True:
            try:
                await self.wire.connect()
            except discord.PrivilegedIntentsRequired as error:
                raise SettingsError(NO_INTENT) from error
            except discord.ConnectionClosed as error:
                if error.code == _WRONG_TOKEN_CODE:
                    raise SettingsError(WRONG_TOKEN) from error
                if error.code in _NO_INTENT_CODES:
                    raise SettingsError(NO_INTENT) from error
                _log.error("discord ends the connection", code=error.code, reason=error.reason)
            except _MALFORMED as error:
                _log.error("an event that cannot be decoded", exc_info=error)
            except _AWAY as error:
                _log.warning("discord is away", error=str(error)[:300])
            await self.wire.close()
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
            await self.log_in()

    async def close(self) -> None:
        """Hang up."""
        if self._wire is not None:
            await self._wire.close()

    async def _gateway(self) -> yarl.URL:
        """Where the gateway is."""
        if self._where.gateway_url is not None:
            return yarl.URL(self._where.gateway_url)
        if self._where.api_url is None:
            return _OFFICIAL_GATEWAY
        timeout = aiohttp.ClientTimeout(total=_PROBE_SECONDS)
        async with (
            aiohttp.ClientSession(timeout=timeout, raise_for_status=True) as session,
            session.get(f"{Route.BASE}/gateway") as answer,
        ):
            told = await answer.json()
        url = told.get("url") if isinstance(told, dict) else None
        if not isinstance(url, str) or not url.startswith(("ws://", "wss://")):
            raise ConnectionError(f"{Route.BASE}/gateway names no gateway.")
        return yarl.URL(url)
