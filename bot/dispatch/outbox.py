"""The one way out: lasting replies are rows before they are sent and are sent until they are acknowledged."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

import structlog

from bot.clock import Clock
from bot.dispatch.faults import given_up
from bot.dispatch.tasks import Tasks
from bot.dispatch.wire import reply_from_row, reply_to_row
from bot.errors import ChatGone, ChatMoved, DeliveryFailed, TryLater
from bot.messages import (
    Adapter,
    ChatAddress,
    Choice,
    Delivery,
    LastingReply,
    Outgoing,
    PassingReply,
    Settled,
    TextGrowing,
)
from storage.deliveries import DeliveryRow

if TYPE_CHECKING:
    from storage.database import Database, Unit

_log = structlog.get_logger(__name__)

MAX_FAILURES = 3
"""After so many failed attempts a piece is given up and the operator is told."""

GRACE_SECONDS = 4.0
"""At the end, pieces that are on the wire get this long to be acknowledged, or they would be sent again."""

MAX_PASSING = 8
"""So many passing replies may wait for one chat thread; the oldest is dropped first."""


class Outbox:
    """Carries replies to the adapters, in order within each chat thread, different ones at once."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._adapters: dict[str, Adapter] = {}
        self._couriers = Tasks()
        self._passing: defaultdict[ChatAddress, deque[PassingReply]] = defaultdict(deque)
        self._lasting: set[ChatAddress] = set()
        self._walking: dict[ChatAddress, asyncio.Event] = {}
        self._due: dict[ChatAddress, datetime] = {}
        self._sending: set[asyncio.Task[None]] = set()
        self._closing = False

    def attach(self, adapter: Adapter) -> None:
        """Let an adapter carry the replies of its platform."""
        self._adapters[adapter.platform] = adapter

    async def write(self, unit: Unit, *outgoing: Outgoing) -> Sequence[int]:
        """Write lasting replies down, one row for each piece; they leave after the commit and `wake`."""
        written = []
        for each in outgoing:
            if isinstance(each.reply, PassingReply):
                raise TypeError("A passing reply is shown, not written.")
            for position, piece in enumerate(self._split(each.address.platform, each.reply)):
                row = self._row(each, piece, first=position == 0)
                await unit.deliveries.add(row)
                written.append(row.id)
        return written

    def wake(self, address: ChatAddress) -> None:
        """Say that rows for this chat thread have been committed."""
        self._lasting.add(address)
        self._walk(address)

    def show(self, address: ChatAddress, reply: PassingReply) -> None:
        """Show something passing; what has not been shown yet is merged with it or dropped."""
        waiting = self._passing[address]
        if waiting and type(waiting[-1]) is type(reply):
            last = waiting.pop()
            if isinstance(last, TextGrowing) and isinstance(reply, TextGrowing):
                reply = TextGrowing(delta=last.delta + reply.delta, so_far=reply.so_far)
        waiting.append(reply)
        if len(waiting) > MAX_PASSING:
            waiting.popleft()
        self._walk(address)

    async def recover(self) -> None:
        """After a start: go on with everything that is not yet acknowledged."""
        async with self._database.view() as view:
            threads = await view.deliveries.waiting_threads(tuple(self._adapters))
        for platform, chat, thread in threads:
            self.wake(ChatAddress(platform, chat, thread))

    def wake_due(self) -> None:
        """Go on with the chat threads whose wait is over; the clock calls this every second."""
        now = self._clock()
        for address in [address for address, due in self._due.items() if due <= now]:
            del self._due[address]
            self.wake(address)

    async def move_chat(self, platform: str, old: str, new: str) -> None:
        """Let a chat go on under a new id, with everything that is open or on its way there."""
        async with self._database.unit() as unit:
            moved = await unit.chats.move(platform, old, new)
        if moved:
            _log.info("chat has moved", platform=platform, old=old, new=new)
            await self.recover()

    async def flushed(self, address: ChatAddress) -> None:
        """Wait until nothing more can be sent here now."""
        while (walking := self._walking.get(address)) is not None:
            await walking.wait()

    async def close(self) -> None:
        """Stop sending; what is not acknowledged stays written."""
        self._closing = True
        if self._sending:
            await asyncio.wait(tuple(self._sending), timeout=GRACE_SECONDS)
        await self._couriers.close()
        for walking in self._walking.values():
            walking.set()
        self._walking.clear()

    def _split(self, platform: str, reply: LastingReply) -> Sequence[LastingReply]:
        adapter = self._adapters.get(platform)
        return (reply,) if adapter is None else adapter.split(reply)

    def _row(self, outgoing: Outgoing, piece: LastingReply, *, first: bool) -> DeliveryRow:
        kind, payload, content = reply_to_row(piece)
        choice = {Choice: "id", Settled: "choice"}.get(type(piece))
        return DeliveryRow(
            platform=outgoing.address.platform,
            chat=outgoing.address.chat,
            thread=outgoing.address.thread,
            kind=kind,
            payload=payload,
            content=content,
            choice=None if choice is None else getattr(piece, choice),
            reply_to=outgoing.reply_to if first else None,
            about=outgoing.reply_to,
            erase=outgoing.erase,
            subject=outgoing.subject if first else None,
            continues=outgoing.continues if first else None,
            state="pending",
            attempts=0,
            failures=0,
            created_at=self._clock(),
        )

    def _walk(self, address: ChatAddress) -> None:
        if address not in self._walking and address.platform in self._adapters:
            self._walking[address] = asyncio.Event()
            self._couriers.start(self._carry(address), f"courier {address}")

    async def _carry(self, address: ChatAddress) -> None:
        adapter = self._adapters[address.platform]
        try:
            while not self._closing:
                if self._passing[address]:
                    await self._show(adapter, address, self._passing[address].popleft())
                elif address in self._lasting:
                    self._lasting.discard(address)
                    await self._carry_lasting(adapter, address)
                else:
                    break
        finally:
            self._passing.pop(address, None)
            walking = self._walking.pop(address, None)
            if walking is not None:
                walking.set()

    async def _show(self, adapter: Adapter, address: ChatAddress, reply: PassingReply) -> None:
        try:
            await adapter.show(address, reply)
        except Exception as error:  # something passing must never hold up what lasts
            _log.warning("passing reply lost", address=str(address), exc_info=error)

    async def _carry_lasting(self, adapter: Adapter, address: ChatAddress) -> None:
        """Send what is written for one chat thread until there is no more, or it has to wait."""
        while not self._closing:
            async with self._database.view() as view:
                row = await view.deliveries.next(address.platform, address.chat, address.thread)
                if row is None:
                    return
                redraws = row.choice if row.kind == "Settled" else None
                target = None if redraws is None else await view.deliveries.receipt_of_choice(redraws)
                earlier = row.continues and await view.deliveries.receipt_of_subject(row.continues)
            now = self._clock()
            if row.not_before is not None and row.not_before > now:
                self._due[address] = row.not_before
                return
            await adapter.ready(address)
            if self._closing:
                return
            async with self._database.unit() as unit:
                await unit.deliveries.attempt(row.id, now)
            with self._on_the_wire():
                if not await self._send(adapter, address, row, target, earlier):
                    return

    @contextmanager
    def _on_the_wire(self) -> Iterator[None]:
        """While inside, `close` waits for this courier."""
        courier = cast("asyncio.Task[None]", asyncio.current_task())
        self._sending.add(courier)
        try:
            yield
        finally:
            self._sending.discard(courier)

    async def _send(
        self,
        adapter: Adapter,
        address: ChatAddress,
        row: DeliveryRow,
        target: str | None,
        earlier: str | None,
    ) -> bool:
        """Try to send one piece once; False when this chat thread has to wait."""
        delivery = Delivery(
            id=row.id,
            attempt=row.attempts + 1,
            address=address,
            reply=reply_from_row(row.kind, row.payload, row.content),
            reply_to=row.reply_to,
            target=target,
            first_attempt_at=row.first_attempt_at,
            continues=earlier,
        )
        try:
            receipt = await adapter.deliver(delivery)
        except TryLater as wait:
            return await self._wait(address, row, wait.seconds, str(wait), counts=False)
        except ChatMoved as moved:
            return await self._move(address, row, moved)
        except ChatGone as gone:
            return await self._give_up_chat(address, str(gone))
        except DeliveryFailed as refused:
            return await self._give_up(address, row, str(refused))
        except Exception as error:  # the outbox is one of the three places where everything is caught
            # What happens on every network needs no traceback.
            fault = None if isinstance(error, OSError) else error
            _log.warning(
                "delivery failed", address=str(address), delivery=row.id, error=str(error), exc_info=fault
            )
            if row.failures + 1 >= MAX_FAILURES:
                return await self._give_up(address, row, repr(error))
            return await self._wait(address, row, 2.0 ** (row.failures + 1), repr(error), counts=True)
        async with self._database.unit() as unit:
            await unit.deliveries.delivered(row.id, receipt, self._clock())
        return True

    async def _wait(
        self, address: ChatAddress, row: DeliveryRow, seconds: float, error: str, *, counts: bool
    ) -> bool:
        not_before = self._clock() + timedelta(seconds=seconds)
        async with self._database.unit() as unit:
            await unit.deliveries.later(row.id, not_before, error, counts=counts)
        self._due[address] = not_before
        return False

    async def _move(self, address: ChatAddress, row: DeliveryRow, moved: ChatMoved) -> bool:
        async with self._database.unit() as unit:
            await unit.deliveries.later(row.id, self._clock(), str(moved), counts=False)
        await self.move_chat(address.platform, address.chat, moved.chat)
        return False

    async def _give_up(self, address: ChatAddress, row: DeliveryRow, error: str) -> bool:
        async with self._database.unit() as unit:
            await unit.deliveries.failed(row.id, error)
            await unit.faults.add(given_up(address, row.id, error, self._clock()))
        _log.error("delivery given up", address=str(address), delivery=row.id, error=error)
        return True

    async def _give_up_chat(self, address: ChatAddress, error: str) -> bool:
        async with self._database.unit() as unit:
            pieces = await unit.deliveries.fail_thread(address.platform, address.chat, address.thread, error)
            await unit.chats.sleep(address.platform, address.chat, address.thread)
        _log.warning("chat is gone", address=str(address), pieces=pieces, error=error)
        return False
