"""Answers while they grow, and the ways to stop them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from functools import partial

import pytest

from bot.messages import Progress
from tests.fakes.slow_model import SlowModel
from tests.fakes.telegram_house import TelegramHouse, address_of
from tests.fakes.telegram_world import WorldChat
from tests.telegram.conftest import OpenTelegram


def drafted(chat: WorldChat, words: str) -> bool:
    return any(words in draft for draft in chat.drafts)


@pytest.fixture
def slow() -> SlowModel:
    return SlowModel()


@pytest.fixture
async def house(open_telegram: OpenTelegram, slow: SlowModel) -> AsyncIterator[TelegramHouse]:
    """A house whose model speaks when told to."""
    async with open_telegram(model=slow.model) as opened:
        yield opened


async def test_a_draft_grows_in_a_private_chat_and_the_answer_replaces_it(
    house: TelegramHouse, slow: SlowModel
) -> None:
    alice = house.world.person("Alice")
    chat = house.world.private(alice)
    house.world.says(alice, "tell me a story")
    slow.say("Once upon **a time** ")
    await house.until(lambda: "Once upon **a time**" in chat.drafts)
    slow.say("there was a bot.")
    await house.until(lambda: "Once upon **a time** there was a bot." in chat.drafts)
    slow.end()
    (answer,) = await house.reads(chat)
    assert answer.text == "Once upon a time there was a bot."
    assert [entity["type"] for entity in answer.entities] == ["bold"]
    assert chat.draft is None
    drafts = [call for call in house.api.calls if call.method == "sendMessageDraft"]
    assert len({call.parameters["draft_id"] for call in drafts}) == 1
    assert all(call.parameters["can_stop"] == "true" for call in drafts)


async def test_telegrams_own_stop_button_ends_the_answer_and_keeps_it(
    house: TelegramHouse, slow: SlowModel
) -> None:
    alice = house.world.person("Alice")
    chat = house.world.private(alice)
    house.world.says(alice, "tell me a story")
    slow.say("Once upon a time ")
    await house.until(lambda: chat.drafts and chat.drafts[-1].startswith("Once"))
    pressed = time.monotonic()
    house.world.stops_draft(alice)
    await house.taken()
    await house.randebu.dispatcher.lanes.idle(address_of(chat))
    assert time.monotonic() - pressed < 1.0
    (answer,) = await house.reads(chat)
    assert answer.text == "Once upon a time\n\nStopped."


async def test_a_stop_of_an_earlier_draft_stops_nothing(house: TelegramHouse, slow: SlowModel) -> None:
    alice = house.world.person("Alice")
    chat = house.world.private(alice)
    house.world.says(alice, "tell me a story")
    slow.say("Once ")
    await house.until(lambda: chat.draft)
    assert chat.draft is not None
    stale = {"chat": chat.as_chat(), "draft_id": chat.draft[0] - 1}
    house.world.update("stopped_message_generation", stale)
    await house.taken()
    slow.say("more.")
    slow.end()
    (answer,) = await house.reads(chat)
    assert answer.text == "Once more."


async def test_in_a_group_one_placeholder_grows_and_becomes_the_answer(
    house: TelegramHouse, slow: SlowModel
) -> None:
    alice = house.world.person("Alice")
    group = house.world.group("Traders")
    number = house.world.says(alice, "@randebu_bot tell me a story", group)
    slow.say("Once upon ")
    await house.until(lambda: group.ours() and group.last().text == "Once upon")
    placeholder = group.last()
    assert placeholder.labels == ["Stop"]
    assert placeholder.answers == number
    slow.say("a time.")
    slow.end()
    (answer,) = await house.reads(group)
    assert answer is placeholder
    assert answer.text == "Once upon a time."
    assert answer.labels == []


async def test_the_stop_button_in_a_group_is_the_askers(house: TelegramHouse, slow: SlowModel) -> None:
    alice, mallory = house.world.person("Alice"), house.world.person("Mallory")
    group = house.world.group("Traders")
    house.world.says(alice, "@randebu_bot tell me a story", group)
    slow.say("Once upon a time ")
    await house.until(lambda: group.ours() and group.last().labels == ["Stop"])
    house.world.presses(mallory, group.last(), "Stop", group)
    await house.taken()
    assert house.randebu.dispatcher.lanes.busy(address_of(group))

    pressed = time.monotonic()
    stoppable = next(each for each in house.world.chats[group.id].ours() if each.labels == ["Stop"])
    house.world.presses(alice, stoppable, "Stop", group)
    await house.taken()
    await house.randebu.dispatcher.lanes.idle(address_of(group))
    assert time.monotonic() - pressed < 1.0
    seen = await house.reads(group)
    assert any(each.text == "Once upon a time\n\nStopped." for each in seen)
    assert all(each.labels == [] for each in seen)


async def test_where_the_server_knows_no_drafts_a_placeholder_is_edited(
    house: TelegramHouse, slow: SlowModel
) -> None:
    house.world.knows_drafts = False
    alice = house.world.person("Alice")
    chat = house.world.private(alice)
    house.world.says(alice, "tell me a story")
    slow.say("Once upon ")
    await house.until(lambda: chat.ours() and chat.last().text == "Once upon")
    slow.say("a time.")
    slow.end()
    (answer,) = await house.reads(chat)
    assert answer.text == "Once upon a time."
    assert answer.former == ["…", "Once upon"]


async def test_a_long_piece_of_work_shows_a_line_that_moves(house: TelegramHouse, slow: SlowModel) -> None:
    alice = house.world.person("Alice")
    chat = house.world.private(alice)
    house.world.says(alice, "test it for a year")
    await slow.begun.wait()
    for done in (0.1, 0.5):
        house.randebu.outbox.show(address_of(chat), Progress("Testing", done))
        shown = f"{round(done * 100)} %"
        await house.until(partial(drafted, chat, shown))
    slow.say("Done.")
    slow.end()
    assert (await house.reads(chat))[-1].text == "Done."


async def test_an_edit_that_gets_no_answer_is_not_trusted(house: TelegramHouse, slow: SlowModel) -> None:
    """It may still arrive and would then put a half answer over the whole one."""
    alice = house.world.person("Alice")
    group = house.world.group("Traders")
    house.world.says(alice, "@randebu_bot tell me a story", group)
    slow.say("Once upon ")
    await house.until(lambda: group.ours())
    placeholder = group.last()
    house.api.fault = lambda method, parameters: "drop_after" if method == "editMessageText" else None
    await house.until(lambda: any(call.failed == "drop_after" for call in house.api.calls))
    house.api.fault = lambda method, parameters: None
    slow.say("a time.")
    slow.end()
    (answer,) = await house.reads(group)
    assert answer.text == "Once upon a time."
    assert answer is not placeholder


async def test_an_edit_replaces_a_message_that_still_waits(house: TelegramHouse, slow: SlowModel) -> None:
    alice = house.world.person("Alice")
    chat = house.world.private(alice)
    house.world.says(alice, "first")
    await slow.begun.wait()
    second = house.world.says(alice, "second")
    await house.taken()
    house.world.edits(alice, second, "second, changed")
    await house.taken()
    for _ in range(2):
        slow.say("Fine.")
        slow.end()
    await house.reads(chat)
    assert slow.prompts == ["first", "second, changed"]
