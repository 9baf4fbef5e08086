"""What people do on Telegram and what they see there, over real HTTP."""

from __future__ import annotations

import pytest

from tests.fakes.telegram_house import TelegramHouse, address_of
from tests.stories.test_first_bot import DIP


async def test_start_greets_with_three_examples_as_buttons(house: TelegramHouse) -> None:
    alice = house.world.person("Alice")
    greeting = await house.says(alice, "/start")

    assert "plain words" in greeting.text
    assert len(greeting.labels) == 3
    answer = await house.presses(alice, greeting.labels[0])
    assert answer.number > greeting.number


async def test_a_bot_is_made_with_buttons(house: TelegramHouse) -> None:
    alice = house.world.person("Alice")
    question = await house.says(alice, DIP)
    assert question.labels == ["Create", "Cancel"]

    await house.presses(alice, "Create")
    assert question.labels == []
    assert "Create — Alice" in question.text
    assert "Created" in house.world.private(alice).last().text


async def test_every_press_is_answered_also_the_refused_ones(house: TelegramHouse) -> None:
    alice, mallory = house.world.person("Alice"), house.world.person("Mallory")
    group = house.world.group("Traders")
    question = await house.says(alice, DIP, group)
    query = house.world.presses(mallory, question, "Create", group)
    await house.reads(group)
    await house.until(lambda: query in house.world.answered_queries)

    assert "Only Alice can answer this" in group.last().text
    assert question.labels == ["Create", "Cancel"]
    await house.presses(alice, "Create", group)
    assert question.labels == []


async def test_an_answer_may_be_typed(house: TelegramHouse) -> None:
    alice = house.world.person("Alice")
    question = await house.says(alice, DIP)
    answer = await house.says(alice, "yes")
    assert "Created" in answer.text
    assert question.labels == []


async def test_in_a_group_only_what_is_meant_for_us_is_answered(house: TelegramHouse) -> None:
    alice = house.world.person("Alice")
    group = house.world.group("Traders")
    for text in ("just chatting", "/help@other_bot", "/unknown_to_us", "mail me@randebu_bot.example"):
        house.world.says(alice, text, group)
    assert await house.reads(group) == []

    number = house.world.says(alice, "/help@randebu_bot", group)
    helped = (await house.reads(group))[-1]
    assert helped.answers == number
    house.world.says(alice, "and the price of PEPE?", group, answers=helped.number)
    assert "PEPE" in (await house.reads(group))[-1].text


async def test_topics_are_threads_of_their_own_and_general_has_none(house: TelegramHouse) -> None:
    alice = house.world.person("Alice")
    forum = house.world.group("Forum", forum=True, topics=[7, 9])
    question = await house.says(alice, DIP, forum, 7)
    assert question.thread == 7

    general = await house.says(alice, "/bots", forum)
    assert general.thread is None
    house.world.says(alice, "/bots", forum, fields={"message_thread_id": 1, "is_topic_message": True})
    assert (await house.reads(forum))[-1].thread is None
    assert "nothing" in (await house.says(alice, "/stop", forum, 9)).text.lower()
    assert question.labels == ["Create", "Cancel"]
    await house.presses(alice, "Create", forum)
    assert "Created" in (await house.reads(forum, 7))[-1].text


async def test_a_thread_of_replies_in_a_plain_supergroup_is_no_topic(house: TelegramHouse) -> None:
    alice = house.world.person("Alice")
    group = house.world.group("Traders")
    house.world.says(alice, "/help", group, fields={"message_thread_id": 33})
    assert (await house.reads(group))[-1].thread is None


async def test_private_topics_are_threads_too(house: TelegramHouse) -> None:
    alice = house.world.person("Alice")
    chat = house.world.private(alice)
    chat.topics = {5}
    answer = await house.says(alice, "/help", chat, 5)
    assert answer.thread == 5


async def test_a_group_that_becomes_a_supergroup_keeps_its_conversation(house: TelegramHouse) -> None:
    alice = house.world.person("Alice")
    group = house.world.group("Traders", plain=True)
    await house.says(alice, DIP, group)
    new = house.world.becomes_supergroup(group)
    await house.taken()

    answer = await house.says(alice, "yes", new)
    assert "Created" in answer.text
    async with house.randebu.database.view() as view:
        old = await view.conversations.current("telegram", str(group.id), "")
        conversation = await view.conversations.current("telegram", str(new.id), "")
    assert old is None
    assert conversation is not None
    assert conversation.turn_count == 1


async def test_what_was_on_its_way_follows_the_group(house: TelegramHouse) -> None:
    alice = house.world.person("Alice")
    group = house.world.group("Traders", plain=True)
    await house.says(alice, "/help", group)
    new = house.world.group("Traders")
    group.moved_to = new.id  # Telegram has moved it, but the news is still on its way.
    house.world.says(alice, "/bots", group)
    await house.until(lambda: new.ours())
    assert len(group.ours()) == 1


async def test_an_edit_after_the_answer_is_not_answered_again(house: TelegramHouse) -> None:
    alice = house.world.person("Alice")
    number = house.world.says(alice, "what is the price of PEPE?")
    before = len(await house.reads(house.world.private(alice)))
    house.world.edits(alice, number, "what is the price of PEPE?")
    assert len(await house.reads(house.world.private(alice))) == before
    house.world.edits(alice, number, "what is the price of CAKE?")
    assert "send the changed one anew" in (await house.reads(house.world.private(alice)))[-1].text


async def test_a_changed_command_is_asked_for_anew(house: TelegramHouse) -> None:
    alice = house.world.person("Alice")
    chat = house.world.private(alice)
    number = house.world.says(alice, "/price PEPEE")
    before = len(await house.reads(chat))
    house.world.edits(alice, number, "/price PEPEE")
    assert len(await house.reads(chat)) == before
    house.world.edits(alice, number, "/price PEPE")
    assert "send the changed one anew" in (await house.reads(chat))[-1].text


async def test_names_are_shown_without_their_tricks(house: TelegramHouse) -> None:
    mallory = house.world.person("**Mal**\u202elory [x](https://x.example) @admin")
    question = await house.says(mallory, DIP)
    await house.presses(mallory, "Cancel")
    assert question.text.endswith("Cancel — Mallory x(https x.example) admin")


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"voice": {"file_id": "1", "file_unique_id": "1", "duration": 3}}, "a voice message"),
        (
            {
                "sticker": {
                    "file_id": "1",
                    "file_unique_id": "1",
                    "type": "regular",
                    "width": 1,
                    "height": 1,
                    "is_animated": False,
                    "is_video": False,
                }
            },
            "a sticker",
        ),
        ({"document": {"file_id": "1", "file_unique_id": "1"}}, "a file"),
        ({"photo": [{"file_id": "1", "file_unique_id": "1", "width": 1, "height": 1}]}, "a photo"),
        ({"location": {"latitude": 1.0, "longitude": 1.0}}, "a location"),
    ],
)
async def test_what_is_no_text_is_said_kindly(
    house: TelegramHouse, fields: dict[str, object], kind: str
) -> None:
    alice = house.world.person("Alice")
    house.world.says(alice, None, fields=fields)
    answer = (await house.reads(house.world.private(alice)))[-1]
    assert kind in answer.text
    assert "text for now" in answer.text


async def test_the_service_messages_of_a_group_are_left_alone(house: TelegramHouse) -> None:
    alice = house.world.person("Alice")
    group = house.world.group("Traders")
    house.world.says(alice, None, group, fields={"new_chat_members": [alice.as_user()]})
    house.world.says(alice, None, group, fields={"new_chat_title": "Better traders"})
    assert await house.reads(group) == []


async def test_a_hidden_admin_is_nobody(house: TelegramHouse) -> None:
    alice = house.world.person("Alice")
    group = house.world.group("Traders")
    ghost = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    house.world.says(
        alice, "/help@randebu_bot", group, fields={"from": ghost, "sender_chat": group.as_chat()}
    )
    assert "write as yourself" in (await house.reads(group))[-1].text


async def test_other_bots_are_not_answered(house: TelegramHouse) -> None:
    alice = house.world.person("Alice")
    group = house.world.group("Traders")
    robot = {"id": 77, "is_bot": True, "first_name": "Robot"}
    house.world.says(alice, "/help@randebu_bot", group, fields={"from": robot})
    assert await house.reads(group) == []


async def test_the_menu_is_presented(house: TelegramHouse) -> None:
    await house.until(lambda: "setChatMenuButton" in house.world.presented)
    scopes = [name for name in house.world.presented if name.startswith("setMyCommands")]
    assert {"all_private_chats", "all_group_chats"} <= {scope.split('"')[-2] for scope in scopes}
    private = next(house.world.presented[name] for name in scopes if "private" in name)
    groups = next(house.world.presented[name] for name in scopes if "all_group" in name)
    assert '"export"' in private["commands"]
    assert '"export"' not in groups["commands"]
    assert "setMyDescription" in house.world.presented


async def test_a_chat_that_is_closed_to_us_sleeps_until_it_is_heard_of_again(house: TelegramHouse) -> None:
    alice = house.world.person("Alice")
    chat = house.world.private(alice)
    await house.says(alice, "hello")
    chat.closed = "bot was blocked by the user"
    house.world.says(alice, "are you there?")
    await house.taken()
    await house.randebu.answered(address_of(chat))

    async def status() -> str:
        async with house.randebu.database.view() as view:
            conversation = await view.conversations.current("telegram", str(chat.id), "")
            assert await view.deliveries.next("telegram", str(chat.id), "") is None
        assert conversation is not None
        return conversation.status

    assert await status() == "asleep"
    chat.closed = None
    await house.says(alice, "I am back")
    assert await status() == "open"


async def test_a_deleted_topic_closes_only_itself(house: TelegramHouse) -> None:
    alice = house.world.person("Alice")
    forum = house.world.group("Forum", forum=True, topics=[7, 9])
    await house.says(alice, "/help", forum, 7)
    forum.gone_topics.add(7)
    house.world.says(alice, "/help@randebu_bot", forum, topic=7)
    await house.taken()
    await house.randebu.answered(address_of(forum, 7))
    assert (await house.says(alice, "/help", forum, 9)).thread == 9
    assert len(forum.ours()) == 2
