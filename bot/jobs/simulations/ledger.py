"""The ledger: what is stored of feeds before a step is read at once, and what a step leaves is committed at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.jobs.simulations.batching import Batch
from bot.jobs.simulations.endings import Endings
from bot.jobs.simulations.feeds import Feeds, keep
from bot.jobs.simulations.telling import Tidings
from bot.messages import ChatAddress, Exit
from bot.trading.candles import Candles
from bot.trading.events import Event
from bot.trading.feeding import BLOCK, Block, News, from_blocks, last_in_a_row, no_candles, to_blocks
from bot.trading.live import Stepped
from storage.feeds import FeedMove, StoredBlock, lock_name
from storage.stepping import StateChange

if TYPE_CHECKING:
    from storage.database import Database, Unit
    from storage.feeds import Feed
    from storage.stepping import Census, Seat

TOGETHER = 200
"""Simulations of a feed that are read and sent to the worker at once: what a few milliseconds can hold."""

_FEEDS_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Result:
    """A simulation after its candles, with what it has to say."""

    seat: Seat
    stepped: Stepped
    events: tuple[Event, ...] = ()
    said: Tidings = field(default_factory=Tidings)


@dataclass(frozen=True, slots=True)
class Look:
    """What is stored of a feed before a step: who runs on it, the last candles, and the first simulations.

    `tail` is the block that the next candles make longer. Of a feed that has nothing to step only the census is told.
    """

    feed: Feed
    census: Census
    known: Candles
    tail: Block | None = None
    seats: Sequence[Seat] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """What a step leaves: the new candles of a feed, and its simulations after them."""

    look: Look
    news: News
    results: Sequence[Result]

    @property
    def at(self) -> int:
        """Where the feed was before."""
        return self.look.feed.next_start or 0

    @property
    def end(self) -> int:
        """Where it is after."""
        return self.at + len(self.news.candles) * self.look.feed.timeframe


class Ledger:
    """Reads before steps and writes after them; feeds that come at the same moment share views and units."""

    def __init__(self, database: Database, exit_: Exit, endings: Endings, feeds: Feeds) -> None:
        self._database = database
        self._exit = exit_
        self._endings = endings
        self._feeds = feeds
        self._looks: Batch[int, Look | None] = Batch(self._look_all, _FEEDS_AT_ONCE)
        self._commits: Batch[Step, None] = Batch(self._commit_all, _FEEDS_AT_ONCE)

    async def look(self, feed_id: int) -> Look | None:
        """Everything that a step of a feed needs and that is stored; None when there is no such feed."""
        return await self._looks.of(feed_id)

    async def commit(self, step: Step) -> None:
        """Commit a step: candles, states, events and messages; nothing where another process was faster."""
        await self._commits.of(step)

    async def keep_candles(self, feed: Feed, news: News) -> None:
        """Take the candles of a feed down; the simulations on it lag behind from here on."""
        at = feed.next_start or 0
        async with self._database.unit() as unit:
            await unit.lock(lock_name(feed.id))
            end = at + len(news.candles) * feed.timeframe
            if await unit.feeds.move(feed.id, at, end, news.revised):
                await keep(unit, feed, news.candles)

    async def commit_alone(self, feed: Feed, result: Result) -> None:
        """Commit a step of one simulation that lags behind its feed."""
        async with self._database.unit() as unit:
            await unit.lock(lock_name(feed.id))
            addresses = await self._write(unit, [result])
        self._wake(addresses)

    async def _look_all(self, feed_ids: Sequence[int]) -> list[Look | None]:
        async with self._database.view() as view:
            feeds = await view.feeds.many(feed_ids)
            censuses = await view.steps.censuses(feed_ids)
            due = [
                feed
                for feed in feeds.values()
                if (census := censuses.get(feed.id)) is not None
                and census.begun
                and self._feeds.has_more(feed)
            ]
            blocks = await _last_blocks(view, due, censuses)
            seats = await _first_seats(view, due, censuses)
        looks: list[Look | None] = []
        for feed_id in feed_ids:
            feed, census = feeds.get(feed_id), censuses.get(feed_id)
            if feed is None or census is None:
                looks.append(None)
                continue
            own = blocks.get(feed_id, ())
            known = last_in_a_row(from_blocks(own, feed.timeframe, 0, feed.next_start or 0))
            tail = own[-1] if own else None
            looks.append(
                Look(feed, census, known if own else no_candles(feed.timeframe), tail, seats.get(feed_id, ()))
            )
        return looks

    async def _commit_all(self, steps: Sequence[Step]) -> list[None]:
        ordered = sorted(steps, key=lambda step: step.look.feed.id)
        async with self._database.unit() as unit:
            # In one order everywhere, so that two processes never wait for each other.
            for step in ordered:
                await unit.lock(lock_name(step.look.feed.id))
            places = await unit.feeds.places([step.look.feed.id for step in ordered])
            first = [step for step in ordered if places.get(step.look.feed.id) == step.at]
            await unit.feeds.move_all(
                [FeedMove(step.look.feed.id, step.end, step.news.revised) for step in first]
            )
            for step in first:
                grown = to_blocks(step.news.candles, step.look.tail)
                blocks = [StoredBlock(each.start, each.count, each.data) for each in grown]
                await unit.feeds.write_blocks(step.look.feed.id, blocks)
            addresses = await self._write(unit, [each for step in first for each in step.results])
        self._wake(addresses)
        return [None] * len(steps)

    async def _write(self, unit: Unit, results: Sequence[Result]) -> set[ChatAddress]:
        """Write states, events and messages down; gives where messages leave for."""
        addresses: set[ChatAddress] = set()
        noisy = [each for each in results if each.events or each.stepped.halted]
        # Who was stopped meanwhile says nothing any more, and their states stay as they are.
        there = await unit.steps.running_at([each.seat.id for each in noisy]) if noisy else {}
        await unit.steps.write_states([_change(each) for each in results])
        for each in noisy:
            if there.get(each.seat.id) != each.seat.next_start:
                continue
            await unit.simulations.add_events(each.seat.id, _placed(each.events))
            await self._exit.write(unit, *each.said.outgoing)
            addresses |= {outgoing.address for outgoing in each.said.outgoing}
            if each.said.values:
                await unit.simulations.set(each.seat.id, **each.said.values)
            if each.stepped.halted:
                addresses |= await self._endings.end(unit, each.seat.id, "drawdown")
        return addresses

    def _wake(self, addresses: set[ChatAddress]) -> None:
        for address in addresses:
            self._exit.wake(address)


async def _last_blocks(
    view: Unit, due: Sequence[Feed], censuses: Mapping[int, Census]
) -> dict[int, list[Block]]:
    """The blocks that hold what is looked back at; feeds that are at the same place are asked for together."""
    alike: defaultdict[tuple[int, int], list[Feed]] = defaultdict(list)
    for feed in due:
        alike[feed.timeframe, feed.next_start or 0].append(feed)
    blocks: defaultdict[int, list[Block]] = defaultdict(list)
    for (timeframe, at), feeds in alike.items():
        look_back = max(1, *(censuses[feed.id].look_back for feed in feeds))
        ids = [feed.id for feed in feeds]
        stored = await view.feeds.blocks_of(ids, at - (look_back + BLOCK) * timeframe, at)
        for feed_id, block in stored:
            blocks[feed_id].append(_block(block))
    return blocks


async def _first_seats(
    view: Unit, due: Sequence[Feed], censuses: Mapping[int, Census]
) -> dict[int, Sequence[Seat]]:
    """The simulations to be stepped; of a feed with very many the first ones."""
    few = [feed.id for feed in due if censuses[feed.id].begun < TOGETHER]
    seats: dict[int, Sequence[Seat]] = {**await view.steps.seats_of(few)}
    for feed in due:
        if censuses[feed.id].begun >= TOGETHER:
            seats[feed.id] = await view.steps.seats(feed.id, feed.next_start or 0, "", TOGETHER)
    return seats


def _block(stored: StoredBlock) -> Block:
    return Block(stored.start, stored.count, stored.data)


def _change(result: Result) -> StateChange:
    seat, stepped = result.seat, result.stepped
    return StateChange(
        seat.id, seat.next_start, stepped.next_start, stepped.state, stepped.quantity, stepped.equity
    )


def _placed(events: Sequence[Event]) -> list[tuple[int, int, dict[str, Any]]]:
    """Events as rows; those of one candle are counted from 0."""
    rows: list[tuple[int, int, dict[str, Any]]] = []
    for event in events:
        place = rows[-1][1] + 1 if rows and rows[-1][0] == event.time else 0
        rows.append((event.time, place, event.to_json()))
    return rows
