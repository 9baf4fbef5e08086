"""The history that is sent: whole turns only, and never a tool call without its result or the other way round."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic_ai.messages import ModelMessagesTypeAdapter, ToolReturnPart, repair_messages

from bot.agent.history import (
    INTERRUPTED,
    open_calls,
    plain_text,
    repaired,
    request_body,
    stopped_response,
    tool_calls,
    turns,
    with_unique_calls,
    without_oldest,
)
from bot.agent.steps import Body, CallResult, ToolCall


def said(text: str) -> dict[str, Any]:
    return {"part_kind": "user-prompt", "content": text}


def call(call_id: str, args: Any = None) -> dict[str, Any]:
    return {"part_kind": "tool-call", "tool_name": "look", "tool_call_id": call_id, "args": args or {}}


def returned(call_id: str) -> dict[str, Any]:
    return {"part_kind": "tool-return", "tool_name": "look", "tool_call_id": call_id, "content": {"found": 1}}


def request(*parts: dict[str, Any]) -> Body:
    return {"kind": "request", "parts": list(parts)}


def response(*parts: dict[str, Any]) -> Body:
    return {"kind": "response", "parts": list(parts)}


def text(content: str) -> dict[str, Any]:
    return {"part_kind": "text", "content": content}


@st.composite
def whole_histories(draw: st.DrawFn) -> list[Body]:
    """Turns as they are stored: a prompt, calls with their results, an answer; some prompts come with results."""
    history: list[Body] = []
    number = 0
    waiting: list[str] = []
    for _ in range(draw(st.integers(1, 6))):
        together = bool(waiting) and draw(st.booleans())
        results = [returned(each) for each in waiting]
        if waiting and not together:
            history.append(request(*results))
        history.append(request(*(results if together else ()), said(f"prompt {number}")))
        waiting = []
        for _ in range(draw(st.integers(0, 3))):
            made = [f"c{number + offset}" for offset in range(draw(st.integers(1, 3)))]
            number += len(made)
            history.append(response(*map(call, made)))
            if draw(st.booleans()):
                history.append(request(*map(returned, made)))
            else:
                waiting = made
                break
        number += 1
        if not waiting:
            history.append(response(text(f"answer {number}")))
    return history


@st.composite
def broken_histories(draw: st.DrawFn) -> list[Body]:
    """The same with some messages and some parts lost."""
    kept = []
    for body in draw(whole_histories()):
        parts = [part for part in body["parts"] if draw(st.integers(0, 5))]
        if parts:
            kept.append({**body, "parts": parts})
    return kept


def unpaired(history: list[Body]) -> tuple[set[str], set[str]]:
    """Calls without a result (but for those of the last response), and results without a call."""
    calls: list[str] = []
    stray: set[str] = set()
    for body in history:
        calls += [each.id for each in tool_calls(body)] if body["kind"] == "response" else []
        for part in body["parts"]:
            if part["part_kind"] == "tool-return":
                if part["tool_call_id"] in calls:
                    calls.remove(part["tool_call_id"])
                else:
                    stray.add(part["tool_call_id"])
    return set(calls) - {each.id for each in open_calls(history)}, stray


@given(whole_histories(), st.sampled_from([0.01, 0.25, 0.5, 1.0]))
def test_only_whole_turns_are_left_out(history: list[Body], share: float) -> None:
    shorter = without_oldest(history, share)

    if shorter is None:
        assert len(turns(history)) == 1
        return
    assert shorter == history[-len(shorter) :]
    assert len(shorter) < len(history)
    assert unpaired(shorter) == (set(), set())
    kinds = [part["part_kind"] for part in shorter[0]["parts"]]
    assert kinds == ["user-prompt"]


@given(whole_histories())
def test_leaving_out_comes_to_an_end_with_the_newest_turn(history: list[Body]) -> None:
    newest = turns(history)[-1]
    while (shorter := without_oldest(history, 0.25)) is not None:
        history = shorter
    assert history == newest


@given(whole_histories())
def test_turns_are_the_history(history: list[Body]) -> None:
    assert [body for turn in turns(history) for body in turn] == history


@given(whole_histories())
def test_a_whole_history_is_left_as_it_is(history: list[Body]) -> None:
    assert repaired(history) == history


@given(broken_histories())
def test_a_broken_history_is_made_whole(history: list[Body]) -> None:
    whole = repaired(history)

    assert unpaired(whole) == (set(), set())
    assert repaired(whole) == whole
    kept = [part for body in history for part in body["parts"] if part["part_kind"] != "tool-return"]
    assert [part for body in whole for part in body["parts"] if part["part_kind"] != "tool-return"] == kept


@given(broken_histories())
def test_the_library_finds_nothing_more_to_repair(history: list[Body]) -> None:
    messages = ModelMessagesTypeAdapter.validate_python(repaired(history))
    again = repair_messages(messages, repair_last_response=False)

    def results(each: Any) -> list[str]:
        return sorted(
            part.tool_call_id
            for message in each
            for part in message.parts
            if isinstance(part, ToolReturnPart)
        )

    assert results(again) == results(messages)


@given(broken_histories(), st.text(max_size=20))
def test_the_next_request_answers_every_open_call(history: list[Body], prompt: str) -> None:
    whole = repaired(history)
    asked = request_body(prompt, open_calls(whole), ())

    assert open_calls([*whole, asked]) == ()
    assert unpaired([*whole, asked]) == (set(), set())
    assert plain_text(asked) == prompt


def test_results_stand_in_the_order_of_their_calls_and_before_the_prompt() -> None:
    calls = tuple(ToolCall(name, "look", {}) for name in ("a", "b", "c"))
    results = [
        CallResult("c", "done", {"found": 1}),
        CallResult("x", "done", {}),
        CallResult("a", "denied", "no"),
    ]
    parts = request_body("next", calls, results)["parts"]

    assert [part.get("tool_call_id") for part in parts] == ["a", "b", "c", None]
    assert [part.get("outcome") for part in parts] == ["denied", "interrupted", "success", None]
    assert parts[1]["content"] == INTERRUPTED


def test_arguments_are_read_as_json_and_kept_as_text_where_they_are_none() -> None:
    body = response(
        call("a", '{"x": 1}'), call("b", '{"x":'), call("c"), call("d", "[1]"), text("and"), text("so")
    )

    assert [each.arguments for each in tool_calls(body)] == [{"x": 1}, '{"x":', {}, "[1]"]
    assert plain_text(body) == "and\n\nso"


def test_call_ids_are_unique_in_a_conversation() -> None:
    history = [request(said("hi")), response(call("a"), call("a-2")), request(returned("a"), returned("a-2"))]
    fresh = with_unique_calls(response(call("a"), call("a"), call("b")), history)

    assert [each.id for each in tool_calls(fresh)] == ["a-3", "a-4", "b"]


def test_what_was_stopped_can_be_read_again() -> None:
    kept = [stopped_response("half an ans"), stopped_response("")]

    assert [plain_text(body) for body in kept] == ["half an ans", ""]
    assert len(ModelMessagesTypeAdapter.validate_python(kept)) == 2


def test_nothing_is_open_in_an_empty_history() -> None:
    assert open_calls([]) == ()
    assert turns([]) == []
    assert without_oldest([], 0.5) is None
