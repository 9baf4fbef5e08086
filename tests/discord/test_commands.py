"""Slash commands: told to Discord once, completed while they are typed, answered to those whom they concern."""

from __future__ import annotations

import asyncio
import time
from datetime import date

import pytest

from adapters.discord.options import TYPED
from adapters.discord.slash import (
    NotUnderstood,
    Typing,
    command_of,
    completions,
    days,
    payloads,
    typing,
)
from bot.handlers.commands import build_commands
from bot.handlers.simulations import Asked, parse
from bot.messages import Command
from tests.discord.conftest import OpenDiscord
from tests.fakes.discord_api import DiscordApi, RestCall
from tests.fakes.discord_house import DiscordHouse
from tests.stories.test_first_bot import DIP


def used(name: str, **options: str | float) -> dict[str, object]:
    given = [{"name": key, "type": 3, "value": value} for key, value in options.items()]
    return {"name": name, "type": 1, "options": given}


def test_options_become_the_line_that_everybody_types() -> None:
    asked = used("backtest", end="2026-03-01", timeframe="15m", bot="PEPE dip", start="2026-01-01")
    assert command_of(asked) == Command("backtest", "PEPE dip 15m 2026-01-01 2026-03-01")
    assert command_of(used("trending")) == Command("trending")
    assert command_of(used("something_new", text="a b")) == Command("something_new", "a b")


def test_options_of_simulations_become_what_their_handlers_understand() -> None:
    begun = command_of(used("simulate", action="start", balance=250.5, bot="PEPE dip", timeframe="1m"))
    assert begun == Command("simulate", "start PEPE dip 1m $250.5")
    assert parse("PEPE dip 1m $250.5") == Asked("PEPE dip", "1m", 250.5)
    # A sum alone is no bot's name.
    assert command_of(used("simulate", action="start", balance=500)) == Command("simulate", "start $500")
    assert parse("$500") == Asked(balance=500.0)
    told = command_of(used("notify", bot="dip", quiet="22-7", zone="Europe/Berlin", tell="trades"))
    assert told == Command("notify", "trades quiet 22-7 Europe/Berlin dip")
    assert command_of(used("notify", quiet="off")) == Command("notify", "quiet off")
    assert command_of(used("why", bot="dip")) == Command("why", "dip")
    assert command_of(used("unlink", number="2")) == Command("unlink", "2")


def test_every_listed_command_has_its_options_declared() -> None:
    async def usage(services: object, caller: object) -> str:
        raise NotImplementedError

    listed = {name for name, spec in build_commands(usage).items() if spec.listed}
    assert listed | {"chat"} == set(TYPED)


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("backtest", {"start": "yesterday"}, "`start` must be a day"),
        ("backtest", {"start": "2026-02-30"}, "`start` must be a day"),
        ("backtest", {"end": "2026-02-01"}, "Give `start` too"),
        ("simulate", {"action": "stop", "timeframe": "1m"}, "for `action: start` only"),
        ("notify", {"quiet": "at night"}, "such as 22-7"),
        ("notify", {"zone": "Europe/Berlin"}, "give `quiet` too"),
        ("notify", {"quiet": "22-7", "zone": "my dip bot"}, "such as Europe/Berlin"),
    ],
)
def test_options_that_make_no_sense_are_refused(name: str, options: dict[str, str], sentence: str) -> None:
    with pytest.raises(NotUnderstood, match=sentence):
        command_of(used(name, **options))


def test_what_is_typed_is_completed() -> None:
    data = {"name": "price", "options": [{"name": "tokens", "value": "PEPE ca", "focused": True}]}
    assert typing(data) == Typing("token", "PEPE ca", several=True)
    assert completions("PEPE ca", [("Cake", "0xca")], several=True) == [("PEPE Cake", "PEPE 0xca")]
    assert typing({"name": "search", "options": [{"name": "text", "value": "x", "focused": True}]}) is None
    assert days("90", date(2026, 6, 30)) == [("2026-04-01 (90 days ago)", "2026-04-01")]
    assert len(completions("", [(str(at), str(at)) for at in range(40)], several=False)) == 25


def test_commands_that_the_adapter_does_not_know_take_a_text() -> None:
    told = {each["name"]: each for each in payloads({"new_one": "x" * 200, "bots": "your bots"})}
    assert [each["name"] for each in told["new_one"]["options"]] == ["text"]
    assert len(told["new_one"]["description"]) == 100
    assert told["bots"]["options"] == []
    assert told["chat"]["options"][0]["required"]


async def test_commands_are_synced_only_when_they_changed(open_discord: OpenDiscord, api: DiscordApi) -> None:
    async with open_discord(api=api) as house:
        names = {each["name"] for each in house.world.commands["everywhere"]}
        assert set(house.randebu.commands()) | {"chat", "Ask Randebu about this"} == names
        assert api.world.syncs == ["everywhere"]
    async with open_discord(api=api) as house:
        await house.heard()
        assert api.world.syncs == ["everywhere"]
    guild = api.world.guild.id
    async with open_discord(api=api, guilds=(guild,)) as house:
        await house.until(lambda: len(api.world.syncs) == 3)
        assert api.world.syncs[1:] == [str(guild), "everywhere"]
        assert api.world.commands["everywhere"] == []
        assert api.world.commands[str(guild)]


async def test_private_matters_are_for_one_persons_eyes(house: DiscordHouse) -> None:
    world, alice, bob = house.world, house.world.person("Alice"), house.world.person("Bob")
    general = world.channel("general")
    await house.says(alice, "what is the price of PEPE?", general)
    for name in ("usage", "chats", "export"):
        answer = await house.uses(alice, name, general)
        assert answer.only_for == alice.id, name
    assert all("What you have used" not in each.text for each in general.ours(bob))
    (mine,) = [each for each in general.ours(alice) if each.files]
    assert b"what is the price of PEPE?" in mine.files[0][1]
    # Nothing private is left in the conversation that everybody shares.
    assert b"What you have used" not in (await house.uses(alice, "export", general)).files[0][1]


async def test_one_conversation_stays_one_also_for_private_commands(house: DiscordHouse) -> None:
    alice, general = house.world.person("Alice"), house.world.channel("general")
    await house.says(alice, "what is the price of PEPE?", general)
    listed = await house.uses(alice, "chats", general)
    assert listed.text.count("\n") == 0
    assert "← open here" in listed.text


async def test_a_private_question_stays_private_until_its_end(house: DiscordHouse) -> None:
    alice, general = house.world.person("Alice"), house.world.channel("general")
    await house.says(alice, "what is the price of PEPE?", general)
    await house.uses(alice, "new", general)
    listed = await house.uses(alice, "chats", general)
    opened = await house.presses(alice, next(label for label in listed.labels if "Open" in label), general)
    assert opened.only_for == alice.id
    assert "Opened" in opened.text


async def test_autocomplete_offers_what_is_ones_own(house: DiscordHouse) -> None:
    world, alice, bob = house.world, house.world.person("Alice"), house.world.person("Bob")
    await house.says(alice, DIP)
    await house.presses(alice, "Create")

    async def offered(person: object, name: str, option: str, typed: str) -> list[str]:
        made = world.types(person, name, option, typed)  # type: ignore[arg-type]
        await house.until(lambda: made.answer is not None)
        assert made.answer is not None
        return [each["name"] for each in made.answer["data"]["choices"]]

    assert await offered(alice, "bot", "bot", "pe") == ["PEPE dip"]
    assert await offered(alice, "bot", "bot", "nothing like it") == []
    assert await offered(bob, "bot", "bot", "") == []
    assert any("PEPE" in each for each in await offered(bob, "price", "tokens", "pep"))
    assert await offered(bob, "token", "token", "")
    assert len(await offered(alice, "open", "conversation", "")) == 1
    assert any("30 days ago" in each for each in await offered(alice, "backtest", "start", ""))


async def test_stop_and_status_are_answered_to_their_sender(house: DiscordHouse) -> None:
    alice, general = house.world.person("Alice"), house.world.channel("general")
    answer = await house.uses(alice, "stop", general)
    assert answer.text == "Nothing is running here."
    assert answer.only_for == alice.id


async def test_a_wrong_option_is_told_at_once(house: DiscordHouse) -> None:
    world, alice, general = house.world, house.world.person("Alice"), house.world.channel("general")
    made = world.uses(alice, "backtest", general, start="soon")
    await house.until(lambda: made.original is not None)
    assert made.original is not None
    assert made.original.only_for == alice.id
    assert "must be a day" in made.original.text


async def test_a_message_can_be_asked_about(house: DiscordHouse) -> None:
    world, alice, bob = house.world, house.world.person("Alice"), house.world.person("Bob")
    general = world.channel("general")
    said = world.says(bob, "what is the price of PEPE? @everyone", general)
    made = world.asks_about(alice, said, "Ask Randebu about this")
    await house.done(made)
    (answer,) = await house.reads(general)
    assert "PEPE" in answer.text
    empty = world.asks_about(alice, world.says(bob, "", general), "Ask Randebu about this")
    await house.done(empty)
    assert "message without words" in general.ours(alice)[-1].text


async def test_an_interaction_that_comes_twice_is_taken_once(house: DiscordHouse) -> None:
    world, alice = house.world, house.world.person("Alice")
    made = world.uses(alice, "price", tokens="PEPE")
    await house.done(made)
    world.again(made)
    await house.heard()
    assert len(await house.reads(made.room)) == 1


async def test_a_slow_database_does_not_cost_the_acknowledgement(house: DiscordHouse) -> None:
    world, alice = house.world, house.world.person("Alice")
    async with house.randebu.database.unit():
        made = world.uses(alice, "price", tokens="PEPE")
        await house.until(lambda: made.acknowledged_after is not None)
    assert made.acknowledged_after is not None
    assert made.acknowledged_after < 2
    await house.done(made)
    assert "PEPE" in made.room.ours()[-1].text


async def test_an_acknowledgement_that_is_lost_is_made_again(house: DiscordHouse) -> None:
    left = ["drop_after", "drop_before"]

    def fault(call: RestCall) -> str | None:
        return left.pop() if call.route == "POST interactions/callback" and left else None

    house.api.fault = fault
    alice = house.world.person("Alice")
    assert "PEPE" in (await house.uses(alice, "price", tokens="PEPE")).text
    assert left == []


async def test_an_acknowledgement_that_is_too_late_costs_no_public_answer(house: DiscordHouse) -> None:
    def fault(call: RestCall) -> str | None:
        return "cloudflare" if call.route == "POST interactions/callback" else None

    house.api.fault = fault
    world, alice, general = house.world, house.world.person("Alice"), house.world.channel("general")
    made = world.uses(alice, "price", general, tokens="PEPE")
    hidden = world.uses(alice, "usage", general)
    await house.accepted(f"interaction:{made.id}")
    await house.accepted(f"interaction:{hidden.id}")
    await house.until(lambda: len(general.ours(alice)) == 2)
    answer, told = sorted((each.text for each in general.ours(alice)), key=len, reverse=True)
    assert "PEPE" in answer
    assert "Please ask again" in told


@pytest.mark.slow
async def test_a_hundred_commands_at_once_are_acknowledged_in_time(open_discord: OpenDiscord) -> None:
    limitless = {"anonymous_chats": None, "max_chats_per_5hours": None}
    async with open_discord(given=limitless) as house:
        world = house.world
        people = [world.person(f"Person {number}") for number in range(100)]
        rooms = [world.channel(f"room-{number}") for number in range(20)]
        began = time.monotonic()
        made = [
            world.uses(person, "price", rooms[number % 20], tokens="PEPE")
            for number, person in enumerate(people)
        ]
        async with asyncio.timeout(100):
            await house.until(lambda: all(each.acknowledged_after is not None for each in made))
            slowest = max(each.acknowledged_after or 99 for each in made)
            for each in made:
                await house.done(each)
        print(
            f"slowest of 100 acknowledged after {slowest:.2f} s, all answered after {time.monotonic() - began:.1f} s"
        )
        assert slowest < 3
        assert sum(len(room.ours()) for room in rooms) == 100
        assert all(each.original is not None and "PEPE" in each.original.text for each in made)
