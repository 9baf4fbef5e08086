"""Answers while they are written: drafts in private chats, elsewhere one placeholder; both with a way to stop."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

import structlog
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNotFound,
)
from aiogram.methods import DeleteMessage, EditMessageText, SendMessage, SendMessageDraft
from aiogram.types import ReplyParameters

from adapters.pressing import StopButton
from adapters.telegram.buttons import keyboard
from adapters.telegram.calls import Calls
from adapters.telegram.house import House
from adapters.telegram.placeholders import Placeholder, Placeholders
from adapters.telegram.render import draw_passing, running_line
from adapters.telegram.updates import message_number
from bot.dispatch.tasks import Tasks
from bot.messages import ChatAddress, PassingReply, TextGrowing

_log = structlog.get_logger(__name__)

_NOTHING_YET = "…"
_STOP_BUTTON = keyboard([("Stop", StopButton())])


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often what is under way is drawn, in seconds.

    Until a wait is shown at all, between two drafts, between two edits, until an unchanged draft is sent again
    (Telegram shows one for 30), and between two looks at what there is.
    """

    first_after: float = 1.0
    draft_every: float = 1.5
    edit_every: float = 3.0
    draft_lives: float = 20.0
    look_every: float = 0.25


@dataclass(slots=True)
class _Showing:
    """What one chat thread is shown of the answer under way; times are the loop's."""

    began: float
    draft: int = field(default_factory=lambda: secrets.randbits(31) | 1)
    text: str = ""
    line: str = ""
    line_since: float = 0.0
    shown: str | None = None
    drawn_at: float = float("-inf")


class Previews:
    """Shows what is under way at a pace that leaves room for what lasts, and gives way to it."""

    def __init__(self, calls: Calls, house: House, rhythm: Rhythm) -> None:
        self._calls = calls
        self._rhythm = rhythm
        self._house = house
        self.placeholders = Placeholders(house)
        self._showings: dict[ChatAddress, _Showing] = {}
        self._asked: dict[ChatAddress, deque[str]] = {}
        # Weak, so that a lock is forgotten only when nobody holds it or waits for it.
        self._locks: WeakValueDictionary[ChatAddress, asyncio.Lock] = WeakValueDictionary()
        self._attended: set[ChatAddress] = set()
        self._tasks = Tasks()
        self._drafts = True
        self._closed = False
        self._without_drafts: set[str] = set()

    def expect(self, address: ChatAddress, incoming_id: str) -> None:
        """Something came in that will be answered."""
        self._asked.setdefault(address, deque(maxlen=20)).append(incoming_id)
        self._attend(address)

    def show(self, address: ChatAddress, reply: PassingReply) -> None:
        """Take in what is under way; it is drawn when there is a slot for it."""
        showing = self._showing(address)
        line = running_line(reply)
        if line != showing.line:
            showing.line, showing.line_since = line, asyncio.get_running_loop().time()
        if isinstance(reply, TextGrowing):
            showing.text = reply.so_far
        self._attend(address)

    def is_over(self, address: ChatAddress, draft: int) -> bool:
        """True when a draft is known not to be the one that is shown now."""
        showing = self._showings.get(address)
        return showing is not None and showing.draft != draft

    @asynccontextmanager
    async def giving_way(
        self, address: ChatAddress, answers: str | None
    ) -> AsyncIterator[Placeholder | None]:
        """While inside, nothing is drawn; gives the placeholder that the lasting message may become."""
        async with self._locks.setdefault(address, asyncio.Lock()):
            placeholder = await self.placeholders.get(address)
            if placeholder is not None and placeholder.doubtful:
                await self._remove(address, placeholder)
                placeholder = None
            yield placeholder
            self._showings.pop(address, None)
            self._answered(address, answers)

    async def recover(self) -> None:
        """After a start: placeholders of an earlier life become answers that are still to come, or go."""
        for address in await self.placeholders.all():
            self._attend(address)

    async def remove(self, address: ChatAddress) -> None:
        """Take the placeholder away, since what comes cannot take its place; inside `giving_way`."""
        placeholder = await self.placeholders.get(address)
        if placeholder is not None:
            await self._remove(address, placeholder)

    async def close(self) -> None:
        """Stop drawing; what lasts may still come."""
        self._closed = True
        await self._tasks.close()

    def _showing(self, address: ChatAddress) -> _Showing:
        return self._showings.setdefault(address, _Showing(began=asyncio.get_running_loop().time()))

    def _attend(self, address: ChatAddress) -> None:
        if address not in self._attended and not self._closed:
            self._attended.add(address)
            self._tasks.start(self._attendance(address), f"attendance {address}")

    async def _attendance(self, address: ChatAddress) -> None:
        """Draw what is under way in one chat thread until everything there is answered."""
        answered = self._tasks.start(self._house.answered(address), f"answered {address}")
        try:
            while not answered.done():
                await asyncio.wait((answered,), timeout=self._rhythm.look_every)
                if not answered.done():
                    await self._draw(address)
        finally:
            self._attended.discard(address)
            answered.cancel()
        async with self._locks.setdefault(address, asyncio.Lock()):
            placeholder = await self.placeholders.get(address)
            if placeholder is not None and placeholder.piece is None:
                await self._remove(address, placeholder)
            if address not in self._attended:
                self._showings.pop(address, None)
                self._asked.pop(address, None)

    async def _draw(self, address: ChatAddress) -> None:
        async with self._locks.setdefault(address, asyncio.Lock()):
            showing, now = self._showing(address), asyncio.get_running_loop().time()
            # What runs for long without news of its own shows by its seconds that it is alive.
            body = draw_passing(showing.text, showing.line, now - showing.line_since)
            as_draft = self._takes_drafts(address)
            age, rhythm = now - showing.drawn_at, self._rhythm
            every = rhythm.draft_every if as_draft else rhythm.edit_every
            if now - showing.began < rhythm.first_after or age < every:
                return
            if body == showing.shown and not (as_draft and age > rhythm.draft_lives):
                return
            try:
                await (self._draw_draft if as_draft else self._draw_placeholder)(address, showing, body)
            except (TelegramAPIError, ClientDecodeError) as error:
                showing.drawn_at = now
                _log.info("preview lost", address=str(address), error=str(error))

    def _takes_drafts(self, address: ChatAddress) -> bool:
        return self._drafts and not address.chat.startswith("-") and address.chat not in self._without_drafts

    async def _draw_draft(self, address: ChatAddress, showing: _Showing, body: str) -> None:
        draft = SendMessageDraft(
            chat_id=int(address.chat),
            message_thread_id=topic(address),
            draft_id=showing.draft,
            text=body,
            parse_mode=None,
            can_stop=True,
            keep_on_stop=True,
        )
        try:
            done = await self._calls.passing(address.chat, draft)
        except TelegramNotFound:
            self._drafts = False
            _log.info("this server knows no drafts; answers are edited instead")
            return
        except TelegramBadRequest as error:
            self._without_drafts.add(address.chat)
            _log.info("no drafts here", address=str(address), error=str(error))
            return
        if done is not None:
            _drawn(showing, body)

    async def _draw_placeholder(self, address: ChatAddress, showing: _Showing, body: str) -> None:
        placeholder = await self.placeholders.get(address)
        if placeholder is None:
            await self._post_placeholder(address, showing)
            return
        if placeholder.piece is not None or placeholder.doubtful:
            return
        edit = EditMessageText(
            chat_id=address.chat,
            message_id=placeholder.message,
            text=body,
            parse_mode=None,
            reply_markup=_STOP_BUTTON,
        )
        try:
            if await self._calls.passing(address.chat, edit) is not None:
                _drawn(showing, body)
        except (TelegramBadRequest, TelegramForbiddenError) as error:
            if "not modified" not in error.message:
                await self.placeholders.forget(address)
            _drawn(showing, body)
        except (TelegramAPIError, ClientDecodeError):
            await self.placeholders.doubt(address)
            raise

    async def _post_placeholder(self, address: ChatAddress, showing: _Showing) -> None:
        """Post it without a word of the answer: until it is noted, a crash would leave it behind."""
        asked = self._asked.get(address)
        number = message_number(asked[0]) if asked else None
        post = SendMessage(
            chat_id=address.chat,
            message_thread_id=topic(address),
            text=_NOTHING_YET,
            parse_mode=None,
            disable_notification=True,
            reply_markup=_STOP_BUTTON,
            reply_parameters=reply_to(number) if address.chat.startswith("-") else None,
        )
        message = await self._calls.passing(address.chat, post)
        if message is not None:
            await self.placeholders.put(address, Placeholder(message.message_id))
            _drawn(showing, _NOTHING_YET)

    async def _remove(self, address: ChatAddress, placeholder: Placeholder) -> None:
        await self._calls.gate.wait(address.chat)
        await self._calls.quietly(DeleteMessage(chat_id=address.chat, message_id=placeholder.message))
        await self.placeholders.forget(address)

    def _answered(self, address: ChatAddress, answers: str | None) -> None:
        """What came before the answered message is answered too, since answers keep the order."""
        asked = self._asked.get(address)
        if asked is not None and answers in asked:
            while asked.popleft() != answers:
                pass


def _drawn(showing: _Showing, body: str) -> None:
    showing.shown, showing.drawn_at = body, asyncio.get_running_loop().time()


def topic(address: ChatAddress) -> int | None:
    """The topic to send to; none for a chat's main thread."""
    return int(address.thread) if address.thread else None


def reply_to(number: int | None) -> ReplyParameters | None:
    """The message to answer, as a parameter; the answer comes also when that message is gone."""
    return None if number is None else ReplyParameters(message_id=number, allow_sending_without_reply=True)
