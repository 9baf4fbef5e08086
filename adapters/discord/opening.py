"""/chat: a thread of its own for a conversation, begun at the message that shows what was asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import discord
import structlog

from adapters.discord.calls import Archived, Calls, NoSuchMessage, NotAllowed, TokenDead
from adapters.discord.formatting import EMPTY
from adapters.discord.interactions import Interactions, Known
from adapters.discord.render import Drawn
from adapters.discord.updates import PLATFORM, address_of, interaction_id
from bot.clock import Clock
from bot.errors import DeliveryError
from bot.handlers.talk import title_from
from bot.messages import Incoming, Sender, Text
from bot.tools.plain import plain, shortened

_log = structlog.get_logger(__name__)

_SHOWN_LETTERS = 1500
_WITH_THREADS = (discord.ChannelType.text, discord.ChannelType.news)
_NO_THREAD = (
    "-# I could not open a thread here (“Create Public Threads” allows it), so I answer in the channel."
)
# A server may not allow threads, have too many of them, or not answer: the person is answered in any case.
_FAILS = (
    DeliveryError,
    NotAllowed,
    Archived,
    NoSuchMessage,
    TokenDead,
    discord.DiscordException,
    aiohttp.ClientError,
    OSError,
)

Accept = Callable[[Incoming], Awaitable[None]]


def takes_threads(channel: object) -> bool:
    """True for a channel in which threads can be begun."""
    return isinstance(channel, discord.TextChannel) and channel.type in _WITH_THREADS


def first_words(name: str, said: str) -> str:
    """What the channel is shown of the question that begins a thread."""
    quoted = "\n".join(f"> {line}" for line in shortened(said, _SHOWN_LETTERS).splitlines())
    return f"**{plain(name)}** asks:\n{quoted}"


class Opening:
    """Begins threads; one that was begun before a restart is gone on with."""

    def __init__(self, calls: Calls, interactions: Interactions, accept: Accept, clock: Clock) -> None:
        self._calls = calls
        self._interactions = interactions
        self._accept = accept
        self._clock = clock

    async def recover(self) -> None:
        """Go on with what an earlier life has begun."""
        for known in list((await self._interactions.all()).values()):
            if known.opening is not None:
                await self.go_on(known, None)

    async def go_on(self, known: Known, message: int | None) -> None:
        """Begin the thread, and let what was asked be the first thing said in it."""
        said, channel = known.opening or EMPTY, known.channel
        try:
            if message is None:
                message = int((await self._calls.original(known))["id"])
            channel = await self._calls.begin_thread(message=message, name=title_from(said), **_where(known))
        except _FAILS as error:
            _log.warning("no thread", channel=known.channel, error=str(error)[:300])
            if message is not None:
                await self._explain(known, message)
        sender = Sender(PLATFORM, str(known.user), known.name)
        await self._accept(
            Incoming(
                interaction_id(known.id),
                address_of(channel),
                sender,
                self._clock(),
                Text(said),
                private=False,
            )
        )
        known.opening = None
        await self._interactions.keep()

    async def _explain(self, known: Known, message: int) -> None:
        words = f"{first_words(known.name, known.opening or EMPTY)}\n{_NO_THREAD}"
        try:
            await self._calls.fill(known, Drawn(words))
        except _FAILS as error:
            _log.info("call without effect", message=message, error=str(error)[:300])


def _where(known: Known) -> dict[str, Any]:
    return {"channel": known.channel, "user": known.user}
