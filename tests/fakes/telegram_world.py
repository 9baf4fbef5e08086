"""Telegram itself, without a network: people, chats, what is shown in them, and the updates that a bot is owed."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

BOT_ID = 4242
BOT_NAME = "randebu_bot"

_ENTITY = re.compile(r"(?P<bot_command>^/\w+(?:@\w+)?)|(?P<mention>(?<!\w)@\w+)", re.ASCII)


def utf16(text: str) -> int:
    """The length of a text as Telegram counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class ApiError(Exception):
    """A refusal of the Bot API, as it goes over the wire."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status, self.description, self.parameters = status, description, parameters


@dataclass(frozen=True)
class Person:
    """Somebody with a Telegram account."""

    id: int
    name: str

    def as_user(self) -> dict[str, Any]:
        """The User object."""
        return {"id": self.id, "is_bot": False, "first_name": self.name, "language_code": "en"}


@dataclass
class Shown:
    """A message as the people in its chat see it now."""

    number: int
    text: str
    ours: bool
    at: float
    entities: list[dict[str, Any]] = field(default_factory=list)
    keyboard: list[list[dict[str, Any]]] = field(default_factory=list)
    thread: int | None = None
    answers: int | None = None
    photo: bytes | None = None
    document: tuple[str, bytes] | None = None
    sender: Person | None = None
    former: list[str] = field(default_factory=list)

    @property
    def labels(self) -> list[str]:
        """What its buttons say."""
        return [button["text"] for row in self.keyboard for button in row]

    def data_of(self, label: str) -> str:
        """The callback data behind a button."""
        return str(next(b["callback_data"] for row in self.keyboard for b in row if b["text"] == label))


@dataclass
class WorldChat:
    """A private chat, a group or a supergroup with or without topics."""

    id: int
    type: str
    title: str | None = None
    person: Person | None = None
    forum: bool = False
    topics: set[int] = field(default_factory=set)
    closed: str | None = None
    words_only: bool = False
    gone_topics: set[int] = field(default_factory=set)
    moved_to: int | None = None
    messages: dict[int, Shown] = field(default_factory=dict)
    draft: tuple[int, str] | None = None
    drafts: list[str] = field(default_factory=list)
    quiet_until: float = 0.0
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def as_chat(self) -> dict[str, Any]:
        """The Chat object."""
        if self.person is not None:
            return {"id": self.id, "type": "private", "first_name": self.person.name}
        return {"id": self.id, "type": self.type, "title": self.title} | (
            {"is_forum": True} if self.forum else {}
        )

    def ours(self, thread: int | None = None) -> list[Shown]:
        """The bot's messages that are still there, the oldest first."""
        return [
            each for each in self.messages.values() if each.ours and (thread is None or each.thread == thread)
        ]

    def last(self) -> Shown:
        """The bot's newest message."""
        return self.ours()[-1]


class World:
    """Everything that Telegram knows; a bot reaches it through `tests.fakes.bot_api`."""

    def __init__(self) -> None:
        self.chats: dict[int, WorldChat] = {}
        self.updates: list[dict[str, Any]] = []
        self.allowed: set[str] | None = None
        self.open_queries: set[str] = set()
        self.answered_queries: dict[str, float] = {}
        self.refuses_entities = False
        self.refuses_photos = False
        self.knows_drafts = True
        self.presented: dict[str, Any] = {}
        self.news = asyncio.Event()
        self._update_ids = itertools.count(1000)
        self._ids = itertools.count(1)

    # People and places

    def person(self, name: str) -> Person:
        """Somebody new."""
        return Person(100_000 + next(self._ids), name)

    def private(self, person: Person) -> WorldChat:
        """The private chat of a person with the bot."""
        return self.chats.setdefault(person.id, WorldChat(person.id, "private", person=person))

    def group(
        self, title: str, *, forum: bool = False, topics: Sequence[int] = (), plain: bool = False
    ) -> WorldChat:
        """A group: a supergroup, unless it is a plain one that can become one."""
        number = next(self._ids)
        chat_id = -number if plain else -1_000_000_000_000 - number
        chat = WorldChat(chat_id, "group" if plain else "supergroup", title, forum=forum, topics=set(topics))
        return self.chats.setdefault(chat_id, chat)

    # What people do

    def says(
        self,
        person: Person,
        text: str | None,
        chat: WorldChat | None = None,
        *,
        topic: int | None = None,
        answers: int | None = None,
        fields: dict[str, Any] | None = None,
    ) -> int:
        """Somebody writes; returns the number of the message. `fields` go into the Message object."""
        chat = chat or self.private(person)
        number: int = next(chat.numbers)
        message = self.message_object(chat, number, text, person, topic) | (fields or {})
        if answers is not None:
            message["reply_to_message"] = self._as_message(chat, chat.messages[answers])
        chat.messages[number] = Shown(
            number, text or "", ours=False, at=time.monotonic(), thread=topic, answers=answers, sender=person
        )
        self.update("message", message)
        return number

    def edits(self, person: Person, number: int, text: str, chat: WorldChat | None = None) -> None:
        """Somebody changes an earlier message."""
        chat = chat or self.private(person)
        shown = chat.messages[number]
        shown.text = text
        message = self.message_object(chat, number, text, person, shown.thread)
        self.update("edited_message", message | {"edit_date": int(time.time())})

    def presses(self, person: Person, message: Shown, label: str, chat: WorldChat | None = None) -> str:
        """Somebody presses a button; returns the id of the query."""
        chat = chat or self.private(person)
        query = f"query{next(self._ids)}"
        self.open_queries.add(query)
        self.update(
            "callback_query",
            {
                "id": query,
                "from": person.as_user(),
                "chat_instance": "1",
                "message": self._as_message(chat, message),
                "data": message.data_of(label),
            },
        )
        return query

    def reacts(
        self, person: Person, number: int, emoji: str, chat: WorldChat | None = None, *, before: str = ""
    ) -> None:
        """Somebody puts a reaction under a message, in place of one that was there before."""
        chat = chat or self.private(person)
        old, new = ([{"type": "emoji", "emoji": each}] if each else [] for each in (before, emoji))
        self.update(
            "message_reaction",
            {
                "chat": chat.as_chat(),
                "message_id": number,
                "user": person.as_user(),
                "date": int(time.time()),
                "old_reaction": old,
                "new_reaction": new,
            },
        )

    def stops_draft(self, person: Person) -> None:
        """Somebody presses Telegram's own Stop button while a draft grows."""
        chat = self.private(person)
        if chat.draft is None:
            raise AssertionError("There is no draft to stop.")
        stopped = {"chat": chat.as_chat(), "draft_id": chat.draft[0]}
        self.update("stopped_message_generation", stopped)

    def becomes_supergroup(self, chat: WorldChat) -> WorldChat:
        """A plain group becomes a supergroup; both chats tell."""
        new = self.group(chat.title or "", forum=False)
        chat.moved_to = new.id
        number = next(chat.numbers)
        self.update("message", self.message_object(chat, number, None, None) | {"migrate_to_chat_id": new.id})
        number = next(new.numbers)
        self.update(
            "message", self.message_object(new, number, None, None) | {"migrate_from_chat_id": chat.id}
        )
        return new

    def update(self, kind: str, content: dict[str, Any]) -> dict[str, Any] | None:
        """Owe the bot an update, if it wants this kind."""
        if self.allowed is not None and kind not in self.allowed:
            return None
        update = {"update_id": next(self._update_ids), kind: content}
        self.updates.append(update)
        self.tell()
        return update

    def owe(self, update: dict[str, Any]) -> None:
        """Owe the bot an update as it stands, except that it gets its number."""
        self.updates.append(update | {"update_id": next(self._update_ids)})
        self.tell()

    def tell(self) -> None:
        """Wake whoever waits for news."""
        self.news.set()
        self.news = asyncio.Event()

    # What the bot is shown

    def message_object(
        self, chat: WorldChat, number: int, text: str | None, person: Person | None, topic: int | None = None
    ) -> dict[str, Any]:
        """A Message object."""
        message: dict[str, Any] = {"message_id": number, "date": int(time.time()), "chat": chat.as_chat()}
        if person is not None:
            message["from"] = person.as_user()
        if topic is not None:
            message |= {"message_thread_id": topic, "is_topic_message": True}
        if text is not None:
            message["text"] = text
            entities = [
                {"type": found.lastgroup, "offset": utf16(text[: found.start()]), "length": utf16(found[0])}
                for found in _ENTITY.finditer(text)
            ]
            if entities:
                message["entities"] = entities
        return message

    def _as_message(self, chat: WorldChat, shown: Shown) -> dict[str, Any]:
        message = self.message_object(chat, shown.number, shown.text, shown.sender, shown.thread)
        if shown.ours:
            message["from"] = {"id": BOT_ID, "is_bot": True, "first_name": "Randebu", "username": BOT_NAME}
        if shown.keyboard:
            message["reply_markup"] = {"inline_keyboard": shown.keyboard}
        return message

    def as_sent(self, chat: WorldChat, shown: Shown) -> dict[str, Any]:
        """What the bot gets back for a message that it has sent or changed."""
        return self._as_message(chat, shown)

    def pending(self, offset: int | None, limit: int) -> list[dict[str, Any]]:
        """The updates from an offset on; those before it are confirmed and gone."""
        if offset is not None:
            self.updates = [update for update in self.updates if update["update_id"] >= offset]
        return self.updates[:limit]
