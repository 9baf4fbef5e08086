"""Buttons: for the asker only, and as good after a restart as before."""

from __future__ import annotations

from adapters.discord.buttons import from_custom_id, to_custom_id
from adapters.pressing import ActionButton, ChoiceButton, StopButton
from bot.messages import Action, Choice, Notice, Option
from tests.discord.conftest import OpenDiscord
from tests.fakes.discord_api import DiscordApi
from tests.fakes.discord_house import DiscordHouse
from tests.fakes.slow_model import SlowModel
from tests.stories.test_first_bot import DIP


def test_custom_ids_say_what_they_stand_for() -> None:
    for button in (ChoiceButton("abc-DEF_1", 24), ActionButton(10**17, 0), StopButton()):
        assert from_custom_id(to_custom_id(button)) == button
        assert len(to_custom_id(button)) <= 100
    assert from_custom_id("something else") is None


async def test_buttons_work_after_a_restart(open_discord: OpenDiscord, api: DiscordApi) -> None:
    alice = api.world.person("Alice")
    async with open_discord(api=api) as house:
        assert (await house.says(alice, DIP)).labels == ["Create", "Cancel"]
    async with open_discord(api=api) as house:
        assert "Created **PEPE dip**" in (await house.presses(alice, "Create")).text


async def test_others_are_refused_where_only_they_see_it(house: DiscordHouse) -> None:
    world, alice, mallory = house.world, house.world.person("Alice"), house.world.person("Mallory")
    general = world.channel("general")
    question = await house.says(alice, DIP, general)
    refusal = await house.presses(mallory, "Create", general)
    assert "Only Alice can answer this" in refusal.text
    assert refusal.only_for == mallory.id
    assert question.labels == ["Create", "Cancel"]
    assert len(general.ours()) == 1


async def test_a_press_that_is_too_late_is_told_and_the_buttons_go(house: DiscordHouse) -> None:
    alice, general = house.world.person("Alice"), house.world.channel("general")
    question = await house.says(alice, DIP, general)
    buttons = question.components
    await house.presses(alice, "Cancel", general)
    assert question.labels == []
    question.components = buttons
    late = await house.presses(alice, "Create", general)
    assert "already decided" in late.text
    assert late.only_for == alice.id
    await house.until(lambda: question.labels == [])
    assert "Cancel" in question.text


async def test_a_question_whose_message_is_gone_is_settled_in_a_new_one(house: DiscordHouse) -> None:
    world, alice, general = house.world, house.world.person("Alice"), house.world.channel("general")
    question = await house.says(alice, DIP, general)
    made = world.presses(alice, question, "Create")
    del general.messages[question.id]
    await house.done(made)
    texts = [each.text for each in general.ours()]
    assert any("Create — Alice" in text for text in texts)
    assert any("Created **PEPE dip**" in text for text in texts)


async def test_stop_stops_for_its_asker_and_nobody_else(open_discord: OpenDiscord) -> None:
    slow = SlowModel()
    async with open_discord(model=slow.model) as house:
        world, alice, bob = house.world, house.world.person("Alice"), house.world.person("Bob")
        general = world.channel("general")
        said = world.says(alice, f"{world.bot.mention} tell me a story", general)
        await house.said(said)
        slow.say("Once upon a time ")
        await house.until(lambda: any("Once" in each.text for each in general.ours()))
        growing = general.ours()[-1]
        assert growing.labels == ["Stop"]
        refused = world.presses(bob, growing, "Stop")
        await house.until(lambda: any("only they can stop" in each.text for each in general.ours(bob)))
        assert refused.acknowledged_after is not None
        assert not any("only they can stop" in each.text for each in general.ours())
        await house.done(world.presses(alice, growing, "Stop"))
        (answer,) = await house.reads(general)
        assert answer.id == growing.id
        assert "Once upon a time" in answer.text
        assert "Stopped." in answer.text
        assert answer.labels == []


async def test_a_slash_stop_leaves_nothing_behind(open_discord: OpenDiscord) -> None:
    slow = SlowModel()
    async with open_discord(model=slow.model) as house:
        world, alice, general = house.world, house.world.person("Alice"), house.world.channel("general")
        said = world.says(alice, f"{world.bot.mention} tell me a story", general)
        await house.said(said)
        slow.say("Once upon a time ")
        await slow.begun.wait()
        made = world.uses(alice, "stop", general)
        await house.done(made)
        await house.until(lambda: not any(each.thinking for each in general.messages.values()))
        assert "Stopped." in general.ours(alice)[-1].text


async def test_long_labels_become_a_list(house: DiscordHouse) -> None:
    room = house.world.channel("general")
    options = (Option("x" * 90, "a"), Option("short", "b"))
    (shown,) = await house.emits(room, Choice("abcdefghjk", "Which?", options))
    assert shown.labels == ["1", "2"]
    assert f"1. {'x' * 90}" in shown.text
    many = tuple(Action(f"Action {at}", f"/price {at}") for at in range(30))
    shown = (await house.emits(room, Notice("Many.", many)))[-1]
    assert len(shown.labels) == 25


async def test_a_button_that_is_gone_from_the_rows_says_so(house: DiscordHouse) -> None:
    world, alice, general = house.world, house.world.person("Alice"), house.world.channel("general")
    (shown,) = await house.emits(general, Notice("Try.", (Action("Help", "/help"),)))
    shown.components[0]["components"][0]["custom_id"] = "a:999999:0"
    made = world.presses(alice, shown, "Help")
    await house.done(made)
    assert "this old button" in general.ours(alice)[-1].text
    assert general.ours(alice)[-1].only_for == alice.id
