"""The webhook: Telegram brings updates to us, and hears "yes" only when they are written down."""

from __future__ import annotations

import asyncio
import json
import secrets
from typing import Any
from urllib.parse import urlsplit

import structlog
from aiogram import Bot, Dispatcher
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import SetWebhook
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web

from adapters.telegram.calls import until_done
from adapters.telegram.polling import WANTED, Take
from bot.errors import SettingsError

_log = structlog.get_logger(__name__)

_UNRESOLVED_SECONDS = 30.0


class Entrance(SimpleRequestHandler):
    """aiogram's request handler, but each update is taken raw and answered after the commit."""

    def __init__(self, bot: Bot, secret: str, take: Take) -> None:
        # aiogram's own dispatcher stays empty: everything goes through `take`.
        super().__init__(Dispatcher(), bot, handle_in_background=False, secret_token=secret)
        self._take = take

    def verify_secret(self, telegram_secret_token: str, bot: Bot) -> bool:  # noqa: ARG002
        """Compare as bytes, since a header may hold anything."""
        given = telegram_secret_token.encode("utf-8", "replace")
        return secrets.compare_digest(given, str(self.secret_token).encode())

    async def handle(self, request: web.Request) -> web.Response:
        """Take one update; any error on the way becomes a 500, after which Telegram brings it again."""
        if not self.verify_secret(request.headers.get("X-Telegram-Bot-Api-Secret-Token", ""), self.bot):
            return web.Response(status=401, text="Unauthorized")
        try:
            raw: Any = json.loads(await request.text())
        except (ValueError, RecursionError) as error:
            _log.warning("webhook was brought nonsense", error=str(error)[:200])
            return web.Response()
        await self._take(raw)
        return web.Response()


class Webhook:
    """Serves the address that `TELEGRAM_WEBHOOK_URL` names and registers it with Telegram."""

    def __init__(self, bot: Bot, take: Take, url: str, secret: str | None, port: int) -> None:
        self._bot = bot
        self._take = take
        self._url = url
        self._secret = secret or secrets.token_urlsafe(32)
        self._port = port

    async def run(self) -> None:
        """Serve until cancelled; the registration stays, so that Telegram keeps what comes meanwhile.

        Raises `SettingsError` when the port is taken or Telegram does not take the address,
        `TelegramUnauthorizedError` for a wrong token.
        """
        app = web.Application()
        entrance = Entrance(self._bot, self._secret, self._take)
        app.router.add_post(urlsplit(self._url).path or "/", entrance.handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await self._listen(runner)
            await self._register()
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()

    async def _listen(self, runner: web.AppRunner) -> None:
        try:
            await web.TCPSite(runner, "0.0.0.0", self._port).start()  # noqa: S104
        except OSError as error:
            raise SettingsError(
                f"TELEGRAM_WEBHOOK_PORT is {self._port}, which cannot be opened: {error.strerror}."
            ) from error

    async def _register(self) -> None:
        method = SetWebhook(
            url=self._url,
            secret_token=self._secret,
            allowed_updates=list(WANTED),
            drop_pending_updates=False,
        )
        while True:
            try:
                await until_done(self._bot, method)
                return
            except TelegramBadRequest as error:
                if "resolve" not in error.message:
                    raise SettingsError(
                        f"TELEGRAM_WEBHOOK_URL is not an address that Telegram takes: {error.message}."
                    ) from error
                _log.warning("telegram does not find the webhook's address", error=error.message)
            await asyncio.sleep(_UNRESOLVED_SECONDS)
