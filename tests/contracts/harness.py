"""What the contract needs to know of a platform: who is there, what they do, and what they see."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.app import Randebu
from bot.clock import system_clock
from bot.messages import ChatAddress, LastingReply, Outgoing


@dataclass(frozen=True)
class Seen:
    """Something from Randebu that can be read now: its words as shown, and what is attached to it."""

    text: str
    attachment: bytes | None = None


class ShiftedClock:
    """The machine's time, moved on by a test."""

    def __init__(self) -> None:
        self._shift = timedelta()

    def __call__(self) -> datetime:
        return system_clock() + self._shift

    def move(self, **how_far: float) -> None:
        """Move on by a timedelta's arguments."""
        self._shift += timedelta(**how_far)


class Somebody(ABC):
    """One person in one chat."""

    name: str
    address: ChatAddress

    @abstractmethod
    async def writes(self, text: str) -> None:
        """Write something to Randebu, without waiting for the answer."""

    @abstractmethod
    async def comes_again(self) -> None:
        """Let the platform bring the last message once more."""

    @abstractmethod
    async def presses(self, label: str) -> None:
        """Press the newest button that says this (where there are no buttons: do what it says instead)."""

    @abstractmethod
    async def reads(self) -> list[Seen]:
        """Wait until everything is answered; gives all that can be read in this chat now, in order."""

    @abstractmethod
    def buttons(self) -> list[str]:
        """What can be pressed in this chat now."""

    async def says(self, text: str) -> list[Seen]:
        """Write something and read what is new."""
        before = len(await self.reads())
        await self.writes(text)
        return (await self.reads())[before:]


class Harness(ABC):
    """A running Randebu on one platform."""

    name: str
    randebu: Randebu
    clock: ShiftedClock
    longest: int | None = None
    has_groups = True
    has_network = True

    @abstractmethod
    def somebody(self, name: str, group: str | None = None) -> Somebody:
        """A person in private, or in a group."""

    @abstractmethod
    def fail_once(self) -> None:
        """Let the next delivery get lost on its way."""

    async def emits(self, to: Somebody, *replies: LastingReply) -> list[Seen]:
        """Let the house say something; gives what can be read then."""
        async with self.randebu.database.unit() as unit:
            await self.randebu.outbox.write(unit, *(Outgoing(to.address, reply) for reply in replies))
        self.randebu.outbox.wake(to.address)
        return await to.reads()
