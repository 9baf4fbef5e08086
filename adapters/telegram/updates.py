"""A raw update of Telegram → what a person did; pure. None for whatever is not for us."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiogram.types import (
    CallbackQuery,
    Chat,
    Message,
    MessageEntity,
    MessageGenerationStopped,
    MessageReactionUpdated,
    ReactionTypeEmoji,
    Update,
    User,
)
from pydantic import ValidationError

from adapters.pressing import Button
from adapters.telegram.buttons import from_data
from adapters.telegram.contents import kind_of
from bot.messages import Body, ChatAddress, Command, Edit, Incoming, Sender, Text, Unsupported
from bot.tools.plain import plain

PLATFORM = "telegram"
MAX_TEXT = 32_768
"""Telegram's own texts have at most 4096 letters; a longer one is not read."""

THUMB_UP = "👍"

_GENERAL_TOPIC = 1
_NAME_LETTERS = 64
_UNREADABLE = "this message, which is of a kind that I do not know,"
_LINK = re.compile(r"link_([A-Za-z0-9_-]{1,59})")
_COMMAND = re.compile(r"/([A-Za-z]\w{0,31}|)(?:@(\w+))?(?:\s+(.*))?", re.DOTALL | re.ASCII)
_HALVES = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Me:
    """Who we are on Telegram: our id, our user name in lower case, and the commands that we know.

    `operators` has, by user id, those that we know from some people only.
    """

    id: int
    username: str
    commands: frozenset[str]
    operators: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def knows(self, command: str, user: User | None) -> bool:
        """True for a command that this person need not address to us."""
        own = self.operators.get(str(user.id), frozenset()) if user is not None else frozenset()
        return command in self.commands or command in own


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button of ours that was pressed, or one that is not (`button` None); `query` wants an answer in any case.

    `message` is the message under which it stands.
    """

    id: str
    query: str
    address: ChatAddress | None
    sender: Sender
    button: Button | None
    message: int | None
    private: bool


@dataclass(frozen=True, slots=True)
class Stopped:
    """Telegram's own Stop button was pressed while a draft grew."""

    incoming: Incoming
    draft: int


@dataclass(frozen=True, slots=True)
class Moved:
    """A group has become a supergroup and goes on under another id."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Reacted:
    """Somebody has put 👍 under a message; Telegram does not tell its topic."""

    id: str
    chat: str
    message: int
    sender: Sender
    private: bool


Heard = Incoming | Pressed | Stopped | Moved | Reacted


def hear(raw: Mapping[str, Any], me: Me, now: datetime) -> Heard | None:
    """What an update means; one that cannot be decoded, but is clearly a message to us, is `Unsupported`.

    Raises `ValueError` (pydantic's among them) for one of which nothing can be made.
    """
    try:
        update = Update.model_validate(raw)
    except ValidationError:
        unreadable = _unreadable(raw, now)
        if unreadable is None:
            raise
        return unreadable
    if update.message is not None or update.channel_post is not None:
        return _message(update.message or update.channel_post, me)
    if update.edited_message is not None:
        return _edit(update.update_id, update.edited_message, me)
    if update.callback_query is not None:
        return _press(update.callback_query)
    if update.message_reaction is not None:
        return _reaction(update.update_id, update.message_reaction)
    if update.stopped_message_generation is not None:
        return _stop(update.update_id, update.stopped_message_generation, now)
    return None


def meant_by(line: str) -> Command | Text:
    """What a line that a button types means."""
    command = _COMMAND.fullmatch(line.strip())
    return Text(line) if command is None else Command(command[1].lower(), (command[3] or "").strip())


def message_number(incoming_id: str) -> int | None:
    """Telegram's number of the message that an `Incoming.id` of ours stands for; None where it is no message."""
    kind, _, number = incoming_id.rpartition(":")
    return int(number) if kind.startswith("message:") and number.isdigit() else None


def _message(message: Message | None, me: Me) -> Heard | None:
    if message is None:
        return None
    chat = str(message.chat.id)
    if message.migrate_to_chat_id is not None:
        return Moved(chat, str(message.migrate_to_chat_id))
    if message.migrate_from_chat_id is not None:
        return Moved(str(message.migrate_from_chat_id), chat)
    sender = _sender(message.from_user, message.sender_chat)
    if sender is None:
        return None
    body = _body(message, me)
    if body is None:
        return None
    private = message.chat.type == "private"
    return Incoming(_id_of(message), _address(message), sender, _at(message), body, private)


def _edit(update: int, message: Message, me: Me) -> Incoming | None:
    sender = _sender(message.from_user, message.sender_chat)
    body = _body(message, me)
    if sender is None or not isinstance(body, Text | Command):
        return None
    private = message.chat.type == "private"
    change = Edit(_id_of(message), body.text if isinstance(body, Text) else body.line)
    return Incoming(f"edit:{update}", _address(message), sender, _at(message), change, private)


def _press(query: CallbackQuery) -> Pressed:
    message = query.message
    address = None
    if isinstance(message, Message):
        address = _address(message)
    elif message is not None:
        address = ChatAddress(PLATFORM, str(message.chat.id))
    return Pressed(
        id=f"press:{query.id}",
        query=query.id,
        address=address,
        sender=_user(query.from_user),
        button=from_data(query.data or ""),
        message=None if message is None else message.message_id,
        private=message is not None and message.chat.type == "private",
    )


def _reaction(update: int, reaction: MessageReactionUpdated) -> Reacted | None:
    """A 👍 that was not there before; whoever reacts as a channel or a group is nobody to us."""
    if reaction.user is None or reaction.user.is_bot:
        return None
    if not _has_thumb(reaction.new_reaction) or _has_thumb(reaction.old_reaction):
        return None
    chat = reaction.chat
    sender, private = _user(reaction.user), chat.type == "private"
    return Reacted(f"reaction:{update}", str(chat.id), reaction.message_id, sender, private)


def _has_thumb(reactions: Sequence[object]) -> bool:
    return any(isinstance(each, ReactionTypeEmoji) and each.emoji == THUMB_UP for each in reactions)


def _stop(update: int, stopped: MessageGenerationStopped, now: datetime) -> Stopped:
    chat = stopped.chat
    # Drafts exist in private chats only, and there the chat has the person's id.
    sender = Sender(PLATFORM, str(chat.id), _name(chat.full_name))
    address = ChatAddress(PLATFORM, str(chat.id), _thread(chat, stopped.message_thread_id, in_topic=True))
    return Stopped(Incoming(f"stop:{update}", address, sender, now, Command("stop")), stopped.draft_id)


def _body(message: Message, me: Me) -> Body | None:
    """What a message says to us; None when it is not meant for us or is no message of a person."""
    text = clean(message.text or "")
    addressed = message.chat.type == "private" or _names_us(message, me) or _answers_us(message, me)
    command = _COMMAND.fullmatch(text.strip())
    if command is not None:
        name, receiver, arguments = command[1].lower(), (command[2] or "").lower(), command[3] or ""
        if receiver and receiver != me.username:
            return None
        if not (addressed or receiver or me.knows(name, message.from_user)):
            return None
        return _start(message, arguments.strip()) if name == "start" else Command(name, arguments.strip())
    if not addressed:
        return None
    if len(text) > MAX_TEXT:
        return Unsupported("a text as long as this one")
    if message.text is not None:
        said = _without_our_name(text, me).strip()
        return Text(said) if said else Command("start")
    kind = kind_of(message)
    return None if kind is None else Unsupported(kind)


def _start(message: Message, payload: str) -> Command:
    """What /start says: `t.me/<bot>?start=link_CODE` links an account, but only where nobody else reads the code."""
    link = _LINK.fullmatch(payload)
    if link is not None and message.chat.type == "private":
        return Command("link", link[1])
    return Command("start")


def _names_us(message: Message, me: Me) -> bool:
    text, entities = message.text or message.caption or "", message.entities or message.caption_entities or []
    return any(_is_our_name(entity, text, me) for entity in entities)


def _is_our_name(entity: MessageEntity, text: str, me: Me) -> bool:
    if entity.type == "text_mention":
        return entity.user is not None and entity.user.id == me.id
    if entity.type not in {"mention", "bot_command"}:
        return False
    return entity.extract_from(text).lower().endswith(f"@{me.username}")


def _answers_us(message: Message, me: Me) -> bool:
    answered = message.reply_to_message
    if answered is None or answered.from_user is None:
        return False
    # In a topic every message answers the one that opened it, which a bot may have been.
    return answered.from_user.id == me.id and answered.forum_topic_created is None


def _without_our_name(text: str, me: Me) -> str:
    if not me.username:
        return text
    return re.sub(rf"[ \t]*@{re.escape(me.username)}\b[,:]?", "", text, flags=re.IGNORECASE)


def _address(message: Message) -> ChatAddress:
    in_topic = bool(message.is_topic_message)
    return ChatAddress(
        PLATFORM, str(message.chat.id), _thread(message.chat, message.message_thread_id, in_topic=in_topic)
    )


def _thread(chat: Chat, thread: int | None, *, in_topic: bool) -> str:
    """The topic; none for the thread of replies that a plain supergroup calls by the same name."""
    if thread is None or not in_topic or (chat.type != "private" and thread == _GENERAL_TOPIC):
        return ""
    return str(thread)


def _id_of(message: Message) -> str:
    return f"message:{message.chat.id}:{message.message_id}"


def _at(message: Message) -> datetime:
    """When it was written; Telegram tells seconds since 1970, so anything else has no zone and is taken as UTC."""
    return message.date if message.date.tzinfo is not None else message.date.replace(tzinfo=UTC)


def _sender(user: User | None, on_behalf_of: Chat | None) -> Sender | None:
    """Who wrote: nobody (an empty user) behind a channel or a hidden admin, None for other bots."""
    if on_behalf_of is not None or user is None:
        title = on_behalf_of.title if on_behalf_of is not None else None
        return Sender(PLATFORM, "", _name(title or "somebody"))
    return None if user.is_bot else _user(user)


def _user(user: User) -> Sender:
    return Sender(PLATFORM, str(user.id), _name(user.full_name))


def _name(name: str) -> str:
    """A name as it can be shown: people choose theirs freely, stars, links and reversed letters included."""
    shown = plain(clean(name), _NAME_LETTERS)
    return "somebody" if shown == "?" else shown


def clean(text: str) -> str:
    """The text without what is no character."""
    return _HALVES.sub("\ufffd", text)


def _unreadable(raw: Mapping[str, Any], now: datetime) -> Incoming | None:
    """A private message that our decoder does not understand, so that its sender is not met with silence."""
    message = raw.get("message")
    chat = message.get("chat") if isinstance(message, Mapping) else None
    user = message.get("from") if isinstance(message, Mapping) else None
    if not (isinstance(message, Mapping) and isinstance(chat, Mapping) and isinstance(user, Mapping)):
        return None
    numbers = (chat.get("id"), user.get("id"), message.get("message_id"))
    if not all(type(number) is int and 0 < number < 2**52 for number in numbers):
        return None
    if numbers[0] != numbers[1] or user.get("is_bot"):
        return None
    name = user.get("first_name")
    sender = Sender(PLATFORM, str(numbers[1]), _name(name if isinstance(name, str) else ""))
    body = Unsupported(_UNREADABLE)
    incoming_id = f"message:{numbers[0]}:{numbers[2]}"
    return Incoming(incoming_id, ChatAddress(PLATFORM, str(numbers[0])), sender, now.astimezone(UTC), body)
