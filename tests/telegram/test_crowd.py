"""Many people at once: everybody is answered, in order, and Telegram's limits are kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

import pytest

from adapters.telegram.gate import Limits
from adapters.telegram.previews import Rhythm
from tests.fakes.bot_api import Call
from tests.fakes.telegram_house import BRISK, address_of
from tests.fakes.telegram_world import Person
from tests.telegram.conftest import OpenTelegram

TOKENS = ("PEPE", "CAKE")
MEMBERS = 22
JITTER_SECONDS = 0.25
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


@pytest.mark.faults
@pytest.mark.timeout(600)
async def test_two_hundred_people_write_at_once(open_telegram: OpenTelegram) -> None:
    await crowd(open_telegram, 200, Limits(), Rhythm(), second=1.0, minute=60.0)


@pytest.mark.faults
async def test_a_smaller_crowd_in_less_time(open_telegram: OpenTelegram) -> None:
    """Its limits are shorter, and a quarter of a second is allowed to calls that are held up on their way."""
    await crowd(open_telegram, 30, Limits(second=0.3, minute=8.0), BRISK, second=0.05, minute=7.75)


async def crowd(
    open_telegram: OpenTelegram, people: int, limits: Limits, rhythm: Rhythm, *, second: float, minute: float
) -> None:
    """So many people write twice, and some once more in a group; all of it is counted in the server's own log."""
    async with open_telegram(given=LIMITLESS, limits=limits, rhythm=rhythm) as house:
        world = house.world
        everybody = [world.person(f"Person {number}") for number in range(people)]
        group = world.group("Traders")
        began = time.monotonic()
        for token in TOKENS:
            for person in everybody:
                world.says(person, f"what is the price of {token}?")
        for person in everybody[:MEMBERS]:
            world.says(person, "@randebu_bot what is the price of PEPE?", group)

        async def answered(person: Person) -> None:
            chat = world.private(person)
            await until_count(chat.id, len(TOKENS))
            assert [token for each in chat.ours() for token in TOKENS if token in each.text] == list(TOKENS)

        async def until_count(chat_id: int, count: int) -> None:
            while len(world.chats[chat_id].ours()) < count:
                await world.news.wait()

        await asyncio.gather(*map(answered, everybody))
        took = time.monotonic() - began
        await until_count(group.id, MEMBERS)
        await house.randebu.answered(address_of(group))
        assert len(group.ours()) == MEMBERS
        assert [each.answers for each in group.ours()] == sorted(each.answers or 0 for each in group.ours())

        counted = house.api.counted()
        assert not [call for call in counted if call.failed]
        busiest = max(most_within(house.api.counted(person.id), second) for person in everybody)
        in_group = most_within(house.api.counted(group.id), minute)
        over_all = most_within(counted, 1.0)
        print(
            f"{people * len(TOKENS)} answers to {people} people in {took:.1f} s; in a second {over_all} over all, in "
            f"{second} s {busiest} in a private chat, in {minute} s {in_group} in the group"
        )
        assert busiest == 1
        assert in_group <= 20
        assert over_all <= 30 * (1 + JITTER_SECONDS if second < 1 else 1)
