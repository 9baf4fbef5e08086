"""What people without an account may do, with the exact words of the refusals."""

from __future__ import annotations

import asyncio

from bot.messages import Action, Notice, TextFinal
from tests.conftest import House, OpenHouse
from tests.fakes.platform import words
from tests.stories.test_first_bot import DIP

REACHED = "You've reached the limit. Please create an account to continue."
REFUSED = Notice(REACHED, (Action("Create an account", "/signup"),))


async def test_fifty_chats_and_no_more(house: House) -> None:
    alice = house.chat("alice")
    answers = [(await alice.says(f"hello {n}"))[-1] for n in range(1, 51)]

    assert all(isinstance(answer, TextFinal) for answer in answers)
    carried = [
        n for n, answer in enumerate(answers, 1) if words([answer]).endswith("Your progress is not saved.")
    ]
    assert carried == list(range(41, 51))
    assert await alice.says("hello 51") == [REFUSED]
    assert isinstance((await house.chat("bob").says("hello"))[-1], TextFinal)


async def test_one_bot_even_after_deleting_it(house: House) -> None:
    alice = house.chat("alice")
    await alice.says(DIP)
    await alice.presses("Create")
    await alice.says("delete it")
    await alice.says("yes")

    assert (await alice.says(DIP))[-1] == REFUSED


async def test_a_refused_turn_costs_no_chat(open_house: OpenHouse) -> None:
    async with open_house(anonymous_chats=2) as house:
        alice = house.chat("alice")
        await alice.says(DIP)
        await alice.presses("Create")
        assert (await alice.says(DIP))[-1] == REFUSED
        assert isinstance((await alice.says("hello"))[-1], TextFinal)


async def test_one_backtest(house: House) -> None:
    alice = house.chat("alice")
    await alice.says(DIP)
    await alice.presses("Create")
    await alice.says("backtest it on 15m candles for the last 30 days")

    assert (await alice.says("backtest it on 1h candles for the last 60 days"))[-1] == REFUSED
    assert (await alice.says("/backtest"))[-1] == REFUSED


async def test_two_messages_at_once_do_not_share_the_last_chat(open_house: OpenHouse) -> None:
    async with open_house(anonymous_chats=1) as house:
        here, there = house.chat("alice"), house.chat("alice", group="traders")
        await asyncio.gather(here.sends("hello"), there.sends("hello"))
        answers = await here.reads() + await there.reads()

        assert sum(isinstance(answer, TextFinal) for answer in answers) == 1
        assert REFUSED in answers


async def test_everybody_together_has_a_limit_with_a_time(open_house: OpenHouse) -> None:
    async with open_house(max_chats_per_5hours=3) as house:
        for name in ("ann", "ben", "cid"):
            await house.chat(name).says("hello")
            house.clock.move(minutes=1)
        refused = words(await house.chat("dan").says("hello"))
        assert refused.startswith("Rate limited from the agent service. Please come back later.")
        assert "17:00 UTC" in refused

        house.clock.move(hours=4, minutes=58)
        assert isinstance((await house.chat("dan").says("hello"))[-1], TextFinal)


async def test_nought_means_none_and_empty_means_no_limit(open_house: OpenHouse) -> None:
    async with open_house(anonymous_chats=0) as house:
        assert await house.chat("alice").says("hello") == [REFUSED]
    async with open_house(anonymous_chats=None, anonymous_bots=None) as house:
        alice = house.chat("bob")
        for name in ("one", "two"):
            await alice.says(DIP.replace("a bot", f'a bot called "{name}"'))
            await alice.presses("Create")
        assert {"one", "two"} <= set(words(await alice.says("/bots")).replace("*", " ").split())
