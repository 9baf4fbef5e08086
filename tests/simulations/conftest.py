"""What tests of simulations share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.conftest import House, OpenHouse


@pytest.fixture
async def house(open_house: OpenHouse) -> AsyncIterator[House]:
    """A house with its usual settings."""
    async with open_house() as opened:
        yield opened
