"""What was said while nobody listened: read from the histories of the latest conversations, and taken up once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
import discord
import structlog

from adapters.discord.buttons import from_custom_id
from adapters.discord.connection import Line
from adapters.discord.house import House
from adapters.discord.placeholders import Placeholders
from adapters.discord.updates import PLATFORM, address_of
from adapters.pressing import StopButton
from bot.clock import Clock

_log = structlog.get_logger(__name__)

CHANNELS = 50
"""So many channels are read, those in which something was said last."""

MESSAGES = 200
"""So many messages are read in each, the oldest first."""

NOTE_EVERY = 5.0
"""Seconds between two notes of how far we have heard; after a kill a little is read again, which does no harm."""

_POSITION = f"{PLATFORM} position"
_AT_ONCE = 5
_ATTEMPTS = 4
# Events of different channels overtake each other by this much at most.
_OVERLAP = 60_000 << 22

Take = Callable[[discord.Message], Awaitable[None]]


class CatchingUp:
    """Knows how far we have heard, and reads what came after that."""

    def __init__(self, line: Line, house: House, placeholders: Placeholders, clock: Clock) -> None:
        self._line = line
        self._house = house
        self._placeholders = placeholders
        self._clock = clock
        self._heard = 0
        self._noted_at = float("-inf")

    async def begin(self) -> None:
        """Find out how far an earlier life has heard; the first one begins now."""
        noted = await self._house.recall(_POSITION)
        self._heard = int(noted.get("heard", 0)) or discord.utils.time_snowflake(self._clock())
        if not noted:
            await self._note()

    async def heard(self, message: int) -> None:
        """Everything up to a message has been taken up."""
        self._heard = max(self._heard, message)
        if asyncio.get_running_loop().time() - self._noted_at >= NOTE_EVERY:
            await self._note()

    async def read(self, take: Take) -> None:
        """Take up what came since, in the order of each channel."""
        after, chats = self._heard - _OVERLAP, await self._house.recent_chats(PLATFORM, CHANNELS)
        slots = asyncio.Semaphore(_AT_ONCE)

        async def read_one(chat: str) -> list[discord.Message]:
            async with slots:
                return await self._messages(int(chat), after)

        found = await asyncio.gather(*(read_one(chat) for chat in chats if chat.isdigit()))
        missed = sorted((each for channel in found for each in channel), key=lambda message: message.id)
        for message in missed:
            if message.author.id == self._me:
                await self._clear_away(message)
            else:
                await take(message)
        if missed:
            await self.heard(missed[-1].id)
        _log.info("caught up", channels=len(found), messages=len(missed))

    @property
    def _me(self) -> int:
        user = self._line.wire.user
        return 0 if user is None else user.id

    async def _messages(self, channel: int, after: int) -> list[discord.Message]:
        for attempt in range(_ATTEMPTS):
            try:
                place = self._line.wire.get_channel(channel) or await self._line.wire.fetch_channel(channel)
                if not isinstance(place, discord.abc.Messageable):
                    return []
                history = place.history(limit=MESSAGES, after=discord.Object(after), oldest_first=True)
                return [message async for message in history]
            except (discord.Forbidden, discord.NotFound, discord.InvalidData) as error:
                _log.info("a channel that cannot be read", channel=channel, error=str(error)[:300])
                return []
            except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
                _log.warning("a history that is not read yet", channel=channel, error=str(error)[:300])
                await asyncio.sleep(2**attempt)
        _log.error("a history that was not read", channel=channel)
        return []

    async def _clear_away(self, message: discord.Message) -> None:
        """Delete what stood in for an answer when an earlier life ended before it could note that."""
        known = (await self._placeholders.all()).values()
        if message.id in {each.message for each in known} or message.flags.ephemeral or _is_command(message):
            return
        buttons = [
            child
            for row in message.components
            for child in getattr(row, "children", ())
            if isinstance(from_custom_id(getattr(child, "custom_id", None) or ""), StopButton)
        ]
        if buttons and await self._placeholders.get(address_of(message.channel.id)) is None:
            try:
                await message.delete()
            except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
                _log.info("call without effect", error=str(error)[:300])

    async def _note(self) -> None:
        self._noted_at = asyncio.get_running_loop().time()
        await self._house.note(_POSITION, {"heard": self._heard})


def _is_command(message: discord.Message) -> bool:
    """True for the answer to a command, which its interaction fills."""
    return message.interaction_metadata is not None
