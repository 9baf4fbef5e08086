"""Who it is: one person for each platform user id, whatever they call themselves."""

from __future__ import annotations

from bot.accounts.identity import identify
from bot.messages import Sender
from tests.accounts.conftest import Door


async def test_a_person_is_known_again_by_their_user_id(door: Door) -> None:
    async with door.database.unit() as unit:
        first = await identify(unit, Sender("fake", "7", "Alice"), door.clock())
        assert first is not None
        assert first.owner.anonymous
    async with door.database.unit() as unit:
        again = await identify(unit, Sender("fake", "7", "Alicia"), door.clock())
        assert again is not None
        assert again.owner == first.owner
    async with door.database.view() as view:
        stored = await view.people.identity("fake", "7")
        assert stored is not None
        assert stored.name == "Alicia"


async def test_the_same_id_on_another_platform_is_somebody_else(door: Door) -> None:
    async with door.database.unit() as unit:
        here = await identify(unit, Sender("fake", "7", "Alice"), door.clock())
        there = await identify(unit, Sender("other", "7", "Alice"), door.clock())
    assert here is not None
    assert there is not None
    assert here.owner != there.owner


async def test_nobody_is_nobody(door: Door) -> None:
    async with door.database.unit() as unit:
        assert await identify(unit, Sender("fake", "", "A channel"), door.clock()) is None


async def test_an_empty_name_does_not_wipe_the_known_one(door: Door) -> None:
    async with door.database.unit() as unit:
        await identify(unit, Sender("fake", "7", "Alice"), door.clock())
        await identify(unit, Sender("fake", "7", ""), door.clock())
    async with door.database.view() as view:
        stored = await view.people.identity("fake", "7")
        assert stored is not None
        assert stored.name == "Alice"
