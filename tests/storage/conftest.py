"""Every test of storage runs on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.database import Database
from tests.databases import KINDS, bare_database, ready_database


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def url(kind: str, tmp_path: Path) -> str:
    """A migrated database with nothing in it."""
    return await ready_database(kind, tmp_path)


@pytest.fixture
async def bare_url(kind: str, tmp_path: Path) -> AsyncIterator[str]:
    """A database in which nothing has ever been made."""
    async with bare_database(kind, tmp_path) as bare:
        yield bare


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    opened = await Database.open(url)
    yield opened
    await opened.close()


@pytest.fixture
async def other_process(url: str) -> AsyncIterator[Database]:
    """The same database, opened a second time with connections of its own, as another process does."""
    opened = await Database.open(url)
    yield opened
    await opened.close()
