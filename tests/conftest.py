"""What every test may use: a house with everything real inside, on a database file of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pydantic_ai.models
import pytest
import structlog

from bot.app import WARM_UP, Randebu
from bot.settings import Settings
from bot.workers import Workers
from tests.databases import drop_shared_databases
from tests.fakes.clock import StoppedClock
from tests.fakes.platform import Chat, FakePlatform

# A model call that was not planned fails the test that makes it.
pydantic_ai.models.ALLOW_MODEL_REQUESTS = False

# structlog's own tracebacks show every local variable, which takes minutes for a house.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)


@dataclass
class House:
    """A running Randebu on a fake platform, and the people who talk to it."""

    randebu: Randebu
    platform: FakePlatform
    clock: StoppedClock
    settings: Settings
    other: FakePlatform
    _chats: list[Chat] = field(default_factory=list)

    def chat(self, user: str, *, group: str | None = None, thread: str = "", other: bool = False) -> Chat:
        """A person, in private or in a group; on the other platform if told."""
        platform = self.other if other else self.platform
        return Chat(self.randebu, platform, self.clock, user, group=group, thread=thread)


OpenHouse = Callable[..., Any]


@pytest.fixture(scope="session", autouse=True)
def dropped_at_the_end() -> Iterator[None]:
    """The databases that tests share on a PostgreSQL server go with the session."""
    yield
    drop_shared_databases()


@pytest.fixture(scope="session")
def workers() -> Iterator[Workers]:
    """Worker processes that all tests of a run share, since starting them takes seconds."""
    with asyncio.Runner() as runner:
        shared = Workers(1, warm_up=WARM_UP)
        runner.run(shared.start())
        yield shared
        runner.run(shared.close())


@pytest.fixture
def open_house(tmp_path: Path, workers: Workers) -> OpenHouse:
    """Opens a house on this test's database; opening it again is a restart."""

    @asynccontextmanager
    async def open_(
        *, clock: StoppedClock | None = None, model: Any = None, url: str | None = None, **settings: Any
    ) -> AsyncIterator[House]:
        if url is not None:
            settings["database_url"] = url
        given = Settings(data_dir=tmp_path, **settings)
        platform, other, ticking = FakePlatform(), FakePlatform("other"), clock or StoppedClock()
        randebu = Randebu(given, clock=ticking, model=model, workers=workers)
        randebu.attach(platform)
        randebu.attach(other)
        await randebu.start()
        try:
            yield House(randebu, platform, ticking, given, other)
        finally:
            await randebu.close()

    return open_


@pytest.fixture
async def house(open_house: OpenHouse) -> AsyncIterator[House]:
    """A house with its usual settings."""
    async with open_house() as opened:
        yield opened
