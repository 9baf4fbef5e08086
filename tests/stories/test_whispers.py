"""What is said to one person in a chat of many: about their shared conversation, but never left in it."""

from __future__ import annotations

from bot.messages import Command, Incoming, LastingReply, Notice
from tests.conftest import House, OpenHouse
from tests.fakes.platform import Chat, words
from tests.fakes.slow_model import SlowModel
from tests.stories.test_first_bot import DIP


async def whispers(house: House, chat: Chat, line: str, number: str) -> list[LastingReply]:
    """Enter a command whose answer only its sender may see; gives that answer."""
    name, _, arguments = line.partition(" ")
    address = chat.address.whispering_to(chat.sender.user)
    body = Command(name, arguments)
    await house.randebu.receive(Incoming(number, address, chat.sender, house.clock(), body, private=True))
    await house.randebu.answered(address)
    return [each.reply for each in house.platform.delivered if each.address == address]


async def test_a_whispered_command_is_about_the_conversation_of_the_chat(house: House) -> None:
    alice = house.chat("alice", group="traders")
    await alice.says("what is the price of PEPE?")
    listed = words(await whispers(house, alice, "chats", "w1"))
    assert "← open here" in listed
    assert "\n2." not in listed
    exported = (await whispers(house, alice, "export", "w2"))[-1]
    assert b"what is the price of PEPE?" in exported.content  # type: ignore[union-attr]
    assert b"open here" not in exported.content  # type: ignore[union-attr]
    assert not any("open here" in words([each]) for each in alice.everything())


async def test_a_whispered_stop_reaches_what_runs_for_everybody_to_see(open_house: OpenHouse) -> None:
    slow = SlowModel()
    async with open_house(model=slow.model) as house:
        alice = house.chat("alice", group="traders")
        await alice.sends("tell me a story")
        slow.say("Once upon a time ")
        await slow.begun.wait()
        status = await whispers_now(house, alice, "status", "w1")
        assert "I am working on an answer" in status
        await whispers_now(house, alice, "stop", "w2")
        assert "Stopped." in words(await alice.reads())
        assert "Nothing is running" in words((await whispers(house, alice, "stop", "w3"))[-1:])


async def whispers_now(house: House, chat: Chat, line: str, number: str) -> str:
    return words(await whispers(house, chat, line, number))


async def test_what_is_typed_is_completed_with_ones_own(house: House) -> None:
    alice, bob = house.chat("alice"), house.chat("bob")
    await alice.says(DIP)
    await alice.presses("Create")
    suggest = house.randebu.suggest
    (own,) = await suggest(alice.sender, "bot", "PE")
    assert own.label == "PEPE dip"
    assert (await alice.says(f"/bot {own.value}"))[0] == (await alice.says("/bot PEPE dip"))[0]
    assert await suggest(bob.sender, "bot", "") == ()
    (conversation,) = await suggest(alice.sender, "conversation", "")
    assert isinstance((await alice.says(f"/open {conversation.value}"))[0], Notice)
    assert (await suggest(bob.sender, "token", "pepe"))[0].label.startswith("PEPE")
    assert await suggest(bob.sender, "token", "")
