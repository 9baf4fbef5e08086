"""What Discord tells → what a person did; pure. None for whatever is not for us."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import discord

from adapters.discord.contents import kind_of
from bot.messages import Body, ChatAddress, Command, Edit, Incoming, Sender, Text, Unsupported
from bot.tools.plain import plain

PLATFORM = "discord"
THUMB_UP = "👍"
MAX_TEXT = 32_768
"""Discord's own texts have at most 4000 letters; a longer one is not read."""

_NAME_LETTERS = 64
_QUOTED_LETTERS = 1500
_SPOKEN = frozenset({discord.MessageType.default, discord.MessageType.reply})
_COMMAND = re.compile(r"/([A-Za-z]\w{0,31}|)(?:\s+(.*))?", re.DOTALL | re.ASCII)
_SKIN_TONES = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
_HALVES = re.compile("[\x00\ud800-\udfff]")
_EMOJI = re.compile(r"<a?(:\w{2,32}:)\d{1,20}>", re.ASCII)
_MENTION = re.compile(r"<@!?(\d{1,20})>", re.ASCII)
_MESSAGE = re.compile(r"message:(\d{1,20})", re.ASCII)
_INTERACTION = re.compile(r"interaction:(\d{1,20})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Me:
    """Who we are on Discord: our user id, and the ids of the roles that stand for us."""

    id: int
    roles: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Place:
    """What a channel is to us: `private` between one person and us, `ours` a thread that we opened."""

    private: bool
    ours: bool


def hear(message: discord.Message, me: Me, place: Place) -> Incoming | None:
    """What a message says to us; None when it is not meant for us or is no message of a person."""
    if message.author.bot or message.webhook_id is not None or message.type not in _SPOKEN:
        return None
    addressed = place.private or place.ours or _names_us(message, me) or _answers_us(message, me)
    if not addressed:
        return None
    body = _body(message, me)
    if body is None:
        return None
    return Incoming(
        message_id(message.id, private=place.private),
        address_of(message.channel.id),
        sender_of(message.author),
        message.created_at,
        body,
        place.private,
    )


def hear_edit(message: discord.Message, me: Me, place: Place) -> Incoming | None:
    """What a changed message says now; None where nothing that a person wrote has changed."""
    changed = message.edited_at
    said = None if changed is None else hear(message, me, place)
    if changed is None or said is None or not isinstance(said.body, Text):
        return None
    return Incoming(
        f"edit:{message.id}:{changed.timestamp():.6f}",
        said.address,
        said.sender,
        changed,
        Edit(said.id, said.body.text),
        said.private,
    )


def meant_by(line: str) -> Command | Text:
    """What a line means that a button or a person types."""
    command = _COMMAND.fullmatch(line.strip())
    return Text(line) if command is None else Command(command[1].lower(), (command[2] or "").strip())


def about(author: str, content: str) -> Text:
    """What "Ask Randebu about this" asks: the words of somebody else, as data on one line."""
    return Text(f"About this message from {plain(author)}: {plain(content, _QUOTED_LETTERS)}")


def is_thumb(reaction: discord.RawReactionActionEvent, me: int) -> bool:
    """True for a 👍, of whatever skin, that somebody else has put under a message of ours."""
    if reaction.user_id == me or (reaction.member is not None and reaction.member.bot):
        return False
    ours = reaction.message_author_id in (None, me)
    emoji = reaction.emoji
    return ours and emoji.id is None and (emoji.name or "").rstrip(_SKIN_TONES) == THUMB_UP


def place_of(channel: object, me: Me) -> Place | None:
    """What a channel is to us; None for one of which nothing but its id is known."""
    if isinstance(channel, discord.PartialMessageable):
        return None
    ours = isinstance(channel, discord.Thread) and channel.owner_id == me.id
    return Place(isinstance(channel, discord.DMChannel), ours)


def address_of(channel: int) -> ChatAddress:
    """The address of a channel; a thread is a channel too."""
    return ChatAddress(PLATFORM, str(channel))


def sender_of(user: discord.abc.User) -> Sender:
    """Who somebody is."""
    return Sender(
        PLATFORM, str(user.id), " ".join(clean(user.display_name).split())[:_NAME_LETTERS] or "somebody"
    )


def message_id(message: int, *, private: bool) -> str:
    """The id of what came in as a message; it tells whether an answer must show what it answers."""
    return f"direct:{message}" if private else f"message:{message}"


def interaction_id(interaction: int) -> str:
    """The id of what came in as an interaction."""
    return f"interaction:{interaction}"


def message_number(incoming: str | None) -> int | None:
    """Discord's id of the message that an answer to an `Incoming.id` shows; None where it shows none."""
    found = _MESSAGE.fullmatch(incoming or "")
    return None if found is None else int(found[1])


def interaction_number(incoming: str | None) -> int | None:
    """Discord's id of the interaction behind an `Incoming.id`; None where it is none."""
    found = _INTERACTION.fullmatch(incoming or "")
    return None if found is None else int(found[1])


def clean(text: str) -> str:
    """The text without what is no character."""
    return _HALVES.sub("\ufffd", text)


def at_of(interaction: Mapping[str, Any]) -> datetime:
    """When an interaction was made, which its id tells."""
    return discord.utils.snowflake_time(int(interaction["id"]))


def _body(message: discord.Message, me: Me) -> Body | None:
    text = clean(message.content)
    if len(text) > MAX_TEXT:
        return Unsupported("a text as long as this one")
    said = _readable(text, message, me).strip()
    if said:
        return meant_by(said)
    kind = kind_of(message)
    if kind is not None:
        return Unsupported(kind)
    return Command("start") if text.strip() else None


def _readable(text: str, message: discord.Message, me: Me) -> str:
    """The text without our name, and with the names of people and emojis instead of their ids."""
    names = {user.id: user.display_name for user in message.mentions}

    def named(found: re.Match[str]) -> str:
        user = int(found[1])
        return "" if user == me.id else f"@{names.get(user, 'somebody')}"

    for role in me.roles:
        text = text.replace(f"<@&{role}>", "")
    return _EMOJI.sub(r"\1", _MENTION.sub(named, text))


def _names_us(message: discord.Message, me: Me) -> bool:
    if any(user.id == me.id for user in message.mentions) and f"{me.id}>" in message.content:
        return True
    return bool(me.roles & set(message.raw_role_mentions))


def _answers_us(message: discord.Message, me: Me) -> bool:
    if message.type is not discord.MessageType.reply or message.reference is None:
        return False
    answered = message.reference.resolved
    return isinstance(answered, discord.Message) and answered.author.id == me.id
