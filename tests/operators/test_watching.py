"""What operators see: statistics, people, conversations, health, jobs, the outbox, errors, the audit."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

from pydantic_ai.messages import ModelMessage
from pydantic_ai.models.function import AgentInfo, FunctionModel

from bot.errors import DeliveryFailed
from bot.messages import Action, File, Notice, Picture, TextFinal
from tests.conftest import House
from tests.fakes.platform import Chat, words
from tests.operators.conftest import OpenRun
from tests.stories.test_first_bot import DIP


async def id_of(house: House, user: str) -> str:
    async with house.randebu.database.view() as view:
        identity = await view.people.identity("fake", user)
    assert identity is not None
    return identity.owner.user_id or identity.owner.anonymous_token or ""


def actions_of(replies: object) -> list[Action]:
    assert isinstance(replies, list)
    return [action for reply in replies for action in getattr(reply, "actions", ())]


async def made_a_bot(house: House, user: str) -> Chat:
    chat = house.chat(user)
    await chat.says(DIP)
    await chat.presses("Create")
    return chat


async def test_stats_tell_what_happened_with_a_picture(house: House) -> None:
    alice, boss = await made_a_bot(house, "alice"), house.chat("boss")
    await alice.says("backtest it on 1h candles for the last 30 days")
    await alice.says("/done")
    await house.chat("bob").says("hello")

    text, picture = await boss.says("/admin stats 30d")
    assert isinstance(text, Notice)
    assert isinstance(picture, Picture)
    assert picture.content.startswith(b"\x89PNG")
    rows = dict(line.split("  ", 1) for line in text.text.split("```")[1].strip().splitlines())
    values = {name.strip(): value.strip() for name, value in rows.items()}
    assert values["People"] == "3 (3 new, 2 active)"
    assert values["Conversations"] == "2 (2 new)"
    assert values["Turns"].startswith("3 ")
    assert values["Chats in 5 h"] == "3 of 500"
    assert values["Backtests"] == "1 done"
    assert values["Resolved"] == "1 of 2 (50 %)"
    assert values["Escalations"] == "—"
    assert values["Approvals"] == "1 asked: 1 granted"


async def test_stats_count_only_their_range(house: House) -> None:
    boss = house.chat("boss")
    await house.chat("alice").says("hello")
    house.clock.move(days=3)
    assert "0 active" in words(await boss.says("/admin stats 1d"))
    assert "1 active" in words(await boss.says("/admin stats 4d"))
    house.clock.move(days=362)
    assert "0 active" in words(await boss.says("/admin stats 364d"))
    assert "1 active" in words(await boss.says("/admin stats 365d"))


async def test_a_wrong_range_says_what_one_is(house: House) -> None:
    for wrong in ("0d", "366d", "7", "week", "-1d", "1d 2d", "²d"):
        assert "1d to 365d" in words(await house.chat("boss").says(f"/admin stats {wrong}"))


async def test_users_can_be_searched_and_paged(house: House) -> None:
    boss = house.chat("boss")
    for number in range(12):
        await house.chat(f"person{number:02}").says("/help")

    first = await boss.says("/admin users person")
    assert "Person11" in words(first)
    assert "Person01 " not in words(first)
    more = next(action for action in actions_of(first) if action.label == "More ▶")
    second = await boss.says(more.line)
    assert {"Person00", "Person01"} <= set(words(second).replace("*", "").split())
    assert [action.label for action in actions_of(second) if action.label == "◀ Back"]
    assert "Person07" in words(await boss.says("/admin users RSON07"))
    assert "Nobody fits" in words(await boss.says("/admin users nobody-at-all"))
    assert "Nobody fits" in words(await boss.says("/admin users person page=3"))


async def test_one_person_with_everything_about_them(house: House) -> None:
    await made_a_bot(house, "alice")
    boss, key = house.chat("boss"), (await id_of(house, "alice"))[:8]
    shown = words(await boss.says(f"/admin user {key}"))

    assert {"fake:alice", "PEPE"} <= set(shown.replace(",", " ").split())
    assert "1 chats, 1 bots" in shown
    assert words(await boss.says("/admin user fake:alice")).split("\n")[1] == shown.split("\n")[1]
    await boss.says(f"/admin ban {key} spam")
    await boss.presses("Ban")
    shown = words(await boss.says(f"/admin user {key}"))
    assert "for good: spam" in shown
    assert "/admin ban → done" in shown


async def test_a_person_who_is_not_there(house: House) -> None:
    for wrong in ("", "zz", "fake:nobody", "0000000000"):
        assert "I know nobody" in words(await house.chat("boss").says(f"/admin user {wrong}"))


async def test_conversations_can_be_filtered(house: House) -> None:
    alice, bob, boss = house.chat("alice"), house.chat("bob"), house.chat("boss")
    await alice.says("what is the price of CAKE?")
    await bob.says("hello there")
    await bob.says("/done")

    everything = words(await boss.says("/admin conversations"))
    assert "Alice" in everything
    assert "Bob" in everything
    resolved = words(await boss.says("/admin conversations resolved"))
    assert "Bob" in resolved
    assert "Alice" not in resolved
    assert "Bob" not in words(await boss.says("/admin conversations cake"))
    key = (await id_of(house, "alice"))[:8]
    assert "Bob" not in words(await boss.says(f"/admin conversations user={key}"))
    assert "No conversation fits" in words(await boss.says("/admin conversations asleep"))


async def conversation_of(house: House, chat: Chat) -> str:
    async with house.randebu.database.view() as view:
        place = (chat.address.platform, chat.address.chat, chat.address.thread)
        current = await view.conversations.current(*place)
    assert current is not None
    return current.id


async def test_a_replay_tells_every_step_in_order(house: House) -> None:
    alice = await made_a_bot(house, "alice")
    house.clock.move(seconds=5)
    await alice.says("/bots")
    house.clock.move(seconds=5)
    await alice.says("what is the price of CAKE?")
    boss, key = house.chat("boss"), (await conversation_of(house, alice))[:8]

    text = words(await boss.says(f"/admin replay {key}"))
    order = (
        "Turn 1",
        "👤 Alice: create a bot",
        "🤖 calls create_bot",
        "❓ asked about create bot: Create this bot",
        "❗ create bot: Create (granted)",
        "🔧 create_bot",
        "↳ done",
        "🤖 Created PEPE dip",
        "⌨ Alice: /bots",
    )
    plainly, at = text.replace("**", ""), 0
    for each in order:
        at = plainly.find(each, at)
        assert at >= 0, (each, plainly)
    assert " ms" in text
    more = next(
        each.line for each in actions_of(await boss.says(f"/admin replay {key}")) if "page" in each.line
    )
    second = words(await boss.says(more))
    assert "page 2 of 2" in second
    assert "get_price" in second
    (file,) = await boss.says(f"/admin replay {key} file")
    assert isinstance(file, File)
    assert "create a bot that buys PEPE" in file.content.decode()
    assert "Nothing happened on this page" in words(await boss.says(f"/admin replay {key} 99"))
    assert "I know no conversation" in words(await boss.says("/admin replay 00000000"))


async def test_an_export_holds_messages_turns_and_steps(house: House) -> None:
    alice = await made_a_bot(house, "alice")
    key = await conversation_of(house, alice)
    (file,) = await house.chat("boss").says(f"/admin export {key}")

    assert isinstance(file, File)
    content = json.loads(file.content)
    assert content["conversation"]["id"] == key
    assert [step["kind"] for step in content["turns"][0]["steps"]][:2] == ["user", "response"]
    assert content["messages"][0]["text"] == DIP


async def test_health_and_jobs_are_told(house: House) -> None:
    boss = house.chat("boss")
    await house.chat("alice").says("hello")
    house.clock.move(hours=2, minutes=5)
    shown = words(await boss.says("/admin health"))

    assert "2 h 5 min" in shown
    assert "synthetic, computed here" in shown
    assert "offline, answered 2 h 5 min ago" in shown
    assert "SQLite, " in shown
    assert "worst" in shown
    listed = words(await boss.says("/admin jobs"))
    assert {"expire", "carry", "delete"} <= set(listed.replace("*", "").split())


async def test_a_piece_that_was_given_up_can_be_sent_again(house: House) -> None:
    alice, boss = house.chat("alice"), house.chat("boss")
    house.platform.trouble.append(DeliveryFailed("The platform did not like it."))
    assert await alice.says("/help") == []

    shown = await boss.says("/admin outbox")
    assert "did not like it" in words(shown)
    retry = next(action for action in actions_of(shown) if action.line.startswith("/admin outbox retry"))
    assert "leaves again" in words(await boss.says(retry.line))
    assert "Just talk to me" in words(await alice.reads())
    assert "There is no piece" in words(await boss.says(retry.line))
    assert "DeliveryGivenUp" in words(await boss.says("/admin errors"))


async def test_a_piece_that_waits_can_be_dropped(house: House) -> None:
    alice, boss = house.chat("alice"), house.chat("boss")
    house.platform.trouble.append(RuntimeError("away"))
    await alice.sends("/help")
    await alice.reads()
    async with house.randebu.database.view() as view:
        (row,) = await view.overview.stuck_deliveries(5)
    assert "will not be sent" in words(await boss.says(f"/admin outbox drop {row.id}"))
    assert "There is no piece" in words(await boss.says(f"/admin outbox drop {row.id}"))
    house.clock.move(minutes=5)
    house.randebu.outbox.wake_due()
    assert await alice.reads() == []


async def test_the_reference_that_a_person_was_shown_finds_the_traceback(open_run: OpenRun) -> None:
    async def breaks(messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[str]:
        yield "So"
        raise KeyError("4242:a-secret-token")

    model = FunctionModel(stream_function=breaks)
    async with open_run(telegram_token="4242:a-secret-token", model=model) as house:  # noqa: S106
        alice, boss = house.chat("alice"), house.chat("boss")
        reference = words(await alice.says("hello")).split("`")[1]

        assert reference in words(await boss.says("/admin errors"))
        found = words(await boss.says(f"/admin errors {reference}"))
        assert "breaks" in found
        assert "KeyError" in found
        assert "a-secret-token" not in found
        assert "No error has this reference" in words(await boss.says("/admin errors deadbeef"))


async def test_everything_that_operators_do_is_in_the_audit(house: House) -> None:
    boss = house.chat("boss")
    await house.chat("alice").says("hello")
    key = (await id_of(house, "alice"))[:8]
    await boss.says("/admin stats")
    await boss.says(f"/admin ban {key} spam 3d")
    await boss.presses("Ban")
    await boss.says("/admin unban nobody-at-all")
    await boss.says("/admin resume")
    await boss.says("/admin fly")
    await boss.says("/admin")

    async with house.randebu.database.view() as view:
        rows = await view.operators.audit(20)
    told = [(row.command, row.result.split(":")[0]) for row in reversed(rows)]
    assert told == [
        ("/admin stats", "done"),
        ("/admin ban", "asked"),
        ("/admin ban", "done"),
        ("/admin unban", "refused"),
        ("/admin resume", "refused"),
        ("/admin fly", "refused"),
        ("/admin", "done"),
    ]
    assert rows[-2].anonymous_token == rows[-3].anonymous_token == await id_of(house, "alice")
    shown = words(await boss.says("/admin audit"))
    assert f"ban {await id_of(house, 'alice')} spam 3d" in shown
    assert "Boss" in shown


async def test_a_command_that_breaks_is_in_the_audit_with_its_reference(house: House) -> None:
    boss = house.chat("boss")
    async with house.randebu.database.unit() as unit:
        await unit.facts.set("pause", {"since": "now"})
        await unit.facts.set("limit:system", {"nonsense": 1})
    said = words(await boss.says("/admin limit system"))
    async with house.randebu.database.view() as view:
        (row,) = await view.operators.audit(1)
    assert row.result == f"failed, reference {said.split('`')[1]}"


async def test_what_operators_read_is_not_kept_in_their_conversation(house: House) -> None:
    boss = house.chat("boss")
    await house.chat("alice").says("hello")
    await boss.says("hello")
    await boss.says("/admin users")
    key = await conversation_of(house, boss)
    async with house.randebu.database.view() as view:
        messages = await view.conversations.messages(key)
    assert "Alice" not in " ".join(message.text for message in messages)


async def test_a_person_says_that_it_is_settled(house: House) -> None:
    alice, bob = house.chat("alice", group="traders"), house.chat("bob", group="traders")
    await alice.says("hello")
    assert "Only the person who began" in words(await bob.says("/done"))
    assert await bob.says("/done 👍") == []
    assert "settled" in words(await alice.says("/done"))
    key = await conversation_of(house, alice)
    async with house.randebu.database.view() as view:
        current = await view.conversations.get(key)
    assert current is not None
    assert (current.status, current.resolution_type) == ("resolved", "resolved")

    assert isinstance((await alice.says("what is the price of CAKE?"))[-1], TextFinal)
    async with house.randebu.database.view() as view:
        again = await view.conversations.get(current.id)
    assert again is not None
    assert (again.status, again.resolution_type, again.ended_at) == ("open", "resolved", None)
