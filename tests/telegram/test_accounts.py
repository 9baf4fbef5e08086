"""Accounts on Telegram: signing up, links to tap, and what a group never sees."""

from __future__ import annotations

import json
import re

from bot.messages import ChatAddress
from tests.fakes.clock import StoppedClock
from tests.fakes.platform import Chat, FakePlatform, words
from tests.fakes.telegram_house import TelegramHouse
from tests.stories.test_first_bot import DIP
from tests.telegram.conftest import OpenTelegram

_LINK = re.compile(r"https://t\.me/randebu_bot\?start=(link_[A-Z2-9]{8})")


async def test_signing_up_and_linking_by_a_tap(house: TelegramHouse) -> None:
    alice, ally = house.world.person("Alice"), house.world.person("Ally")
    await house.says(alice, DIP)
    await house.presses(alice, "Create")
    welcome = await house.says(alice, "/signup")
    assert "1 bot" in welcome.text

    offered = (await house.presses(alice, "Link another platform")).text
    found = _LINK.search(offered)
    assert found is not None
    assert f"/link {found[1][5:]}" in offered

    linked = await house.says(ally, f"/start {found[1]}")
    assert "Linked" in linked.text
    assert "PEPE" in (await house.says(ally, "/bots")).text
    await house.until(lambda: f"/unlink telegram:{ally.id}" in house.world.private(alice).last().text)
    again = await house.says(house.world.person("Mallory"), f"/start {found[1]}")
    assert "opens nothing" in again.text


async def test_a_group_only_hears_that_it_is_private(house: TelegramHouse) -> None:
    alice = house.world.person("Alice")
    group = house.world.group("Traders")
    await house.says(alice, "/signup")
    found = _LINK.search((await house.says(alice, "/link")).text)
    assert found is not None
    for line in ("/link", "/account", "/mydata", "/forget"):
        heard = await house.says(alice, line, group)
        assert "private chat" in heard.text
        assert heard.labels == []
    assert "no longer works" in (await house.says(alice, f"/link {found[1][5:]}", group)).text
    assert "opens nothing" in (await house.says(house.world.person("Bob"), f"/start {found[1]}")).text


async def test_the_file_arrives_and_so_does_the_farewell(house: TelegramHouse) -> None:
    alice = house.world.person("Alice")
    await house.says(alice, DIP)
    await house.presses(alice, "Create")
    sent = await house.says(alice, "/mydata")
    assert sent.document is not None
    tables = json.loads(sent.document[1])["tables"]
    assert [row["user"] for row in tables["platform_identities"]] == [str(alice.id)]

    question = await house.says(alice, "/forget")
    assert question.labels == ["Delete everything", "Cancel"]
    farewell = await house.presses(alice, "Delete everything")
    assert "I know nothing about you" in farewell.text
    assert question.labels == []
    async with house.randebu.database.view() as view:
        assert await view.people.identity("telegram", str(alice.id)) is None
        assert await view.deliveries.waiting_threads(["telegram"]) == []
        assert await view.conversations.current("telegram", str(alice.id), "") is None


async def test_a_code_from_telegram_opens_the_account_on_another_platform(
    open_telegram: OpenTelegram,
) -> None:
    async with open_telegram() as house:
        elsewhere = FakePlatform()
        house.randebu.outbox.attach(elsewhere)
        alice = house.world.person("Alice")
        await house.says(alice, DIP)
        await house.presses(alice, "Create")
        await house.says(alice, "/signup")
        found = _LINK.search((await house.says(alice, "/link")).text)
        assert found is not None
        there = Chat(house.randebu, elsewhere, StoppedClock(), "ally")
        assert there.address == ChatAddress("fake", "dm-ally")
        assert "Linked" in words(await there.says(f"/link {found[1][5:]}"))
        assert "PEPE" in words(await there.says("/bots"))
        assert "Ally" in (await house.says(alice, "/account")).text
