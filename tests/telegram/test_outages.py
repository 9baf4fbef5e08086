"""When calls fail: everything lasting arrives, and only what lost its acknowledgement comes twice, with a label."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from adapters.telegram.adapter import Connection, TelegramAdapter
from bot.errors import SettingsError
from bot.messages import Action, Choice, File, Notice, Option, Picture, Settled, TextFinal
from tests.contracts.harness import ShiftedClock
from tests.fakes.bot_api import BotApi, Fault
from tests.fakes.bot_api_methods import Parameters
from tests.fakes.telegram_house import TelegramHouse, address_of
from tests.fakes.telegram_world import WorldChat
from tests.telegram.conftest import OpenTelegram

PNG = b"\x89PNG\r\n\x1a\n"


def first_calls(failure: str, method: str, times: int = 1) -> Fault:
    """Let the first calls of a method fail."""
    left = [times]

    def fault(called: str, parameters: Parameters) -> str | None:
        if called != method or left[0] == 0:
            return None
        left[0] -= 1
        return failure

    return fault


@pytest.fixture
def clock() -> ShiftedClock:
    return ShiftedClock()


@pytest.fixture
async def house(open_telegram: OpenTelegram, clock: ShiftedClock) -> AsyncIterator[TelegramHouse]:
    """A house whose clock can be moved on."""
    async with open_telegram(clock=clock) as opened:
        yield opened


Arrived = Callable[..., Awaitable[list[str]]]


@pytest.fixture
def arrived(house: TelegramHouse, clock: ShiftedClock) -> Arrived:
    """Lets the house say something, moves the clock on until nothing is on its way, and gives what is there."""

    async def until_arrived(*replies: object) -> list[str]:
        chat = house.world.private(house.world.person("Alice"))
        await house.emits(chat, *replies)  # type: ignore[arg-type]
        await settled(house, clock, chat)
        return [each.text for each in chat.ours()]

    return until_arrived


async def settled(house: TelegramHouse, clock: ShiftedClock, chat: WorldChat) -> None:
    """Move the clock on until nothing is on its way to a chat."""
    while await on_its_way(house, chat):
        clock.move(seconds=10)
        house.randebu.outbox.wake_due()
        await house.randebu.answered(address_of(chat))


async def on_its_way(house: TelegramHouse, chat: WorldChat) -> bool:
    async with house.randebu.database.view() as view:
        return await view.deliveries.next("telegram", str(chat.id), "") is not None


async def test_a_429_is_waited_out_and_nothing_is_labelled(house: TelegramHouse, arrived: Arrived) -> None:
    house.api.fault = first_calls("429", "sendMessage", 1)
    asked = time.monotonic()
    assert await arrived(Notice("one"), Notice("two")) == ["one", "two"]
    assert time.monotonic() - asked >= 1.0


@pytest.mark.parametrize("failure", ["drop_before", "500", "502"])
async def test_what_may_have_arrived_is_said_again_with_a_label(
    house: TelegramHouse, arrived: Arrived, failure: str
) -> None:
    house.api.fault = first_calls(failure, "sendMessage")
    assert await arrived(Notice("one"), Notice("two")) == ["(repeated)\n\none", "two"]


async def test_a_lost_acknowledgement_doubles_with_a_label(house: TelegramHouse, arrived: Arrived) -> None:
    house.api.fault = first_calls("drop_after", "sendMessage")
    assert await arrived(Notice("one"), Notice("two")) == ["one", "(repeated)\n\none", "two"]


async def test_what_fails_three_times_is_given_up_and_the_rest_goes_on(
    house: TelegramHouse, arrived: Arrived, capsys: pytest.CaptureFixture[str]
) -> None:
    house.api.fault = first_calls("500", "sendMessage", 3)
    assert await arrived(Notice("one"), Notice("two")) == ["two"]
    said = capsys.readouterr().out
    assert said.count("delivery failed") == 3
    assert said.count("delivery given up") == 1
    assert "Traceback" not in said


async def test_formatting_that_is_refused_is_left_out(house: TelegramHouse, arrived: Arrived) -> None:
    house.world.refuses_entities = True
    assert await arrived(TextFinal("**up** by <5 %>")) == ["**up** by <5 %>"]


async def test_a_picture_that_is_no_photo_comes_as_a_file(house: TelegramHouse) -> None:
    house.world.refuses_photos = True
    alice = house.world.person("Alice")
    chat = house.world.private(alice)
    await house.emits(chat, Picture("chart.png", PNG, "the **chart**"))
    assert chat.last().document == ("chart.png", PNG)
    assert chat.last().text == "the chart"


async def test_a_question_whose_message_is_gone_is_settled_in_words(house: TelegramHouse) -> None:
    alice = house.world.person("Alice")
    chat = house.world.private(alice)
    await house.emits(chat, Choice("abcdefghjk", "Sure?", (Option("Yes", "yes"),)))
    del chat.messages[chat.last().number]
    await house.emits(chat, Settled("abcdefghjk", "Sure?\n\n*Yes — Alice*"))
    assert chat.last().text == "Sure?\n\nYes — Alice"


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (
            Picture("chart.png", PNG, "the **chart**", (Action("Details", "/help"),)),
            "the chart\n\n(This group takes no",
        ),
        (File("trades.csv", b"a", "the trades"), "the trades\n\n(This group takes no files"),
    ],
)
async def test_a_group_that_allows_no_files_gets_the_words(
    house: TelegramHouse, reply: Picture | File, words: str
) -> None:
    group = house.world.group("Traders")
    group.words_only = True
    await house.emits(group, reply, Notice("and on"))
    said, after = group.ours()
    assert said.text.startswith(words)
    assert said.labels == [action.label for action in getattr(reply, "actions", ())]
    assert after.text == "and on"


async def test_settling_twice_changes_nothing(house: TelegramHouse, clock: ShiftedClock) -> None:
    alice = house.world.person("Alice")
    chat = house.world.private(alice)
    await house.emits(chat, Choice("abcdefghjk", "Sure?", (Option("Yes", "yes"),)))
    house.api.fault = first_calls("drop_after", "editMessageText")
    await house.emits(chat, Settled("abcdefghjk", "Sure?\n\n*Yes — Alice*"), File("a.txt", b"a"))
    await settled(house, clock, chat)
    assert [each.text for each in chat.ours()] == ["Sure?\n\nYes — Alice", ""]


async def test_a_server_that_is_not_there_is_waited_for(open_telegram: OpenTelegram, api: BotApi) -> None:
    api.fault = lambda method, parameters: "502"
    async with open_telegram(api=api) as house:
        alice = house.world.person("Alice")
        house.world.says(alice, "/help")
        await house.until(lambda: len(api.calls) >= 2)
        api.fault = lambda method, parameters: None
        assert await house.reads(house.world.private(alice))


@pytest.mark.parametrize("token", ["no token", "1:unknown"])
async def test_a_wrong_token_is_one_sentence(house: TelegramHouse, token: str) -> None:
    with pytest.raises(SettingsError, match=r"^TELEGRAM_TOKEN is not a token that Telegram knows"):
        await run_with_token(house, token)
    assert await house.says(house.world.person("Alice"), "/help")


async def run_with_token(house: TelegramHouse, token: str) -> None:
    adapter = TelegramAdapter(Connection(token, api_url=house.api.url), house.randebu)
    try:
        await adapter.run()
    finally:
        await adapter.close()


@pytest.mark.parametrize("method", ["getUpdates", "sendMessage"])
async def test_a_token_that_is_revoked_ends_this_adapter_and_keeps_what_is_on_its_way(
    open_telegram: OpenTelegram, api: BotApi, clock: ShiftedClock, method: str
) -> None:
    async with open_telegram(clock=clock, api=api, poll_seconds=1) as house:
        chat = house.world.private(house.world.person("Alice"))
        await house.until(lambda: any(call.method == "getUpdates" for call in house.api.calls))
        house.api.fault = lambda called, parameters: "401" if called == method else None
        await house.emits(chat, Notice("one"))
        with pytest.raises(SettingsError, match=r"^TELEGRAM_TOKEN is not a token that Telegram knows"):
            await house.running
        house.api.fault = lambda called, parameters: None
        calls = len(house.api.calls)
        await house.emits(chat, Notice("two"))
        clock.move(minutes=10)
        house.randebu.outbox.wake_due()
        await house.randebu.answered(address_of(chat))
        assert len(house.api.calls) == calls
    async with open_telegram(clock=clock, api=api) as again:
        await settled(again, clock, chat)
        assert [each.text for each in chat.ours()] == ["one", "two"]


async def test_another_poller_is_said_and_outlived(
    house: TelegramHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    await house.until(lambda: any(call.method == "getUpdates" for call in house.api.calls))
    house.api.conflict()
    alice = house.world.person("Alice")
    house.world.says(alice, "/help")
    assert await house.reads(house.world.private(alice))
    assert "another program is receiving for this TELEGRAM_TOKEN" in capsys.readouterr().out


async def test_polling_that_goes_quiet_is_renewed(open_telegram: OpenTelegram) -> None:
    async with open_telegram(quiet_seconds=0.5) as house:
        alice = house.world.person("Alice")
        house.api.fault = first_calls("hang", "getUpdates")
        house.world.says(alice, "/help")
        assert await house.reads(house.world.private(alice))


async def test_nothing_that_waits_is_dropped_at_the_start(open_telegram: OpenTelegram, api: BotApi) -> None:
    alice = api.world.person("Alice")
    for number in range(3):
        api.world.says(alice, f"/price PEPE {number}")
    async with open_telegram(api=api) as house:
        assert len(await house.reads(house.world.private(alice))) == 3


async def test_a_message_that_the_store_refuses_is_tried_again(
    house: TelegramHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [OSError("disk full"), OSError("disk full")]
    receive: Callable[..., object] = house.randebu.receive

    async def flaky(incoming: object) -> None:
        if failures:
            raise failures.pop()
        await receive(incoming)  # type: ignore[misc]

    monkeypatch.setattr(house.randebu, "receive", flaky)
    alice = house.world.person("Alice")
    assert await house.says(alice, "/help")


async def test_a_message_that_can_never_be_stored_is_said_to_be_lost(
    house: TelegramHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive = house.randebu.receive

    async def picky(incoming: object) -> None:
        if "poison" in repr(incoming):
            raise ValueError("cannot be stored")
        await receive(incoming)  # type: ignore[arg-type]

    monkeypatch.setattr(house.randebu, "receive", picky)
    alice = house.world.person("Alice")
    answer = await house.says(alice, "poison")
    assert "this message is lost on me" in answer.text
    assert await house.says(alice, "/help")
