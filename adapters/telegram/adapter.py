"""Telegram as a platform: everything that waits for it, wired together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog
from aiogram import Bot
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramNotFound,
    TelegramUnauthorizedError,
)
from aiogram.methods import GetMe
from aiogram.utils.token import TokenValidationError

from adapters.telegram.calls import Calls, until_done
from adapters.telegram.gate import Gate, Limits
from adapters.telegram.house import House
from adapters.telegram.introduction import introduction
from adapters.telegram.listening import Listening
from adapters.telegram.polling import POLL_SECONDS, QUIET_SECONDS, Polling
from adapters.telegram.posting import Posting
from adapters.telegram.previews import Previews, Rhythm
from adapters.telegram.render import split
from adapters.telegram.session import Session
from adapters.telegram.updates import PLATFORM, Me
from adapters.telegram.webhook import Webhook
from bot.accounts.linking import fact_of_bot
from bot.clock import Clock, system_clock
from bot.dispatch.tasks import Tasks
from bot.errors import SettingsError, TryLater
from bot.messages import ChatAddress, Delivery, LastingReply, PassingReply

_log = structlog.get_logger(__name__)

_MENUS = "telegram menus of operators"

WRONG_TOKEN = (
    "TELEGRAM_TOKEN is not a token that Telegram knows: take the one that @BotFather shows for your bot."  # noqa: S105
)
TELEGRAMS_LIMITS = Limits()
USUAL_RHYTHM = Rhythm()

_STOPPED_SECONDS = 60.0
"""How long a piece waits when the token is wrong; it leaves after a start with another one."""


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach Telegram; with `webhook_url` it brings updates to `webhook_port`, else it is asked for them."""

    token: str = field(repr=False)
    api_url: str | None = None
    api_local: bool = False
    webhook_url: str | None = None
    webhook_secret: str | None = field(default=None, repr=False)
    webhook_port: int = 8080
    poll_seconds: int = POLL_SECONDS
    quiet_seconds: float = QUIET_SECONDS


class TelegramAdapter:
    """Carries replies to Telegram and, while `run` runs, what people do there to the house.

    Raises `SettingsError` when the token cannot be one.
    """

    platform = PLATFORM

    def __init__(
        self,
        connection: Connection,
        house: House,
        clock: Clock = system_clock,
        limits: Limits = TELEGRAMS_LIMITS,
        rhythm: Rhythm = USUAL_RHYTHM,
    ) -> None:
        self._connection = connection
        self._bot = self._new_bot()
        self._house = house
        self._gate = Gate(limits)
        self._calls = calls = Calls(self._bot, self._gate)
        self._previews = Previews(calls, house, rhythm)
        self._posting = Posting(calls, self._previews)
        self._listening = Listening(calls, self._previews, house, clock)
        self._tasks = Tasks()
        self._slots: set[ChatAddress] = set()
        self._stopped = False

    def split(self, reply: LastingReply) -> Sequence[LastingReply]:
        """Pieces of at most 4096 units; what would need more than five becomes a file."""
        return split(reply)

    async def ready(self, address: ChatAddress) -> None:
        """Wait at the gate and take a slot for the next piece."""
        if address not in self._slots and not self._stopped:
            await self._gate.wait(address.chat)
            self._slots.add(address)

    async def deliver(self, delivery: Delivery) -> str:
        """Send one piece; the receipt is `chat:number of the message`. Raises what `bot.messages.Adapter` says."""
        if self._stopped:
            raise TryLater(_STOPPED_SECONDS)
        await self.ready(delivery.address)
        self._slots.discard(delivery.address)
        return await self._posting.post(delivery)

    async def show(self, address: ChatAddress, reply: PassingReply) -> None:
        """Take in something passing; it is drawn when there is a slot."""
        self._previews.show(address, reply)

    async def run(self) -> None:
        """Listen until cancelled; raises `SettingsError` with one sentence when the token is wrong."""
        try:
            await self._meet()
            self._tasks.start(self._introduce(), "introduction to telegram")
            await self._previews.recover()
            await self._listen()
        except (TelegramUnauthorizedError, TelegramNotFound) as error:
            self._stopped = True
            raise SettingsError(WRONG_TOKEN) from error
        finally:
            await self._previews.close()

    async def close(self) -> None:
        """End what is shown and hang up."""
        await self._tasks.close()
        await self._listening.close()
        await self._previews.close()
        await self._bot.session.close()

    async def _listen(self) -> None:
        """Let updates in until the token turns out to be revoked, which may show first when something is sent."""
        entrance = asyncio.ensure_future(self._entrance().run())
        refused = asyncio.ensure_future(self._calls.unauthorized.wait())
        try:
            await asyncio.wait((entrance, refused), return_when=asyncio.FIRST_COMPLETED)
            if entrance.done():
                return await entrance
        finally:
            entrance.cancel()
            refused.cancel()
            await asyncio.gather(entrance, refused, return_exceptions=True)
        self._stopped = True
        raise SettingsError(WRONG_TOKEN)

    def _entrance(self) -> Polling | Webhook:
        listening, connection = self._listening, self._connection
        if connection.webhook_url is None:
            return Polling(
                self._new_bot(),
                listening.take_surely,
                poll_seconds=connection.poll_seconds,
                quiet_seconds=connection.quiet_seconds,
            )
        return Webhook(
            self._bot,
            listening.take,
            connection.webhook_url,
            connection.webhook_secret,
            connection.webhook_port,
        )

    def _new_bot(self) -> Bot:
        connection, server = self._connection, PRODUCTION
        if connection.api_url is not None:
            server = TelegramAPIServer.from_base(connection.api_url, is_local=connection.api_local)
        try:
            return Bot(connection.token, session=Session(api=server))
        except TokenValidationError as error:
            raise SettingsError(WRONG_TOKEN) from error

    async def _meet(self) -> None:
        """Learn who we are; without it nobody could mention us."""
        user = await until_done(self._bot, GetMe())
        commands = frozenset(self._house.commands())
        operators = {user: frozenset(own) for user, own in self._house.operators_on(PLATFORM).items()}
        self._listening.me = Me(user.id, (user.username or "").lower(), commands, operators)
        await self._house.note(fact_of_bot(PLATFORM), {"name": user.username or ""})
        _log.info("telegram is here", username=user.username)

    async def _introduce(self) -> None:
        """Present ourselves; a call that Telegram refuses is left out."""
        house = self._house
        operators = {int(user): own for user, own in house.operators_on(PLATFORM).items() if user.isdigit()}
        former = {int(user) for user in (await house.recall(_MENUS)).get("users", ())} - set(operators)
        # Noted before Telegram is told: a menu too many to take back is harmless, one too few would stay.
        await house.note(_MENUS, {"users": sorted(former | set(operators))})
        complete = True
        for call in introduction(house.commands(), house.commands(private=False), operators, former):
            try:
                await self._bot(call)
            except (TelegramAPIError, ClientDecodeError) as error:
                complete = False
                _log.warning("introduction incomplete", method=type(call).__name__, error=str(error))
        if complete and former:
            await house.note(_MENUS, {"users": sorted(operators)})
