"""Many people at once: everybody is answered, in order, and Telegram's limits are kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

import pytest

from adapters.telegram.gate import Limits
from tests.fakes.bot_api import Call
from tests.fakes.telegram_house import address_of
from tests.fakes.telegram_world import Person
from tests.telegram.conftest import OpenTelegram

PEOPLE = 200
TOKENS = ("PEPE", "CAKE")
MEMBERS = 22
LIMITLESS = {"anonymous_chats": None, "max_chats_per_5hours": None}


def most_within(calls: Iterable[Call], seconds: float) -> int:
    """The most calls in any stretch of so many seconds."""
    times = sorted(call.at for call in calls)
    first, most = 0, 0
    for last, at in enumerate(times):
        while times[first] <= at - seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_two_hundred_people_write_at_once(open_telegram: OpenTelegram) -> None:
    async with open_telegram(given=LIMITLESS, limits=Limits()) as house:
        world = house.world
        people = [world.person(f"Person {number}") for number in range(PEOPLE)]
        group = world.group("Traders")
        began = time.monotonic()
        for token in TOKENS:
            for person in people:
                world.says(person, f"what is the price of {token}?")
        for person in people[:MEMBERS]:
            world.says(person, "@randebu_bot what is the price of PEPE?", group)

        async def answered(person: Person) -> None:
            chat = world.private(person)
            await until_count(chat.id, len(TOKENS))
            assert [token for each in chat.ours() for token in TOKENS if token in each.text] == list(TOKENS)

        async def until_count(chat_id: int, count: int) -> None:
            while len(world.chats[chat_id].ours()) < count:
                await world.news.wait()

        async with asyncio.timeout(200):
            await asyncio.gather(*map(answered, people))
            took = time.monotonic() - began
            await until_count(group.id, MEMBERS)
            await house.randebu.answered(address_of(group))
        assert len(group.ours()) == MEMBERS

        counted = house.api.counted()
        assert not [call for call in counted if call.failed]
        busiest = max(most_within(house.api.counted(person.id), 1.0) for person in people)
        in_group, over_all = most_within(house.api.counted(group.id), 60.0), most_within(counted, 1.0)
        print(
            f"{PEOPLE * len(TOKENS)} answers to {PEOPLE} people in {took:.1f} s; in a second: {over_all} over all, "
            f"{busiest} in a private chat; in a minute {in_group} in the group"
        )
        assert busiest == 1
        assert in_group <= 20
        assert over_all <= 30
