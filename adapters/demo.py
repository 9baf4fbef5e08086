"""`randebu demo`: people who never were talk to the real house for a month, so that every list has something to show.

Everything in the database comes from the house itself: from its assistant by rules, its backtests, its operators'
commands. Only the people, the clock that they live by and one error are made up.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.app import Randebu
from bot.clock import Clock, system_clock
from bot.dispatch.faults import FaultRecorder, new_reference
from bot.errors import SettingsError
from bot.jobs.broadcasts import carry_broadcasts
from bot.messages import (
    Body,
    ChatAddress,
    Choice,
    Command,
    Delivery,
    Incoming,
    LastingReply,
    PassingReply,
    Sender,
    Text,
)
from bot.settings import Settings, without_passwords
from bot.workers import Workers
from storage.database import Database

PLATFORM = "demo"
OPERATOR = "operator"
DAYS = 30

_SEED = 20260601
NAMES = (
    *("Ada", "Ben", "Chen", "Dina", "Emeka", "Fatma", "Goran", "Hana", "Ivan", "Jun", "Kira", "Luis"),
    *("Mina", "Olga", "Pia", "Nils"),
)
_BOTS = (
    "create a bot that buys PEPE when it drops 5% in 1h and sells at 10% profit with a 3% stop loss",
    "create a bot that buys CAKE when RSI is below 30 and sells when RSI is above 70",
    "create a bot that buys DOGE when it drops 4% in 2h and sells at 6% profit with a 4% stop loss",
    "create a bot that buys FLOKI when it drops 8% in 4h and sells at 12% profit with a 5% stop loss",
)
_BACKTESTS = (
    "backtest it on 1h candles for the last 30 days",
    "backtest it on 15m candles for the last 14 days",
    "backtest it on 4h candles for the last 90 days",
)
_QUESTIONS = (
    "what is the price of CAKE?",
    "what is trending?",
    "is PEPE risky?",
    "hello",
    "what can you do?",
    "what is the price of DOGE?",
)
_COMMANDS = ("/help", "/trending", "/price PEPE", "/usage", "/bots")

NOT_EMPTY = (
    "The database {url} is not empty: randebu demo only fills an empty one. Name another in DATABASE_URL."
)


class DemoFault(Exception):
    """The error that the demonstration makes up, so that the list of errors is not empty."""


@dataclass
class DemoClock:
    """A clock that lives through the past month and ends at the present."""

    now: datetime

    def __call__(self) -> datetime:
        """The time of the demonstration."""
        return self.now

    def move(self, span: timedelta) -> None:
        """Let time pass."""
        self.now += span


@dataclass
class DemoPlatform:
    """A platform on which nobody reads; it remembers the last question of each chat."""

    platform: str = PLATFORM
    questions: dict[ChatAddress, Choice] = field(default_factory=dict)
    _receipts: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def split(self, reply: LastingReply) -> Sequence[LastingReply]:
        """Everything in one piece."""
        return (reply,)

    async def ready(self, address: ChatAddress) -> None:
        """Always ready."""

    async def deliver(self, delivery: Delivery) -> str:
        """Take a piece."""
        if isinstance(delivery.reply, Choice):
            self.questions[delivery.address] = delivery.reply
        return f"demo-{next(self._receipts)}"

    async def show(self, address: ChatAddress, reply: PassingReply) -> None:
        """Nobody looks."""


class Demonstration:
    """People who talk to a house, one after the other, while time passes between what they say."""

    def __init__(
        self, settings: Settings, now: datetime, people: Sequence[str], workers: Workers | None
    ) -> None:
        self._people = people
        self.settings = settings.model_copy(
            update={
                "operators": frozenset({(PLATFORM, OPERATOR)}),
                "operator_chat": None,
                "llm_provider": "offline",
                "llm_model": None,
                "llm_fallback": None,
                "market_source": "synthetic",
            }
        )
        self.end = now
        self.clock = DemoClock(now - timedelta(days=DAYS))
        self.platform = DemoPlatform()
        self.randebu = Randebu(self.settings, clock=self.clock, workers=workers)
        self.randebu.attach(self.platform)
        self._chance = random.Random(_SEED)  # noqa: S311
        self._ids = itertools.count(1)

    async def live(self) -> None:
        """Let the month pass; it ends in the present."""
        await self.randebu.start()
        try:
            visits = [(name, visit) for name in self._people for visit in range(self._chance.randint(1, 3))]
            self._chance.shuffle(visits)
            begin, pause = self.clock.now, timedelta(days=DAYS) / len(visits)
            makers: set[str] = set()
            for number, (name, _) in enumerate(visits):
                self.clock.now = begin + pause * (number + self._chance.uniform(0, 0.8))
                await self._visit(name, number, first=name not in makers)
                makers.add(name)
            self.clock.now = max(self.clock.now, self.end - timedelta(hours=2))
            await self._break()
            await self._operate()
        finally:
            await self.randebu.close()

    async def _visit(self, name: str, number: int, *, first: bool) -> None:
        """One person comes, wants something, and mostly goes away content."""
        chance, group = self._chance, "traders" if self._chance.random() < 0.2 else ""
        if not first:
            await self._say(name, "/new", group)
        for line in chance.sample(_QUESTIONS, chance.randint(1, 3)):
            await self._say(name, line, group)
        if first:
            await self._say(name, _BOTS[number % len(_BOTS)], group)
            await self._say(name, "no" if chance.random() < 0.15 else "yes", group)
            await self._say(name, chance.choice(_BACKTESTS), group)
        if chance.random() < 0.5:
            await self._say(name, chance.choice(_COMMANDS), "")
        if chance.random() < 0.6:
            await self._say(name, "/done", group)

    async def _break(self) -> None:
        """One error that is made up, and says so."""
        randebu = self.randebu
        try:
            raise DemoFault("Made up by randebu demo, so that /admin errors has something to show.")
        except DemoFault as error:
            recorder = FaultRecorder(self.settings)
            fault = recorder.describe(error, new_reference(), "demonstration", self.clock())
            async with randebu.database.unit() as unit:
                await unit.faults.add(fault)

    async def _operate(self) -> None:
        """What an operator does on the last day."""
        await self._say(OPERATOR, "/admin stats 30d")
        await self._say(OPERATOR, f"/admin ban {PLATFORM}:{self._people[-1].lower()} advertising 7d")
        await self._say(OPERATOR, "yes")
        await self._say(OPERATOR, f"/admin ban {PLATFORM}:nobody")
        await self._say(OPERATOR, "/admin limit system 400")
        await self._say(OPERATOR, "/admin broadcast Backtests draw a picture from today on.")
        await self._say(OPERATOR, "yes")
        while await carry_broadcasts(self.randebu.services, self.randebu.outbox):
            await self._sent()
        await self._sent()
        await carry_broadcasts(self.randebu.services, self.randebu.outbox)
        # The last question stays open, so that there is one.
        await self._say(self._people[0], "delete my bot")

    async def _sent(self) -> None:
        """Wait until nobody is owed a message."""
        for name in self._people:
            await self.randebu.answered(ChatAddress(PLATFORM, f"private-{name.lower()}"))
        await self.randebu.answered(ChatAddress(PLATFORM, f"private-{OPERATOR}"))

    async def _say(self, name: str, line: str, group: str = "") -> None:
        """Say one line and wait for the answer; in between some seconds pass."""
        self.clock.move(timedelta(seconds=self._chance.randint(5, 90)))
        user = name.lower()
        address = ChatAddress(PLATFORM, group or f"private-{user}")
        body: Body = Text(line)
        if line.startswith("/"):
            command, _, arguments = line[1:].partition(" ")
            body = Command(command, arguments)
        incoming = Incoming(
            id=f"demo-{next(self._ids)}",
            address=address,
            sender=Sender(PLATFORM, user, name.capitalize()),
            at=self.clock(),
            body=body,
            private=not group,
        )
        await self.randebu.receive(incoming)
        await self.randebu.answered(address)


async def fill(
    settings: Settings,
    clock: Clock = system_clock,
    people: Sequence[str] = NAMES,
    workers: Workers | None = None,
) -> str:
    """Fill an empty database and say what is in it; raises `SettingsError` for one that is not empty."""
    await _require_empty(settings)
    demonstration = Demonstration(settings, clock(), people, workers)
    await demonstration.live()
    database = await Database.open(settings.database_url)
    try:
        async with database.view() as view:
            found = await view.statistics.activity(demonstration.end - timedelta(days=DAYS + 1))
    finally:
        await database.close()
    return (
        f"{found.people} people, {found.conversations} conversations, {found.turns} turns, {found.bots} bots and "
        f"{sum(found.backtests.values())} backtests, all of them made up. "
        f"Look around with OPERATORS=terminal:$USER randebu chat, then /admin."
    )


async def _require_empty(settings: Settings) -> None:
    database = await Database.open(settings.database_url)
    try:
        async with database.view() as view:
            empty = await view.statistics.empty()
    finally:
        await database.close()
    if not empty:
        raise SettingsError(NOT_EMPTY.format(url=without_passwords(settings.database_url)))
