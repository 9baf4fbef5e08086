"""One lasting piece → the calls that bring it into its channel, and what is done when Discord takes it differently."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import discord
import structlog

from adapters.discord.buttons import to_custom_id
from adapters.discord.calls import Archived, Calls, NoSuchMessage, NotAllowed, TokenDead
from adapters.discord.house import House
from adapters.discord.interactions import Interactions, Known
from adapters.discord.placeholders import Placeholder
from adapters.discord.previews import Previews
from adapters.discord.render import REPEATED, Drawn, draw
from adapters.discord.updates import PLATFORM, interaction_number, message_number
from bot.errors import ChatGone
from bot.messages import Delivery, Settled

_log = structlog.get_logger(__name__)

DROPPED = "dropped"
"""The receipt of what could only have been shown to everybody, though it was for one person."""

_SALT = f"{PLATFORM} nonces"
_SKEW = timedelta(seconds=30)
_NO_PERMISSION = (
    "Discord does not let me write there: allow “View Channel”, “Send Messages”, “Send Messages in Threads” and "
    "“Read Message History” for Randebu in that channel or in its role."
)
_NO_FILES = "*I may not attach files here: allow “Attach Files” and “Embed Links” for Randebu.*"
_ASK_AGAIN = "<@{user}> It is too late to show you that answer so that only you see it. Please ask again."


class Posting:
    """Brings pieces into channels."""

    def __init__(self, calls: Calls, previews: Previews, interactions: Interactions, house: House) -> None:
        self._calls = calls
        self._previews = previews
        self._interactions = interactions
        self._house = house
        self._salt: str | None = None
        self._acknowledged: deque[int] = deque(maxlen=1000)

    async def post(self, delivery: Delivery) -> str:
        """Send a piece; returns the channel and the id of the message that shows it, as `channel:message`."""
        async with self._previews.giving_way(delivery.address, delivery.reply_to) as placeholder:
            if delivery.address.whispers:
                message = await self._whisper(delivery)
            elif isinstance(delivery.reply, Settled):
                message = await self._settle(delivery)
            else:
                message = await self._say(delivery, placeholder)
        if message is None:
            return DROPPED
        self._acknowledged.append(message)
        return f"{delivery.address.chat}:{message}"

    async def _say(self, delivery: Delivery, placeholder: Placeholder | None) -> int:
        """Say something to everybody in a channel: in the message that waits for it, if there is one."""
        known = await self._interactions.get(interaction_number(delivery.reply_to))
        if known is not None and known.original and known.piece in (None, delivery.id):
            filled = await self._fill(known, delivery)
            if filled is not None:
                return filled
        if placeholder is not None and placeholder.piece in (None, delivery.id):
            await self._previews.placeholders.put(
                delivery.address, replace(placeholder, piece=delivery.id, doubtful=False)
            )
            done = await self._edit(delivery, placeholder.message)
            await self._previews.placeholders.forget(delivery.address)
            if done:
                return placeholder.message
        return await self._send(delivery, known)

    async def _whisper(self, delivery: Delivery) -> int | None:
        """Say something that one person may see; None where that is no longer possible. Never to everybody."""
        if isinstance(delivery.reply, Settled):
            return await self._settle_whispering(delivery)
        known = await self._interactions.get(interaction_number(delivery.reply_to))
        if known is not None and not known.ephemeral:
            known = None
        if known is not None and known.original and known.piece in (None, delivery.id):
            filled = await self._fill(known, delivery)
            if filled is not None:
                return filled
        latest = known or await self._interactions.newest(delivery.address)
        if latest is not None:
            try:
                # Before this delivery's first attempt it surely was not said; later nobody can tell.
                drawn = draw(delivery, repeated=delivery.attempt > 1)
                return await self._calls.follow(latest, drawn)
            except TokenDead:
                await self._interactions.bury(latest)
        if delivery.reply_to is not None:
            await self._say_ask_again(delivery)
        return None

    async def _fill(self, known: Known, delivery: Delivery) -> int | None:
        """Let a piece become an interaction's own message; repeating that changes nothing."""
        await self._interactions.claim(known, delivery.id)
        try:
            message = await self._calls.fill(known, draw(delivery, repeated=False))
        except (TokenDead, NoSuchMessage):
            await self._interactions.bury(known)
            return None
        if known.shown != message:
            known.shown = message
            await self._interactions.keep()
        return message

    async def _settle(self, delivery: Delivery) -> int:
        """Redraw a question without its buttons; where its message is gone, say what was decided."""
        number = _message_of(delivery)
        if number is not None:
            try:
                if await self._edit(delivery, number):
                    return number
            except NotAllowed:
                # The bot may be no member of the channel; whoever pressed has brought a way in.
                known = await self._interactions.showing(number)
                if known is not None:
                    return await self._calls.fill(known, draw(delivery, repeated=False))
        return await self._send(delivery, None)

    async def _settle_whispering(self, delivery: Delivery) -> int | None:
        number = _message_of(delivery)
        known = None if number is None else await self._interactions.showing(number)
        if known is None:
            return None
        try:
            return await self._calls.fill(known, draw(delivery, repeated=False))
        except (TokenDead, NoSuchMessage):
            return None

    async def _edit(self, delivery: Delivery, message: int) -> bool:
        """Change a message of ours; False when it is not there any more."""
        channel = int(delivery.address.chat)
        drawn = draw(delivery, repeated=False)
        try:
            await self._calls.edit(channel, message, drawn)
        except NoSuchMessage:
            return False
        except Archived:
            await self._open_again(channel)
            await self._calls.edit(channel, message, drawn)
        return True

    async def _send(self, delivery: Delivery, known: Known | None) -> int:
        """Send a message of its own; one that may be there already is looked for first."""
        channel, drawn = int(delivery.address.chat), draw(delivery, repeated=False)
        if delivery.attempt > 1:
            try:
                found = await self._find(delivery, drawn)
                if found is not None:
                    return found
            except NotAllowed:
                drawn = draw(delivery, repeated=True)
        nonce, answers = await self._nonce(delivery), _answered(delivery)
        try:
            return await self._calls.send(channel, drawn, nonce, answers)
        except Archived:
            await self._open_again(channel)
            return await self._calls.send(channel, drawn, nonce, answers)
        except NotAllowed as error:
            return await self._despite(error, delivery, drawn, nonce, known)

    async def _despite(
        self, error: NotAllowed, delivery: Delivery, drawn: Drawn, nonce: str, known: Known | None
    ) -> int:
        """Say it in a way that needs no permission, or without its file; raises `ChatGone` when that fails too."""
        if known is not None:
            try:
                return await self._calls.follow(known, draw(delivery, repeated=delivery.attempt > 1))
            except TokenDead:
                await self._interactions.bury(known)
        channel = int(delivery.address.chat)
        if drawn.file is not None or drawn.embed is not None:
            words = drawn.text or (drawn.embed.description if drawn.embed else "") or ""
            bare = Drawn(f"{words}\n\n{_NO_FILES}".strip(), buttons=drawn.buttons)
            try:
                return await self._calls.send(channel, bare, f"{nonce}b")
            except NotAllowed as again:
                error = again
        _log.error("not allowed to write in a channel", channel=channel, what_to_do=_NO_PERMISSION)
        raise ChatGone(f"{_NO_PERMISSION} {error}") from error

    async def _open_again(self, thread: int) -> None:
        try:
            await self._calls.open_again(thread)
        except NotAllowed as error:
            raise ChatGone(f"The thread is archived, and I may not open it again. {error}") from error

    async def _find(self, delivery: Delivery, drawn: Drawn) -> int | None:
        """The message of ours that an earlier attempt has brought; None where there is none."""
        since = delivery.first_attempt_at
        if since is None:
            return None
        after = discord.utils.time_snowflake(since.astimezone(UTC) - _SKEW)
        wanted = _traits(drawn)
        for message in await self._calls.history(int(delivery.address.chat), after):
            number = int(message["id"])
            ours = str(message["author"]["id"]) == str(self._calls.me)
            if ours and number not in self._acknowledged and _traits_of(message) == wanted:
                return number
        return None

    async def _say_ask_again(self, delivery: Delivery) -> None:
        """Tell everybody nothing but that somebody should ask again."""
        user = delivery.address.thread.removeprefix("@")
        drawn = Drawn(_ASK_AGAIN.format(user=user))
        # Once for everything that is not shown.
        nonce = f"ask{interaction_number(delivery.reply_to)}"
        try:
            await self._calls.send(int(delivery.address.chat), drawn, nonce)
        except (NotAllowed, Archived) as error:
            raise ChatGone(str(error)) from error

    async def _nonce(self, delivery: Delivery) -> str:
        """By what Discord knows a repetition: the piece, in this database and no other."""
        if self._salt is None:
            noted = await self._house.recall(_SALT)
            if not noted:
                noted = {"salt": secrets.token_hex(4)}
                await self._house.note(_SALT, noted)
            self._salt = str(noted["salt"])
        return f"{self._salt}{delivery.id:x}"


def _message_of(delivery: Delivery) -> int | None:
    """The message that a settled question stands in."""
    return _number_here(delivery.target, delivery)


def _answered(delivery: Delivery) -> int | None:
    """The message that an answer shows: that of ours which it goes on from, else that of the person."""
    return _number_here(delivery.continues, delivery) or message_number(delivery.reply_to)


def _number_here(receipt: str | None, delivery: Delivery) -> int | None:
    """Discord's id of the message that a receipt names; None for one of another channel."""
    channel, _, number = (receipt or "").rpartition(":")
    return int(number) if channel == delivery.address.chat and number.isdigit() else None


def _traits(drawn: Drawn) -> tuple[str, str, str, tuple[str, ...]]:
    """By what a message is known again: its words, its embed's, its file's name, and its buttons."""
    return (
        drawn.text.strip(),
        (drawn.embed.description or "").strip() if drawn.embed else "",
        drawn.file[0] if drawn.file and not drawn.embed else "",
        tuple(to_custom_id(each.button) for each in drawn.buttons),
    )


def _traits_of(message: Mapping[str, Any]) -> tuple[str, str, str, tuple[str, ...]]:
    """The same of a message as Discord tells it, which may bear our label."""
    embeds, files = message.get("embeds") or [], message.get("attachments") or []
    return (
        str(message.get("content") or "").removeprefix(REPEATED).strip(),
        str(embeds[0].get("description") or "").strip() if embeds else "",
        # A file that an embed shows is not told apart from it.
        str(files[0].get("filename") or "") if files and not embeds else "",
        tuple(
            str(button.get("custom_id"))
            for row in message.get("components") or []
            for button in row.get("components") or []
        ),
    )
