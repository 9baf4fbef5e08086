"""Conversations: one current one for each chat thread, kept, found again, and nobody else's business."""

from __future__ import annotations

import json
from typing import Any

from bot.messages import Choice, File
from tests.conftest import House
from tests.fakes.platform import Chat, words


async def test_the_first_message_becomes_the_title(house: House) -> None:
    alice = house.chat("alice")
    await alice.says("what is the price of PEPE?")

    assert "what is the price of PEPE?" in words(await alice.says("/chats"))


async def test_a_new_conversation_leaves_the_old_one_to_be_opened(house: House) -> None:
    alice = house.chat("alice")
    await alice.says("what is the price of PEPE?")
    house.clock.move(minutes=1)
    await alice.says("/new")
    await alice.says("what is the price of CAKE?")
    chats = words(await alice.says("/chats"))
    assert chats.index("CAKE") < chats.index("PEPE")

    assert "PEPE" in words(await alice.says("/open 2"))
    exported = await export(alice)
    assert "PEPE" in json.dumps(exported)
    assert "CAKE?" not in json.dumps(exported)


async def test_a_conversation_can_be_renamed(house: House) -> None:
    alice = house.chat("alice")
    await alice.says("hello")
    await alice.says("/rename My first plan")

    assert "My first plan" in words(await alice.says("/chats"))


async def test_deleting_asks_first(house: House) -> None:
    alice = house.chat("alice")
    await alice.says("what is the price of PEPE?")
    question = (await alice.says("/delete"))[-1]
    assert isinstance(question, Choice)
    await alice.presses("Cancel")
    assert "PEPE" in words(await alice.says("/chats"))

    await alice.says("/delete")
    await alice.says("yes")
    assert "price of PEPE" not in words(await alice.says("/chats"))


async def test_a_foreign_conversation_is_like_an_unknown_one(house: House) -> None:
    alice, mallory = house.chat("alice"), house.chat("mallory")
    await alice.says("hello")
    async with house.randebu.database.view() as view:
        conversation = await view.conversations.current("fake", alice.address.chat, "")
    assert conversation is not None
    unknown = "0" * 8 + conversation.id[8:]

    foreign = words(await mallory.says(f"/open {conversation.id}"))
    assert foreign.replace(conversation.id, "X") == words(await mallory.says(f"/open {unknown}")).replace(
        unknown, "X"
    )


async def test_an_export_holds_every_message(house: House) -> None:
    alice = house.chat("alice")
    await alice.says("hello")
    await alice.says("/price PEPE")
    exported = await export(alice)

    said = [(message["role"], message["text"]) for message in exported["messages"]]
    assert said[0] == ("user", "hello")
    assert said[1][0] == "assistant"
    assert ("command", "/price PEPE") in said


async def test_a_group_shares_a_conversation_but_not_its_bots_and_secrets(house: House) -> None:
    alice, bob = house.chat("alice", group="traders"), house.chat("bob", group="traders")
    await alice.says("what is the price of PEPE?")
    await bob.says("what is the price of CAKE?")

    assert "private" in words(await bob.says("/export"))
    assert "private" in words(await bob.says("/usage"))
    refusal = words(await bob.says("/rename mine now"))
    assert "Alice" in refusal or "began" in refusal
    async with house.randebu.database.view() as view:
        conversation = await view.conversations.current("fake", "traders", "")
        assert conversation is not None
        messages = await view.conversations.messages(conversation.id)
    names = [message.sender_name for message in messages if message.role == "user"]
    assert names == ["Alice", "Bob"]


async def test_topics_are_conversations_of_their_own(house: House) -> None:
    one = house.chat("alice", group="traders", thread="1")
    two = house.chat("alice", group="traders", thread="2")
    await one.says("what is the price of PEPE?")
    await two.says("what is the price of CAKE?")
    async with house.randebu.database.view() as view:
        first = await view.conversations.current("fake", "traders", "1")
        second = await view.conversations.current("fake", "traders", "2")
    assert first is not None
    assert second is not None
    assert first.id != second.id
    assert house.platform.delivered[-1].address == two.address


async def export(chat: Chat) -> dict[str, Any]:
    files = [reply for reply in await chat.says("/export") if isinstance(reply, File)]
    exported: dict[str, Any] = json.loads(files[0].content)
    return exported
