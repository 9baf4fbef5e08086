"""Accounts: signing up with everything one has, limits by tier, and the ways of signing up."""

from __future__ import annotations

import asyncio

import pytest

from bot.messages import Choice, Notice, TextFinal
from tests.conftest import House, OpenHouse
from tests.fakes.platform import Chat, words
from tests.stories.test_first_bot import DIP
from tests.stories.test_limits import REFUSED


async def makes_bot(person: Chat, name: str) -> str:
    """Let somebody make a bot; what they read."""
    said = words(await person.says(DIP.replace("a bot", f'a bot called "{name}"')))
    return said if not person.choices() else words(await person.presses("Create"))


async def test_signing_up_brings_everything_along_and_stops_the_counting(open_house: OpenHouse) -> None:
    async with open_house(anonymous_chats=3) as house:
        alice = house.chat("alice")
        await makes_bot(alice, "dip")
        await alice.says("backtest it on 1h candles for the last 30 days")
        await alice.says("hello")
        assert await alice.says("hello") == [REFUSED]

        said = words(await alice.says(REFUSED.actions[0].line))
        assert "1 conversation, 1 bot and 1 backtest" in said
        answer = (await alice.says("hello"))[-1]
        assert isinstance(answer, TextFinal)
        assert "not saved" not in answer.text
        assert "dip" in words(await alice.says("/bots"))
        assert "hello" in words(await alice.says("/chats")) or "dip" in words(await alice.says("/chats"))
        assert "1 of 3, 2 left" in words(await alice.says("/account"))
        assert "1 of 20, 19 left" in words(await alice.says("/usage"))
        assert "already" in words(await alice.says("/signup"))


async def test_without_an_account_the_account_says_how_to_get_one(house: House) -> None:
    alice = house.chat("alice")
    notice = (await alice.says("/account"))[-1]
    assert isinstance(notice, Notice)
    assert "/signup" in notice.text
    assert "0 of 50, 50 left" in notice.text
    assert [action.line for action in notice.actions] == ["/signup"]


async def test_a_free_account_has_three_bots_at_a_time(house: House) -> None:
    alice = house.chat("alice")
    await alice.says("/signup")
    for name in ("one", "two", "three"):
        assert "Created" in await makes_bot(alice, name)
    refused = words(await alice.says(DIP.replace("a bot", 'a bot called "four"')))
    assert refused == (
        "Your free account has room for 3 bots. Delete one with /deletebot to make room, "
        "or ask an operator for the pro tier."
    )
    await alice.says("/deletebot two")
    await alice.presses("Delete")
    assert "Created" in await makes_bot(alice, "four")


async def test_a_free_account_has_its_backtests_of_a_day(open_house: OpenHouse) -> None:
    async with open_house(free_backtests_per_day=1) as house:
        alice = house.chat("alice")
        await alice.says("/signup")
        await makes_bot(alice, "dip")
        test = "backtest it on 1h candles for the last 30 days"
        assert any(not isinstance(reply, Notice) for reply in await alice.says(test))
        refused = words(await alice.says(test))
        assert "runs 1 backtest in 24 hours. Wait until 12:00 UTC for the next one, or ask" in refused
        house.clock.move(hours=24)
        assert "24 hours" not in words(await alice.says(test))


async def test_operators_alone_pass_the_limit_of_everybody(open_house: OpenHouse) -> None:
    async with open_house(max_chats_per_5hours=1, operators="fake:boss") as house:
        await house.chat("alice").says("hello")
        assert "Rate limited" in words(await house.chat("bob").says("hello"))
        assert "Rate limited" in words(await house.chat("boss", other=True).says("hello"))
        assert isinstance((await house.chat("boss").says("hello"))[-1], TextFinal)


async def test_signing_up_twice_at_once_makes_one_account(house: House) -> None:
    here, there = house.chat("alice"), house.chat("alice", thread="topic")
    await makes_bot(here, "dip")
    await asyncio.gather(here.sends("/signup"), there.sends("/signup"))
    answers = words(await here.reads() + await there.reads())
    assert answers.count("You have an account now") == 1
    assert answers.count("already") == 1
    assert "1 of 3" in words(await here.says("/account"))


@pytest.mark.parametrize(("mode", "said"), [("closed", "closed here"), ("invite", "needs an invitation")])
async def test_where_sign_ups_are_not_open_it_says_what_would_help(
    open_house: OpenHouse, mode: str, said: str
) -> None:
    async with open_house(signup=mode) as house:
        alice = house.chat("alice")
        refused = words(await alice.says("/signup"))
        assert said in refused
        assert "operator" in refused
        assert "no account yet" in words(await alice.says("/account"))


async def test_a_wish_waits_for_an_operator_over_a_restart(open_house: OpenHouse) -> None:
    async with open_house(signup="approval") as house:
        alice = house.chat("alice")
        assert "asked an operator" in words(await alice.says("/signup"))
        assert "still waits" in words(await alice.says("/signup"))
    async with open_house(signup="approval") as house:
        async with house.randebu.database.view() as view:
            (wish,) = await view.accounts.pending()
        assert (wish.platform, wish.user, wish.name, wish.chat) == ("fake", "alice", "Alice", "dm-alice")


async def test_private_commands_stay_private(house: House) -> None:
    alice = house.chat("alice", group="traders")
    for line in ("/signup", "/account", "/link", "/unlink 1", "/mydata", "/forget"):
        assert "private chat" in words(await alice.says(line))
    assert not alice.choices()


async def test_an_account_made_while_a_question_waits_gets_what_it_leads_to(house: House) -> None:
    alice, elsewhere = house.chat("alice"), house.chat("alice", thread="topic")
    question = (await alice.says(DIP))[-1]
    assert isinstance(question, Choice)
    await elsewhere.says("/signup")
    assert "Created" in words(await alice.presses("Create", question))
    assert "1 of 3" in words(await alice.says("/account"))
