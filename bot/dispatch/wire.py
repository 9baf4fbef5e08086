"""How bodies and replies are written into rows, and read back."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import TypeAdapter

from bot.messages import (
    Answer,
    Body,
    Choice,
    Command,
    Edit,
    File,
    LastingReply,
    Notice,
    Picture,
    Settled,
    Text,
    TextFinal,
    Unsupported,
)

_BODIES: dict[str, type[Any]] = {kind.__name__: kind for kind in (Text, Command, Answer, Edit, Unsupported)}
_REPLIES: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (TextFinal, Notice, Choice, Settled, Picture, File)
}


@cache
def _adapter(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(_BODIES.get(kind) or _REPLIES[kind])


def body_to_json(body: Body) -> dict[str, Any]:
    """A body as JSON, with its kind."""
    kind = type(body).__name__
    return {"kind": kind, **_adapter(kind).dump_python(body, mode="json")}


def body_from_json(stored: dict[str, Any]) -> Body:
    """The body that `body_to_json` wrote."""
    fields = dict(stored)
    body: Body = _adapter(fields.pop("kind")).validate_python(fields)
    return body


def reply_to_row(reply: LastingReply) -> tuple[str, dict[str, Any], bytes | None]:
    """A lasting reply as its kind, its JSON fields and its bytes, which JSON cannot hold."""
    kind = type(reply).__name__
    if isinstance(reply, Picture | File):
        return kind, _adapter(kind).dump_python(reply, mode="json", exclude={"content"}), reply.content
    return kind, _adapter(kind).dump_python(reply, mode="json"), None


def reply_from_row(kind: str, payload: dict[str, Any], content: bytes | None) -> LastingReply:
    """The reply that `reply_to_row` wrote."""
    fields = dict(payload) if content is None else {**payload, "content": content}
    reply: LastingReply = _adapter(kind).validate_python(fields)
    return reply
