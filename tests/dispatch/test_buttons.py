"""What stands behind a button that carries only an id."""

from __future__ import annotations

from bot.dispatch.buttons import Buttons
from bot.messages import Action, ChatAddress, Choice, Notice, Outgoing
from tests.conftest import House
from tests.stories.test_first_bot import DIP


async def test_an_option_is_found_by_its_place(house: House) -> None:
    alice = house.chat("alice")
    question = (await alice.says(DIP))[-1]
    assert isinstance(question, Choice)
    buttons = Buttons(house.randebu.database)

    option = await buttons.option(question.id, 1)
    assert option is not None
    assert (option.value, option.address, option.open) == ("no", alice.address, True)
    assert await buttons.option(question.id, 2) is None
    assert await buttons.option(question.id, -1) is None
    assert await buttons.option("nosuchone", 0) is None

    await alice.presses("Cancel")
    option = await buttons.option(question.id, 1)
    assert option is not None
    assert not option.open


async def test_a_line_is_found_only_in_its_own_chat(house: House) -> None:
    alice = house.chat("alice")
    async with house.randebu.database.unit() as unit:
        notice = Notice("Try it.", (Action("Help", "/help"),))
        await house.randebu.outbox.write(unit, Outgoing(alice.address, notice))
        row = await unit.deliveries.next("fake", alice.address.chat, "")
        assert row is not None
    buttons = Buttons(house.randebu.database)
    assert await buttons.line(row.id, 0, alice.address) == "/help"
    assert await buttons.line(row.id, 1, alice.address) is None
    assert await buttons.line(row.id + 1, 0, alice.address) is None
    assert await buttons.line(row.id, 0, ChatAddress("fake", "dm-mallory")) is None
