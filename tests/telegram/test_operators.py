"""What operators have on Telegram, what nobody else sees of it, and the 👍 under an answer."""

from __future__ import annotations

import json
from typing import Any

from storage.conversations import Conversation
from tests.fakes.bot_api import BotApi
from tests.fakes.telegram_house import TelegramHouse
from tests.fakes.telegram_world import WorldChat
from tests.telegram.conftest import OpenTelegram

BOSS = 100_001
"""The first person whom a world makes."""

OPERATORS = {"operators": frozenset({("telegram", str(BOSS))})}


async def current(house: TelegramHouse, chat: WorldChat, thread: str = "") -> Conversation:
    async with house.randebu.database.view() as view:
        found = await view.conversations.current("telegram", str(chat.id), thread)
    assert found is not None
    return found


def menus(api: BotApi) -> dict[str, list[str]]:
    """The commands that each scope was given."""
    found: dict[str, list[str]] = {}
    for name, parameters in api.world.presented.items():
        if name.startswith("setMyCommands"):
            scope: dict[str, Any] = json.loads(parameters["scope"])
            commands = json.loads(parameters["commands"])
            key = str(scope.get("chat_id", scope["type"]))
            found[key] = [command["command"] for command in commands]
    return found


async def test_an_operator_works_in_the_chat_and_a_stranger_sees_nothing_of_it(
    open_telegram: OpenTelegram,
) -> None:
    async with open_telegram(given=OPERATORS) as house:
        boss, eve = house.world.person("Boss"), house.world.person("Eve")
        assert boss.id == BOSS
        await house.says(eve, "hello")
        for _ in range(11):
            await house.says(house.world.person("Somebody"), "/start")

        listed = await house.says(boss, "/admin users")
        assert "Somebody" in listed.text
        assert "More ▶" in listed.labels
        assert "Eve" in (await house.presses(boss, "More ▶")).text
        picture = await house.says(boss, "/admin stats 7d")
        assert picture.photo is not None
        assert picture.photo.startswith(b"\x89PNG")

        unknown = (await house.says(eve, "/xyzzy")).text
        assert (await house.says(eve, "/admin users")).text == unknown.replace("/xyzzy", "/admin")


async def test_the_menu_of_an_operator_alone_has_the_command(open_telegram: OpenTelegram) -> None:
    async with open_telegram(given=OPERATORS) as house:
        await house.until(lambda: str(BOSS) in menus(house.api))
        shown = menus(house.api)
        assert "admin" in shown.pop(str(BOSS))
        assert len(shown) >= 3
        assert all("admin" not in commands for commands in shown.values())


async def test_whoever_is_no_operator_any_more_loses_the_menu(
    open_telegram: OpenTelegram, api: BotApi
) -> None:
    async with open_telegram(given=OPERATORS, api=api) as house:
        await house.until(lambda: str(BOSS) in menus(api))
    async with open_telegram(api=api) as house:
        await house.until(lambda: any(call.method == "deleteMyCommands" for call in api.calls))
    (taken,) = [call.parameters["scope"] for call in api.calls if call.method == "deleteMyCommands"]
    assert json.loads(taken) == {"type": "chat", "chat_id": BOSS}


async def test_in_a_group_it_is_heard_from_operators_and_not_from_others(open_telegram: OpenTelegram) -> None:
    async with open_telegram(given=OPERATORS) as house:
        boss, eve = house.world.person("Boss"), house.world.person("Eve")
        group = house.world.group("Operators")
        for line in ("/admin health", "/xyzzy at_all"):
            house.world.says(eve, line, group)
        assert await house.reads(group) == []
        shown = await house.says(boss, "/admin health", group)
        assert "Uptime" in shown.text

        house.world.presses(eve, shown, "Jobs", group)
        assert (await house.reads(group))[-1].text.startswith("There is no command /admin.")
        assert "expire approvals" in (await house.presses(boss, "Jobs", group)).text


async def test_a_thumb_under_an_answer_settles_its_conversation_without_a_word(house: TelegramHouse) -> None:
    alice, bob = house.world.person("Alice"), house.world.person("Bob")
    group = house.world.group("Traders", forum=True, topics=(7,))
    answer = await house.says(alice, "hello", group, topic=7)

    for person, number, emoji, before in (
        (bob, answer.number, "👍", ""),
        (alice, answer.number, "❤", ""),
        (alice, answer.number, "", "👍"),
        (alice, 99_999, "👍", ""),
    ):
        house.world.reacts(person, number, emoji, group, before=before)
    said = len(await house.reads(group, 7))
    assert (await current(house, group, "7")).status == "open"

    house.world.reacts(alice, answer.number, "👍", group)
    assert len(await house.reads(group, 7)) == said
    settled = await current(house, group, "7")
    assert (settled.status, settled.resolution_type) == ("resolved", "resolved")


async def test_a_thumb_belongs_to_the_conversation_of_its_answer(house: TelegramHouse) -> None:
    alice = house.world.person("Alice")
    chat = house.world.private(alice)
    answer = await house.says(alice, "hello")
    first = await current(house, chat)
    await house.says(alice, "/new")
    house.world.reacts(alice, answer.number, "👍")
    await house.reads(chat)

    assert (await current(house, chat)).status == "open"
    async with house.randebu.database.view() as view:
        earlier = await view.conversations.get(first.id)
    assert earlier is not None
    assert earlier.status == "resolved"
