"""Stepping: every new candle of a feed through all simulations on it, committed together."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog

from bot.errors import NoData, ProviderDown
from bot.jobs.clockwork import failure_of
from bot.jobs.simulations import notes
from bot.jobs.simulations.cards import Teller
from bot.jobs.simulations.feeds import MOST_AT_ONCE, Feeds, keep, stored
from bot.jobs.simulations.telling import Tidings, address_of, tidings
from bot.messages import ChatAddress, Exit, Outgoing
from bot.tools.registry import Services
from bot.trading.candles import Candles
from bot.trading.events import Event, read_events
from bot.trading.feeding import joined, last_in_a_row
from bot.trading.live import Running, Stepped, begin, records_of, step_all
from bot.trading.packing import StateUnusable, pack_program
from bot.trading.program import compile_program, warm_up_candles
from bot.trading.strategy import Strategy, parse_strategy
from bot.workers import Workers
from storage.simulations import PAUSED, StateChange, lock_name

if TYPE_CHECKING:
    from storage.database import Unit
    from storage.simulations import Feed, Seat, Simulation

_log = structlog.get_logger(__name__)

TOGETHER = 200
"""Simulations that are read and sent to the worker at once: what a few milliseconds can hold."""

AT_ONCE = 4
"""Feeds that are stepped at once; the others wait, and may be waiting for their provider meanwhile."""

MOST_FAILURES = 10
"""Failures in a row after which a simulation is paused."""

OUTAGE = timedelta(hours=1)
"""After this long without prices the chat is told, once."""

TellOperator = Callable[["Unit", str, str], Awaitable[None]]
"""Tells the operator something in the caller's unit: what kind of thing, and a sentence."""


@dataclass(frozen=True, slots=True)
class _Result:
    """A simulation after its candles, with what it has to say."""

    id: str
    stepped: Stepped
    events: tuple[Event, ...] = ()
    said: Tidings = field(default_factory=Tidings)


class Stepping:
    """Advances feeds; a feed is advanced by one task of this process at a time, and by one process in all."""

    def __init__(
        self, services: Services, workers: Workers, exit_: Exit, tell_operator: TellOperator
    ) -> None:
        self._services = services
        self._workers = workers
        self._exit = exit_
        self._tell_operator = tell_operator
        self._feeds = Feeds(services.database, services.market)
        self._locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._busy = asyncio.Semaphore(AT_ONCE)
        self._underway: set[asyncio.Task[Any]] = set()

    async def advance(self, feed_id: int) -> bool:
        """Step everything that has closed; True when the provider should have more by now."""
        task = asyncio.current_task()
        if task is not None:
            self._underway.add(task)
        try:
            async with self._locks[feed_id]:
                return await self._advance(feed_id)
        finally:
            if task is not None:
                self._underway.discard(task)

    async def advance_all(self) -> None:
        """Advance every feed in use, one after the other."""
        async with self._services.database.view() as view:
            feeds = await view.simulations.feeds_in_use()
        for feed_id, _, _ in feeds:
            await self.advance(feed_id)

    async def close(self) -> None:
        """Wait until what was cancelled has ended; what is not committed is stepped again at the next start."""
        if self._underway:
            await asyncio.wait(tuple(self._underway))

    async def _advance(self, feed_id: int) -> bool:
        feed, begun, waiting = await self._look(feed_id)
        if feed is None:
            return False
        if (feed.source == "synthetic") != self._services.market.synthetic:
            await self._pause_feed(feed, "source")
            return False
        try:
            if begun:
                await self._catch_up(feed)
            for simulation in waiting:
                await self._begin(simulation)
            if waiting:
                await self._catch_up(await self._fresh(feed_id))
        except ProviderDown as down:
            await self._provider_fails(feed, down)
            return True
        if feed.failing_since is not None:
            async with self._services.database.unit() as unit:
                await unit.simulations.feed_fails(feed_id, None, told=False)
        feed = await self._fresh(feed_id)
        now = self._services.market.now().timestamp()
        return feed.next_start is not None and feed.next_start + feed.timeframe <= now

    async def _look(self, feed_id: int) -> tuple[Feed | None, bool, Sequence[Simulation]]:
        async with self._services.database.view() as view:
            feed = await view.simulations.feed(feed_id)
            begun = await view.simulations.has_begun(feed_id)
            return feed, begun, await view.simulations.waiting(feed_id)

    async def _fresh(self, feed_id: int) -> Feed:
        async with self._services.database.view() as view:
            feed = await view.simulations.feed(feed_id)
        if feed is None:
            raise LookupError(f"The feed {feed_id} is gone.")
        return feed

    async def _catch_up(self, feed: Feed) -> None:
        """Step whatever has closed, in goes of so many candles, and those that lag behind alone."""
        while True:
            news = await self._feeds.news(feed)
            if len(news.candles) or news.revised:
                async with self._busy:
                    error = await failure_of(self._together(feed, news.candles, news.revised))
                if error is not None:
                    _log.warning("stepping together failed", feed=feed.id, exc_info=error)
                    await self._only_candles(feed, news.candles, news.revised)
            feed = await self._fresh(feed.id)
            if len(news.candles) < MOST_AT_ONCE:
                break
        async with self._services.database.view() as view:
            behind = await view.simulations.behind(feed.id, feed.next_start or 0)
        for simulation_id in behind:
            async with self._busy:
                error = await failure_of(self._alone(feed, simulation_id))
            if isinstance(error, ProviderDown) and not isinstance(error, NoData):
                raise error
            if error is not None:
                await self._failed(simulation_id, error)

    async def _together(self, feed: Feed, candles: Candles, revised: int) -> None:
        at = feed.next_start or 0
        end = at if not len(candles) else int(candles.start[-1]) + feed.timeframe
        results: list[_Result] = []
        if len(candles):
            whole = await self._with_what_is_looked_back_at(feed, at, candles)
            last = ""
            while True:
                async with self._services.database.view() as view:
                    seats = await view.simulations.seats(feed.id, at, last, TOGETHER)
                if not seats:
                    break
                last = seats[-1].id
                stepped = await self._workers.run(step_all, [_running(seat) for seat in seats], whole)
                ids = [seat.id for seat in seats]
                results += await self._with_tidings(feed, ids, stepped)
        async with self._services.database.unit() as unit:
            await unit.lock(lock_name(feed.id))
            if not await unit.simulations.move_feed(feed.id, at, end, revised):
                return
            await keep(unit, feed.id, candles)
            there = await unit.simulations.still_at(feed.id, at)
            addresses = await self._write(unit, [each for each in results if each.id in there])
        for address in addresses:
            self._exit.wake(address)

    async def _with_what_is_looked_back_at(self, feed: Feed, at: int, candles: Candles) -> Candles:
        async with self._services.database.view() as view:
            look_back = await view.simulations.longest_look_back(feed.id)
            before = await stored(view, feed, at - look_back * feed.timeframe, at)
        return joined(last_in_a_row(before), candles)

    async def _only_candles(self, feed: Feed, candles: Candles, revised: int) -> None:
        """Take the candles of a feed down; the simulations on it lag behind from here on and are done alone."""
        at = feed.next_start or 0
        end = at if not len(candles) else int(candles.start[-1]) + feed.timeframe
        async with self._services.database.unit() as unit:
            await unit.lock(lock_name(feed.id))
            if await unit.simulations.move_feed(feed.id, at, end, revised):
                await keep(unit, feed.id, candles)

    async def _alone(self, feed: Feed, simulation_id: str) -> None:
        """Step one simulation up to where its feed is, through the stored candles."""
        end = feed.next_start or 0
        while True:
            async with self._services.database.view() as view:
                simulation = await view.simulations.get(simulation_id)
            at = None if simulation is None or simulation.state != "running" else simulation.next_start
            if simulation is None or at is None or at >= end:
                return
            until = min(end, at + MOST_AT_ONCE * feed.timeframe)
            first = max(simulation.warm_from or 0, at - simulation.look_back * feed.timeframe)
            candles = await self._feeds.ensured(feed, first, until)
            stepped = await self._stepped_alone(simulation, feed, candles)
            results = await self._with_tidings(feed, [simulation.id], [stepped])
            async with self._services.database.unit() as unit:
                await unit.lock(lock_name(feed.id))
                if simulation.id not in await unit.simulations.still_at(feed.id, at):
                    return
                addresses = await self._write(unit, results)
            for address in addresses:
                self._exit.wake(address)

    async def _stepped_alone(self, simulation: Simulation, feed: Feed, candles: Candles) -> Stepped:
        at = simulation.next_start or 0
        run = Running(simulation.program or b"", simulation.run or b"", at, simulation.start)
        try:
            (stepped,) = await self._workers.run(step_all, [run], candles)
        except StateUnusable:
            # The engine has changed: its state is made anew from the very candles, which leads to the same place.
            program = await self._program(simulation, feed.timeframe)
            whole = await self._feeds.ensured(feed, simulation.warm_from or at, at)
            state = await self._replayed(simulation, program, whole)
            async with self._services.database.unit() as unit:
                await unit.simulations.set(simulation.id, program=program, run=state)
            (stepped,) = await self._workers.run(
                step_all, [Running(program, state, at, simulation.start)], candles
            )
        return stepped

    async def _replayed(self, simulation: Simulation, program: bytes, candles: Candles) -> bytes:
        """The state after candles that were stepped before, or that only warm up."""
        first = sum(start < simulation.start for start in candles.start.tolist())
        balance, known = simulation.initial_balance, simulation.volume_known
        return await self._workers.run(begin, program, balance, known, candles, first)

    async def _program(self, simulation: Simulation, timeframe: int) -> bytes:
        strategy = await self._strategy(simulation)
        return pack_program(compile_program(strategy, timeframe, "next_open"))

    async def _strategy(self, simulation: Simulation) -> Strategy:
        async with self._services.database.view() as view:
            saved = await view.trading.strategy(simulation.bot_id, simulation.version)
        if saved is None:
            raise LookupError(f"The strategy of simulation {simulation.id} is gone.")
        return parse_strategy(saved.document)[0]

    async def _begin(self, simulation: Simulation) -> None:
        """Warm a new simulation up; what has closed since it was started is stepped right after."""
        feed, begun, _ = await self._look(simulation.feed_id)
        if feed is None:
            return
        strategy = await self._strategy(simulation)
        program = compile_program(strategy, feed.timeframe, "next_open")
        warm_from = simulation.start - warm_up_candles(strategy, feed.timeframe) * feed.timeframe
        end = min(simulation.start, feed.next_start) if begun and feed.next_start else simulation.start
        try:
            candles = last_in_a_row(await self._feeds.ensured(feed, warm_from, end))
        except NoData as missing:
            await self._pause(simulation, "no_data", str(missing))
            return
        at = int(candles.start[-1]) + feed.timeframe if len(candles) else end
        simulation.volume_known = not len(candles) or bool(candles.volume.any())
        packed = pack_program(program)
        state = await self._replayed(simulation, packed, candles)
        async with self._services.database.unit() as unit:
            await unit.lock(lock_name(feed.id))
            if not begun and (feed.next_start is None or feed.next_start < at):
                await unit.simulations.move_feed(feed.id, feed.next_start, at)
            await unit.simulations.set(
                simulation.id,
                warm_from=int(candles.start[0]) if len(candles) else at,
                volume_known=simulation.volume_known,
                look_back=int(program[0]["look_back"]),
                program=packed,
                run=state,
                next_start=at,
            )

    async def _with_tidings(
        self, feed: Feed, ids: Sequence[str], stepped: Sequence[Stepped]
    ) -> list[_Result]:
        """The results with what has to be said, which only those with events need."""
        eventful = [id_ for id_, each in zip(ids, stepped, strict=True) if each.events]
        if not eventful:
            return [_Result(id_, each) for id_, each in zip(ids, stepped, strict=True)]
        async with self._services.database.view() as view:
            simulations = await view.simulations.many(eventful)
            documents = {
                id_: await view.trading.strategy(each.bot_id, each.version)
                for id_, each in simulations.items()
            }
        results = []
        for id_, each in zip(ids, stepped, strict=True):
            saved = documents.get(id_)
            if saved is None:
                results.append(_Result(id_, each))
                continue
            strategy = parse_strategy(saved.document)[0]
            events = read_events(strategy, records_of(each.events))
            said = self._said(feed, simulations[id_], strategy, events)
            results.append(_Result(id_, each, events, said))
            await asyncio.sleep(0)
        return results

    def _said(
        self, feed: Feed, simulation: Simulation, strategy: Strategy, events: Sequence[Event]
    ) -> Tidings:
        market, clock = self._services.market, self._services.clock
        teller = Teller(simulation.id, simulation.name, strategy, market.synthetic, simulation.alert)
        return tidings(simulation, teller, events, feed.timeframe, market.now().timestamp(), clock())

    async def _write(self, unit: Unit, results: Sequence[_Result]) -> set[ChatAddress]:
        """Write states, events and messages down; gives where messages leave for."""
        await unit.simulations.write_states([_change(each) for each in results])
        addresses = set()
        for each in results:
            if each.events:
                await unit.simulations.add_events(each.id, _placed(each.events))
                await self._exit.write(unit, *each.said.outgoing)
                addresses |= {outgoing.address for outgoing in each.said.outgoing}
                await unit.simulations.set(each.id, **each.said.values)
            if each.stepped.halted:
                addresses |= await self._end(unit, each.id, "drawdown")
        return addresses

    async def _end(self, unit: Unit, simulation_id: str, reason: str, detail: str = "") -> set[ChatAddress]:
        """Pause a simulation in the caller's unit and tell its chat why."""
        simulation = await unit.simulations.get(simulation_id)
        if simulation is None or not await unit.simulations.end(
            simulation_id, PAUSED, reason, self._services.clock()
        ):
            return set()
        address = address_of(simulation)
        await self._exit.write(unit, Outgoing(address, notes.paused(simulation, reason, detail)))
        return {address}

    async def _pause(self, simulation: Simulation, reason: str, detail: str = "") -> None:
        async with self._services.database.unit() as unit:
            addresses = await self._end(unit, simulation.id, reason, detail)
        for address in addresses:
            self._exit.wake(address)

    async def _pause_feed(self, feed: Feed, reason: str) -> None:
        async with self._services.database.view() as view:
            running = await view.simulations.running_on(feed.id)
        for simulation in running:
            await self._pause(simulation, reason)

    async def _failed(self, simulation_id: str, error: Exception) -> None:
        """Count a failure of one simulation; after ten in a row it is paused and the operator told."""
        _log.error("simulation failed", simulation=simulation_id, exc_info=error)
        addresses: set[ChatAddress] = set()
        async with self._services.database.unit() as unit:
            failures = await unit.simulations.fail(simulation_id, repr(error)[:500])
            if failures >= MOST_FAILURES:
                addresses = await self._end(unit, simulation_id, "failures")
                text = f"Simulation {simulation_id} failed {failures} times in a row and is paused: {error!r}"
                await self._tell_operator(unit, "simulation_failed", text)
        for address in addresses:
            self._exit.wake(address)

    async def _provider_fails(self, feed: Feed, down: ProviderDown) -> None:
        """Wait, and tell the chats once when it has lasted for an hour."""
        _log.warning("no prices for simulations", feed=feed.id, error=str(down))
        now = self._services.clock()
        since = feed.failing_since or now
        tells = not feed.outage_told and now - since >= OUTAGE
        addresses: set[ChatAddress] = set()
        async with self._services.database.unit() as unit:
            if feed.failing_since is None or tells:
                await unit.simulations.feed_fails(feed.id, since, told=feed.outage_told or tells)
            if tells:
                waiting = defaultdict(list)
                for simulation in await unit.simulations.running_on(feed.id):
                    waiting[address_of(simulation)].append(simulation)
                for address, those in waiting.items():
                    await self._exit.write(unit, Outgoing(address, notes.outage(those, feed.symbol)))
                addresses = set(waiting)
        for address in addresses:
            self._exit.wake(address)


def _running(seat: Seat) -> Running:
    return Running(seat.program, seat.run, seat.next_start, seat.start)


def _change(result: _Result) -> StateChange:
    stepped = result.stepped
    return StateChange(result.id, stepped.next_start, stepped.state, stepped.quantity, stepped.equity)


def _placed(events: Sequence[Event]) -> list[tuple[int, int, dict[str, Any]]]:
    """Events as rows; those of one candle are counted from 0."""
    rows: list[tuple[int, int, dict[str, Any]]] = []
    for event in events:
        place = rows[-1][1] + 1 if rows and rows[-1][0] == event.time else 0
        rows.append((event.time, place, event.to_json()))
    return rows
