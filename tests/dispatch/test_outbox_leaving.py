"""The exit at its edges: waiting for a slot, a chat that moves, the end of the process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.dispatch.outbox import Outbox
from bot.errors import ChatGone, ChatMoved
from bot.messages import ChatAddress, Delivery, Notice, Outgoing
from storage.database import Database
from storage.deliveries import DeliveryRow
from tests.databases import open_test_database
from tests.fakes.clock import StoppedClock
from tests.fakes.platform import FakePlatform

OLD, NEW = ChatAddress("fake", "old"), ChatAddress("fake", "new")


class Gated(FakePlatform):
    """A platform that is ready, and lets go what is on the wire, when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.is_ready, self.is_there = asyncio.Event(), asyncio.Event()
        self.on_the_wire = asyncio.Event()

    async def ready(self, address: ChatAddress) -> None:
        await self.is_ready.wait()

    async def deliver(self, delivery: Delivery) -> str:
        self.on_the_wire.set()
        await self.is_there.wait()
        return await super().deliver(delivery)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_test_database("sqlite", tmp_path) as opened:
        yield opened


async def says(outbox: Outbox, database: Database, address: ChatAddress, *texts: str) -> None:
    async with database.unit() as unit:
        await outbox.write(unit, *(Outgoing(address, Notice(text)) for text in texts))
    outbox.wake(address)


async def next_piece(database: Database, address: ChatAddress) -> DeliveryRow | None:
    async with database.view() as view:
        return await view.deliveries.next(address.platform, address.chat, address.thread)


async def test_while_it_waits_for_a_slot_nothing_counts_as_attempted(database: Database) -> None:
    platform, outbox = Gated(), Outbox(database, StoppedClock())
    outbox.attach(platform)
    await says(outbox, database, OLD, "hello")
    await outbox.close()
    piece = await next_piece(database, OLD)
    assert piece is not None
    assert (piece.state, piece.attempts) == ("pending", 0)


async def test_what_is_on_the_wire_at_the_end_is_acknowledged_and_nothing_else_leaves(
    database: Database,
) -> None:
    platform, outbox = Gated(), Outbox(database, StoppedClock())
    outbox.attach(platform)
    platform.is_ready.set()
    await says(outbox, database, OLD, "first", "second")
    await platform.on_the_wire.wait()
    closing = asyncio.ensure_future(outbox.close())
    platform.is_there.set()
    await closing
    piece = await next_piece(database, OLD)
    assert piece is not None
    assert piece.payload["text"] == "second"
    assert piece.attempts == 0


async def test_a_chat_that_has_moved_is_followed_with_everything(database: Database) -> None:
    platform, outbox = FakePlatform(), Outbox(database, StoppedClock())
    outbox.attach(platform)
    platform.trouble.append(ChatMoved("new"))
    await says(outbox, database, OLD, "first", "second")
    await outbox.flushed(OLD)
    await outbox.flushed(NEW)
    said = [(each.address, each.attempt) for each in platform.delivered]
    assert said == [(NEW, 1), (NEW, 1)]
    await outbox.close()


async def test_a_chat_that_is_gone_puts_its_conversation_to_sleep(database: Database) -> None:
    platform, clock = FakePlatform(), StoppedClock()
    outbox = Outbox(database, clock)
    outbox.attach(platform)
    async with database.unit() as unit:
        person = await unit.people.add_anonymous("fake", "ann", "Ann", clock())
        conversation = await unit.conversations.begin(person.owner, "fake", "old", "", clock())
    platform.trouble.append(ChatGone("blocked"))
    await says(outbox, database, OLD, "hello")
    await outbox.flushed(OLD)
    async with database.view() as view:
        asleep = await view.conversations.get(conversation.id)
    assert asleep is not None
    assert asleep.status == "asleep"
    await outbox.close()
