"""What Telegram needs of `bot.app.Randebu`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from bot.dispatch.buttons import StoredAnswer, StoredOption
from bot.messages import ChatAddress, Incoming


class Buttons(Protocol):
    """Finds what a pressed button means."""

    async def option(self, choice: str, place: int) -> StoredOption | None:
        """The option of a question at a place."""
        ...

    async def line(self, delivery: int, place: int, address: ChatAddress) -> str | None:
        """The line of an action under a delivered piece."""
        ...

    async def answer(self, platform: str, chat: str, receipt: str) -> StoredAnswer | None:
        """The answer that a platform knows by a receipt."""
        ...

    async def thread(self, delivery: int) -> str | None:
        """The topic in which a delivered piece stands."""
        ...

    async def receipt(self, choice: str) -> str | None:
        """The receipt of the message that shows a question now."""
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

    async def move_chat(self, platform: str, old: str, new: str) -> None:
        """Let a chat go on under a new id."""
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

    def operators_on(self, platform: str) -> Mapping[str, Mapping[str, str]]:
        """The operators of a platform by user id, each with the commands that only they have."""
        ...
