"""Discord itself, without a network: people, servers, channels, what is shown there, and the events of it."""

from __future__ import annotations

import asyncio
import itertools
import re
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.fakes.discord_things import (
    DM,
    EPOCH_MS,
    TEXT,
    THREAD,
    Account,
    Guild,
    Made,
    Room,
    Shown,
)

_MENTION = re.compile(r"<@!?(\d+)>")
_ROLE = re.compile(r"<@&(\d+)>")
_TYPES: dict[type, int] = {str: 3, int: 4, float: 10}

Listener = Callable[[str, dict[str, Any]], None]


class DiscordWorld:
    """Everything that Discord knows; a bot reaches it through `tests.fakes.discord_rest` and `discord_gateway`."""

    def __init__(self) -> None:
        self._last = 0
        self.bot = Account(self.snowflake(), "Randebu", bot=True)
        self.application = self.snowflake()
        self.role = self.snowflake()
        self.guild = Guild(self.snowflake(), "Traders")
        self.rooms: dict[int, Room] = {}
        self.made: dict[int, Made] = {}
        self.commands: dict[str, list[dict[str, Any]]] = {}
        self.syncs: list[str] = []
        self.listeners: list[Listener] = []
        self.news = asyncio.Event()
        self._direct: dict[int, Room] = {}
        self._serial = itertools.count(1)

    def snowflake(self) -> int:
        """A new id, which tells the time as Discord's do."""
        now = (int(time.time() * 1000) - EPOCH_MS) << 22
        self._last = max(self._last + 1, now)
        return self._last

    # People and places

    def person(self, name: str) -> Account:
        """Somebody new."""
        return Account(self.snowflake(), name)

    def private(self, person: Account) -> Room:
        """The direct messages of a person with the bot."""
        if person.id not in self._direct:
            room = Room(self.snowflake(), DM, person=person)
            self._direct[person.id] = self.rooms[room.id] = room
        return self._direct[person.id]

    def channel(self, name: str, type: int = TEXT) -> Room:  # noqa: A002
        """A channel of the server."""
        room = Room(self.snowflake(), type, name, self.guild)
        self.rooms[room.id] = room
        self.guild.rooms.append(room)
        self.emit("CHANNEL_CREATE", room.as_channel())
        return room

    def thread(self, parent: Room, owner: Account, name: str = "a thread", id: int | None = None) -> Room:  # noqa: A002
        """A thread in a channel."""
        room = Room(id or self.snowflake(), THREAD, name, self.guild, parent=parent.id, owner=owner.id)
        room.members.add(owner.id)
        self.rooms[room.id] = room
        self.guild.rooms.append(room)
        self.emit("THREAD_CREATE", room.as_channel() | {"newly_created": True})
        return room

    def removes_bot(self) -> None:
        """Somebody removes the bot from the server."""
        for room in self.guild.rooms:
            room.forbidden |= {"view"}
        self.emit("GUILD_DELETE", {"id": str(self.guild.id)})

    def deletes(self, room: Room) -> None:
        """Somebody deletes a channel or a thread."""
        room.gone = True
        name = "THREAD_DELETE" if room.type == THREAD else "CHANNEL_DELETE"
        self.emit(name, room.as_channel())

    # What people do

    def says(
        self,
        person: Account,
        text: str,
        room: Room | None = None,
        *,
        answers: Shown | None = None,
        **fields: Any,
    ) -> Shown:
        """Somebody writes; `fields` go into the Message object."""
        room = room or self.private(person)
        if room.archived and not room.locked:
            room.archived = False
            self.emit("THREAD_UPDATE", room.as_channel())
        shown = Shown(self.snowflake(), room, person, text, extra=fields)
        if answers is not None:
            shown.type, shown.answers = 19, answers.id
        room.messages[shown.id] = shown
        self.emit("MESSAGE_CREATE", self.event_of(shown))
        return shown

    def edits(self, shown: Shown, text: str) -> None:
        """Somebody changes a message of theirs."""
        shown.content, shown.edited = text, datetime.now(UTC).isoformat()
        self.emit("MESSAGE_UPDATE", self.event_of(shown))

    def unfurls(self, shown: Shown) -> None:
        """Discord adds the preview of a link, which is no edit."""
        shown.embeds = [{"type": "link", "url": "https://example.org"}]
        self.emit("MESSAGE_UPDATE", self.event_of(shown))

    def uses(
        self, person: Account, name: str, room: Room | None = None, **options: str | int | float
    ) -> Made:
        """Somebody uses a slash command; after a space in `name` stands its subcommand."""
        given: list[dict[str, Any]] = [
            {"name": key, "type": _TYPES[type(value)], "value": value} for key, value in options.items()
        ]
        name, _, word = name.partition(" ")
        if word:
            given = [{"name": word, "type": 1, "options": given}]
        data = {"id": str(self.snowflake()), "name": name, "type": 1, "options": given}
        return self._make(2, person, room or self.private(person), data)

    def enters(self, person: Account, line: str, room: Room | None = None) -> Made:
        """Somebody types a slash command; its words go into the option that Discord was told of first."""
        name, _, rest = line.removeprefix("/").partition(" ")
        told = next(each for place in self.commands.values() for each in place if each["name"] == name)
        options = {told["options"][0]["name"]: rest} if rest and told["options"] else {}
        return self.uses(person, name, room, **options)

    def reacts(self, person: Account, shown: Shown, emoji: str) -> None:
        """Somebody puts an emoji under a message."""
        event: dict[str, Any] = {
            "user_id": str(person.id),
            "channel_id": str(shown.room.id),
            "message_id": str(shown.id),
            "message_author_id": str(shown.author.id),
            "emoji": {"id": None, "name": emoji},
            "burst": False,
            "type": 0,
        }
        if shown.room.guild is not None:
            event |= {"guild_id": str(shown.room.guild.id), "member": _member() | {"user": person.as_user()}}
        self.emit("MESSAGE_REACTION_ADD", event)

    def types(self, person: Account, name: str, option: str, typed: str, room: Room | None = None) -> Made:
        """Somebody is typing an option of a slash command."""
        focused = {"name": option, "type": 3, "value": typed, "focused": True}
        data = {"id": str(self.snowflake()), "name": name, "type": 1, "options": [focused]}
        return self._make(4, person, room or self.private(person), data)

    def asks_about(self, person: Account, shown: Shown, name: str) -> Made:
        """Somebody uses a command on a message."""
        data = {
            "id": str(self.snowflake()),
            "name": name,
            "type": 3,
            "target_id": str(shown.id),
            "resolved": {"messages": {str(shown.id): self.as_message(shown)}},
        }
        return self._make(2, person, shown.room, data)

    def presses(self, person: Account, shown: Shown, label: str) -> Made:
        """Somebody presses a button."""
        button = next(each for each in shown.buttons if each["label"] == label)
        data = {"custom_id": button["custom_id"], "component_type": 2}
        return self._make(3, person, shown.room, data, shown)

    def again(self, made: Made) -> None:
        """Bring an interaction once more."""
        self.emit("INTERACTION_CREATE", self._as_interaction(made))

    def _make(
        self,
        type: int,  # noqa: A002
        person: Account,
        room: Room,
        data: dict[str, Any],
        message: Shown | None = None,
    ) -> Made:
        made = Made(self.snowflake(), secrets.token_urlsafe(60), type, person, room, data, message)
        self.made[made.id] = made
        self.emit("INTERACTION_CREATE", self._as_interaction(made))
        return made

    # What the bot is told

    def emit(self, name: str, payload: dict[str, Any]) -> None:
        """Something has happened."""
        for listener in list(self.listeners):
            listener(name, payload)
        self.tell()

    def tell(self) -> None:
        """Wake whoever waits for news."""
        self.news.set()
        self.news = asyncio.Event()

    def event_of(self, shown: Shown) -> dict[str, Any]:
        """A message as the gateway tells it."""
        event = self.as_message(shown)
        if shown.room.guild is not None:
            event["guild_id"] = str(shown.room.guild.id)
            event["member"] = _member()
        return event

    def as_message(self, shown: Shown) -> dict[str, Any]:
        """The Message object."""
        people = {each.id: each for each in self._people()}
        named = [people[int(each)] for each in _MENTION.findall(shown.content) if int(each) in people]
        moment = datetime.fromtimestamp(((shown.id >> 22) + EPOCH_MS) / 1000, UTC)
        message: dict[str, Any] = {
            "id": str(shown.id),
            "channel_id": str(shown.room.id),
            "author": shown.author.as_user(),
            "content": shown.content,
            "timestamp": moment.isoformat(),
            "edited_timestamp": shown.edited,
            "tts": False,
            "mention_everyone": "@everyone" in shown.content and bool(shown.pings),
            "mentions": [each.as_user() for each in named],
            "mention_roles": _ROLE.findall(shown.content),
            "attachments": [
                {
                    "id": str(at + 1),
                    "filename": name,
                    "size": len(content),
                    "url": f"https://cdn.invalid/{name}",
                    "proxy_url": f"https://cdn.invalid/{name}",
                }
                for at, (name, content) in enumerate(shown.files)
                if not shown.embeds
            ],
            "embeds": shown.embeds,
            "pinned": False,
            "type": shown.type,
            "flags": shown.flags,
            "components": shown.components,
        }
        if shown.answers is not None:
            reference = {"message_id": str(shown.answers), "channel_id": str(shown.room.id)}
            answered = shown.room.messages.get(shown.answers)
            message |= {
                "message_reference": reference,
                "referenced_message": None if answered is None else self.as_message(answered),
            }
        if shown.made_by is not None:
            made = self.made[shown.made_by]
            message["interaction_metadata"] = {
                "id": str(made.id),
                "type": made.type,
                "user": made.user.as_user(),
                "authorizing_integration_owners": {},
            }
        return message | shown.extra

    def as_guild(self) -> dict[str, Any]:
        """The Guild object of GUILD_CREATE."""
        here = [room for room in self.guild.rooms if not room.gone]
        everyone = _role(self.guild.id, "@everyone")
        own = _role(self.role, "Randebu") | {"tags": {"bot_id": str(self.bot.id)}, "managed": True}
        return {
            "id": str(self.guild.id),
            "name": self.guild.name,
            "owner_id": "1",
            "icon": None,
            "splash": None,
            "channels": [room.as_channel() for room in here if room.type != THREAD],
            "threads": [room.as_channel() for room in here if room.type == THREAD and not room.archived],
            "members": [{**_member(), "user": self.bot.as_user(), "roles": [str(self.role)]}],
            "roles": [everyone, own],
            "emojis": [],
            "stickers": [],
            "features": [],
            "member_count": 2,
            "joined_at": datetime.now(UTC).isoformat(),
            "large": False,
            "unavailable": False,
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
            "verification_level": 0,
            "afk_timeout": 300,
            "afk_channel_id": None,
            "default_message_notifications": 1,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "system_channel_flags": 0,
            "premium_tier": 0,
            "preferred_locale": "en-US",
            "nsfw_level": 0,
        }

    def _people(self) -> list[Account]:
        people = [self.bot]
        for room in self.rooms.values():
            people += [each.author for each in room.messages.values()]
            people += [] if room.person is None else [room.person]
        return people

    def _as_interaction(self, made: Made) -> dict[str, Any]:
        room = made.room
        interaction: dict[str, Any] = {
            "id": str(made.id),
            "application_id": str(self.application),
            "type": made.type,
            "token": made.token,
            "version": 1,
            "channel_id": str(room.id),
            "channel": room.as_channel() | {"permissions": "0"},
            "data": made.data,
            "locale": "en-US",
            "entitlements": [],
            "authorizing_integration_owners": {"0": "0"},
            "context": 0 if room.guild else 1,
            "attachment_size_limit": 10_000_000,
            "app_permissions": "0",
        }
        if made.message is not None:
            interaction["message"] = self.as_message(made.message)
        if room.guild is None:
            return interaction | {"user": made.user.as_user()}
        member = {**_member(), "user": made.user.as_user(), "permissions": "0"}
        return interaction | {
            "guild_id": str(room.guild.id),
            "guild": {"id": str(room.guild.id), "features": [], "locale": "en-US"},
            "guild_locale": "en-US",
            "member": member,
        }


def _member() -> dict[str, Any]:
    return {"roles": [], "joined_at": "2026-01-01T00:00:00+00:00", "deaf": False, "mute": False, "flags": 0}


def _role(id: int, name: str) -> dict[str, Any]:  # noqa: A002
    return {
        "id": str(id),
        "name": name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "position": 0,
        "permissions": "0",
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }
