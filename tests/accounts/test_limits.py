"""The limits: exact sentences, exact numbers, and nothing won by trying twice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta

import pytest

from bot.accounts.limits import LIMIT_REACHED, RATE_LIMITED
from bot.accounts.operators import is_operator
from bot.accounts.signing_up import open_account
from bot.errors import Refused
from bot.messages import Sender
from bot.settings import Settings
from storage.people import Owner
from tests.accounts.conftest import Door, clock_time

ACCOUNT = Owner(user_id="account-1")


async def refusal(attempt: Awaitable[object]) -> str:
    """The sentence with which an attempt is refused."""
    with pytest.raises(Refused) as refused:
        await attempt
    return str(refused.value)


async def test_the_fifty_first_chat_is_refused(door: Door) -> None:
    limits, alice = door.limits(), await door.person("alice")
    for _ in range(50):
        await door.chat(limits, alice)

    sentence = "You've reached the limit. Please create an account to continue."
    assert await refusal(door.chat(limits, alice)) == sentence
    assert await door.used(alice) == (50, 0, 0)
    await door.chat(limits, await door.person("bob"))


async def test_the_last_fifth_of_the_chats_carries_a_reminder(door: Door) -> None:
    limits, alice = door.limits(), await door.person("alice")
    reminders = {}
    for number in range(1, 51):
        await door.chat(limits, alice)
        reminders[number] = await door.reminder(limits, alice)

    reminded = {number: text for number, text in reminders.items() if text is not None}
    assert reminded == dict.fromkeys(range(41, 51), "Your progress is not saved.")


@pytest.mark.parametrize(("limit", "reminded"), [(1, [1]), (5, [5]), (10, [9, 10]), (None, [])])
async def test_other_limits_have_their_own_last_fifth(
    door: Door, limit: int | None, reminded: list[int]
) -> None:
    limits, alice = door.limits(anonymous_chats=limit), await door.person("alice")
    found = []
    for number in range(1, (limit or 12) + 1):
        await door.chat(limits, alice)
        if await door.reminder(limits, alice) is not None:
            found.append(number)
    assert found == reminded


async def test_nought_means_none(door: Door) -> None:
    limits = door.limits(anonymous_chats=0, anonymous_bots=0, anonymous_backtests=0)
    alice = await door.person("alice")

    assert await refusal(door.chat(limits, alice)) == LIMIT_REACHED
    async with door.database.unit() as unit:
        assert await refusal(limits.check_bot(unit, alice)) == LIMIT_REACHED
        assert await refusal(limits.take_bot(unit, alice)) == LIMIT_REACHED
        assert await refusal(limits.reserve_backtest(unit, alice)) == LIMIT_REACHED
    assert await door.used(alice) == (0, 0, 0)
    assert await door.reminder(limits, alice) is None


async def test_no_limit_means_no_limit_but_is_counted(door: Door) -> None:
    limits = door.limits(
        anonymous_chats=None, anonymous_bots=None, anonymous_backtests=None, max_chats_per_5hours=None
    )
    alice = await door.person("alice")
    for _ in range(60):
        await door.chat(limits, alice)
        async with door.database.unit() as unit:
            await limits.check_bot(unit, alice)
            await limits.take_bot(unit, alice)
            await limits.reserve_backtest(unit, alice)
    assert await door.used(alice) == (60, 60, 60)


async def test_a_message_is_charged_once_and_given_back_once(door: Door) -> None:
    limits, alice = door.limits(), await door.person("alice")
    incoming_id = await door.chat(limits, alice)
    async with door.database.unit() as unit:
        await limits.admit_chat(unit, incoming_id, alice)
    assert (await door.used(alice))[0] == 1

    for _ in range(2):
        async with door.database.unit() as unit:
            await limits.give_back_chat(unit, incoming_id)
    assert (await door.used(alice))[0] == 0


async def test_giving_back_what_was_never_charged_gives_nothing(door: Door) -> None:
    limits, alice = door.limits(), await door.person("alice")
    await door.chat(limits, alice)
    async with door.database.unit() as unit:
        await limits.give_back_chat(unit, 4711)
    assert (await door.used(alice))[0] == 1


async def test_two_at_once_never_both_take_the_last_one(door: Door) -> None:
    limits, alice = door.limits(anonymous_chats=1), await door.person("alice")
    results = await asyncio.gather(*(door.chat(limits, alice) for _ in range(5)), return_exceptions=True)

    assert sum(isinstance(result, int) for result in results) == 1
    assert sum(isinstance(result, Refused) for result in results) == 4
    assert (await door.used(alice))[0] == 1


async def test_people_at_once_never_pass_the_limit_of_everybody(door: Door) -> None:
    limits = door.limits(max_chats_per_5hours=2)
    people = [await door.person(name) for name in ("ann", "ben", "cid", "dan", "eve")]
    results = await asyncio.gather(*(door.chat(limits, person) for person in people), return_exceptions=True)
    assert sum(isinstance(result, int) for result in results) == 2
    assert sum(isinstance(result, Refused) for result in results) == 3


async def test_a_backtest_that_failed_can_be_run_again(door: Door) -> None:
    limits, alice = door.limits(), await door.person("alice")
    async with door.database.unit() as unit:
        await limits.reserve_backtest(unit, alice)
        assert await refusal(limits.reserve_backtest(unit, alice)) == LIMIT_REACHED
        await limits.give_back_backtest(unit, alice)
        await limits.reserve_backtest(unit, alice)


async def test_checking_for_a_bot_takes_none(door: Door) -> None:
    limits, alice = door.limits(), await door.person("alice")
    async with door.database.unit() as unit:
        await limits.check_bot(unit, alice)
        await limits.check_bot(unit, alice)
        await limits.take_bot(unit, alice)
        assert await refusal(limits.check_bot(unit, alice)) == LIMIT_REACHED


async def test_a_simulation_is_refused_with_its_reason(door: Door) -> None:
    alice = await door.person("alice")
    async with door.database.view() as view:
        said = await refusal(door.limits().check_simulation(view, alice, 0))
        assert said.startswith(f"{LIMIT_REACHED} Simulations ")
        await door.limits(anonymous_simulations=None).check_simulation(view, alice, 7)
        one = door.limits(anonymous_simulations=1)
        await one.check_simulation(view, alice, 0)
        assert await refusal(one.check_simulation(view, alice, 1)) == LIMIT_REACHED


async def test_accounts_have_no_anonymous_limits(door: Door) -> None:
    limits = door.limits(anonymous_chats=0, anonymous_bots=0, anonymous_backtests=0)
    for _ in range(3):
        await door.chat(limits, ACCOUNT)
    async with door.database.unit() as unit:
        await limits.check_bot(unit, ACCOUNT)
        await limits.take_bot(unit, ACCOUNT)
        await limits.reserve_backtest(unit, ACCOUNT)
        await limits.give_back_backtest(unit, ACCOUNT)
    assert await door.reminder(limits, ACCOUNT) is None


async def test_nobody_has_nothing(door: Door) -> None:
    assert await refusal(door.chat(door.limits(), Owner())) == LIMIT_REACHED


async def test_everybody_together_is_limited_and_told_when_it_goes_again(door: Door) -> None:
    limits = door.limits(max_chats_per_5hours=3)
    first = door.clock()
    for name in ("ann", "ben"):
        await door.chat(limits, await door.person(name))
        door.clock.move(minutes=10)
    await door.chat(limits, ACCOUNT)

    free = first + timedelta(hours=5)
    late = await door.person("dan")
    assert await refusal(door.chat(limits, late)) == f"{RATE_LIMITED} It goes again from {clock_time(free)}."
    assert RATE_LIMITED == "Rate limited from the agent service. Please come back later."
    assert await refusal(door.chat(limits, ACCOUNT)) != LIMIT_REACHED
    assert (await door.used(late))[0] == 0

    door.clock.now = free - timedelta(microseconds=1)
    await refusal(door.chat(limits, late))
    door.clock.now = free
    await door.chat(limits, late)


async def test_the_named_time_is_never_too_early(door: Door) -> None:
    limits, alice = door.limits(max_chats_per_5hours=1), await door.person("alice")
    door.clock.move(seconds=1)
    await door.chat(limits, alice)
    assert "17:01 UTC" in await refusal(door.chat(limits, alice))


async def test_what_was_given_back_makes_room_for_others(door: Door) -> None:
    limits = door.limits(max_chats_per_5hours=1)
    incoming_id = await door.chat(limits, await door.person("alice"))
    async with door.database.unit() as unit:
        await limits.give_back_chat(unit, incoming_id)
    await door.chat(limits, await door.person("bob"))


async def test_the_service_is_asked_before_the_person(door: Door) -> None:
    alice = await door.person("alice")
    closed = door.limits(max_chats_per_5hours=0, anonymous_chats=0)
    assert await refusal(door.chat(closed, alice)) == RATE_LIMITED


async def account(door: Door, name: str, tier: str = "free") -> Owner:
    owner = await door.person(name)
    async with door.database.unit() as unit:
        await open_account(unit, owner, name, door.clock())
        mine = (await unit.people.standing(owner)).owner
        await unit.accounts.set_tier(mine.user_id or "", tier)
        return mine


async def test_simulations_by_tier(door: Door) -> None:
    free, pro = await account(door, "alice"), await account(door, "bob", "pro")
    limits = door.limits(pro_simulations=2)
    async with door.database.view() as view:
        await limits.check_simulation(view, free, 0)
        assert await refusal(limits.check_simulation(view, free, 1)) == (
            "Your free account runs 1 simulation at a time. /simulate stop ends one of them, "
            "or ask an operator for the pro tier."
        )
        await limits.check_simulation(view, pro, 1)
        assert await refusal(limits.check_simulation(view, pro, 2)) == (
            "Your pro account runs 2 simulations at a time. "
            "/simulate stop ends one of them, or ask an operator for more."
        )
        none = door.limits(free_simulations=0)
        assert "Ask an operator" in await refusal(none.check_simulation(view, free, 0))
        await door.limits(free_simulations=None).check_simulation(view, free, 99)


async def test_somebody_who_has_signed_up_meanwhile_has_the_limits_of_their_account(door: Door) -> None:
    alice = await door.person("alice")
    limits = door.limits(anonymous_chats=0, anonymous_bots=0, anonymous_simulations=0)
    async with door.database.unit() as unit:
        await open_account(unit, alice, "alice", door.clock())
    await door.chat(limits, alice)
    async with door.database.unit() as unit:
        await limits.check_bot(unit, alice)
        await limits.take_bot(unit, alice)
        await limits.check_simulation(unit, alice, 0)
    assert await door.used(alice) == (0, 0, 0)
    assert await door.reminder(door.limits(anonymous_chats=1), alice) is None


async def test_operators_are_not_held_by_the_limit_of_everybody(door: Door) -> None:
    limits, boss = door.limits(max_chats_per_5hours=0, operators="fake:boss"), await door.person("boss")
    async with door.database.unit() as unit:
        await limits.admit_chat(unit, await door.message(unit), boss, Sender("fake", "boss", "Boss"))
        for stranger in (
            Sender("fake", "Boss", "boss"),
            Sender("other", "boss", "Boss"),
            Sender("fake", "", ""),
        ):
            assert not is_operator(Settings(operators="fake:boss"), stranger)
            message = await door.message(unit)
            assert await refusal(limits.admit_chat(unit, message, boss, stranger)) == RATE_LIMITED
