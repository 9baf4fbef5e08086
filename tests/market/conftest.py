"""Stand-ins for the providers, and markets that are served by them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from storage.database import Database
from tests.databases import ready_database
from tests.fakes.market_apis import MarketApis
from tests.market.serving import LIVE, OpenServed, Served, serve


@pytest.fixture
async def apis() -> AsyncIterator[MarketApis]:
    async with MarketApis() as served:
        yield served


@pytest.fixture
async def open_served(apis: MarketApis, tmp_path: Path) -> OpenServed:
    """Opens a market on this test's database; opening it again is a restart."""
    url = await ready_database("sqlite", tmp_path)

    def open_(source: str = "geckoterminal", **settings: Any) -> AbstractAsyncContextManager[Served]:
        return serve(source, apis, url, **settings)

    return open_


@pytest.fixture(params=LIVE)
def live(request: pytest.FixtureRequest) -> str:
    """Every live source, one after the other."""
    return str(request.param)


@pytest.fixture
async def served(open_served: OpenServed, live: str) -> AsyncIterator[Served]:
    """A market of every live source."""
    async with open_served(live) as opened:
        yield opened


@pytest.fixture
async def gecko(open_served: OpenServed) -> AsyncIterator[Served]:
    """GeckoTerminal's market."""
    async with open_served() as opened:
        yield opened


@pytest.fixture
async def open_database(tmp_path: Path) -> AsyncIterator[Database]:
    """An empty database."""
    database = await Database.open(await ready_database("sqlite", tmp_path))
    yield database
    await database.close()
