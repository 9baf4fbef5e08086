"""Calls to Discord's REST API, and what its errors mean for whoever waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from io import BytesIO
from typing import Any, TypeVar

import aiohttp
import discord
import structlog
from discord.http import MultipartParameters, handle_message_parameters
from discord.webhook.async_ import AsyncWebhookAdapter

from adapters.discord.buttons import components
from adapters.discord.connection import Line
from adapters.discord.interactions import Known
from adapters.discord.render import Drawn
from bot.errors import ChatGone, DeliveryFailed, TryLater

_log = structlog.get_logger(__name__)

LASTING_SECONDS = 60
PASSING_SECONDS = 4
"""How long a call may take, with what discord.py waits in it: a lasting one, and a passing one, which holds that up."""

_AWAY_SECONDS = 5.0
_REFUSED_SECONDS = 60.0

Result = TypeVar("Result")


class NoSuchMessage(Exception):
    """The message that was to be changed is not there, or cannot be changed any more."""


class TokenDead(Exception):
    """Nothing more can be said through this interaction."""


class NotAllowed(Exception):
    """Discord does not let us do this there; which permissions are missing it does not tell."""


class Archived(Exception):
    """The thread is archived and must be opened again first."""


class ThreadExists(Exception):
    """A thread was begun at this message before."""


_ALREADY_ACKNOWLEDGED, _UNKNOWN_INTERACTION = 40060, 10062

# Discord's JSON error codes, and what is left of the statuses.
_BY_CODE: dict[int, type[Exception]] = {
    10003: ChatGone,
    10004: ChatGone,
    10008: NoSuchMessage,
    10015: TokenDead,
    _UNKNOWN_INTERACTION: TokenDead,
    30046: NoSuchMessage,
    40005: DeliveryFailed,
    50001: NotAllowed,
    50005: NoSuchMessage,
    50007: ChatGone,
    50013: NotAllowed,
    50027: TokenDead,
    50083: Archived,
    160004: ThreadExists,
    160005: ChatGone,
}
_BY_STATUS: dict[int, type[Exception]] = {
    400: DeliveryFailed,
    403: ChatGone,
    404: DeliveryFailed,
    413: DeliveryFailed,
}


class Calls:
    """The wire to Discord; discord.py keeps to the rate limits and waits them out."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._webhooks = AsyncWebhookAdapter()  # type: ignore[no-untyped-call]
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Hang up."""
        if self._session is not None:
            await self._session.close()

    @property
    def me(self) -> int:
        """Our user id; raises `ConnectionError` before Discord was reached."""
        user = self._line.wire.user
        if user is None:
            raise ConnectionError("Discord has not told who we are.")
        return user.id

    async def send(self, channel: int, drawn: Drawn, nonce: str, answers: int | None = None) -> int:
        """Send a message; with a nonce of the last minutes it is not sent again. Returns its id."""
        reference: Any = discord.utils.MISSING
        if answers is not None:
            reference = {"message_id": str(answers), "fail_if_not_exists": False}
        with _parameters(drawn, nonce=nonce, message_reference=reference) as parameters:
            sent = await _lasting(self._line.wire.http.send_message(channel, params=parameters))
        return int(sent["id"])

    async def edit(self, channel: int, message: int, drawn: Drawn) -> None:
        """Change a message of ours."""
        with _parameters(drawn) as parameters:
            await _lasting(self._line.wire.http.edit_message(channel, message, params=parameters))

    async def fill(self, known: Known, drawn: Drawn) -> int:
        """Change an interaction's own message, which for a press is the one with the button; returns its id."""
        with _parameters(drawn) as parameters:
            sent = await _lasting(
                self._webhooks.edit_original_interaction_response(
                    self._application,
                    known.token,
                    session=self._web(),
                    payload=parameters.payload,
                    multipart=parameters.multipart,
                    files=parameters.files,
                )
            )
        return int(sent["id"])

    async def follow(self, known: Known, drawn: Drawn) -> int:
        """Say something further to an interaction; Discord knows no nonce there, so it may come twice."""
        with _parameters(drawn, ephemeral=known.ephemeral) as parameters:
            sent = await _lasting(
                self._webhooks.execute_webhook(
                    self._application,
                    known.token,
                    session=self._web(),
                    payload=parameters.payload,
                    multipart=parameters.multipart,
                    files=parameters.files,
                    wait=True,
                )
            )
        return 0 if sent is None else int(sent["id"])

    async def original(self, known: Known) -> dict[str, Any]:
        """An interaction's own message, as Discord tells it."""
        told = await _lasting(
            self._webhooks.get_original_interaction_response(
                self._application, known.token, session=self._web()
            )
        )
        return dict(told)

    async def remove_original(self, known: Known) -> None:
        """Take an interaction's own message away, since nothing fills it."""
        await self.quietly(
            self._webhooks.delete_original_interaction_response(
                self._application, known.token, session=self._web()
            )
        )

    async def take_buttons_away(self, known: Known) -> None:
        """Leave the message whose button was pressed without buttons."""
        await self.quietly(
            self._webhooks.edit_original_interaction_response(
                self._application, known.token, session=self._web(), payload={"components": []}
            )
        )

    async def remove(self, channel: int, message: int) -> None:
        """Delete a message of ours, if it can be."""
        await self.quietly(self._line.wire.http.delete_message(channel, message))

    async def typing(self, channel: int) -> None:
        """Show that we are at it, for ten seconds."""
        await self.quietly(self._line.wire.http.send_typing(channel))

    async def history(self, channel: int, after: int, limit: int = 100) -> list[dict[str, Any]]:
        """The messages behind an id as Discord tells them, the oldest first."""
        told = await _lasting(self._line.wire.http.logs_from(channel, limit, after=after))
        return sorted((dict(each) for each in told), key=lambda each: int(each["id"]))

    async def open_again(self, thread: int) -> None:
        """Take a thread out of the archive."""
        await _lasting(self._line.wire.http.edit_channel(thread, archived=False))

    async def begin_thread(self, channel: int, message: int, name: str, user: int) -> int:
        """Begin a thread at a message of ours and let somebody in; returns its id, which is the message's."""
        http = self._line.wire.http
        with suppress(ThreadExists):
            await _lasting(
                http.start_thread_with_message(channel, message, name=name, auto_archive_duration=10080)
            )
        await self.quietly(http.add_user_to_thread(message, user))
        return message

    async def quietly(self, call: Awaitable[Result]) -> Result | None:
        """Make a call whose failure is only written down."""
        try:
            async with asyncio.timeout(PASSING_SECONDS):
                return await call
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            _log.info("call without effect", error=str(error)[:300])
            return None

    @property
    def _application(self) -> int:
        application = self._line.wire.application_id
        if application is None:
            raise ConnectionError("Discord has not told who we are.")
        return application

    def _web(self) -> aiohttp.ClientSession:
        """A session that never lets discord.py repeat what may have had its effect: there is no nonce here."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                raise_for_status=_raise_for_fault, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session


async def acknowledge(call: Awaitable[Any]) -> Any:
    """Answer an interaction for the first time, within a second or two.

    Raises `TokenDead` when it is too late, aiohttp's or discord.py's error when it may have worked.
    """
    try:
        async with asyncio.timeout(PASSING_SECONDS):
            return await call
    except discord.HTTPException as error:
        if error.code == _ALREADY_ACKNOWLEDGED:
            return None
        if error.code == _UNKNOWN_INTERACTION or error.status == 404:
            raise TokenDead(str(error)) from error
        raise


def meaning(error: Exception) -> Exception | None:
    """What an error says; None for one that leaves open whether the call had its effect."""
    match error:
        case discord.RateLimited():
            return TryLater(error.retry_after)
        case discord.DiscordServerError():
            return None
        case discord.HTTPException():
            return _refusal(error)
        case aiohttp.ClientConnectorError():
            return TryLater(_AWAY_SECONDS)
    return None


def _refusal(error: discord.HTTPException) -> Exception | None:
    said = f"{error.text or error.status} ({error.code})"
    kind = _BY_CODE.get(error.code) or _BY_STATUS.get(error.status)
    if kind is not None:
        return kind(said)
    if error.status == 429:
        return TryLater(_seconds(error))
    return TryLater(_REFUSED_SECONDS) if error.status == 401 else None


def _seconds(error: discord.HTTPException) -> float:
    with suppress(ValueError):
        return max(1.0, float(error.response.headers.get("Retry-After", "")))
    return _REFUSED_SECONDS


async def _lasting(call: Awaitable[Result]) -> Result:
    """Make a call; raises what its error means, or the error itself when it may have had its effect."""
    try:
        async with asyncio.timeout(LASTING_SECONDS):
            return await call
    except (discord.DiscordException, aiohttp.ClientError) as error:
        meant = meaning(error)
        if meant is None:
            raise
        raise meant from error


async def _raise_for_fault(response: aiohttp.ClientResponse) -> None:
    if response.status >= 500:
        response.raise_for_status()


def _parameters(drawn: Drawn, *, ephemeral: bool = False, **further: Any) -> MultipartParameters:
    """A message whole, so that it is the same whether it is sent or takes the place of another."""
    flags = discord.MessageFlags(ephemeral=ephemeral, suppress_embeds=drawn.embed is None)
    files: Sequence[discord.File] = ()
    if drawn.file is not None:
        name, content = drawn.file
        files = (discord.File(BytesIO(content), name),)
    return handle_message_parameters(
        content=drawn.text or None,
        embeds=[] if drawn.embed is None else [drawn.embed],
        attachments=files,
        view=components(drawn.buttons),
        flags=flags,
        allowed_mentions=discord.AllowedMentions.none(),
        mention_author=False,
        **further,
    )
