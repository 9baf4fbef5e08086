"""A house with one operator, the boss."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial

import pytest

from tests.conftest import House, OpenHouse

OPERATORS = frozenset({("fake", "boss")})
CHAT = "fake:operators"

OpenRun = Callable[..., AbstractAsyncContextManager[House]]


@pytest.fixture
def open_run(open_house: OpenHouse) -> OpenRun:
    """Opens a house that the boss runs; opening it again is a restart."""
    return partial(open_house, operators=OPERATORS)


@pytest.fixture
async def house(open_run: OpenRun) -> AsyncIterator[House]:
    """A house that the boss runs, without an operators' chat."""
    async with open_run() as opened:
        yield opened
