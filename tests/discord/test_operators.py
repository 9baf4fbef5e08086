"""What operators have on Discord, what nobody else sees of it, and the 👍 under an answer."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from adapters.discord.operators import WORDS
from adapters.discord.slash import NotUnderstood, command_of, operator_payloads
from adapters.serving import _discord
from bot.handlers.admin.command import AdminCommand
from bot.handlers.context import Request
from bot.messages import Command
from bot.settings import Settings
from bot.tools.registry import Outcome
from storage.conversations import Conversation
from tests.discord.conftest import OpenDiscord
from tests.fakes.discord_api import DISCORD_TOKEN, DiscordApi
from tests.fakes.discord_house import DiscordHouse
from tests.fakes.discord_things import Account, Room
from tests.fakes.discord_world import DiscordWorld


def admin(word: str, **options: str | int) -> Command:
    given = [{"name": key, "type": 3, "value": value} for key, value in options.items()]
    group = {"name": "admin", "type": 1, "options": [{"name": word, "type": 1, "options": given}]}
    return command_of(group)


async def nothing(request: Request) -> Outcome:
    return Outcome()


def of(boss: Account) -> dict[str, Any]:
    return {"operators": frozenset({("discord", str(boss.id))})}


async def current(house: DiscordHouse, room: Room) -> Conversation:
    async with house.randebu.database.view() as view:
        found = await view.conversations.current("discord", str(room.id), "")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("used", "line"),
    [
        (admin("stats", days=7), "stats 7d"),
        (admin("stats"), "stats"),
        (admin("ban", duration="3d", id="discord:5", reason="spams the chat"), "ban discord:5 spams the chat 3d"),
        (admin("tier", id="ab12cd34", tier="pro"), "tier ab12cd34 pro"),
        (admin("quota", id="ab12cd34", change="set chats=100"), "quota ab12cd34 set chats=100"),
        (admin("conversations", status="open", person="a1", words="dip"), "conversations open user=a1 dip"),
        (admin("limit", chats=0), "limit system 0"),
        (admin("limit", instead="default"), "limit system default"),
        (admin("limit"), "limit"),
        (admin("outbox", action="retry", id=12), "outbox retry 12"),
        (admin("replay", id="ab12", page="file"), "replay ab12 file"),
        (admin("something_new", text="a b"), "something_new a b"),
    ],
)  # fmt: skip
def test_options_become_the_line_that_operators_type(used: Command, line: str) -> None:
    assert used == Command("admin", line)


@pytest.mark.parametrize(
    ("word", "options", "sentence"),
    [
        ("ban", {"id": "a", "duration": "three days"}, "such as 30m"),
        ("limit", {"chats": 5, "instead": "none"}, "either"),
        ("outbox", {"action": "drop"}, "both"),
        ("conversations", {"person": "two words"}, "platform:user"),
    ],
)
def test_options_that_would_be_taken_for_something_else_are_refused(
    word: str, options: dict[str, str | int], sentence: str
) -> None:
    with pytest.raises(NotUnderstood, match=sentence):
        admin(word, **options)


def test_more_words_than_discord_takes_do_not_cost_the_others() -> None:
    words = [AdminCommand(f"word{number}", "/admin word", "x" * 200, nothing) for number in range(30)]
    (group,) = operator_payloads(words)
    assert len(group["options"]) == 25
    assert len(group["options"][0]["description"]) == 100
    assert [each["name"] for each in group["options"][0]["options"]] == ["text"]


def test_the_server_of_operators_is_the_one_in_the_settings() -> None:
    token = SecretStr(DISCORD_TOKEN)
    settings = Settings(discord_token=token, discord_operator_guild="123456789012345678")
    assert _discord(settings, token).operator_guild == 123456789012345678
    assert _discord(Settings(), token).operator_guild is None


async def test_operators_commands_are_told_to_their_server_alone(
    open_discord: OpenDiscord, api: DiscordApi
) -> None:
    guild = str(api.world.guild.id)
    async with open_discord(api=api, operator_guild=int(guild)) as house:
        await house.until(lambda: len(api.world.syncs) == 2)
        (group,) = api.world.commands[guild]
        assert group["default_member_permissions"] == "8"
        words = {each["name"] for each in group["options"]}
        assert words == {each.name for each in house.randebu.operator_commands()}
        assert words == set(WORDS)
        assert "admin" not in {each["name"] for each in api.world.commands["everywhere"]}
    async with open_discord(api=api) as house:
        await house.until(lambda: len(api.world.syncs) == 3)
        assert api.world.commands[guild] == []


async def test_an_operator_works_unseen_in_a_server(open_discord: OpenDiscord) -> None:
    world = DiscordWorld()
    boss, eve = world.person("Boss"), world.person("Eve")
    async with DiscordApi(world) as api, open_discord(given=of(boss), api=api) as house:
        desk = world.channel("operators")
        for number in range(11):
            await house.uses(world.person(f"Somebody {number}"), "start")
        pictures = (await house.uses(boss, "admin stats", desk, days=7)).files
        assert any(content.startswith(b"\x89PNG") for _, content in pictures)
        listed = await house.uses(boss, "admin users", desk)
        assert listed.only_for == boss.id
        more = await house.presses(boss, "More ▶", desk)
        assert more.only_for == boss.id
        assert "Somebody" in more.text
        named = await house.uses(boss, "admin users", desk, query="Somebody 1")
        assert "Somebody 10" in named.text
        assert "From now on" in (await house.uses(boss, "admin limit", desk, chats=50)).text

        asked = await house.uses(
            boss, "admin ban", desk, id=f"discord:{await self_id(house, 'Somebody 3')}", duration="3d"
        )
        assert asked.only_for == boss.id
        banned = await house.presses(boss, "Ban", desk)
        assert banned.only_for == boss.id
        assert "is banned until" in banned.text
        assert desk.ours() == []

        refused = await house.uses(eve, "admin stats", desk)
        assert refused.only_for == eve.id
        assert refused.text.startswith("There is no command /admin.")


async def self_id(house: DiscordHouse, name: str) -> str:
    rooms = house.world.rooms.values()
    return next(str(each.person.id) for each in rooms if each.person is not None and each.person.name == name)


async def test_a_thumb_under_an_answer_settles_its_conversation_without_a_word(house: DiscordHouse) -> None:
    world = house.world
    alice, bob, general = world.person("Alice"), world.person("Bob"), world.channel("general")
    answer = await house.says(alice, "hello", general)
    (asked,) = [each for each in general.messages.values() if each.author is alice]

    world.reacts(bob, answer, "👍")
    world.reacts(world.bot, answer, "👍")
    world.reacts(alice, answer, "❤")
    world.reacts(alice, asked, "👍")
    await house.heard()
    said = len(await house.reads(general))
    assert (await current(house, general)).status == "open"

    world.reacts(alice, answer, "👍🏽")
    await house.heard()
    assert len(await house.reads(general)) == said
    settled = await current(house, general)
    assert (settled.status, settled.resolution_type) == ("resolved", "resolved")


async def test_a_thumb_belongs_to_the_conversation_of_its_answer(house: DiscordHouse) -> None:
    world = house.world
    alice = world.person("Alice")
    room = world.private(alice)
    answer = await house.says(alice, "hello")
    first = await current(house, room)
    await house.says(alice, "/new")
    world.reacts(alice, answer, "👍")
    await house.heard()
    await house.reads(room)

    assert (await current(house, room)).status == "open"
    async with house.randebu.database.view() as view:
        earlier = await view.conversations.get(first.id)
        identity = await view.people.identity("discord", str(alice.id))
    assert earlier is not None
    assert earlier.status == "resolved"
    assert identity is not None
    assert identity.name == "Alice"
