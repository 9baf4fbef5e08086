"""The exit: what lasts arrives, in order, once, however the platform behaves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.dispatch.outbox import Outbox
from bot.errors import ChatGone, DeliveryFailed, TryLater
from bot.messages import (
    ChatAddress,
    Choice,
    Notice,
    Option,
    Outgoing,
    Progress,
    Settled,
    TextFinal,
    TextGrowing,
)
from storage.database import Database
from tests.databases import open_test_database
from tests.fakes.clock import StoppedClock
from tests.fakes.platform import FakePlatform

HERE = ChatAddress("fake", "here")
THERE = ChatAddress("fake", "there")


class Exit:
    """An outbox on a database, and the platform behind it."""

    def __init__(self, database: Database, clock: StoppedClock) -> None:
        self.database, self.clock, self.platform = database, clock, FakePlatform()
        self.outbox = Outbox(database, clock)
        self.outbox.attach(self.platform)

    async def says(self, *outgoing: Outgoing) -> None:
        async with self.database.unit() as unit:
            await self.outbox.write(unit, *outgoing)
        for each in outgoing:
            self.outbox.wake(each.address)
        for each in outgoing:
            await self.outbox.flushed(each.address)

    def texts(self) -> list[str]:
        return [str(getattr(each.reply, "text", "")) for each in self.platform.delivered]


@pytest.fixture
async def way_out(tmp_path: Path) -> AsyncIterator[Exit]:
    async with open_test_database("sqlite", tmp_path) as database:
        opened = Exit(database, StoppedClock())
        yield opened
        await opened.outbox.close()


async def test_everything_arrives_in_order(way_out: Exit) -> None:
    await way_out.says(*(Outgoing(HERE, Notice(str(number))) for number in range(10)))

    assert way_out.texts() == [str(number) for number in range(10)]


async def test_a_wait_that_the_platform_asks_for_is_kept(way_out: Exit) -> None:
    way_out.platform.trouble.append(TryLater(30))
    await way_out.says(Outgoing(HERE, Notice("first")), Outgoing(HERE, Notice("second")))
    assert way_out.texts() == []

    way_out.clock.move(seconds=29)
    way_out.outbox.wake_due()
    await way_out.outbox.flushed(HERE)
    assert way_out.texts() == []

    way_out.clock.move(seconds=1)
    way_out.outbox.wake_due()
    await way_out.outbox.flushed(HERE)
    assert way_out.texts() == ["first", "second"]


async def test_any_number_of_waits_is_no_failure(way_out: Exit) -> None:
    way_out.platform.trouble.extend([TryLater(1)] * 5)
    await way_out.says(Outgoing(HERE, Notice("patience")))
    for _ in range(5):
        way_out.clock.move(seconds=1)
        way_out.outbox.wake_due()
        await way_out.outbox.flushed(HERE)

    assert way_out.texts() == ["patience"]


async def test_after_three_failures_a_piece_is_given_up_and_the_next_one_comes(way_out: Exit) -> None:
    way_out.platform.trouble.extend([ConnectionError("dropped")] * 3)
    await way_out.says(Outgoing(HERE, Notice("lost")), Outgoing(HERE, Notice("next")))
    for _ in range(3):
        way_out.clock.move(minutes=1)
        way_out.outbox.wake_due()
        await way_out.outbox.flushed(HERE)

    assert way_out.texts() == ["next"]


async def test_what_can_never_be_sent_does_not_hold_up_the_rest(way_out: Exit) -> None:
    way_out.platform.trouble.append(DeliveryFailed("too long"))
    await way_out.says(Outgoing(HERE, Notice("impossible")), Outgoing(HERE, Notice("next")))

    assert way_out.texts() == ["next"]


async def test_a_chat_that_is_gone_gets_nothing_more_and_the_others_go_on(way_out: Exit) -> None:
    way_out.platform.trouble.append(ChatGone("blocked"))
    await way_out.says(Outgoing(HERE, Notice("one")), Outgoing(HERE, Notice("two")))
    await way_out.says(Outgoing(THERE, Notice("other")))

    assert way_out.texts() == ["other"]


async def test_one_slow_chat_does_not_hold_up_another(way_out: Exit) -> None:
    way_out.platform.trouble.append(TryLater(3600))
    await way_out.says(Outgoing(HERE, Notice("slow")))
    await way_out.says(Outgoing(THERE, Notice("fast")))

    assert way_out.texts() == ["fast"]


async def test_what_was_on_its_way_in_a_crash_is_sent_again_and_says_so(way_out: Exit) -> None:
    async with way_out.database.unit() as unit:
        await way_out.outbox.write(unit, Outgoing(HERE, Notice("perhaps seen")))
        row = await unit.deliveries.next(HERE.platform, HERE.chat, HERE.thread)
        assert row is not None
        await unit.deliveries.attempt(row.id, way_out.clock())
    await way_out.outbox.recover()
    await way_out.outbox.flushed(HERE)

    assert [(each.attempt, each.reply) for each in way_out.platform.delivered] == [
        (2, Notice("perhaps seen"))
    ]


async def test_a_decision_redraws_the_message_that_asked(way_out: Exit) -> None:
    choice = Choice("abc", "Really?", (Option("Yes", "yes"),))
    await way_out.says(Outgoing(HERE, choice))
    await way_out.says(Outgoing(HERE, Settled("abc", "Really? Yes.")))

    assert way_out.platform.delivered[1].target == "sent-1"


async def test_a_long_answer_is_cut_into_rows_of_its_own(way_out: Exit) -> None:
    way_out.platform.trouble.extend([None, TryLater(5)])
    await way_out.says(Outgoing(HERE, TextFinal("a" * 4500), reply_to="m1"))
    assert [len(text) for text in way_out.texts()] == [2000]

    way_out.clock.move(seconds=5)
    way_out.outbox.wake_due()
    await way_out.outbox.flushed(HERE)
    assert [len(text) for text in way_out.texts()] == [2000, 2000, 500]
    assert [each.reply_to for each in way_out.platform.delivered] == ["m1", None, None]


async def test_passing_replies_are_merged_while_nobody_could_show_them(way_out: Exit) -> None:
    for word in ("a ", "b ", "c"):
        way_out.outbox.show(HERE, TextGrowing(word, "a b c"[: 2 * "a b c".index(word.strip()) + 1]))
    way_out.outbox.show(HERE, Progress("candles", 0.1))
    way_out.outbox.show(HERE, Progress("candles", 0.9))
    await way_out.outbox.flushed(HERE)

    shown = way_out.platform.shown[HERE]
    assert "".join(each.delta for each in shown if isinstance(each, TextGrowing)) == "a b c"
    assert shown[-1] == Progress("candles", 0.9)


async def test_nothing_is_sent_that_was_rolled_back(way_out: Exit) -> None:
    async def broken_off() -> None:
        async with way_out.database.unit() as unit:
            await way_out.outbox.write(unit, Outgoing(HERE, Notice("never")))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await broken_off()
    way_out.outbox.wake(HERE)
    await way_out.outbox.flushed(HERE)

    assert way_out.texts() == []
