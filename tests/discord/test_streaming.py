"""Answers while they grow: one message, edited at a pace, stopped by a button, and the same one at the end."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from bot.messages import Progress, TextGrowing
from tests.discord.conftest import OpenDiscord
from tests.fakes.discord_api import DiscordApi, RestCall
from tests.fakes.discord_house import DiscordHouse, address_of
from tests.fakes.slow_model import SlowModel

EDIT = "PATCH channels/messages"
FILL = "PATCH webhooks/messages/@original"


async def test_an_answer_grows_in_one_message_at_a_pace(open_discord: OpenDiscord) -> None:
    slow = SlowModel()
    async with open_discord(model=slow.model) as house:
        world, alice, general = house.world, house.world.person("Alice"), house.world.channel("general")
        said = world.says(alice, f"{world.bot.mention} tell me a story", general)
        await house.said(said)
        for number in range(60):
            slow.say(f"word{number} ")
            await asyncio.sleep(0.08)
        slow.end()
        (answer,) = await house.reads(general)
        assert answer.text.endswith("word59")
        assert answer.labels == []
        assert answer.answers == said.id
        times = [each.at for each in house.api.made(EDIT)]
        assert 2 <= len(times) <= 5
        # The last edit is the answer itself, which does not wait.
        assert all(later - earlier >= 1.4 for earlier, later in pairwise(times[:-1]))
        assert general.typed >= 1
        assert world.rooms[general.id].ours() == [answer]


async def test_unchanged_words_are_not_sent_again(house: DiscordHouse) -> None:
    room = house.world.channel("general")
    address = address_of(room)
    slow = asyncio.Event()

    async def unanswered(asked: object) -> None:
        await slow.wait()

    house.randebu.answered = unanswered  # type: ignore[method-assign,assignment]
    show = house.randebu.outbox.show
    for _ in range(10):
        show(address, TextGrowing("a", "the same words"))
        await asyncio.sleep(0.2)
    assert len(house.api.made(EDIT)) <= 1
    slow.set()
    await house.until(lambda: room.ours() == [])


async def test_a_command_shows_its_progress_where_it_thinks(house: DiscordHouse) -> None:
    world, alice, general = house.world, house.world.person("Alice"), house.world.channel("general")
    address = address_of(general)
    async with house.randebu.database.unit():
        # While nothing can be written the command is under way.
        made = world.uses(alice, "price", general, tokens="PEPE")
        await house.until(lambda: made.acknowledged_after is not None)
    await house.done(made)
    assert made.original is not None
    assert "PEPE" in made.original.text
    assert address.chat == str(general.id)


async def test_progress_is_drawn_into_the_thinking_message(open_discord: OpenDiscord) -> None:
    slow = SlowModel()
    async with open_discord(model=slow.model) as house:
        world, alice, general = house.world, house.world.person("Alice"), house.world.channel("general")
        dm = world.private(alice)
        made = world.uses(alice, "chat", dm, message="tell me a story")
        await house.accepted(f"interaction:{made.id}")
        slow.say("Once upon a time ")
        house.randebu.outbox.show(address_of(dm), Progress("Testing", 0.5))
        await house.until(lambda: made.original is not None and "Once upon" in made.original.text)
        assert made.original is not None
        assert made.original.labels == ["Stop"]
        slow.end()
        await house.done(made)
        assert [each.text for each in dm.ours()] == ["Once upon a time"]
        assert general.ours() == []
        assert len(house.api.made(FILL)) >= 2


async def test_a_preview_that_fails_costs_nothing(open_discord: OpenDiscord) -> None:
    slow = SlowModel()
    async with open_discord(model=slow.model) as house:

        def fault(call: RestCall) -> str | None:
            return (
                "hang"
                if call.route == EDIT and "word0" in str(call.body) and call.body["components"]
                else None
            )

        house.api.fault = fault
        world, alice, general = house.world, house.world.person("Alice"), house.world.channel("general")
        said = world.says(alice, f"{world.bot.mention} tell me a story", general)
        await house.said(said)
        slow.say("word0 ")
        await house.until(lambda: any(each.failed == "hang" for each in house.api.calls))
        slow.end()
        (answer,) = await house.reads(general)
        assert answer.text == "word0"


async def test_a_placeholder_whose_process_died_goes(open_discord: OpenDiscord, api: DiscordApi) -> None:
    slow = SlowModel()
    alice = api.world.person("Alice")
    general = api.world.channel("general")
    async with open_discord(api=api, model=slow.model) as house:
        said = api.world.says(alice, f"{api.world.bot.mention} tell me a story", general)
        await house.said(said)
        slow.say("Once upon a time ")
        await house.until(lambda: any("Once" in each.text for each in general.ours()))
    growing = general.ours()[-1]
    slow.say("The end.")
    slow.end()
    async with open_discord(api=api, model=slow.model) as house:
        await house.until(lambda: general.ours() and general.ours()[-1].labels == [])
        (answer,) = await house.reads(general)
        assert answer.id == growing.id
        assert "The end." in answer.text


async def test_a_growing_answer_shows_whom_it_answers(open_discord: OpenDiscord) -> None:
    slow = SlowModel()
    async with open_discord(model=slow.model) as house:
        world, alice, bob = house.world, house.world.person("Alice"), house.world.person("Bob")
        general = world.channel("general")
        first = world.says(alice, f"{world.bot.mention} tell me a story", general)
        await house.said(first)
        second = world.says(bob, f"{world.bot.mention} tell me another", general)
        await house.accepted(f"message:{second.id}")
        slow.say("Once upon a time ")
        await house.until(lambda: any("Once" in each.text for each in general.ours()))
        assert general.ours()[-1].answers == first.id
        slow.end()
        slow.say("Twice upon a time")
        slow.end()
        answers = await house.reads(general)
        assert [each.answers for each in answers] == [first.id, second.id]
        assert [each.text for each in answers] == ["Once upon a time", "Twice upon a time"]
