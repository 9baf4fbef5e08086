"""Order within a chat thread, and everything that goes round it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from pydantic_ai.messages import ModelMessage
from pydantic_ai.models.function import AgentInfo, FunctionModel

from bot.messages import Notice, TextFinal, Unsupported
from tests.conftest import House, OpenHouse
from tests.fakes.clock import StoppedClock
from tests.fakes.platform import words


class SlowModel:
    """A model that says one word, then waits until the test lets it go on."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.prompts: list[str] = []
        self.model = FunctionModel(stream_function=self._answer, model_name="slow")

    async def _answer(self, messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[str]:
        last = [str(part.content) for part in messages[-1].parts if part.part_kind == "user-prompt"]
        self.prompts.append(last[-1])
        yield "Let me "
        self.begun.set()
        await self.go_on.wait()
        yield f"answer: {last[-1]}"


@pytest.fixture
def slow() -> SlowModel:
    return SlowModel()


async def test_stop_ends_the_answer_and_keeps_what_was_said(open_house: OpenHouse, slow: SlowModel) -> None:
    async with open_house(model=slow.model) as house:
        alice = house.chat("alice")
        await alice.sends("tell me a story")
        await slow.begun.wait()
        await alice.sends("/stop")
        stopped = await alice.reads()
        assert stopped == [TextFinal("Let me \n\n*Stopped.*")]

        slow.go_on.set()
        assert words(await alice.says("and now?")) == "Let me answer: and now?"


async def test_only_the_asker_stops_a_turn_in_a_group(open_house: OpenHouse, slow: SlowModel) -> None:
    async with open_house(model=slow.model) as house:
        alice, bob = house.chat("alice", group="traders"), house.chat("bob", group="traders")
        await alice.sends("tell me a story")
        await slow.begun.wait()
        await bob.sends("/stop")
        slow.go_on.set()
        everything = words(await alice.reads())
        assert "I am working for Alice; only they can stop that." in everything
        assert "answer: [Alice] tell me a story" in everything


async def test_messages_wait_in_order_and_too_many_are_refused(
    open_house: OpenHouse, slow: SlowModel
) -> None:
    async with open_house(model=slow.model) as house:
        alice = house.chat("alice")
        await alice.sends("first")
        await slow.begun.wait()
        for number in range(20):
            await alice.sends(f"waiting {number}")
        await alice.sends("one too many")
        await alice.sends("/status")
        slow.go_on.set()
        replies = await alice.reads()

        assert slow.prompts == ["first", *(f"waiting {number}" for number in range(20))]
        notices = [reply.text for reply in replies if isinstance(reply, Notice)]
        assert notices[0].startswith("Too many messages are waiting here (20).")
        assert "Waiting after it: 20" in notices[1]


async def test_an_edit_replaces_what_still_waits(open_house: OpenHouse, slow: SlowModel) -> None:
    async with open_house(model=slow.model) as house:
        alice = house.chat("alice")
        first = await alice.sends("first")
        await slow.begun.wait()
        second = await alice.sends("second")
        await alice.sends_edit(second, "second, changed")
        await alice.sends_edit(first, "first, changed")
        slow.go_on.set()
        replies = await alice.reads()

        assert slow.prompts == ["first", "second, changed"]
        assert "send the changed one anew" in words(replies)


async def test_a_message_seen_twice_is_answered_once(house: House) -> None:
    alice = house.chat("alice")
    await alice.says("hello", message_id="same")
    assert await alice.says("hello", message_id="same") == []


async def test_what_cannot_be_read_is_said(house: House) -> None:
    alice = house.chat("alice")
    await alice.does(Unsupported("a voice message"))
    assert "a voice message" in words(await alice.reads())


async def test_nobody_is_answered_without_a_conversation(house: House) -> None:
    channel = house.chat("", group="channel")
    assert "write as yourself" in words(await channel.says("hello"))


async def test_an_unknown_command_suggests_the_near_one(house: House) -> None:
    assert "/backtest" in words(await house.chat("alice").says("/backtset"))


async def test_a_fault_has_a_reference_and_costs_nothing(open_house: OpenHouse) -> None:
    async def broken(messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[str]:
        raise ZeroDivisionError
        yield ""

    model = FunctionModel(stream_function=broken, model_name="broken")
    async with open_house(model=model, anonymous_chats=1) as house:
        alice = house.chat("alice")
        message_id = await alice.sends("hello")
        said = words(await alice.reads())
        assert "reference `" in said
        async with house.randebu.database.view() as view:
            row = await view.journal.incoming_by_external_id("fake", message_id)
            assert row is not None
            assert row.error_reference == said.split("`")[1]
        assert "reference `" in words(await alice.says("hello again"))


async def test_different_threads_run_at_once(open_house: OpenHouse, slow: SlowModel) -> None:
    async with open_house(model=slow.model, clock=StoppedClock(datetime(2026, 6, 1, tzinfo=UTC))) as house:
        alice, bob = house.chat("alice"), house.chat("bob")
        await alice.sends("first")
        await slow.begun.wait()
        slow.begun.clear()
        await bob.sends("other")
        await slow.begun.wait()
        slow.go_on.set()
        assert words(await bob.reads()) == "Let me answer: other"
        assert words(await alice.reads()) == "Let me answer: first"
