"""When Discord fails, breaks off, limits or forbids: nothing lasting is lost, and who can help is told how."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from structlog.testing import capture_logs

from bot.errors import SettingsError
from bot.messages import Notice, Outgoing, Picture
from tests.contracts.harness import ShiftedClock
from tests.contracts.test_adapters import PNG
from tests.discord.conftest import OpenDiscord
from tests.fakes.discord_api import DiscordApi, RestCall
from tests.fakes.discord_gateway import IDENTIFY, RESUME, DiscordGateway
from tests.fakes.discord_house import DiscordHouse, address_of
from tests.stories.test_first_bot import DIP

SEND = "POST channels/messages"


async def test_a_wrong_token_is_told_in_a_sentence(open_discord: OpenDiscord) -> None:
    async with open_discord(token="not.a.token", wait=False) as house:  # noqa: S106
        with pytest.raises(SettingsError, match="DISCORD_TOKEN is not a token"):
            await house.running


async def test_a_missing_intent_is_told_in_a_sentence(open_discord: OpenDiscord, api: DiscordApi) -> None:
    api.gateway.refuses = 4014
    async with open_discord(api=api, wait=False) as house:
        with pytest.raises(SettingsError, match="Message Content Intent"):
            await house.running


def resumed_again(gateway: DiscordGateway, before: int) -> bool:
    return gateway.count(RESUME) > before and bool(gateway.connected)


async def test_what_was_said_while_resuming_is_answered_once(house: DiscordHouse) -> None:
    world, gateway = house.world, house.api.gateway
    alice = world.person("Alice")
    await house.says(alice, "what is the price of PEPE?")
    for breaks in (gateway.ask_to_reconnect, gateway.drop):
        resumed = gateway.count(RESUME)
        await breaks()
        said = world.says(alice, "what is the price of CAKE?")
        await house.until(partial(resumed_again, gateway, resumed))
        await house.said(said)
    shown = await house.reads(world.private(alice))
    assert sum("CAKE" in each.text for each in shown) == 2
    assert gateway.count(IDENTIFY) == 1


async def test_what_was_said_in_a_gap_is_read_from_the_history_once(house: DiscordHouse) -> None:
    world, gateway = house.world, house.api.gateway
    alice, bob, general = world.person("Alice"), world.person("Bob"), world.channel("general")
    await house.says(alice, "what is the price of PEPE?", general)
    await house.says(bob, "what is the price of PEPE?")
    gateway.deaf = True
    missed = world.says(alice, f"{world.bot.mention} what is the price of CAKE?", general)
    unmeant = world.says(alice, "never mind", general)
    direct = world.says(bob, "what is the price of DOGE?")
    gateway.deaf = False
    await gateway.invalidate()
    await house.until(lambda: gateway.count(IDENTIFY) == 2)
    await house.said(missed)
    await house.said(direct)
    await house.heard()
    shown = await house.reads(general)
    assert sum("CAKE" in each.text for each in shown) == 1
    assert not any(each.answers == unmeant.id for each in shown)
    assert sum("DOGE" in each.text for each in await house.reads(world.private(bob))) == 1


async def test_what_was_said_while_nobody_was_there_is_answered_at_the_next_start(
    open_discord: OpenDiscord, api: DiscordApi
) -> None:
    alice = api.world.person("Alice")
    async with open_discord(api=api) as house:
        await house.says(alice, "what is the price of PEPE?")
    missed = api.world.says(alice, "what is the price of CAKE?")
    async with open_discord(api=api) as house:
        await house.said(missed)
        assert "CAKE" in (await house.reads(missed.room))[-1].text


async def test_an_event_that_cannot_be_decoded_stops_nothing(house: DiscordHouse) -> None:
    world, alice = house.world, house.world.person("Alice")
    world.emit("MESSAGE_CREATE", {"id": "x", "content": 7})
    world.emit("GUILD_CREATE", {"id": "5"})
    world.emit("INTERACTION_CREATE", {"id": "6"})
    assert "PEPE" in (await house.says(alice, "what is the price of PEPE?")).text
    assert house.api.gateway.count(IDENTIFY) == 1


async def test_a_rate_limit_is_waited_out_and_loses_nothing(house: DiscordHouse) -> None:
    house.api.limit = (2, 0.5)
    room = house.world.channel("general")
    shown = await house.emits(room, *(Notice(f"number {number}.") for number in range(7)))
    assert [each.text for each in shown] == [f"number {number}." for number in range(7)]


@pytest.mark.parametrize("kind", ["429", "cloudflare", "503", "drop_before", "drop_after", "502"])
async def test_whatever_happens_to_a_message_it_arrives_once(open_discord: OpenDiscord, kind: str) -> None:
    clock = ShiftedClock()
    async with open_discord(clock=clock) as house:
        left = [kind]

        def fault(call: RestCall) -> str | None:
            return left.pop() if call.route == SEND and left else None

        house.api.fault = fault
        room = house.world.channel("general")
        await house.emits(room, Notice("first"), Notice("second"))
        clock.move(seconds=61)
        house.randebu.outbox.wake_due()
        assert [each.text for each in await house.reads(room)] == ["first", "second"]


async def test_a_long_rate_limit_is_waited_for_in_the_outbox(house: DiscordHouse) -> None:
    left = ["429"]

    def fault(call: RestCall) -> str | None:
        return left.pop() if call.route == SEND and left else None

    house.api.fault, house.api.retry_after = fault, 40.0
    room = house.world.channel("general")
    await house.emits(room, Notice("later"))
    async with house.randebu.database.view() as view:
        row = await view.deliveries.next("discord", str(room.id), "")
    assert row is not None
    assert row.not_before is not None
    assert 35 < (row.not_before - row.created_at).total_seconds() < 50


async def test_an_old_attempt_is_looked_for_in_the_history(
    open_discord: OpenDiscord, api: DiscordApi
) -> None:
    api.routes.nonce_seconds = 0.0
    clock = ShiftedClock()
    async with open_discord(api=api, clock=clock) as house:
        left = ["drop_after"]

        def fault(call: RestCall) -> str | None:
            return left.pop() if call.route == SEND and left else None

        room = house.world.channel("general")
        await house.emits(room, Notice("the same words"))
        api.fault = fault
        await house.emits(room, Notice("the same words"))
        clock.move(seconds=10)
        house.randebu.outbox.wake_due()
        await house.reads(room)
        assert [each.text for each in room.ours()] == ["the same words", "the same words"]

        left.append("drop_after")
        room.forbidden.add("read")
        await house.emits(room, Notice("other words"))
        clock.move(seconds=10)
        house.randebu.outbox.wake_due()
        assert [each.text for each in await house.reads(room)][2:] == [
            "other words",
            "(repeated)\n\nother words",
        ]


async def test_where_we_may_not_write_a_command_is_answered_all_the_same(house: DiscordHouse) -> None:
    alice, general = house.world.person("Alice"), house.world.channel("general")
    general.forbidden |= {"view", "send"}
    assert "PEPE" in (await house.uses(alice, "price", general, tokens="PEPE")).text
    with capture_logs() as logs:
        await house.emits(general, Notice("for nobody"))
    told = next(each for each in logs if "what_to_do" in each)
    assert "Send Messages" in told["what_to_do"]
    async with house.randebu.database.view() as view:
        assert await view.deliveries.next("discord", str(general.id), "") is None


async def test_where_files_are_not_allowed_the_words_come(house: DiscordHouse) -> None:
    room = house.world.channel("general")
    room.forbidden.add("files")
    (shown,) = await house.emits(room, Picture("chart.png", PNG, "the words"))
    assert shown.text.startswith("the words")
    assert "Attach Files" in shown.text


async def test_a_deleted_thread_ends_quietly_and_an_archived_one_opens(house: DiscordHouse) -> None:
    world, alice, general = house.world, house.world.person("Alice"), house.world.channel("general")
    thread = world.thread(general, world.bot)
    question = await house.says(alice, DIP, thread)
    thread.archived = True
    made = world.presses(alice, question, "Create")
    await house.done(made)
    assert "Create — Alice" in question.text
    assert not thread.archived
    world.deletes(thread)
    await house.emits(thread, Notice("too late"))
    async with house.randebu.database.view() as view:
        assert await view.deliveries.next("discord", str(thread.id), "") is None
        conversation = await view.conversations.current("discord", str(thread.id), "")
    assert conversation is not None
    assert conversation.status == "asleep"


async def test_a_removed_bot_stops_and_wakes_when_it_is_asked_again(house: DiscordHouse) -> None:
    world, alice, general = house.world, house.world.person("Alice"), house.world.channel("general")
    await house.says(alice, "what is the price of PEPE?", general)
    world.removes_bot()
    await house.emits(general, Notice("nobody hears"))
    general.forbidden.clear()
    world.emit("GUILD_CREATE", world.as_guild())
    await house.says(alice, "what is the price of CAKE?", general)
    async with house.randebu.database.view() as view:
        conversation = await view.conversations.current("discord", str(general.id), "")
    assert conversation is not None
    assert conversation.status == "open"


async def test_after_the_tokens_life_public_answers_come_as_messages_and_private_ones_do_not(
    open_discord: OpenDiscord, api: DiscordApi
) -> None:
    world = api.world
    alice, bob, general = world.person("Alice"), world.person("Bob"), world.channel("general")
    # The answers are ready, and the process dies before it can say them.
    api.fault = lambda call: "503" if call.route.startswith("PATCH webhooks") else None
    async with open_discord(api=api) as house:
        made = world.uses(alice, "price", general, tokens="PEPE")
        hidden = world.uses(alice, "usage", general)
        await house.accepted(f"interaction:{made.id}")
        await house.accepted(f"interaction:{hidden.id}")
        await house.until(lambda: len(api.made("PATCH webhooks/messages/@original")) >= 2)
    api.fault = lambda call: None
    made.expired = hidden.expired = True
    clock = ShiftedClock()
    clock.move(minutes=1)
    async with open_discord(api=api, clock=clock) as house:
        await house.until(lambda: len(general.ours(bob)) >= 2)
        await house.reads(general, alice)
        texts = [each.text for each in general.ours(bob)]
        assert sum("PEPE" in text for text in texts) == 1
        assert sum("Please ask again" in text for text in texts) == 1
        assert not any("What you have used" in each.text for each in general.ours(alice))


async def test_within_the_tokens_life_a_private_answer_comes_after_a_restart(
    open_discord: OpenDiscord, api: DiscordApi
) -> None:
    world = api.world
    alice, general = world.person("Alice"), world.channel("general")
    api.fault = lambda call: "503" if call.route.startswith("PATCH webhooks") else None
    async with open_discord(api=api) as house:
        hidden = world.uses(alice, "usage", general)
        await house.accepted(f"interaction:{hidden.id}")
        await house.until(lambda: api.made("PATCH webhooks/messages/@original"))
    api.fault = lambda call: None
    clock = ShiftedClock()
    clock.move(minutes=1)
    async with open_discord(api=api, clock=clock) as house:
        await house.until(lambda: general.ours(alice))
        (answer,) = await house.reads(general, alice)
        assert "What you have used" in answer.text
        assert answer.only_for == alice.id
        assert answer is hidden.original


async def test_a_private_answer_in_pieces_stays_private_and_a_repeated_one_says_so(
    open_discord: OpenDiscord,
) -> None:
    clock = ShiftedClock()
    async with open_discord(clock=clock) as house:
        alice, general = house.world.person("Alice"), house.world.channel("general")
        await house.uses(alice, "usage", general)
        whisper = address_of(general).whispering_to(str(alice.id))
        left = ["drop_after"]

        def fault(call: RestCall) -> str | None:
            return left.pop() if call.route == "POST webhooks" and left else None

        house.api.fault = fault
        long = "\n\n".join("secret " * 100 for _ in range(5))
        async with house.randebu.database.unit() as unit:
            await house.randebu.outbox.write(unit, Outgoing(whisper, Notice(long)))
        house.randebu.outbox.wake(whisper)
        await house.randebu.answered(whisper)
        clock.move(seconds=10)
        house.randebu.outbox.wake_due()
        await house.randebu.answered(whisper)
        mine = [each for each in general.ours(alice) if "secret" in each.text]
        assert sum(each.text.startswith("(repeated)") for each in mine) == 1
        assert all(each.only_for == alice.id for each in mine)
        assert general.ours() == []


async def test_a_thread_that_was_being_opened_is_opened_after_a_restart(
    open_discord: OpenDiscord, api: DiscordApi
) -> None:
    world = api.world
    alice, general = world.person("Alice"), world.channel("general")
    api.fault = lambda call: "hang" if call.path.endswith("/threads") else None
    async with open_discord(api=api) as house:
        made = world.uses(alice, "chat", general, message="what is the price of PEPE?")
        await house.until(lambda: any(call.failed == "hang" for call in api.calls))
    api.fault = lambda call: None
    async with open_discord(api=api) as house:
        await house.accepted(f"interaction:{made.id}")
        thread = next(room for room in world.rooms.values() if room.owner == world.bot.id)
        assert "PEPE" in (await house.reads(thread))[-1].text


async def test_discord_away_at_the_start_is_waited_for(open_discord: OpenDiscord, api: DiscordApi) -> None:
    api.fault = lambda call: "503"
    async with open_discord(api=api, wait=False) as house:
        await house.until(lambda: len(api.calls) > 1)
        assert not house.running.done()
        api.fault = lambda call: None
        await house.here()


async def test_a_gateway_of_its_own_is_taken(open_discord: OpenDiscord, api: DiscordApi) -> None:
    async with open_discord(api=api, gateway_url=api.gateway.url) as house:
        assert not api.made("GET gateway")
        assert house.api.gateway.connected
        await asyncio.sleep(0)
