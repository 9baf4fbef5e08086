"""What is done with a used command or a pressed button: understood, written down, and acknowledged within a second."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import discord
import structlog

from adapters.discord.calls import Calls, TokenDead, acknowledge
from adapters.discord.house import House
from adapters.discord.interactions import Interactions, Known
from adapters.discord.opening import Accept, Opening, first_words, takes_threads
from adapters.discord.options import CHAT
from adapters.discord.slash import NotUnderstood, command_of, completions, days, typing
from adapters.discord.updates import about, address_of, interaction_id, meant_by, sender_of
from adapters.pressing import ActionButton, Button, ChoiceButton, StopButton
from bot.clock import Clock
from bot.messages import Answer, Body, ChatAddress, Command, Incoming, Text, Unsupported

_log = structlog.get_logger(__name__)

ACKNOWLEDGE_AFTER = 0.8
"""Seconds: an interaction is acknowledged when it is written down, and after this long in any case."""

TOO_LATE_AFTER = 2.8
"""Seconds: Discord takes an acknowledgement for three."""

_FOR_ONE = frozenset({"stop", "status"})


class Using:
    """Takes interactions, each in a task of its own."""

    def __init__(
        self, calls: Calls, house: House, interactions: Interactions, clock: Clock, accept: Accept
    ) -> None:
        self._calls = calls
        self._house = house
        self._interactions = interactions
        self._clock = clock
        self._accept = accept
        self.opening = Opening(calls, interactions, accept, clock)

    async def take(self, interaction: discord.Interaction[Any]) -> None:
        """Take a used command, or complete one that is being typed."""
        if interaction.type is discord.InteractionType.autocomplete:
            await self._complete(interaction)
        elif await self._is_known(interaction):
            return
        elif interaction.type is discord.InteractionType.application_command:
            await self._use(interaction)

    async def press(self, interaction: discord.Interaction[Any], button: Button) -> None:
        """Take a press: what the button says is done for whoever pressed it, if it is theirs to press."""
        if await self._is_known(interaction):
            return
        shown = interaction.message
        here = address_of(interaction.channel_id or 0)
        only_theirs = shown is not None and shown.flags.ephemeral
        body: Body
        address, decided, thinking = here, False, False
        match button:
            case StopButton():
                body, address = Command("stop"), self._for_one(here, interaction)
            case ActionButton(delivery, place):
                line = await self._house.buttons.line(delivery, place, here)
                body, thinking = Unsupported("this old button") if line is None else meant_by(line), True
                if self._is_for_one(body) or (only_theirs and not isinstance(body, Text)):
                    address = self._for_one(here, interaction)
            case ChoiceButton(choice, place):
                option = await self._house.buttons.option(choice, place)
                body = Answer(choice, "" if option is None else option.value)
                decided = option is None or not option.open
                if option is not None and option.address.chat == here.chat:
                    address = option.address
                if decided or option is None or option.asker != str(interaction.user.id):
                    address = self._for_one(here, interaction)
        known = self._known(interaction, address)
        known.original, known.message = thinking, None if shown is None else shown.id

        def answer() -> Awaitable[Any]:
            return interaction.response.defer(thinking=thinking, ephemeral=known.ephemeral)

        await self._enter(known, self._incoming(interaction, address, body), answer)
        if decided and not known.dead:
            await self._calls.take_buttons_away(known)

    async def _use(self, interaction: discord.Interaction[Any]) -> None:
        data: Any = interaction.data
        here = address_of(interaction.channel_id or 0)
        body: Body
        try:
            body = (
                _message_of(data)
                if data["type"] == discord.AppCommandType.message.value
                else command_of(data)
            )
        except NotUnderstood as error:
            await self._say_at_once(interaction, str(error))
            return
        if isinstance(body, Command) and body.name == CHAT:
            said = body.arguments
            if takes_threads(interaction.channel):
                await self._open(interaction, said)
                return
            body = meant_by(said) if said else Unsupported("an empty message")
        address = self._for_one(here, interaction) if self._is_for_one(body) else here
        known = self._known(interaction, address)
        known.original = True

        def answer() -> Awaitable[Any]:
            return interaction.response.defer(thinking=True, ephemeral=known.ephemeral)

        await self._enter(known, self._incoming(interaction, address, body), answer)

    async def _open(self, interaction: discord.Interaction[Any], said: str) -> None:
        """Begin a thread for what is said."""
        known = self._known(interaction, address_of(interaction.channel_id or 0))
        known.opening = said
        await self._interactions.put(known)
        words = first_words(known.name, said)

        def answer() -> Awaitable[Any]:
            return interaction.response.send_message(
                words, allowed_mentions=discord.AllowedMentions.none(), suppress_embeds=True
            )

        told = await self._acknowledge(known, answer)
        if known.dead:
            # The person was told by Discord that nothing came of it, and will ask again.
            await self._interactions.bury(known)
            return
        await self.opening.go_on(known, getattr(told, "message_id", None))

    async def _enter(self, known: Known, incoming: Incoming, answer: Callable[[], Awaitable[Any]]) -> None:
        """Write it down and acknowledge it, in this order unless writing takes long."""
        storing = asyncio.ensure_future(self._store(known, incoming))
        try:
            await asyncio.wait((storing,), timeout=ACKNOWLEDGE_AFTER)
            await self._acknowledge(known, answer)
            await storing
        finally:
            storing.cancel()

    async def _store(self, known: Known, incoming: Incoming) -> None:
        await self._interactions.put(known)
        await self._accept(incoming)

    async def _acknowledge(self, known: Known, answer: Callable[[], Awaitable[Any]]) -> Any:
        """Tell Discord in time that we are at it; without that nothing can be said through this interaction."""
        until = asyncio.get_running_loop().time() + TOO_LATE_AFTER
        try:
            while True:
                try:
                    return await acknowledge(answer())
                except TokenDead as error:
                    known.dead = True
                    _log.warning("acknowledged too late", interaction=known.id, error=str(error)[:300])
                    return None
                except discord.InteractionResponded:
                    return None
                except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
                    if asyncio.get_running_loop().time() > until:
                        known.dead = True
                        _log.warning("not acknowledged", interaction=known.id, error=str(error)[:300])
                        return None
                await asyncio.sleep(0.1)
        finally:
            known.acknowledged.set()

    async def _complete(self, interaction: discord.Interaction[Any]) -> None:
        """Offer what fits what somebody is typing; nobody waits for it long."""
        data: Any = interaction.data
        wanted = typing(data)
        found: list[tuple[str, str]] = []
        if wanted is not None and wanted.completes == "day":
            found = days(wanted.typed, self._clock().date())
        elif wanted is not None and wanted.completes != "day":
            typed = wanted.typed.rpartition(" ")[2] if wanted.several else wanted.typed
            listed = await self._house.suggest(sender_of(interaction.user), wanted.completes, typed)
            pairs = [(each.label, each.value) for each in listed]
            found = completions(wanted.typed, pairs, several=wanted.several)
        choices = [discord.app_commands.Choice(name=label, value=value) for label, value in found]
        await self._calls.quietly(interaction.response.autocomplete(choices))

    async def _say_at_once(self, interaction: discord.Interaction[Any], text: str) -> None:
        await self._calls.quietly(interaction.response.send_message(text, ephemeral=True))

    async def _is_known(self, interaction: discord.Interaction[Any]) -> bool:
        """True for one that the gateway brings a second time."""
        return interaction.id in await self._interactions.all()

    def _is_for_one(self, body: Body) -> bool:
        """True for a command whose answer is nobody else's business; an unknown one counts as such."""
        if not isinstance(body, Command) or body.name == "":
            return isinstance(body, Unsupported)
        return body.name in _FOR_ONE or body.name not in self._house.commands(private=False)

    def _for_one(self, here: ChatAddress, interaction: discord.Interaction[Any]) -> ChatAddress:
        """Where only this person sees the answer: in a direct message that is so anyway."""
        return here if interaction.guild_id is None else here.whispering_to(str(interaction.user.id))

    def _known(self, interaction: discord.Interaction[Any], address: ChatAddress) -> Known:
        return Known(
            interaction.id,
            interaction.token,
            int(address.chat),
            interaction.user.id,
            self._interactions.now(),
            ephemeral=address.whispers,
            name=sender_of(interaction.user).name,
        )

    def _incoming(self, interaction: discord.Interaction[Any], address: ChatAddress, body: Body) -> Incoming:
        private = interaction.guild_id is None or address.whispers
        sender = sender_of(interaction.user)
        return Incoming(interaction_id(interaction.id), address, sender, self._clock(), body, private)


def _message_of(data: Any) -> Body:
    """What the command on a message asks about it."""
    message = data.get("resolved", {}).get("messages", {}).get(str(data.get("target_id")), {})
    author, content = message.get("author", {}), str(message.get("content", ""))
    if not content.strip():
        return Unsupported("a message without words")
    return about(str(author.get("global_name") or author.get("username") or "somebody"), content)
