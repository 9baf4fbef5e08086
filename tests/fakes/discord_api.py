"""Discord on a local port, REST and gateway, written from its documentation, with real networks' failures on demand."""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.fakes.discord_gateway import DiscordGateway
from tests.fakes.discord_routes import Body, DiscordRoutes
from tests.fakes.discord_things import RestError
from tests.fakes.discord_world import DiscordWorld

DISCORD_TOKEN = "test.token.of-nobody"  # noqa: S105

_PREFIX = "/api/v10"


@dataclass
class RestCall:
    """One request that arrived."""

    method: str
    path: str
    at: float
    body: Body = field(repr=False)
    failed: str | None = None

    @property
    def route(self) -> str:
        """What it is about, without ids and tokens."""
        parts = self.path.strip("/").split("/")
        kept = [part for part in parts if not part.isdigit() and len(part) < 40]
        return f"{self.method} {'/'.join(kept)}"


RestFault = Callable[[RestCall], str | None]
"""Names what goes wrong with a call: drop_before, drop_after, 500, 502, 503, 429, cloudflare, hang, slow; None for
nothing."""


class DiscordApi:
    """The server; `world` is who is there and what they see, `gateway` the other half."""

    def __init__(self, world: DiscordWorld | None = None) -> None:
        self.world = world or DiscordWorld()
        self.gateway = DiscordGateway(self.world, DISCORD_TOKEN)
        self.routes = DiscordRoutes(self.world)
        self.calls: list[RestCall] = []
        self.fault: RestFault = lambda call: None
        self.retry_after = 0.3
        self.limit = (10_000, 1.0)
        self.url = ""
        self.refused = 0
        self._buckets: defaultdict[str, deque[float]] = defaultdict(deque)
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_get("/gateway", self.gateway.handle)
        app.router.add_route("*", _PREFIX + "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        self.url = f"http://127.0.0.1:{port}{_PREFIX}"
        self.gateway.url = f"ws://127.0.0.1:{port}/gateway"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.gateway.drop()
        if self._runner is not None:
            await self._runner.cleanup()

    def made(self, *routes: str) -> list[RestCall]:
        """The calls of some routes."""
        return [each for each in self.calls if each.route in routes]

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        path = "/" + request.match_info["path"]
        body, files = await _content(request)
        call = RestCall(request.method, path, time.monotonic(), body)
        self.calls.append(call)
        call.failed = self.fault(call)
        self.world.tell()
        early = await self._fail(request, call)
        if early is not None:
            return early
        if call.failed == "slow":
            await asyncio.sleep(2)
        limits, wait = self._take_slot(request.method, path)
        if wait is not None:
            self.refused += 1
            return _limited(wait, limits)
        try:
            told = self._run(request, path, body, files)
            answer = web.Response(status=204) if told is None else _json(told)
        except RestError as error:
            call.failed = call.failed or f"{error.status}"
            answer = _json({"message": error.message, "code": error.code, **error.fields}, error.status)
        answer.headers.update(limits)
        self.world.tell()
        if call.failed == "drop_after":
            return _vanish(request)
        if call.failed == "502":
            # Done, but the answer is lost on its way back.
            return web.Response(status=502, text="<html>Bad Gateway</html>", content_type="text/html")
        return answer

    async def _fail(self, request: web.Request, call: RestCall) -> web.Response | None:
        match call.failed:
            case "hang":
                await asyncio.Event().wait()
            case "drop_before":
                return _vanish(request)
            case "429":
                return _limited(self.retry_after, {})
            case "cloudflare":
                return web.Response(status=429, text="error code: 1015", headers={"Retry-After": "7"})
            case "500" | "503":
                return _json({"message": "Internal Server Error", "code": 0}, int(call.failed))
        return None

    def _take_slot(self, method: str, path: str) -> tuple[dict[str, str], float | None]:
        """One bucket for each method and channel; the headers, and how long to wait where it is empty."""
        parts = path.strip("/").split("/")
        key = f"{method} {'/'.join(parts[:2])} {len(parts)}"
        most, seconds = self.limit
        calls, now = self._buckets[key], time.monotonic()
        while calls and calls[0] <= now - seconds:
            calls.popleft()
        reset = seconds - (now - calls[0]) if calls else seconds
        over = len(calls) >= most
        if not over:
            calls.append(now)
        headers = {
            "X-RateLimit-Limit": str(most),
            "X-RateLimit-Remaining": str(max(0, most - len(calls))),
            "X-RateLimit-Reset": f"{time.time() + reset:.3f}",
            "X-RateLimit-Reset-After": f"{reset:.3f}",
            "X-RateLimit-Bucket": f"{method}{parts[0]}{len(parts)}".lower(),
        }
        return headers, reset if over else None

    def _run(self, request: web.Request, path: str, body: Body, files: list[tuple[str, bytes]]) -> Any:
        routes, method = self.routes, request.method
        parts = path.strip("/").split("/")
        if parts[0] not in ("gateway", "interactions", "webhooks"):
            given = request.headers.get("Authorization", "")
            if given != f"Bot {DISCORD_TOKEN}":
                raise RestError(401, 0, "401: Unauthorized")
        match [method, *parts]:
            case ["GET", "gateway"]:
                return {"url": self.gateway.url}
            case ["GET", "users", "@me"]:
                return routes.me()
            case ["GET", "oauth2", "applications", "@me"]:
                return routes.application()
            case ["PUT", "applications", _, "commands"]:
                return routes.commands("everywhere", body["list"])
            case ["PUT", "applications", _, "guilds", guild, "commands"]:
                return routes.commands(guild, body["list"])
            case ["GET", "channels", number]:
                return routes.channel(number)
            case ["PATCH", "channels", number]:
                return routes.change_channel(number, body)
            case ["POST", "channels", number, "typing"]:
                return routes.typing(number)
            case ["GET", "channels", number, "messages"]:
                return routes.history(number, dict(request.query))
            case ["POST", "channels", number, "messages"]:
                return routes.send(number, body, files)
            case ["PATCH", "channels", number, "messages", message]:
                return routes.edit(number, message, body, files)
            case ["DELETE", "channels", number, "messages", message]:
                return routes.delete(number, message)
            case ["POST", "channels", number, "messages", message, "threads"]:
                return routes.begin_thread(number, message, body)
            case ["PUT", "channels", number, "thread-members", user]:
                return routes.let_in(number, user)
            case ["POST", "interactions", number, token, "callback"]:
                return routes.acknowledge(number, token, body)
            case ["GET", "webhooks", _, token, "messages", which]:
                return routes.original(token, which)
            case ["PATCH", "webhooks", _, token, "messages", which]:
                return routes.fill(token, which, body, files)
            case ["DELETE", "webhooks", _, token, "messages", which]:
                return routes.remove_original(token, which)
            case ["POST", "webhooks", _, token]:
                return routes.follow(token, body, files)
        raise RestError(404, 0, "404: Not Found")


def _json(told: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """As Discord does it: without a charset, which discord.py would not take for JSON."""
    answer = web.Response(body=json.dumps(told).encode(), status=status, headers=headers)
    answer.headers["Content-Type"] = "application/json"
    return answer


def _vanish(request: web.Request) -> web.Response:
    """Let the connection end without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _limited(seconds: float, limits: dict[str, str]) -> web.Response:
    body = {"message": "You are being rate limited.", "retry_after": seconds, "global": False}
    headers = {**limits, "Via": "1.1 google", "Retry-After": f"{seconds:.3f}", "X-RateLimit-Scope": "shared"}
    headers.setdefault("X-RateLimit-Remaining", "0")
    return _json(body, 429, headers)


async def _content(request: web.Request) -> tuple[Body, list[tuple[str, bytes]]]:
    if request.content_type != "multipart/form-data":
        text = await request.text()
        told = json.loads(text) if text else {}
        return (told if isinstance(told, dict) else {"list": told}), []
    form, files, body = await request.post(), [], {}
    for name, value in form.items():
        if isinstance(value, web.FileField):
            files.append((value.filename, value.file.read()))
        elif name == "payload_json":
            body = json.loads(str(value))
    return body, files
