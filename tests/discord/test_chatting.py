"""Talking to Randebu in direct messages, channels and threads."""

from __future__ import annotations

from typing import Any

import pytest

from bot.messages import File, Notice, TextFinal
from tests.discord.conftest import OpenDiscord
from tests.fakes.discord_house import DiscordHouse
from tests.fakes.discord_things import NEWS, VOICE
from tests.fakes.slow_model import SlowModel
from tests.stories.test_first_bot import DIP


async def test_a_direct_message_is_answered(house: DiscordHouse) -> None:
    alice = house.world.person("Alice")
    answer = await house.says(alice, "what is the price of PEPE?")
    assert "PEPE" in answer.text
    assert answer.answers is None


async def test_in_a_channel_only_what_is_meant_for_us_is_answered(house: DiscordHouse) -> None:
    world, alice, general = house.world, house.world.person("Alice"), house.world.channel("general")
    world.says(alice, "what is the price of PEPE?", general)
    world.says(alice, "hey @everyone and @here", general)
    await house.heard()
    assert await house.reads(general) == []

    asked = world.says(alice, f"{world.bot.mention} what is the price of PEPE?", general)
    await house.said(asked)
    (answer,) = await house.reads(general)
    assert answer.answers == asked.id
    further = world.says(alice, "and what is the price of CAKE?", general, answers=answer)
    await house.said(further)
    assert "CAKE" in (await house.reads(general))[-1].text
    by_role = world.says(alice, f"<@&{world.role}> what is the price of DOGE?", general)
    await house.said(by_role)
    assert "DOGE" in (await house.reads(general))[-1].text


async def test_nobody_can_be_pinged_by_what_is_answered(house: DiscordHouse) -> None:
    alice = house.world.person("Alice")
    room = house.world.channel("general")
    shown = await house.emits(room, TextFinal(f"@everyone @here {alice.mention} <@&{house.world.role}>"))
    assert "@everyone" in shown[-1].text
    assert not any(each.pings for each in await house.reads(room))


async def test_chat_opens_a_thread_in_which_everything_is_for_us(house: DiscordHouse) -> None:
    world, alice, general = house.world, house.world.person("Alice"), house.world.channel("general")
    made = world.uses(alice, "chat", general, message="what is the price of PEPE?")
    await house.accepted(f"interaction:{made.id}")
    thread = next(room for room in world.rooms.values() if room.owner == world.bot.id)
    assert thread.name == "what is the price of PEPE?"
    assert alice.id in thread.members
    assert "PEPE" in (await house.reads(thread))[-1].text
    (opening,) = general.ours()
    assert "> what is the price of PEPE?" in opening.text
    assert opening.id == thread.id

    bob = world.person("Bob")
    assert "CAKE" in (await house.says(bob, "what is the price of CAKE?", thread)).text
    assert len(general.ours()) == 1


@pytest.mark.parametrize("kind", [None, VOICE])
async def test_chat_answers_in_the_channel_where_there_are_no_threads(
    house: DiscordHouse, kind: int | None
) -> None:
    world, alice = house.world, house.world.person("Alice")
    room = world.private(alice) if kind is None else world.channel("voices", kind)
    answer = await house.uses(alice, "chat", room, message="what is the price of PEPE?")
    assert "PEPE" in answer.text
    assert [each for each in world.rooms.values() if each.owner == world.bot.id] == []


async def test_where_a_thread_is_not_allowed_the_channel_is_told_and_answered(house: DiscordHouse) -> None:
    world, alice, news = house.world, house.world.person("Alice"), house.world.channel("news", NEWS)
    news.forbidden.add("threads")
    made = world.uses(alice, "chat", news, message="what is the price of PEPE?")
    await house.done(made)
    opening, answer = await house.reads(news)
    assert "Create Public Threads" in opening.text
    assert "$" in answer.text


async def test_a_thread_of_somebody_else_needs_a_mention(house: DiscordHouse) -> None:
    world, alice, general = house.world, house.world.person("Alice"), house.world.channel("general")
    thread = world.thread(general, alice)
    world.says(alice, "what is the price of PEPE?", thread)
    await house.heard()
    assert await house.reads(thread) == []
    assert "PEPE" in (await house.says(alice, "what is the price of PEPE?", thread)).text


async def test_a_thread_that_was_archived_unknown_to_us_is_still_ours(open_discord: OpenDiscord) -> None:
    async with open_discord() as house:
        world, alice, general = house.world, house.world.person("Alice"), house.world.channel("general")
        thread = world.thread(general, world.bot)
        thread.archived = True
        api = house.api
        async with open_discord(api=api) as again:
            thread.archived = False
            said = again.world.says(alice, "what is the price of PEPE?", thread)
            await again.said(said)


async def test_what_is_not_text_is_named(house: DiscordHouse) -> None:
    world, alice = house.world, house.world.person("Alice")

    async def says(**fields: Any) -> str:
        said = world.says(alice, "", **fields)
        await house.said(said)
        return (await house.reads(said.room))[-1].text

    def attachment(**more: object) -> dict[str, object]:
        url = "https://cdn.invalid/x"
        return {"id": "1", "filename": "x", "size": 1, "url": url, "proxy_url": url, **more}

    assert "a picture" in await says(attachments=[attachment(content_type="image/png")])
    assert "a voice message" in await says(
        attachments=[attachment(content_type="audio/ogg", duration_secs=2.0, waveform="AAAA")]
    )
    assert "a file" in await says(attachments=[attachment()])
    assert "a sticker" in await says(sticker_items=[{"id": "1", "name": "hi", "format_type": 1}])


async def test_a_mention_alone_is_greeted_and_names_are_readable(house: DiscordHouse) -> None:
    alice, general = house.world.person("Alice"), house.world.channel("general")
    assert "Hello" in (await house.says(alice, "", general)).text
    shown = await house.says(alice, "<:pepe:12345> what is the price of PEPE?", general)
    assert "PEPE" in shown.text
    async with house.randebu.database.view() as view:
        (conversation,) = await view.conversations.recent_chats("discord", 5)
    assert conversation == str(general.id)


async def test_other_bots_and_what_discord_itself_writes_are_left_alone(house: DiscordHouse) -> None:
    world, alice = house.world, house.world.person("Alice")
    room = world.private(alice)
    world.says(world.person("Robot"), "hello", room, author={**alice.as_user(), "bot": True})
    world.says(alice, "", room, type=7)
    world.says(alice, "hook", room, webhook_id="1")
    await house.heard()
    assert await house.reads(room) == []


async def test_an_edit_replaces_what_still_waits_and_a_link_preview_does_not(
    open_discord: OpenDiscord,
) -> None:
    slow = SlowModel()
    async with open_discord(model=slow.model) as house:
        world, alice = house.world, house.world.person("Alice")
        first = world.says(alice, "tell me a story")
        await slow.begun.wait()
        second = world.says(alice, "then the price of PEPE")
        await house.said(second)
        world.unfurls(second)
        world.edits(second, "then the price of CAKE")
        await house.heard()
        slow.say("Once.")
        slow.end()
        slow.say("Twice.")
        slow.end()
        await house.reads(first.room)
        assert slow.prompts == ["tell me a story", "then the price of CAKE"]
        world.edits(first, "tell me a joke")
        await house.heard()
        assert "already taken up" in (await house.reads(first.room))[-1].text


async def test_long_answers_are_split_and_the_longest_become_a_file(house: DiscordHouse) -> None:
    alice = house.world.person("Alice")
    room = house.world.private(alice)
    shown = await house.emits(
        room, TextFinal("\n\n".join(f"Paragraph {at} 😀 " + "word " * 60 for at in range(10)))
    )
    assert len(shown) > 1
    assert [f"Paragraph {at}" in "".join(each.text for each in shown) for at in range(10)] == [True] * 10
    shown = await house.emits(room, TextFinal("word " * 4000))
    assert shown[-1].files[0][0] == "answer.md"
    assert shown[-1].files[0][1].decode().count("word") == 4000


async def test_a_command_in_a_direct_message_is_seen_by_whoever_reads_there(house: DiscordHouse) -> None:
    alice = house.world.person("Alice")
    answer = await house.uses(alice, "usage")
    assert "What you have used" in answer.text
    assert answer.only_for is None


async def test_a_first_bot_from_words_to_a_result(open_discord: OpenDiscord) -> None:
    async with open_discord() as house:
        world, alice, general = house.world, house.world.person("Alice"), house.world.channel("general")
        question = await house.says(alice, DIP, general)
        assert question.labels == ["Create", "Cancel"]
        assert "Created **PEPE dip**" in (await house.presses(alice, "Create", general)).text
        assert question.labels == []
        await house.done(
            world.uses(alice, "backtest", general, timeframe="15m", start="2026-09-01", end="2026-10-01")
        )
        shown = await house.reads(general)
        result = next(each for each in shown if each.embeds)
        embed = result.embeds[0]
        names = [each["name"] for each in embed["fields"]]
        assert {"Return", "Buy & hold", "Max drawdown"} <= set(names)
        gain = next(each["value"] for each in embed["fields"] if each["name"] == "Return")
        assert embed["color"] == (0x2ECC71 if gain.startswith("+") else 0xE74C3C)
        assert embed["image"]["url"] == f"attachment://{result.files[0][0]}"
        assert result.files[0][1].startswith(b"\x89PNG")
        assert result.labels == ["Details", "Trades", "Again"]
        details = await house.presses(alice, "Details", general)
        assert "UTC" in details.text
        trades = await house.presses(alice, "Trades", general)
        assert trades.files[0][0].endswith(".csv")


async def test_files_and_notices_go_where_they_belong(house: DiscordHouse) -> None:
    room = house.world.channel("general")
    shown = await house.emits(room, Notice("one"), File("a b?.txt", b"x", "two"))
    assert [each.text for each in shown] == ["one", "two"]
    assert shown[1].files == [("a-b-.txt", b"x")] or shown[1].files[0][0].startswith("a-b")
