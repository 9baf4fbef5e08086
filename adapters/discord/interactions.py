"""Interactions that may still be answered: their tokens live 15 minutes, also through a restart of ours."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from adapters.discord.house import House
from adapters.discord.updates import PLATFORM, address_of
from bot.clock import Clock
from bot.messages import ChatAddress

TOKEN_SECONDS = 15 * 60 - 15
"""How long a token is used; a little less than it lives."""

MAX_NOTED = 300
"""So many are known again after a restart, the latest ones; the answers to others go as ordinary messages."""

EXPIRE_EVERY = 60.0
"""Seconds between two looks at what is noted and over."""

_NOTE = f"{PLATFORM} interactions"


@dataclass(slots=True)
class Known:
    """One interaction: its token, where and by whom it was made, and what has become of it.

    `original` is true while a message of its own waits to be filled, `piece` is the delivery that fills it and `shown`
    the message that it has become; `message` is the message whose button was pressed; `opening` what /chat was given.
    """

    id: int
    token: str = field(repr=False)
    channel: int
    user: int
    at: float
    ephemeral: bool = False
    original: bool = False
    piece: int | None = None
    shown: int | None = None
    message: int | None = None
    opening: str | None = None
    name: str = ""
    dead: bool = False
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    @property
    def address(self) -> ChatAddress:
        """The chat thread in which it is answered."""
        address = address_of(self.channel)
        return address.whispering_to(str(self.user)) if self.ephemeral else address


_FIELDS = (
    "id",
    "token",
    "channel",
    "user",
    "at",
    "ephemeral",
    "original",
    "piece",
    "shown",
    "message",
    "opening",
    "name",
)


class Interactions:
    """Those whose token lives."""

    def __init__(self, house: House, clock: Clock) -> None:
        self._house = house
        self._clock = clock
        self._known: dict[int, Known] | None = None
        self._writing = asyncio.Lock()
        self._noted: set[int] = set()
        self._changes = 0
        self._written = 0

    async def all(self) -> dict[int, Known]:
        """Every living one by its id, also those of an earlier life, the oldest first."""
        if self._known is None:
            stored = await self._house.recall(_NOTE)
            if self._known is None:
                rows = [dict(zip(_FIELDS, row, strict=True)) for row in stored.get("all", [])]
                self._known = {row["id"]: Known(**row) for row in rows}
                self._noted = set(self._known)
                for each in self._known.values():
                    each.acknowledged.set()
        # They come in the order of their time, so those that are over come first.
        for key in [key for key, each in self._known.items() if self._age(each) > TOKEN_SECONDS]:
            del self._known[key]
        return self._known

    def now(self) -> float:
        """The time in seconds since 1970."""
        return self._clock().timestamp()

    async def put(self, known: Known) -> None:
        """Keep one; returns when it would be known after a restart."""
        (await self.all())[known.id] = known
        await self.keep()

    async def get(self, number: int | None) -> Known | None:
        """A living one that was acknowledged, or None; waits for an acknowledgement that is under way."""
        known = None if number is None else (await self.all()).get(number)
        return await self._usable(known)

    async def newest(self, address: ChatAddress) -> Known | None:
        """The newest living one of an address; one that still waits to be filled only where there is no other."""
        found = [each for each in (await self.all()).values() if each.address == address]
        found.sort(key=lambda each: not each.original or each.piece is not None)
        return await self._first_usable(found)

    async def showing(self, message: int) -> Known | None:
        """The newest living one that can change a message: made by its button, or answered by it."""
        known = (await self.all()).values()
        return await self._first_usable([each for each in known if message in (each.message, each.shown)])

    async def claim(self, known: Known, piece: int) -> None:
        """Let a delivery be the one that fills an interaction's own message, for good."""
        if known.piece != piece:
            known.piece = piece
            await self.keep()

    async def bury(self, known: Known) -> None:
        """Nothing more can be said through this one."""
        known.dead = True
        (await self.all()).pop(known.id, None)
        await self.keep()

    async def keep(self) -> None:
        """Write everything down; those who ask at the same time share one write."""
        self._changes += 1
        mine = self._changes
        async with self._writing:
            if self._written >= mine:
                return
            now, latest = self._changes, list((await self.all()).values())[-MAX_NOTED:]
            rows = [[getattr(each, name) for name in _FIELDS] for each in latest]
            await self._house.note(_NOTE, {"all": rows})
            self._written, self._noted = now, {each.id for each in latest}

    async def expire(self) -> None:
        """Take out of the note what is over, since it names who made it; until cancelled."""
        while True:
            if self._noted - (await self.all()).keys():
                await self.keep()
            await asyncio.sleep(EXPIRE_EVERY)

    async def _first_usable(self, found: list[Known]) -> Known | None:
        for each in reversed(found):
            usable = await self._usable(each)
            if usable is not None:
                return usable
        return None

    async def _usable(self, known: Known | None) -> Known | None:
        if known is None or known.dead or self._age(known) > TOKEN_SECONDS:
            return None
        await known.acknowledged.wait()
        return None if known.dead else known

    def _age(self, known: Known) -> float:
        return self.now() - known.at
