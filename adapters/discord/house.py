"""What Discord needs of `bot.app.Randebu`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from bot.dispatch.buttons import StoredAnswer, StoredOption
from bot.handlers.admin.command import AdminCommand
from bot.messages import ChatAddress, Incoming, Sender
from bot.reports.suggestions import Kind, Suggestion


class Buttons(Protocol):
    """Finds what a pressed button means."""

    async def option(self, choice: str, place: int) -> StoredOption | None:
        """The option of a question at a place."""
        ...

    async def line(self, delivery: int, place: int, address: ChatAddress) -> str | None:
        """The line of an action under a delivered piece."""
        ...

    async def answer(self, platform: str, chat: str, receipt: str) -> StoredAnswer | None:
        """The answer of ours that a receipt names."""
        ...


class House(Protocol):
    """The middle floor, as the adapter sees it."""

    @property
    def buttons(self) -> Buttons:
        """What stands behind buttons."""
        ...

    async def receive(self, incoming: Incoming) -> None:
        """Take something that a person did; returns when it is written down."""
        ...

    async def answered(self, address: ChatAddress) -> None:
        """Wait until everything from a chat thread is handled and sent."""
        ...

    async def recent_chats(self, platform: str, limit: int) -> Sequence[str]:
        """The chats in which something was said last, the latest first."""
        ...

    async def suggest(self, sender: Sender, kind: Kind, typed: str) -> Sequence[Suggestion]:
        """What somebody who types may mean."""
        ...

    async def recall(self, name: str) -> dict[str, Any]:
        """What was noted under a name, also before a restart."""
        ...

    async def note(self, name: str, value: dict[str, Any]) -> None:
        """Keep something that must be known after a restart."""
        ...

    def commands(self, *, private: bool = True) -> Mapping[str, str]:
        """The slash commands that are listed, each with a few words."""
        ...

    def operator_commands(self) -> Sequence[AdminCommand]:
        """The words behind /admin; known once the house has started."""
        ...
