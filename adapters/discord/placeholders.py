"""The messages that stand in for an answer while it is written: remembered over restarts, so that none stays behind."""

from __future__ import annotations

from dataclasses import dataclass, replace

from adapters.discord.house import House
from adapters.discord.updates import PLATFORM
from bot.messages import ChatAddress

_NOTE = f"{PLATFORM} placeholders"


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A message of ours: its id, what it answers (the id of what came in), the delivery that has begun to take it
    over, and whether edits may be late.
    """

    message: int
    answers: str | None = None
    piece: int | None = None
    doubtful: bool = False


class Placeholders:
    """One placeholder at most for each channel."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._known: dict[ChatAddress, Placeholder] | None = None

    async def all(self) -> dict[ChatAddress, Placeholder]:
        """Every placeholder, also those of an earlier life."""
        if self._known is None:
            stored = await self._house.recall(_NOTE)
            self._known = self._known or {
                ChatAddress(PLATFORM, chat): Placeholder(message, answers, piece)
                for chat, message, answers, piece in stored.get("all", [])
            }
        return self._known

    async def get(self, address: ChatAddress) -> Placeholder | None:
        """The placeholder of a channel."""
        return (await self.all()).get(address)

    async def put(self, address: ChatAddress, placeholder: Placeholder) -> None:
        """Keep a placeholder, over an earlier one."""
        (await self.all())[address] = placeholder
        await self._keep()

    async def doubt(self, address: ChatAddress) -> None:
        """An edit may arrive late, so the message must not become the answer; of no use to another life."""
        known = await self.all()
        if address in known:
            known[address] = replace(known[address], doubtful=True)

    async def forget(self, address: ChatAddress) -> None:
        """The placeholder has become an answer, or is gone."""
        if (await self.all()).pop(address, None) is not None:
            await self._keep()

    async def _keep(self) -> None:
        rows = [
            [address.chat, each.message, each.answers, each.piece]
            for address, each in (await self.all()).items()
        ]
        await self._house.note(_NOTE, {"all": rows})
