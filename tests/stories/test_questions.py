"""Approvals: nothing lasting happens without a yes, and every way of not saying yes has an answer."""

from __future__ import annotations

import pytest

from bot.jobs.approvals import expire_approvals
from bot.messages import Answer, Choice, Notice, Settled
from tests.conftest import House, OpenHouse
from tests.fakes.platform import words
from tests.stories.test_first_bot import DIP


async def bots(house: House, user: str) -> int:
    async with house.randebu.database.view() as view:
        identity = await view.people.identity("fake", user)
        return 0 if identity is None else len(await view.trading.bots(identity.owner))


async def test_cancel_makes_nothing_and_is_said(house: House) -> None:
    alice = house.chat("alice")
    await alice.says(DIP)
    replies = await alice.presses("Cancel")

    assert isinstance(replies[0], Settled)
    assert "Cancel — Alice" in replies[0].text
    assert await bots(house, "alice") == 0


async def test_other_words_refuse_the_question_and_go_on(house: House) -> None:
    alice = house.chat("alice")
    await alice.says(DIP)
    replies = await alice.says("what is the price of CAKE?")

    assert isinstance(replies[0], Settled)
    assert "Not done" in replies[0].text
    assert "CAKE" in words(replies[1:])
    assert await bots(house, "alice") == 0


async def test_a_question_expires_and_can_be_asked_again(house: House) -> None:
    alice = house.chat("alice")
    await alice.says(DIP)
    house.clock.move(minutes=31)
    assert await expire_approvals(house.randebu.services, house.randebu.outbox) == 1

    expired, offer = await alice.reads()
    assert isinstance(expired, Settled)
    assert isinstance(offer, Notice)
    assert offer.text == (
        "The approval request for create bot has expired after 30 minutes. Would you like to try again?"
    )
    late = await alice.presses("Create")
    assert "expired" in words(late)
    assert await bots(house, "alice") == 0

    again = await alice.says(offer.actions[0].line)
    assert isinstance(again[-1], Choice)
    await alice.presses("Create")
    assert await bots(house, "alice") == 1


async def test_a_late_press_before_the_clock_noticed_is_refused(house: House) -> None:
    alice = house.chat("alice")
    await alice.says(DIP)
    house.clock.move(minutes=31)

    assert "expired" in words(await alice.presses("Create"))
    assert await bots(house, "alice") == 0


async def test_two_presses_do_it_once(house: House) -> None:
    alice = house.chat("alice")
    await alice.says(DIP)
    await alice.presses("Create")
    replies = await alice.presses("Create")

    assert words(replies) == "This was already decided."
    assert await bots(house, "alice") == 1


async def test_only_the_asker_may_answer(house: House) -> None:
    alice = house.chat("alice", group="traders")
    mallory = house.chat("mallory", group="traders")
    await alice.says(DIP)
    question = alice.choices()[-1]
    await mallory.reads()

    assert "Only Alice can answer this" in words(await mallory.presses("Create", question))
    assert await bots(house, "alice") == 0
    await alice.presses("Create", question)
    assert await bots(house, "alice") == 1
    assert await bots(house, "mallory") == 0


async def test_stop_refuses_an_open_question(house: House) -> None:
    alice = house.chat("alice")
    await alice.says(DIP)
    replies = await alice.says("/stop")

    assert "Stopped." in words(replies)
    assert "already decided" in words(await alice.presses("Create"))
    assert await bots(house, "alice") == 0


async def test_an_open_question_outlives_a_restart(open_house: OpenHouse) -> None:
    async with open_house() as house:
        await house.chat("alice").says(DIP)
        question = house.chat("alice").choices()[-1]
    async with open_house() as house:
        alice = house.chat("alice")
        await alice.does(Answer(question.id, "yes"))
        assert "PEPE" in words(await alice.reads())
        assert await bots(house, "alice") == 1


@pytest.mark.parametrize("typed", ["1", "Create", "create", "yes", "Yes.", "ok"])
async def test_an_answer_may_be_typed(house: House, typed: str) -> None:
    alice = house.chat("alice")
    await alice.says(DIP)
    await alice.says(typed)
    assert await bots(house, "alice") == 1


async def test_typed_answers_and_commands_cost_no_chat(open_house: OpenHouse) -> None:
    async with open_house(anonymous_chats=1) as house:
        alice = house.chat("alice")
        await alice.says(DIP)
        await alice.says("/bots")
        await alice.says("yes")
        assert await bots(house, "alice") == 1
        assert "limit" in words(await alice.says("hello"))


async def test_a_yes_is_for_what_was_asked_and_nothing_else(open_house: OpenHouse) -> None:
    async with open_house(anonymous_bots=None) as house:
        alice = house.chat("alice")
        for name in ("one", "two"):
            await alice.says(DIP.replace("a bot", f'a bot called "{name}"'))
            await alice.presses("Create")
        await alice.says("delete it")
        assert "two" in alice.choices()[-1].text
        await alice.says("/bot one")

        await alice.presses("Delete")
        assert await bots(house, "alice") == 2
