"""A database and the people who wait in front of the limits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot.accounts.identity import identify
from bot.accounts.limits import Limits
from bot.messages import Sender
from bot.settings import Settings
from storage.database import Database, Unit
from storage.journal import IncomingRow
from storage.people import Owner
from tests.databases import KINDS, drop_shared_databases, open_test_database
from tests.fakes.clock import StoppedClock


@dataclass
class Door:
    """The limits on a database of their own, under a clock that a test moves."""

    database: Database
    folder: Path
    clock: StoppedClock = field(default_factory=StoppedClock)
    _messages: int = 0

    def limits(self, **settings: Any) -> Limits:
        """The limits under these settings."""
        return Limits(Settings(data_dir=self.folder, **settings), self.clock)

    async def person(self, name: str) -> Owner:
        """Somebody without an account."""
        async with self.database.unit() as unit:
            identity = await identify(unit, Sender("fake", name, name), self.clock())
            assert identity is not None
            return identity.owner

    async def message(self, unit: Unit) -> int:
        """Something that came in; its id."""
        self._messages += 1
        row = IncomingRow(
            platform="fake",
            external_id=f"m{self._messages}",
            chat="c",
            thread="",
            sender_user="u",
            sender_name="U",
            private=True,
            body={},
            state="waiting",
            at=self.clock(),
            received_at=self.clock(),
        )
        assert await unit.journal.accept(row)
        return row.id

    async def chat(self, limits: Limits, owner: Owner) -> int:
        """One chat of a person; raises what the limits raise."""
        async with self.database.unit() as unit:
            incoming_id = await self.message(unit)
            await limits.admit_chat(unit, incoming_id, owner)
            return incoming_id

    async def reminder(self, limits: Limits, owner: Owner) -> str | None:
        """What the next answer to this person carries."""
        async with self.database.view() as view:
            return await limits.reminder(view, owner)

    async def used(self, owner: Owner) -> tuple[int, int, int]:
        """The counters of a person: chats, bots, backtests."""
        async with self.database.view() as view:
            person = await view.people.anonymous(owner.anonymous_token or "")
            assert person is not None
            return person.chat_count, person.bot_created, person.backtest_count


@pytest.fixture(scope="session", autouse=True)
def _tidy_server() -> Iterator[None]:
    yield
    drop_shared_databases()


@pytest.fixture(params=KINDS)
async def door(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Door]:
    """An empty database with limits in front of it, of either kind."""
    async with open_test_database(request.param, tmp_path) as database:
        yield Door(database, tmp_path)


def clock_time(moment: datetime) -> str:
    """A time of day as refusals write it."""
    return f"{moment:%H:%M} UTC"
