"""A Bot API on a local port, written from its documentation: real HTTP, and real networks' failures on demand."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiohttp import ClientError, ClientSession, web

from tests.fakes.bot_api_methods import Methods, Parameters
from tests.fakes.telegram_world import ApiError, World

TOKEN = "4242:test-token-of-nobody"  # noqa: S105

_BRING_AGAIN_AFTER = 0.05

COUNTED = frozenset(
    {
        "sendMessage",
        "sendMessageDraft",
        "sendPhoto",
        "sendDocument",
        "sendChatAction",
        "editMessageText",
        "editMessageReplyMarkup",
        "deleteMessage",
    }
)
"""The methods that count for the flood limits."""


@dataclass
class Call:
    """One request that arrived."""

    method: str
    at: float
    chat: int | None
    parameters: Parameters = field(repr=False)
    failed: str | None = None


Fault = Callable[[str, Parameters], str | None]
"""Names what goes wrong with a call: drop_before, drop_after, 401, 500, 502, 429, hang; None for nothing."""


class BotApi:
    """The server; `world` is what it serves."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.calls: list[Call] = []
        self.fault: Fault = lambda method, parameters: None
        self.url = ""
        self.webhook: dict[str, Any] | None = None
        self.webhook_refusals = 0
        self._methods = Methods(self.world)
        self._polls = 0
        self._closing = False
        self._pushing: asyncio.Task[None] | None = None
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_post("/bot{token}/{method}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        self.world.tell()
        if self._pushing is not None:
            self._pushing.cancel()
            with suppress(asyncio.CancelledError):
                await self._pushing
        if self._runner is not None:
            await self._runner.cleanup()

    def conflict(self) -> None:
        """Let another poller come and take the place of the one that waits."""
        self._polls += 1
        self.world.tell()

    def counted(self, chat: int | None = None) -> list[Call]:
        """The calls that count for the flood limits, of one chat or of all."""
        return [each for each in self.calls if each.method in COUNTED and chat in (None, each.chat)]

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        if request.match_info["token"] != TOKEN:
            return _failed(ApiError(401, "Unauthorized"))
        parameters = await _parameters(request)
        chat = str(parameters.get("chat_id", ""))
        call = Call(method, time.monotonic(), int(chat) if chat.lstrip("-").isdigit() else None, parameters)
        self.calls.append(call)
        call.failed = self.fault(method, parameters)
        self.world.tell()
        if call.failed in ("hang", "drop_before"):
            return await self._vanish(request, hang=call.failed == "hang")
        if call.failed == "429":
            return _failed(ApiError(429, "Too Many Requests: retry after 1", retry_after=1))
        if call.failed == "401":
            return _failed(ApiError(401, "Unauthorized"))
        if call.failed == "500":
            return _failed(ApiError(500, "Internal Server Error"))
        if call.failed == "502":
            return web.Response(
                status=502, text="<html><h1>502 Bad Gateway</h1></html>", content_type="text/html"
            )
        try:
            answer = _worked(await self._run(method, parameters))
        except ApiError as error:
            call.failed = call.failed or f"{error.status}"
            answer = _failed(error)
        self.world.tell()
        if call.failed == "drop_after":
            return await self._vanish(request, hang=False)
        return answer

    async def _vanish(self, request: web.Request, *, hang: bool) -> web.Response:
        """Let the connection end without an answer, at once or never."""
        if hang:
            await asyncio.Event().wait()
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    async def _run(self, method: str, parameters: Parameters) -> Any:
        match method:
            case "getUpdates":
                return await self._get_updates(parameters)
            case "setWebhook":
                return self._set_webhook(parameters)
            case "deleteWebhook":
                return self._delete_webhook(parameters)
            case _:
                return self._methods.run(method, parameters)

    async def _get_updates(self, parameters: Parameters) -> list[dict[str, Any]]:
        if self.webhook is not None:
            raise ApiError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        self._polls += 1
        mine = self._polls
        self.world.tell()
        offset = int(parameters["offset"]) if "offset" in parameters else None
        until = time.monotonic() + float(parameters.get("timeout", 0))
        if "allowed_updates" in parameters:
            self.world.allowed = set(json.loads(parameters["allowed_updates"]))
        while True:
            if mine != self._polls:
                raise ApiError(
                    409,
                    "Conflict: terminated by other getUpdates request; "
                    "make sure that only one bot instance is running",
                )
            pending = self.world.pending(offset, int(parameters.get("limit", 100)))
            if pending or self._closing or time.monotonic() >= until:
                return pending
            with suppress(TimeoutError):
                await asyncio.wait_for(self.world.news.wait(), until - time.monotonic())

    def _set_webhook(self, parameters: Parameters) -> bool:
        if not parameters.get("url", "").startswith("http"):
            raise ApiError(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        secret = parameters.get("secret_token")
        if secret is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
            raise ApiError(400, "Bad Request: secret token contains illegal characters")
        self.webhook = parameters
        self.world.tell()
        self.world.allowed = set(json.loads(parameters["allowed_updates"]))
        self._drop_pending(parameters)
        if self._pushing is None:
            self._pushing = asyncio.get_running_loop().create_task(self._push())
        return True

    def _delete_webhook(self, parameters: Parameters) -> bool:
        self.webhook = None
        self._drop_pending(parameters)
        return True

    def _drop_pending(self, parameters: Parameters) -> None:
        if parameters.get("drop_pending_updates") == "true":
            self.world.updates.clear()

    async def _push(self) -> None:
        """Bring updates to the webhook, in order, each until it is taken."""
        async with ClientSession() as session:
            while True:
                if self.webhook is None or not self.world.updates:
                    await self.world.news.wait()
                    continue
                update, headers = self.world.updates[0], {}
                if "secret_token" in self.webhook:
                    headers["X-Telegram-Bot-Api-Secret-Token"] = self.webhook["secret_token"]
                try:
                    async with session.post(self.webhook["url"], json=update, headers=headers) as answer:
                        taken = answer.status < 300
                except ClientError:
                    taken = False
                if taken:
                    self.world.updates.remove(update)
                    self.world.tell()
                else:
                    self.webhook_refusals += 1
                    await asyncio.sleep(_BRING_AGAIN_AFTER)


async def _parameters(request: web.Request) -> Parameters:
    parameters: Parameters = {}
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            parameters[name] = value.file.read()
            parameters[f"filename of {name}"] = value.filename
        elif isinstance(value, str):
            parameters[name] = value
        else:
            parameters[name] = bytes(value)
    return parameters


def _worked(result: Any) -> web.Response:
    return web.json_response({"ok": True, "result": result})


def _failed(error: ApiError) -> web.Response:
    answer: dict[str, Any] = {"ok": False, "error_code": error.status, "description": error.description}
    if error.parameters:
        answer["parameters"] = error.parameters
    return web.json_response(answer, status=error.status)
