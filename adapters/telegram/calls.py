"""Calls to the Bot API, and what its errors mean for whoever waits for them."""

from __future__ import annotations

import asyncio
import re
from typing import TypeVar

import structlog
from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import TelegramMethod
from aiohttp import ClientConnectorError

from adapters.telegram.gate import Gate
from bot.errors import ChatGone, ChatMoved, DeliveryFailed, TryLater

_log = structlog.get_logger(__name__)

LASTING_SECONDS = 30
UPLOAD_SECONDS = 120
PASSING_SECONDS = 4
"""How long a call may take: a lasting message, one with a file, and something passing, which holds up what lasts."""

_AWAY_SECONDS = 5.0
_REFUSED_SECONDS = 60.0
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0
_GONE = (
    "chat not found",
    "group chat was deactivated",
    "message thread not found",
    "topic_deleted",
    "topic_closed",
    "topic closed",
    "chat_write_forbidden",
    "not enough rights to send",
    "have no rights to send",
    "need administrator rights",
    "peer_id_invalid",
    "user is deactivated",
    "bot is not a member",
    "chat_restricted",
    "chat_send_plain_forbidden",
)
_NO_FILES = re.compile(
    r"(?:not enough|have no) rights to send (?!a? ?(?:text )?messages?\b)|chat_send_(?!plain)\w+_forbidden",
    re.ASCII,
)
"""Groups may forbid photos and files, and allow words all the same."""

_WITHOUT_EFFECT = ("message is not modified", "query is too old", "message to delete not found")
"""What Telegram answers when there was nothing left to be done."""

Result = TypeVar("Result")


class NotSoFormatted(Exception):
    """Telegram does not take this formatting; the same text without it may pass."""


class Unchanged(Exception):
    """The message shows already what it was to show."""


class NoSuchMessage(Exception):
    """The message that was to be changed is not there, or cannot be changed any more."""


class NotAsPhoto(Exception):
    """Telegram does not take this picture as a photo; as a file it may pass."""


class NoFilesHere(Exception):
    """This chat takes words, but no photos or files."""


class Calls:
    """The wire to Telegram; slots are taken at the gate before, and a 429 closes it."""

    def __init__(self, bot: Bot, gate: Gate) -> None:
        self._bot = bot
        self.gate = gate
        self.unauthorized = asyncio.Event()

    async def lasting(
        self, chat: str, method: TelegramMethod[Result], seconds: int = LASTING_SECONDS
    ) -> Result:
        """Make a call whose slot was taken.

        Raises `TryLater` when it surely had no effect and may be made again, `ChatGone`, `ChatMoved`,
        `DeliveryFailed`, one of this module's own, or `ConnectionError` when it may have had its effect.
        """
        try:
            return await self._bot(method, request_timeout=seconds)
        except ClientDecodeError as error:
            raise ConnectionError(f"{type(method).__name__}: no JSON, {error.original}") from error
        except TelegramAPIError as error:
            if isinstance(error, TelegramRetryAfter):
                self.gate.close(chat, error.retry_after)
            elif isinstance(error, TelegramUnauthorizedError):
                self.unauthorized.set()
            raise _meaning(error) or ConnectionError(f"{type(method).__name__}: {error}") from error
        finally:
            self.gate.arrived(chat)

    async def passing(self, chat: str, method: TelegramMethod[Result]) -> Result | None:
        """Make a call that may fail, in a slot of its own; None when there is none or the server asks to wait.

        Raises aiogram's error otherwise, so that the caller can tell what did not work.
        """
        if not await self.gate.take(chat):
            return None
        try:
            return await self._bot(method, request_timeout=PASSING_SECONDS)
        except TelegramRetryAfter as error:
            self.gate.close(chat, error.retry_after)
            return None
        finally:
            self.gate.arrived(chat)

    async def quietly(self, method: TelegramMethod[Result]) -> Result | None:
        """Make an uncounted call whose failure is only written down."""
        try:
            return await self._bot(method, request_timeout=PASSING_SECONDS)
        except (TelegramAPIError, ClientDecodeError) as error:
            said = str(error)
            if not any(sign in said.lower() for sign in _WITHOUT_EFFECT):
                _log.info("call without effect", method=type(method).__name__, error=said[:300])
            return None


def _meaning(error: TelegramAPIError) -> Exception | None:
    """What an error says; None for one that leaves open whether the call had its effect."""
    match error:
        case TelegramRetryAfter():
            return TryLater(error.retry_after)
        case TelegramMigrateToChat():
            return ChatMoved(str(error.migrate_to_chat_id))
        case TelegramForbiddenError():
            return (
                NoFilesHere(error.message)
                if _NO_FILES.search(error.message.lower())
                else ChatGone(error.message)
            )
        case TelegramBadRequest():
            return _bad_request(error.message)
        case TelegramUnauthorizedError() | TelegramNotFound():
            return TryLater(_REFUSED_SECONDS)
        case TelegramNetworkError() if isinstance(error.__cause__, ClientConnectorError):
            return TryLater(_AWAY_SECONDS)
    return None


def _bad_request(message: str) -> Exception:
    said = message.lower()
    if _NO_FILES.search(said):
        return NoFilesHere(message)
    if any(sign in said for sign in _GONE):
        return ChatGone(message)
    if "message is not modified" in said:
        return Unchanged(message)
    if (
        "message to edit not found" in said
        or "message can't be edited" in said
        or "message_id_invalid" in said
    ):
        return NoSuchMessage(message)
    if "entit" in said or "parse" in said:
        return NotSoFormatted(message)
    if "photo" in said or "image_process" in said:
        return NotAsPhoto(message)
    return DeliveryFailed(message)


async def until_done(bot: Bot, method: TelegramMethod[Result]) -> Result:
    """Make an uncounted call again and again while Telegram cannot be reached.

    Raises `TelegramUnauthorizedError` or `TelegramNotFound` for a wrong token, `TelegramBadRequest` for a call that
    will never be taken.
    """
    pause = _FIRST_PAUSE
    while True:
        try:
            return await bot(method)
        except (TelegramUnauthorizedError, TelegramNotFound, TelegramBadRequest):
            raise
        except (TelegramAPIError, ClientDecodeError) as error:
            _log.warning("telegram cannot be reached", method=type(method).__name__, error=str(error)[:300])
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)
