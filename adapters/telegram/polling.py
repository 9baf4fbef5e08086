"""Long polling: raw updates are fetched and taken one by one, and the offset moves only behind what is written down."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramConflictError,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import DeleteWebhook, TelegramMethod

from adapters.telegram.calls import until_done

_log = structlog.get_logger(__name__)

POLL_SECONDS = 30
QUIET_SECONDS = 120.0
"""How long a request may wait for news, and after how long without any answer the connection is made anew."""

WANTED = (
    "message",
    "edited_message",
    "channel_post",
    "callback_query",
    "message_reaction",
    "stopped_message_generation",
)
"""The kinds of updates that Telegram is asked for."""

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0
_UPDATE_ID = re.compile(r'"update_id"\s*:\s*(\d{1,18})\b')

Take = Callable[[Any], Awaitable[None]]
"""Takes one raw update; returns when it is written down or can be left out."""


class GetRawUpdates(TelegramMethod[list[Any]]):
    """getUpdates whose result is not decoded, since one unknown update would make all of them fail."""

    __returning__ = list[Any]
    __api_method__ = "getUpdates"

    offset: int | None = None
    limit: int | None = None
    timeout: int | None = None
    allowed_updates: list[str] | None = None


class Polling:
    """Asks for updates with a connection of its own, which can be made anew without disturbing what goes out."""

    def __init__(
        self, bot: Bot, take: Take, *, poll_seconds: int = POLL_SECONDS, quiet_seconds: float = QUIET_SECONDS
    ) -> None:
        self._bot = bot
        self._take = take
        self._poll_seconds = poll_seconds
        self._quiet_seconds = quiet_seconds
        self._offset: int | None = None
        self._pause = _FIRST_PAUSE

    async def run(self) -> None:
        """Poll until cancelled; raises `TelegramUnauthorizedError` when the token is not valid any more."""
        try:
            # A webhook of an earlier setting would keep every update from us; what waits there stays.
            await until_done(self._bot, DeleteWebhook(drop_pending_updates=False))
            await self._poll()
        finally:
            await self._bot.session.close()

    async def _poll(self) -> None:
        while True:
            updates = await self._fetch()
            if updates is None:
                await asyncio.sleep(self._pause)
                self._pause = min(self._pause * 2, _LONGEST_PAUSE)
                continue
            self._pause = _FIRST_PAUSE
            if not await self._take_all(updates):
                await asyncio.sleep(_FIRST_PAUSE)

    async def _take_all(self, updates: list[Any]) -> bool:
        """Take each update and move on behind it; False when there was no number to move to."""
        before = self._offset
        for raw in updates:
            await self._take(raw)
            number = raw.get("update_id") if isinstance(raw, dict) else None
            if type(number) is int:
                self._offset = number + 1
        return not updates or self._offset != before

    async def _fetch(self) -> list[Any] | None:
        """The next updates; None when there was no answer and it must be asked again after a pause."""
        try:
            async with asyncio.timeout(self._quiet_seconds):
                return await self._ask(limit=None)
        except TimeoutError:
            _log.warning("polling has gone quiet; connecting anew", seconds=self._quiet_seconds)
            await self._bot.session.close()
        except TelegramUnauthorizedError:
            raise
        except TelegramConflictError as error:
            _log.error(
                "another program is receiving for this TELEGRAM_TOKEN; messages are shared with it until it ends",
                error=error.message,
            )
            self._pause = max(self._pause, 3.0)
        except TelegramRetryAfter as error:
            self._pause = max(self._pause, float(error.retry_after))
        except TelegramAPIError as error:
            _log.warning("polling failed", error=str(error))
        except ClientDecodeError as error:
            _log.warning("polling was answered with nonsense", error=str(error.original)[:200])
            await self._step_over()
        return None

    async def _ask(self, limit: int | None) -> list[Any]:
        method = GetRawUpdates(
            offset=self._offset, limit=limit, timeout=self._poll_seconds, allowed_updates=list(WANTED)
        )
        return await self._bot(method, request_timeout=self._poll_seconds + 15)

    async def _step_over(self) -> None:
        """Leave out the next update, if it alone is what makes the answer no JSON."""
        try:
            async with asyncio.timeout(self._quiet_seconds):
                await self._take_all(await self._ask(limit=1))
        except ClientDecodeError as error:
            found = _UPDATE_ID.search(error.data) if isinstance(error.data, str) else None
            if found is not None:
                self._offset = int(found[1]) + 1
                _log.error("update left out, it is no JSON", update=found[1])
        except (TelegramAPIError, TimeoutError) as error:
            _log.info("polling failed again", error=str(error))
