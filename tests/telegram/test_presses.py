"""Buttons that are pressed twice, by two people, too late, and on messages from before a restart."""

from __future__ import annotations

import pytest

from bot.jobs.approvals import expire_approvals
from bot.messages import Action, Choice, Notice, Option
from tests.contracts.harness import ShiftedClock
from tests.fakes.bot_api import BotApi
from tests.fakes.telegram_house import TelegramHouse
from tests.fakes.telegram_world import WorldChat
from tests.stories.test_first_bot import DIP
from tests.telegram.conftest import OpenTelegram


def created(chat: WorldChat) -> int:
    """How often the bot was made."""
    return sum(each.text.startswith("Created PEPE dip") for each in chat.ours())


def calls_of(house: TelegramHouse, method: str) -> int:
    return sum(call.method == method for call in house.api.calls)


async def every_press_is_answered(house: TelegramHouse, *queries: str) -> None:
    await house.until(lambda: set(queries) <= house.world.answered_queries.keys())


async def test_two_presses_at_once_do_it_once(house: TelegramHouse) -> None:
    alice = house.world.person("Alice")
    chat = house.world.private(alice)
    question = await house.says(alice, DIP)
    queries = [house.world.presses(alice, question, "Create") for _ in range(2)]
    await house.reads(chat)
    await every_press_is_answered(house, *queries)

    assert created(chat) == 1
    assert sum("already decided" in each.text for each in chat.ours()) == 1
    assert question.labels == []
    assert calls_of(house, "editMessageReplyMarkup") == 0


async def test_of_two_people_only_the_asker_counts(house: TelegramHouse) -> None:
    alice, mallory = house.world.person("Alice"), house.world.person("Mallory")
    group = house.world.group("Traders")
    question = await house.says(alice, DIP, group)
    queries = [
        house.world.presses(mallory, question, "Cancel", group),
        house.world.presses(alice, question, "Create", group),
        house.world.presses(mallory, question, "Create", group),
    ]
    await house.reads(group)
    await every_press_is_answered(house, *queries)

    assert created(group) == 1
    assert question.text.endswith("Create — Alice")
    assert sum("Only Alice can answer this" in each.text for each in group.ours()) == 2


async def test_a_press_after_the_time_is_said_to_be_late_and_the_buttons_go(
    open_telegram: OpenTelegram,
) -> None:
    clock = ShiftedClock()
    async with open_telegram(clock=clock) as house:
        alice = house.world.person("Alice")
        chat = house.world.private(alice)
        question = await house.says(alice, DIP)
        clock.move(minutes=31)
        late = await house.presses(alice, "Create")
        assert "has expired" in late.text

        await expire_approvals(house.randebu.services, house.randebu.outbox)
        await house.reads(chat)
        assert question.labels == []
        assert question.text.endswith("Expired.")
        assert created(chat) == 0

        await house.presses(alice, "Try again")
        await house.presses(alice, "Create")
        assert created(chat) == 1


async def test_a_question_that_is_shown_twice_is_decided_once_and_loses_all_its_buttons(
    open_telegram: OpenTelegram,
) -> None:
    clock = ShiftedClock()
    async with open_telegram(clock=clock) as house:
        alice = house.world.person("Alice")
        chat = house.world.private(alice)
        left = ["drop_after"]
        house.api.fault = lambda method, _: left.pop() if method == "sendMessage" and left else None
        house.world.says(alice, DIP)
        await house.reads(chat)
        clock.move(seconds=10)
        house.randebu.outbox.wake_due()
        await house.reads(chat)
        first, again = chat.ours()
        assert again.text == f"(repeated)\n\n{first.text}"

        house.world.presses(alice, first, "Create")
        await house.reads(chat)
        await house.until(lambda: first.labels == again.labels == [])
        assert created(chat) == 1
        assert "Create — Alice" in again.text


async def test_old_messages_keep_their_buttons_over_a_restart(
    open_telegram: OpenTelegram, api: BotApi
) -> None:
    alice, bob = api.world.person("Alice"), api.world.person("Bob")
    chat, forum = api.world.private(alice), api.world.group("Forum", forum=True, topics=[7])
    async with open_telegram(api=api) as house:
        greeting = await house.says(alice, "/start")
        question = await house.says(alice, DIP)
        in_topic = await house.says(bob, "/start", forum, 7)
    api.world.presses(alice, question, "Create")
    async with open_telegram(api=api) as house:
        await house.reads(chat)
        assert created(chat) == 1
        assert question.labels == []
        api.world.presses(alice, greeting, "The price of PEPE")
        assert (await house.reads(chat))[-1].text.startswith("PEPE")

        # Of a message that is very old Telegram tells only its chat and number, not its topic.
        query = {
            "id": "old",
            "from": bob.as_user(),
            "chat_instance": "1",
            "data": in_topic.data_of("The price of PEPE"),
        }
        old = {"message_id": in_topic.number, "date": 0, "chat": forum.as_chat()}
        api.world.update("callback_query", query | {"message": old})
        assert (await house.reads(forum, 7))[-1].text.startswith("PEPE")
        assert all(each.thread == 7 for each in forum.ours())


@pytest.mark.parametrize("data", ["a:999999:0", "a:1:77", "c:nosuchthing:0", "something else"])
async def test_a_button_that_means_nothing_any_more_is_answered(house: TelegramHouse, data: str) -> None:
    alice = house.world.person("Alice")
    chat = house.world.private(alice)
    await house.emits(chat, Notice("Choose.", (Action("Help", "/help"),)))
    chat.last().keyboard[0][0]["callback_data"] = data
    query = house.world.presses(alice, chat.last(), "Help")
    await house.taken()
    await every_press_is_answered(house, query)
    if data != "something else":
        assert (await house.reads(chat))[-1].text.startswith(
            ("This question no longer exists", "I can only read text")
        )
    assert await house.says(alice, "/help")


async def test_a_button_of_another_chat_is_not_found_out(house: TelegramHouse) -> None:
    alice, mallory = house.world.person("Alice"), house.world.person("Mallory")
    await house.emits(house.world.private(alice), Notice("Choose.", (Action("Mine", "/price PEPE"),)))
    theirs = house.world.private(alice).last()
    chat = house.world.private(mallory)
    await house.emits(chat, Choice("abcdefghjk", "Sure?", (Option("Yes", "yes"),)))
    chat.last().keyboard[0][0]["callback_data"] = theirs.data_of("Mine")
    answer = await house.presses(mallory, "Yes")
    assert "PEPE" not in answer.text
    assert "this old button is lost on me" in answer.text
