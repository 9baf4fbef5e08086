"""What there is on Discord: accounts, channels, servers, messages, interactions."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

EPOCH_MS = 1_420_070_400_000
TOKEN_SECONDS = 15 * 60
ACKNOWLEDGE_SECONDS = 3.0

TEXT, DM, VOICE, NEWS, THREAD = 0, 1, 2, 5, 11
EPHEMERAL, LOADING = 64, 128


class RestError(Exception):
    """A refusal of the REST API, as it goes over the wire."""

    def __init__(self, status: int, code: int, message: str, **fields: Any) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.fields = status, code, message, fields


@dataclass(frozen=True)
class Account:
    """Somebody with an account, or a bot."""

    id: int
    name: str
    bot: bool = False

    def as_user(self) -> dict[str, Any]:
        """The User object."""
        return {
            "id": str(self.id),
            "username": self.name.lower().replace(" ", "_"),
            "global_name": self.name,
            "discriminator": "0",
            "avatar": None,
            "bot": self.bot,
        }

    @property
    def mention(self) -> str:
        """How a message names them."""
        return f"<@{self.id}>"


@dataclass
class Room:
    """A channel: of a server, a thread of one, or between a person and the bot."""

    id: int
    type: int
    name: str = ""
    guild: Guild | None = None
    person: Account | None = None
    parent: int | None = None
    owner: int | None = None
    archived: bool = False
    locked: bool = False
    gone: bool = False
    forbidden: set[str] = field(default_factory=set)
    messages: dict[int, Shown] = field(default_factory=dict)
    typed: int = 0
    members: set[int] = field(default_factory=set)

    def as_channel(self) -> dict[str, Any]:
        """The Channel object."""
        about: dict[str, Any] = {"id": str(self.id), "type": self.type}
        if self.guild is None:
            return about | {"recipients": [] if self.person is None else [self.person.as_user()]}
        about |= {"guild_id": str(self.guild.id), "name": self.name, "rate_limit_per_user": 0}
        if self.type == VOICE:
            about |= {"bitrate": 64000, "user_limit": 0, "rtc_region": None}
        if self.type != THREAD:
            return about | {"position": 0, "permission_overwrites": [], "nsfw": False, "parent_id": None}
        return about | {
            "parent_id": str(self.parent),
            "owner_id": str(self.owner),
            "message_count": 0,
            "member_count": len(self.members),
            "thread_metadata": {
                "archived": self.archived,
                "auto_archive_duration": 10080,
                "archive_timestamp": datetime.now(UTC).isoformat(),
                "locked": self.locked,
            },
        }

    def ours(self, person: Account | None = None) -> list[Shown]:
        """The bot's messages that somebody (everybody, if not told) can see now, the oldest first."""
        return [
            each
            for each in self.messages.values()
            if each.author.bot and not each.thinking and each.only_for in (None, person and person.id)
        ]


@dataclass
class Guild:
    """A server."""

    id: int
    name: str
    rooms: list[Room] = field(default_factory=list)


@dataclass
class Shown:
    """A message as it can be seen now."""

    id: int
    room: Room
    author: Account
    content: str = ""
    embeds: list[dict[str, Any]] = field(default_factory=list)
    components: list[dict[str, Any]] = field(default_factory=list)
    files: list[tuple[str, bytes]] = field(default_factory=list)
    flags: int = 0
    type: int = 0
    only_for: int | None = None
    answers: int | None = None
    made_by: int | None = None
    edited: str | None = None
    pings: list[str] = field(default_factory=list)
    former: list[str] = field(default_factory=list)
    at: float = field(default_factory=time.monotonic)
    snapshots: list[dict[str, Any]] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def thinking(self) -> bool:
        """True while it waits to be filled."""
        return bool(self.flags & LOADING)

    @property
    def text(self) -> str:
        """Everything that can be read in it."""
        parts = [self.content]
        for embed in self.embeds:
            parts += [embed.get("title", ""), embed.get("description", "")]
            parts += [f"{each['name']}: {each['value']}" for each in embed.get("fields", [])]
            parts.append(embed.get("footer", {}).get("text", ""))
        return "\n".join(part for part in parts if part)

    @property
    def buttons(self) -> list[dict[str, Any]]:
        """The components that can be pressed."""
        return [each for row in self.components for each in row["components"]]

    @property
    def labels(self) -> list[str]:
        """What its buttons say."""
        return [each["label"] for each in self.buttons]


@dataclass
class Made:
    """An interaction that somebody has made, and what the bot did about it."""

    id: int
    token: str
    type: int
    user: Account
    room: Room
    data: dict[str, Any]
    message: Shown | None = None
    at: float = field(default_factory=time.monotonic)
    acknowledged_after: float | None = None
    answer: dict[str, Any] | None = None
    original: Shown | None = None
    expired: bool = False

    @property
    def failed(self) -> bool:
        """True when the person was told that the application did not respond."""
        return self.acknowledged_after is None and time.monotonic() - self.at > ACKNOWLEDGE_SECONDS
