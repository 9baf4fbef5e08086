"""The stored history, read and written as plain JSON: its turns, its open tool calls, its text.

Nothing here needs the model library, so a turn can be looked at before that is loaded.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from bot.agent.steps import Body, CallResult, ToolCall

INTERRUPTED = "No result: it was interrupted."
"""What a tool call is answered with when its result was lost."""

_OUTCOMES = {"done": "success", "failed": "failed", "denied": "denied", "skipped": "denied"}


def open_calls(history: Sequence[Body]) -> tuple[ToolCall, ...]:
    """The tool calls of the last model response that have no result yet."""
    answered: set[str] = set()
    for body in reversed(history):
        if _is_response(body):
            return tuple(call for call in tool_calls(body) if call.id not in answered)
        answered |= _answered(body)
    return ()


def tool_calls(body: Body) -> tuple[ToolCall, ...]:
    """The tool calls of a model response, in their order."""
    return tuple(
        ToolCall(id=part["tool_call_id"], name=part["tool_name"], arguments=_arguments(part.get("args")))
        for part in _parts(body, "tool-call")
    )


def plain_text(body: Body) -> str:
    """What a message says to a reader: the text of a response, or what the person wrote in a request."""
    kind = "text" if _is_response(body) else "user-prompt"
    return "\n\n".join(filter(None, (_text(part.get("content")) for part in _parts(body, kind))))


def stopped_response(text: str) -> Body:
    """A model response that holds only what was said before somebody stopped it."""
    return {
        "kind": "response",
        "parts": [{"part_kind": "text", "content": text}] if text else [],
        "state": "interrupted",
    }


def request_body(
    prompt: str | None,
    calls: Sequence[ToolCall],
    results: Sequence[CallResult],
    at: datetime | None = None,
) -> Body:
    """A request with the results of `calls`, in their order, and then what the person said.

    A call without a result is answered with `INTERRUPTED`; a result without a call is left out.
    """
    given = {result.call_id: result for result in results}
    stamp = {} if at is None else {"timestamp": at.isoformat()}
    parts: list[dict[str, Any]] = []
    for call in calls:
        result = given.get(call.id)
        parts.append(
            {
                "part_kind": "tool-return",
                "tool_name": call.name,
                "tool_call_id": call.id,
                "content": INTERRUPTED if result is None else result.content,
                "outcome": "interrupted" if result is None else _OUTCOMES[result.status],
                **stamp,
            }
        )
    if prompt is not None:
        parts.append({"part_kind": "user-prompt", "content": prompt, **stamp})
    return {"kind": "request", "parts": parts, **stamp}


def repaired(history: Sequence[Body]) -> list[Body]:
    """The history with a result for every call but those of its end, and no result without its call.

    An earlier version may have been killed between a call and its result.
    """
    whole: list[Body] = []
    waiting: dict[str, ToolCall] = {}
    for body in history:
        if _is_response(body):
            if waiting:
                whole.append(request_body(None, tuple(waiting.values()), ()))
            waiting = {call.id: call for call in tool_calls(body)}
            whole.append(body)
            continue
        kept = [part for part in body["parts"] if not _is_stray(part, waiting)]
        if waiting and any(part["part_kind"] == "user-prompt" for part in kept):
            kept = request_body(None, tuple(waiting.values()), ())["parts"] + kept
            waiting = {}
        if kept:
            whole.append({**body, "parts": kept})
    return whole


def turns(history: Sequence[Body]) -> list[list[Body]]:
    """The history cut into whole turns: each begins with a request that holds a person's words and no tool result."""
    cut: list[list[Body]] = []
    for body in history:
        begins = not _is_response(body) and not _answered(body) and any(_parts(body, "user-prompt"))
        if begins or not cut:
            cut.append([])
        cut[-1].append(body)
    return cut


def without_oldest(history: Sequence[Body], share: float) -> list[Body] | None:
    """The history without its oldest turns: at least one, about `share` of them, never the newest.

    None when one turn is all there is.
    """
    cut = turns(history)
    if len(cut) < 2:
        return None
    gone = min(max(1, round(len(cut) * share)), len(cut) - 1)
    return [body for turn in cut[gone:] for body in turn]


def with_unique_calls(response: Body, history: Sequence[Body]) -> Body:
    """The response with call ids that no earlier call has: some services count anew in every response."""
    taken = {call.id for body in history if _is_response(body) for call in tool_calls(body)}
    parts = []
    for part in response["parts"]:
        if part["part_kind"] == "tool-call":
            wanted = fresh = part["tool_call_id"]
            number = 2
            while fresh in taken:
                fresh, number = f"{wanted}-{number}", number + 1
            taken.add(fresh)
            part = {**part, "tool_call_id": fresh}
        parts.append(part)
    return {**response, "parts": parts}


def _is_response(body: Body) -> bool:
    return bool(body["kind"] == "response")


def _parts(body: Body, kind: str) -> Iterator[dict[str, Any]]:
    return (part for part in body["parts"] if part["part_kind"] == kind)


def _answered(body: Body) -> set[str]:
    return {part["tool_call_id"] for part in _parts(body, "tool-return")}


def _is_stray(part: dict[str, Any], waiting: dict[str, ToolCall]) -> bool:
    """Whether a part is a result that no waiting call asked for; the call of any other result is taken off."""
    if part["part_kind"] != "tool-return":
        return False
    return waiting.pop(part["tool_call_id"], None) is None


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    return " ".join(item for item in content if isinstance(item, str)) if isinstance(content, list) else ""


def _arguments(args: object) -> dict[str, Any] | str:
    if args is None or args == "":
        return {}
    if isinstance(args, dict):
        return args
    try:
        parsed = json.loads(str(args))
    except ValueError:
        return str(args)
    return parsed if isinstance(parsed, dict) else str(args)
