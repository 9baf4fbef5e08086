"""A model service of one's own: Anthropic's Messages API, and OpenAI's chat completions, over real HTTP on 127.0.0.1.

A test writes down in advance what each request is answered with, and reads afterwards what was asked.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer


@dataclass(frozen=True)
class Says:
    """An answer in pieces of text, then tool calls (id, name, arguments as JSON text)."""

    pieces: tuple[str, ...] = ()
    calls: tuple[tuple[str, str, str], ...] = ()
    stop_reason: str = "end_turn"
    gate: asyncio.Event | None = None
    """Opened by the test before the pieces after the first one are sent."""


@dataclass(frozen=True)
class Fails:
    """An error instead of an answer."""

    status: int
    kind: str
    message: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Drops:
    """The connection breaks off after these pieces."""

    pieces: tuple[str, ...] = ()


@dataclass(frozen=True)
class Silent:
    """Nothing is ever sent after the headers."""


Reply = Says | Fails | Drops | Silent


@dataclass
class MessagesApi:
    """The service: its address, what it will answer, what it was asked, and how many clients hung up."""

    url: str = ""
    replies: list[Reply] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)

    def will(self, *replies: Reply) -> None:
        """Answer the next requests so, in this order."""
        self.replies.extend(replies)

    async def anthropic(self, request: web.Request) -> web.StreamResponse:
        """POST /v1/messages, streamed."""
        reply = await self._next(request)
        if isinstance(reply, Fails):
            body = {"type": "error", "error": {"type": reply.kind, "message": reply.message}}
            return web.json_response(body, status=reply.status, headers=reply.headers)
        stream = await self._stream(request)
        try:
            await self._write_messages(request, stream, reply)
        except (ConnectionError, asyncio.CancelledError):
            self.hung_up.set()
            raise
        return stream

    async def openai(self, request: web.Request) -> web.StreamResponse:
        """POST /v1/chat/completions, streamed; text only."""
        reply = await self._next(request)
        stream = await self._stream(request)
        assert isinstance(reply, Says)
        for piece in reply.pieces:
            await _send(stream, None, _chunk({"role": "assistant", "content": piece}))
        done = {
            **_chunk({}, "stop"),
            "usage": {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14},
        }
        await _send(stream, None, done)
        await stream.write(b"data: [DONE]\n\n")
        return stream

    async def _next(self, request: web.Request) -> Reply:
        self.asked.append(await request.json())
        self.headers.append(dict(request.headers))
        assert self.replies, "This request to the model was not planned."
        return self.replies.pop(0)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse(headers={"content-type": "text/event-stream"})
        stream.enable_chunked_encoding()
        await stream.prepare(request)
        return stream

    async def _write_messages(self, request: web.Request, stream: web.StreamResponse, reply: Reply) -> None:
        usage = {
            "input_tokens": 100,
            "output_tokens": 1,
            "cache_read_input_tokens": 40,
            "cache_creation_input_tokens": 0,
        }
        message = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "content": [],
            "model": "claude-sonnet-5-5",
        }
        start = {**message, "stop_reason": None, "stop_sequence": None, "usage": usage}
        await _send(stream, "message_start", {"type": "message_start", "message": start})
        if isinstance(reply, Silent):
            await asyncio.Event().wait()
        pieces = reply.pieces if isinstance(reply, Says | Drops) else ()
        await self._write_text(stream, pieces, reply.gate if isinstance(reply, Says) else None)
        if isinstance(reply, Drops):
            assert request.transport is not None
            request.transport.abort()
            return
        assert isinstance(reply, Says)
        for place, call in enumerate(reply.calls, 1):
            await _write_call(stream, place, call)
        stop = {"stop_reason": reply.stop_reason, "stop_sequence": None}
        ending = {"type": "message_delta", "delta": stop, "usage": {"output_tokens": 20}}
        await _send(stream, "message_delta", ending)
        await _send(stream, "message_stop", {"type": "message_stop"})

    async def _write_text(
        self, stream: web.StreamResponse, pieces: tuple[str, ...], gate: asyncio.Event | None
    ) -> None:
        if not pieces:
            return
        block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        await _send(stream, "content_block_start", block)
        for number, piece in enumerate(pieces):
            if number and gate is not None:
                await gate.wait()
            delta = {"type": "text_delta", "text": piece}
            await _send(
                stream, "content_block_delta", {"type": "content_block_delta", "index": 0, "delta": delta}
            )
        await _send(stream, "content_block_stop", {"type": "content_block_stop", "index": 0})


async def _write_call(stream: web.StreamResponse, place: int, call: tuple[str, str, str]) -> None:
    call_id, name, arguments = call
    block = {"type": "tool_use", "id": call_id, "name": name, "input": {}}
    await _send(
        stream, "content_block_start", {"type": "content_block_start", "index": place, "content_block": block}
    )
    delta = {"type": "input_json_delta", "partial_json": arguments}
    await _send(
        stream, "content_block_delta", {"type": "content_block_delta", "index": place, "delta": delta}
    )
    await _send(stream, "content_block_stop", {"type": "content_block_stop", "index": place})


def _chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "llama", "choices": [choice]}


async def _send(stream: web.StreamResponse, event: str | None, data: dict[str, Any]) -> None:
    head = "" if event is None else f"event: {event}\n"
    await stream.write(f"{head}data: {json.dumps(data)}\n\n".encode())


@asynccontextmanager
async def messages_api() -> AsyncIterator[MessagesApi]:
    """A running service; every planned answer must have been fetched at its end."""
    api = MessagesApi()
    app = web.Application(handler_args={"handler_cancellation": True})
    app.router.add_post("/v1/messages", api.anthropic)
    app.router.add_post("/v1/chat/completions", api.openai)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    api.url = str(server.make_url("")).rstrip("/")
    try:
        yield api
    finally:
        await server.close()
    assert not api.replies, f"Not asked for: {api.replies}"
