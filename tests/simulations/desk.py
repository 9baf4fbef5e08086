"""Simulations without the house around them: a database, a market that can be troublesome, and who steps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import numpy as np

from bot.accounts.limits import Limits
from bot.dispatch.outbox import Outbox
from bot.jobs.simulations.stepping import Stepping
from bot.jobs.simulations.summaries import Summaries
from bot.market.provider import Market, Token
from bot.messages import ChatAddress, LastingReply
from bot.settings import Settings
from bot.tools.registry import Services
from bot.tools.simulation_results import replayed
from bot.trading.candles import Candles
from bot.trading.strategy import parse_strategy
from bot.workers import Workers
from storage.base import new_id
from storage.database import Database, Unit
from storage.feeds import Place
from storage.people import Owner, User
from storage.simulations import RUNNING, Simulation
from tests.databases import open_test_database
from tests.fakes.clock import StoppedClock
from tests.fakes.platform import FakePlatform
from tests.simulations.living import LIVELY
from tests.trading.series import wild

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
MINUTE = 60
CHAT = ChatAddress("fake", "dm-ann")


@dataclass
class ScriptedMarket:
    """A market with wild prices whose answers a test can spoil.

    `missing` are starts that it never had, `revised` those that it tells otherwise, `down` raises instead.
    """

    clock: StoppedClock
    seed: int = 1
    missing: set[int] = field(default_factory=set)
    revised: set[int] = field(default_factory=set)
    down: Exception | None = None
    repeats: int = 0
    asked: int = 0
    source: str = "synthetic"
    synthetic: bool = True

    def __post_init__(self) -> None:
        first = int((NOON - timedelta(minutes=2_000)).timestamp())
        made = wild(self.seed, 6_000, MINUTE, 1.0)
        self._candles = Candles(
            MINUTE,
            first + MINUTE * np.arange(6_000, dtype=np.int64),
            *(made.open, made.high, made.low, made.close, made.volume),
        )

    def now(self) -> datetime:
        """The time on the test's clock."""
        return self.clock()

    async def candles(
        self, token: Token, timeframe: int, start: int, end: int, on_progress: Any = None
    ) -> Candles:
        """What there is of [start, end), with some that nobody asked for before it."""
        self.asked += 1
        if self.down is not None:
            raise self.down
        start -= self.repeats * MINUTE
        closed = int(self.clock().timestamp()) - MINUTE
        starts = self._candles.start
        wanted = (starts >= start) & (starts < end) & (starts <= closed)
        wanted &= ~np.isin(starts, list(self.missing))
        opens, highs, lows, closes, volumes = (
            getattr(self._candles, column)[wanted].copy()
            for column in ("open", "high", "low", "close", "volume")
        )
        changed = np.isin(starts[wanted], list(self.revised))
        return Candles(
            MINUTE, starts[wanted], opens, highs, lows, closes, np.where(changed, 2 * volumes + 1, volumes)
        )


@dataclass
class Desk:
    """Everything that steps, and whoever is told."""

    database: Database
    market: ScriptedMarket
    clock: StoppedClock
    platform: FakePlatform
    outbox: Outbox
    services: Services
    stepping: Stepping
    told_operator: list[str]

    async def start(self, name: str = "Lively", **changes: Any) -> str:
        """A running simulation of a lively bot; gives its id."""
        rows = {key: changes.pop(key) for key in list(changes) if key in Simulation.__table__.columns}
        document = parse_strategy({**LIVELY, "name": name, **changes})[0].model_dump(mode="json")
        async with self.database.unit() as unit:
            user = User(id=new_id(), name=name, created_at=self.clock())
            unit.session.add(user)
            await unit.session.flush()
            bot = await unit.trading.add_bot(
                Owner(user_id=user.id), name, document, f"bot:{name}", self.clock()
            )
            feed = await unit.feeds.of(Place("synthetic", "bsc", "0x1", "", "PEPE", MINUTE))
            simulation = Simulation(
                **{
                    "id": new_id(),
                    "key": f"simulation:{name}",
                    "bot_id": bot.id,
                    "version": 1,
                    "user_id": user.id,
                    "feed_id": feed.id,
                    "platform": CHAT.platform,
                    "chat": CHAT.chat,
                    "thread": CHAT.thread,
                    "name": name,
                    "alert": False,
                    "initial_balance": 1_000.0,
                    "state": RUNNING,
                    "created_at": self.clock(),
                    "start": int(self.market.now().timestamp()) // MINUTE * MINUTE,
                    "volume_known": True,
                    "look_back": 0,
                    "quantity": 0.0,
                    "equity": 1_000.0,
                    "failures": 0,
                    "notify": "all",
                    "zone": "UTC",
                    "untold": False,
                    **rows,
                }
            )
            return (await unit.simulations.begin(simulation)).id

    async def minutes(self, count: int, each: int = 1) -> None:
        """Let time pass, `each` minutes at once."""
        for _ in range(0, count, each):
            self.clock.move(minutes=each)
            await self.stepping.advance_all()

    async def get(self, simulation_id: str) -> Simulation:
        """A simulation as it is stored."""
        async with self.database.view() as view:
            found = await view.simulations.get(simulation_id)
        assert found is not None
        return found

    async def events(self, simulation_id: str) -> list[dict[str, Any]]:
        """What has happened in a simulation."""
        async with self.database.view() as view:
            return [each.body for each in await view.simulations.events(simulation_id)]

    async def is_the_backtest(self, simulation_id: str) -> bool:
        """Whether its events are those of the backtest of its candles."""
        proven = await replayed(self.services, await self.get(simulation_id))
        assert proven is not None
        return proven.same

    async def reads(self) -> list[LastingReply]:
        """Everything that was ever delivered."""
        await self.outbox.flushed(CHAT)
        return [each.reply for each in self.platform.delivered]

    async def by_the_hour(self) -> None:
        """Tell whatever is due."""
        await Summaries(self.services, self.outbox).run()


@asynccontextmanager
async def open_desk(
    kind: str, folder: Path, workers: Workers, clock: StoppedClock | None = None, seed: int = 1
) -> AsyncIterator[Desk]:
    """A desk on a database of its own."""
    async with open_test_database(kind, folder) as database:
        desk = desk_on(database, folder, workers, clock or StoppedClock(NOON), seed)
        try:
            yield desk
        finally:
            await desk.stepping.close()
            await desk.outbox.close()


def desk_on(database: Database, folder: Path, workers: Workers, clock: StoppedClock, seed: int = 1) -> Desk:
    """Who steps on a database that is open; a second one is another process."""
    settings = Settings(data_dir=folder)
    market, platform, told = ScriptedMarket(clock, seed), FakePlatform(), list[str]()
    outbox = Outbox(database, clock)
    outbox.attach(platform)

    async def tell_operator(unit: Unit, kind: str, text: str) -> None:
        told.append(text)

    services = Services(settings, database, Limits(settings, clock), cast(Market, market), workers, clock)
    stepping = Stepping(services, workers, outbox, tell_operator)
    return Desk(database, market, clock, platform, outbox, services, stepping, told)
