"""What a person sees of a language model that does odd things."""

from __future__ import annotations

from collections.abc import AsyncIterator

from pydantic_ai.messages import ModelMessage
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, DeltaToolCalls, FunctionModel

from bot.messages import Choice, Notice
from tests.conftest import OpenHouse
from tests.fakes.platform import words

Said = AsyncIterator[str | DeltaToolCalls]


def results(messages: list[ModelMessage]) -> dict[str, object]:
    """The tool results that the last request holds, by call."""
    return {part.tool_call_id: part.content for part in messages[-1].parts if part.part_kind == "tool-return"}


def spoken(messages: list[ModelMessage]) -> list[str]:
    return [str(part.content) for part in messages[-1].parts if part.part_kind == "user-prompt"]


async def test_an_empty_answer_is_no_silence(open_house: OpenHouse) -> None:
    async def silent(messages: list[ModelMessage], info: AgentInfo) -> Said:
        yield ""

    async with open_house(model=FunctionModel(stream_function=silent)) as house:
        assert words(await house.chat("alice").says("hello"))


async def test_a_model_that_never_ends_is_ended(open_house: OpenHouse) -> None:
    asked = 0

    async def restless(messages: list[ModelMessage], info: AgentInfo) -> Said:
        nonlocal asked
        asked += 1
        yield {0: DeltaToolCall("list_bots", "{}", tool_call_id=f"c{asked}")}

    async with open_house(model=FunctionModel(stream_function=restless), max_tool_calls_per_turn=5) as house:
        (notice,) = await house.chat("alice").says("hello")
        assert isinstance(notice, Notice)
        assert "more steps than one message may" in notice.text
        assert asked <= 7


async def test_an_unknown_tool_and_bad_arguments_go_back_to_the_model(open_house: OpenHouse) -> None:
    heard: dict[str, object] = {}

    async def confused(messages: list[ModelMessage], info: AgentInfo) -> Said:
        if heard or results(messages):
            heard.update(results(messages))
            yield "I see."
            return
        yield {0: DeltaToolCall("sell_everything", "{}", tool_call_id="a")}
        yield {1: DeltaToolCall("get_price", '{"tokens": 7}', tool_call_id="b")}
        yield {2: DeltaToolCall("get_price", "{not json", tool_call_id="c")}

    async with open_house(model=FunctionModel(stream_function=confused)) as house:
        assert words(await house.chat("alice").says("hello")) == "I see."
    assert "no tool called 'sell_everything'" in str(heard["a"])
    assert "tokens" in str(heard["b"])
    assert "JSON" in str(heard["c"])


async def test_what_comes_after_a_question_waits_and_is_skipped_after_a_no(open_house: OpenHouse) -> None:
    heard: list[dict[str, object]] = []

    async def eager(messages: list[ModelMessage], info: AgentInfo) -> Said:
        if spoken(messages):
            yield {0: DeltaToolCall("delete_bot", '{"bot": null}', tool_call_id="one")}
            yield {1: DeltaToolCall("list_bots", "{}", tool_call_id="two")}
        else:
            heard.append(results(messages))
            yield "As you like."

    async with open_house() as house:
        from tests.stories.test_first_bot import DIP

        alice = house.chat("alice")
        await alice.says(DIP)
        await alice.presses("Create")
    async with open_house(model=FunctionModel(stream_function=eager)) as house:
        alice = house.chat("alice")
        question = (await alice.says("delete it and list the rest"))[-1]
        assert isinstance(question, Choice)
        assert heard == []
        assert words(await alice.presses("Cancel")).endswith("As you like.")
    assert "said no" in str(heard[0]["one"])
    assert "Not done" in str(heard[0]["two"])


async def test_other_words_and_the_refusal_reach_the_model_in_one_request(open_house: OpenHouse) -> None:
    requests: list[tuple[list[str], dict[str, object]]] = []

    async def asking(messages: list[ModelMessage], info: AgentInfo) -> Said:
        everything = [
            part for message in messages[-2:] if message.kind == "request" for part in message.parts
        ]
        returned = {part.tool_call_id: part.content for part in everything if part.part_kind == "tool-return"}
        requests.append((spoken(messages), returned))
        if spoken(messages) == ["ask me"]:
            arguments = '{"question": "Which?", "options": ["This", "That"]}'
            yield {0: DeltaToolCall("ask_user", arguments, tool_call_id="q")}
        else:
            yield "All right."

    async with open_house(model=FunctionModel(stream_function=asking)) as house:
        alice = house.chat("alice")
        await alice.says("ask me")
        assert words(await alice.says("something else")).endswith("All right.")
    assert len(requests) == 2
    assert requests[1][0] == ["something else"]
    assert list(requests[1][1]) == ["q"]


async def test_a_question_with_options_is_answered_by_one(open_house: OpenHouse) -> None:
    heard: list[dict[str, object]] = []

    async def asking(messages: list[ModelMessage], info: AgentInfo) -> Said:
        if spoken(messages):
            arguments = '{"question": "Which?", "options": ["This", "That"]}'
            yield {0: DeltaToolCall("ask_user", arguments, tool_call_id="q")}
        else:
            heard.append(results(messages))
            yield "Good choice."

    async with open_house(model=FunctionModel(stream_function=asking)) as house:
        alice = house.chat("alice")
        question = (await alice.says("ask me"))[-1]
        assert isinstance(question, Choice)
        assert [option.label for option in question.options] == ["This", "That"]
        assert words(await alice.says("2")).endswith("Good choice.")
    assert heard == [{"q": {"answer": "That"}}]
