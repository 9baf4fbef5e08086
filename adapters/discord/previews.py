"""Answers while they are written: one message of a channel, or the "thinking" one of a command, with a way to stop."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from weakref import WeakValueDictionary

import aiohttp
import discord
import structlog

from adapters.discord.buttons import STOP
from adapters.discord.calls import PASSING_SECONDS, Calls, NoSuchMessage, TokenDead
from adapters.discord.formatting import EMPTY
from adapters.discord.house import House
from adapters.discord.interactions import Interactions, Known
from adapters.discord.placeholders import Placeholder, Placeholders
from adapters.discord.render import Drawn, draw_passing, running_line
from adapters.discord.updates import interaction_number, message_number
from bot.dispatch.tasks import Tasks
from bot.errors import DeliveryError
from bot.messages import ChatAddress, PassingReply, TextGrowing

_log = structlog.get_logger(__name__)

FIRST_AFTER = 1.0
EDIT_EVERY = 1.5
TYPING_EVERY = 8.0
"""Seconds: until a wait is shown at all, between two edits, and between two signs of typing (each lasts ten)."""

_LOOK_EVERY = 0.25
_CALLS_FAIL = (
    discord.DiscordException,
    aiohttp.ClientError,
    OSError,
    DeliveryError,
    NoSuchMessage,
    TokenDead,
)
# A thing in `_CALLS_FAIL` that surely had no effect leaves nothing that may arrive late.
_SURELY = (DeliveryError, NoSuchMessage, TokenDead)


@dataclass(slots=True)
class _Showing:
    """What one chat thread is shown of the answer under way; times are the loop's."""

    began: float
    text: str = ""
    line: str = ""
    shown: str | None = None
    drawn_at: float = float("-inf")
    typed_at: float = float("-inf")


class Previews:
    """Shows what is under way at a pace that leaves room for what lasts, and gives way to it."""

    def __init__(self, calls: Calls, house: House, interactions: Interactions) -> None:
        self._calls = calls
        self._house = house
        self._interactions = interactions
        self.placeholders = Placeholders(house)
        self._showings: dict[ChatAddress, _Showing] = {}
        self._asked: dict[ChatAddress, list[str]] = {}
        self._unanswered: dict[ChatAddress, deque[str]] = {}
        # Weak, so that a lock is forgotten only when nobody holds it or waits for it.
        self._locks: WeakValueDictionary[ChatAddress, asyncio.Lock] = WeakValueDictionary()
        self._attended: set[ChatAddress] = set()
        self._tasks = Tasks()
        self._closed = False

    def expect(self, address: ChatAddress, incoming_id: str) -> None:
        """Something came in that will be answered."""
        asked = self._asked.setdefault(address, [])
        if incoming_id not in asked:
            asked.append(incoming_id)
            self._unanswered.setdefault(address, deque()).append(incoming_id)
        self._attend(address)

    def show(self, address: ChatAddress, reply: PassingReply) -> None:
        """Take in what is under way; it is drawn when it is time for it."""
        showing = self._showing(address)
        showing.line = running_line(reply)
        if isinstance(reply, TextGrowing):
            showing.text = reply.so_far
        self._attend(address)

    @asynccontextmanager
    async def giving_way(
        self, address: ChatAddress, answers: str | None
    ) -> AsyncIterator[Placeholder | None]:
        """While inside, nothing is drawn; gives the placeholder that the lasting message may become.

        One that shows that it answers somebody else goes on standing in for that answer.
        """
        async with self._lock(address):
            placeholder = await self.placeholders.get(address)
            if placeholder is not None and placeholder.doubtful:
                await self._remove(address, placeholder)
                placeholder = None
            if placeholder is not None and placeholder.answers not in (None, answers):
                placeholder = None
            yield placeholder
            self._showings.pop(address, None)
            self._answered(address, answers)

    async def recover(self) -> None:
        """After a start: what an earlier life has begun to show becomes an answer that is still to come, or goes."""
        for address in await self.placeholders.all():
            self._attend(address)
        for known in (await self._interactions.all()).values():
            if known.original and known.piece is None:
                self.expect(known.address, f"interaction:{known.id}")

    async def close(self) -> None:
        """Stop drawing; what lasts may still come."""
        self._closed = True
        await self._tasks.close()

    def _lock(self, address: ChatAddress) -> asyncio.Lock:
        return self._locks.setdefault(address, asyncio.Lock())

    def _showing(self, address: ChatAddress) -> _Showing:
        return self._showings.setdefault(address, _Showing(began=asyncio.get_running_loop().time()))

    def _attend(self, address: ChatAddress) -> None:
        if address not in self._attended and not self._closed:
            self._attended.add(address)
            self._tasks.start(self._attendance(address), f"attendance {address}")

    async def _attendance(self, address: ChatAddress) -> None:
        """Draw what is under way in one chat thread until everything there is answered."""
        try:
            while True:
                covered = list(self._asked.get(address, ()))
                await self._draw_until_answered(address)
                if len(covered) == len(self._asked.get(address, ())):
                    break
        finally:
            self._attended.discard(address)
        asked = self._asked.pop(address, [])
        self._unanswered.pop(address, None)
        async with self._lock(address):
            placeholder = await self.placeholders.get(address)
            if placeholder is not None and placeholder.piece is None:
                await self._remove(address, placeholder)
            if address not in self._attended:
                self._showings.pop(address, None)
        for incoming in asked:
            await self._end(incoming)

    async def _draw_until_answered(self, address: ChatAddress) -> None:
        answered = self._tasks.start(self._house.answered(address), f"answered {address}")
        try:
            while not answered.done():
                await asyncio.wait((answered,), timeout=_LOOK_EVERY)
                if not answered.done():
                    await self._draw(address)
        finally:
            answered.cancel()

    async def _end(self, incoming: str) -> None:
        """Where nothing was said to a command, its "thinking" goes."""
        known = await self._interactions.get(interaction_number(incoming))
        if known is not None and known.original and known.piece is None:
            known.original = False
            await self._calls.remove_original(known)
            await self._interactions.keep()

    async def _draw(self, address: ChatAddress) -> None:
        async with self._lock(address):
            showing, now = self._showing(address), asyncio.get_running_loop().time()
            waiting = await self._waiting_command(address)
            if waiting is None and not address.whispers and now - showing.typed_at > TYPING_EVERY:
                if showing.shown is None:
                    await self._calls.typing(int(address.chat))
                showing.typed_at = now
            if not showing.text and not showing.line:
                return
            body = draw_passing(showing.text, showing.line)
            if now - showing.began < FIRST_AFTER or now - showing.drawn_at < EDIT_EVERY:
                return
            if body == showing.shown:
                return
            try:
                if waiting is not None:
                    await self._draw_waiting(waiting, body)
                elif not address.whispers:
                    body = await self._draw_placeholder(address, body)
                showing.shown = body
            except _CALLS_FAIL as error:
                _log.info("preview lost", address=str(address), error=str(error)[:300])
            showing.drawn_at = asyncio.get_running_loop().time()

    async def _waiting_command(self, address: ChatAddress) -> Known | None:
        """The command under way here whose own message waits to be filled: the oldest that nothing has filled yet."""
        for incoming in self._asked.get(address, ()):
            known = (await self._interactions.all()).get(interaction_number(incoming) or 0)
            if known is not None and known.original and known.piece is None and known.acknowledged.is_set():
                return known
        return None

    async def _draw_waiting(self, known: Known, body: str) -> None:
        async with asyncio.timeout(PASSING_SECONDS):
            await self._calls.fill(known, Drawn(body, buttons=(STOP,)))

    async def _draw_placeholder(self, address: ChatAddress, body: str) -> str:
        """Draw into the message that stands in for the answer, or post it first; returns what it shows now."""
        placeholder = await self.placeholders.get(address)
        if placeholder is None:
            await self._post_placeholder(address)
            return EMPTY
        if placeholder.piece is not None or placeholder.doubtful:
            return body
        try:
            async with asyncio.timeout(PASSING_SECONDS):
                await self._calls.edit(int(address.chat), placeholder.message, Drawn(body, buttons=(STOP,)))
        except _SURELY as error:
            if isinstance(error, NoSuchMessage):
                await self.placeholders.forget(address)
            raise
        except _CALLS_FAIL:
            await self.placeholders.doubt(address)
            raise
        return body

    async def _post_placeholder(self, address: ChatAddress) -> None:
        """Post it without a word of the answer: until it is noted, a crash would leave it behind."""
        unanswered = self._unanswered.get(address)
        asked = unanswered[0] if unanswered else None
        answers = message_number(asked)
        async with asyncio.timeout(PASSING_SECONDS):
            message = await self._calls.send(
                int(address.chat), Drawn(EMPTY, buttons=(STOP,)), secrets.token_hex(12), answers
            )
        await self.placeholders.put(address, Placeholder(message, None if answers is None else asked))

    def _answered(self, address: ChatAddress, answers: str | None) -> None:
        """What came before the answered message is answered too, since answers keep the order."""
        unanswered = self._unanswered.get(address)
        if unanswered is not None and answers in unanswered:
            while unanswered.popleft() != answers:
                pass

    async def _remove(self, address: ChatAddress, placeholder: Placeholder) -> None:
        await self._calls.remove(int(address.chat), placeholder.message)
        await self.placeholders.forget(address)
