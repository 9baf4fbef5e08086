"""What is done with what is heard: messages in their order, commands and presses at once, and each written down."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import Any

import aiohttp
import discord
import structlog

from adapters.discord.catching_up import CatchingUp
from adapters.discord.connection import Line
from adapters.discord.house import House
from adapters.discord.previews import Previews
from adapters.discord.updates import (
    PLATFORM,
    THUMB_UP,
    Me,
    Place,
    hear,
    hear_edit,
    is_thumb,
    place_of,
    sender_of,
)
from adapters.discord.using import Using
from adapters.pressing import Button
from bot.clock import Clock
from bot.dispatch.insisting import insist
from bot.dispatch.tasks import Tasks
from bot.messages import Command, Edit, Incoming, Sender, Unsupported

_log = structlog.get_logger(__name__)

Heard = tuple[discord.Message, bool] | discord.RawReactionActionEvent | None
"""A message and whether it has changed, a reaction, or None for the beginning of a session."""

MAX_HEARD = 1000
"""So many messages may wait to be written down; what comes then is read from the histories afterwards."""

# Whatever a malformed message may lead to; none of it may stop those that come after.
_MALFORMED = (ValueError, TypeError, LookupError, AttributeError, OverflowError)


class Listening:
    """Takes what is heard; each of the methods that are told something returns at once."""

    def __init__(
        self,
        line: Line,
        house: House,
        previews: Previews,
        using: Using,
        catching_up: CatchingUp,
        clock: Clock,
    ) -> None:
        self._line = line
        self._house = house
        self._previews = previews
        self._using = using
        self._catching_up = catching_up
        self._clock = clock
        self._heard: asyncio.Queue[Heard] = asyncio.Queue(MAX_HEARD)
        self._missed = False
        self._tasks = Tasks()

    async def begin(self) -> None:
        """Begin to write down what is heard."""
        await self._catching_up.begin()
        self._tasks.start(self._work(), "messages of discord")

    def met(self) -> None:
        """A new session has begun: read what was missed before what comes now."""
        self._put(None)

    def message(self, message: discord.Message) -> None:
        """Somebody has written."""
        self._put((message, False))

    def edit(self, message: discord.Message) -> None:
        """A message has changed."""
        self._put((message, True))

    def interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Somebody uses a command, or types into one."""
        self._tasks.start(self._using.take(interaction), f"interaction {interaction.id}")

    def press(self, interaction: discord.Interaction[Any], button: Button) -> None:
        """Somebody presses a button of ours."""
        self._tasks.start(self._using.press(interaction, button), f"press {interaction.id}")

    def reaction(self, reaction: discord.RawReactionActionEvent) -> None:
        """Somebody puts an emoji under a message."""
        if is_thumb(reaction, self._own_id):
            self._put(reaction)

    async def accept(self, incoming: Incoming) -> None:
        """Write something down, again and again until it is; its sender is told when that cannot be."""
        refused = replace(incoming, body=Unsupported("this message"))
        await insist(partial(self._house.receive, incoming), partial(self._house.receive, refused))
        if not isinstance(incoming.body, Edit):
            self._previews.expect(incoming.address, incoming.id)

    async def close(self) -> None:
        """Leave what is not written down; it is read from the histories at the next start."""
        await self._tasks.close()

    def _put(self, heard: Heard) -> None:
        try:
            self._heard.put_nowait(heard)
        except asyncio.QueueFull:
            if not self._missed:
                _log.error("too much is heard at once; it is read from the histories later")
            self._missed = True

    async def _work(self) -> None:
        while True:
            heard = await self._heard.get()
            if heard is None:
                await self._catching_up.read(self._take)
                continue
            if isinstance(heard, discord.RawReactionActionEvent):
                await insist(partial(self._take_thumb, heard), _nothing)
            else:
                message, changed = heard
                await self._take(message, changed=changed)
                if not changed and not self._missed:
                    await self._catching_up.heard(message.id)
            if self._missed and self._heard.empty():
                self._missed = False
                await self._catching_up.read(self._take)

    async def _take(self, message: discord.Message, *, changed: bool = False) -> None:
        me = self._me(message)
        try:
            place = place_of(message.channel, me) or await self._look_up(message, me)
            incoming = (hear_edit if changed else hear)(message, me, place)
        except _MALFORMED as error:
            _log.warning("message that cannot be decoded", message=message.id, error=str(error)[:500])
            return
        if incoming is not None:
            await self.accept(incoming)

    async def _take_thumb(self, reaction: discord.RawReactionActionEvent) -> None:
        """A 👍 under an answer of ours says that it is done; nothing is said to it."""
        chat, private = str(reaction.channel_id), reaction.guild_id is None
        receipt = f"{chat}:{reaction.message_id}"
        answer = await self._house.buttons.answer(PLATFORM, chat, receipt)
        if answer is None or answer.address.whispers:
            return
        user = reaction.member or self._line.wire.get_user(reaction.user_id)
        # Without a name the one that is known stays.
        sender = Sender(PLATFORM, str(reaction.user_id), "") if user is None else sender_of(user)
        now = self._clock()
        # The same person may put it there again, once the conversation has gone on.
        key = f"reaction:{reaction.message_id}:{reaction.user_id}:{now.timestamp():.6f}"
        body = Command("done", f"{THUMB_UP} {answer.delivery}")
        await self._house.receive(Incoming(key, answer.address, sender, now, body, private))

    async def _look_up(self, message: discord.Message, me: Me) -> Place:
        """What a channel is that Discord has not told of, such as a thread that was archived until now."""
        try:
            channel = await self._line.wire.fetch_channel(message.channel.id)
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            _log.info("unknown channel", channel=message.channel.id, error=str(error)[:300])
            return Place(private=message.guild is None, ours=False)
        return place_of(channel, me) or Place(private=False, ours=False)

    def _me(self, message: discord.Message) -> Me:
        role = None if message.guild is None else message.guild.self_role
        return Me(self._own_id, frozenset() if role is None else frozenset((role.id,)))

    @property
    def _own_id(self) -> int:
        user = self._line.wire.user
        return 0 if user is None else user.id


async def _nothing() -> None:
    """A 👍 that cannot be written down is not worth holding up what was said after it."""
