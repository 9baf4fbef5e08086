"""Stepping: every new candle of a feed through all simulations on it, committed together."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, Any

import structlog

from bot.errors import NoData, ProviderDown
from bot.jobs.clockwork import failure_of
from bot.jobs.simulations.cards import Teller
from bot.jobs.simulations.endings import Endings, TellOperator
from bot.jobs.simulations.feeds import MOST_AT_ONCE, Feeds
from bot.jobs.simulations.ledger import TOGETHER, Ledger, Look, Result, Step
from bot.jobs.simulations.telling import Tidings, tidings
from bot.messages import Exit
from bot.tools.registry import Services
from bot.trading.candles import Candles
from bot.trading.events import Event, read_events
from bot.trading.feeding import News, joined, last_in_a_row
from bot.trading.live import Running, Stepped, begin, records_of, step_all
from bot.trading.packing import StateUnusable, pack_program
from bot.trading.program import compile_program, warm_up_candles
from bot.trading.strategy import Strategy, parse_strategy
from bot.workers import Workers
from storage.feeds import Feed, lock_name
from storage.stepping import Seat

if TYPE_CHECKING:
    from storage.simulations import Simulation

_log = structlog.get_logger(__name__)

AT_ONCE = 24
"""Feeds that are stepped at once; the others wait, and may be waiting for their provider meanwhile."""


class Stepping:
    """Advances feeds; a feed is advanced by one task of this process at a time, and by one process in all."""

    def __init__(
        self, services: Services, workers: Workers, exit_: Exit, tell_operator: TellOperator
    ) -> None:
        self._services = services
        self._workers = workers
        self._endings = Endings(services, exit_, tell_operator)
        self._feeds = Feeds(services.database, services.market)
        self._ledger = Ledger(services.database, exit_, self._endings, self._feeds)
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
        look = await self._ledger.look(feed_id)
        if look is None:
            return False
        feed = look.feed
        if (feed.source == "synthetic") != self._services.market.synthetic:
            await self._endings.pause_feed(feed, "source")
            return False
        try:
            at = await self._catch_up(look) if look.census.begun else feed.next_start
            if look.census.waiting:
                at = await self._begin_all(feed_id)
        except ProviderDown as down:
            await self._endings.provider_fails(feed, down)
            return True
        if feed.failing_since is not None:
            await self._endings.provider_answers(feed)
        now = self._services.market.now().timestamp()
        return at is not None and at + feed.timeframe <= now

    async def _begin_all(self, feed_id: int) -> int | None:
        """Begin the simulations of a feed that have not, and let them catch up; gives where the feed is then."""
        async with self._services.database.view() as view:
            waiting = await view.simulations.waiting(feed_id)
        for simulation in waiting:
            async with self._busy:
                await self._counted(simulation.id, self._begin(simulation))
        look = await self._ledger.look(feed_id)
        if look is None or not look.census.begun:
            return None
        return await self._catch_up(look)

    async def _catch_up(self, look: Look) -> int:
        """Step whatever has closed, in goes of so many candles, and those that lag behind alone."""
        behind = look.census.behind
        while self._feeds.has_more(look.feed):
            feed, at = look.feed, look.feed.next_start or 0
            news = await self._feeds.news(feed, look.known)
            if not len(news.candles) and not news.revised:
                break
            async with self._busy:
                error = await failure_of(self._together(look, news))
                if error is not None:
                    _log.warning("stepping together failed", feed=feed.id, exc_info=error)
                    await self._ledger.keep_candles(feed, news)
                    behind = behind or len(look.seats)
            feed.next_start = at + len(news.candles) * feed.timeframe
            if len(news.candles) < MOST_AT_ONCE:
                break
            fresh = await self._ledger.look(feed.id)
            if fresh is None:
                break
            look = fresh
        if behind:
            await self._catch_up_alone(look.feed.id)
        return look.feed.next_start or 0

    async def _catch_up_alone(self, feed_id: int) -> None:
        async with self._services.database.view() as view:
            feed = await view.feeds.get(feed_id)
            ids = [] if feed is None else await view.steps.behind(feed_id, feed.next_start or 0)
        for simulation_id in ids:
            if feed is not None:
                async with self._busy:
                    await self._counted(simulation_id, self._alone(feed, simulation_id))

    async def _counted(self, simulation_id: str, work: Awaitable[None]) -> None:
        """Do something for one simulation; a failure counts against it alone. Raises `ProviderDown`."""
        error = await failure_of(work)
        if isinstance(error, ProviderDown) and not isinstance(error, NoData):
            raise error
        if error is not None:
            await self._endings.failed(simulation_id, error)

    async def _together(self, look: Look, news: News) -> None:
        """Step all simulations that are where their feed is, and commit that at once."""
        feed, at, seats = look.feed, look.feed.next_start or 0, look.seats
        whole = joined(look.known, news.candles)
        results: list[Result] = []
        while seats and len(news.candles):
            stepped = await self._workers.run(step_all, [_running(seat) for seat in seats], whole)
            results += await self._with_tidings(feed, seats, stepped)
            if len(seats) < TOGETHER:
                break
            async with self._services.database.view() as view:
                seats = await view.steps.seats(feed.id, at, seats[-1].id, TOGETHER)
        await self._ledger.commit(Step(look, news, results))

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
            seat = Seat(simulation.id, at, simulation.start, b"", b"")
            results = await self._with_tidings(feed, [seat], [stepped])
            for result in results:
                await self._ledger.commit_alone(feed, result)

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
                await unit.simulations.set_running(simulation.id, program=program, run=state)
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
        look = await self._ledger.look(simulation.feed_id)
        if look is None:
            return
        feed, begun = look.feed, look.census.begun > 0
        strategy = await self._strategy(simulation)
        program = compile_program(strategy, feed.timeframe, "next_open")
        warm_from = simulation.start - warm_up_candles(strategy, feed.timeframe) * feed.timeframe
        end = min(simulation.start, feed.next_start) if begun and feed.next_start else simulation.start
        try:
            candles = last_in_a_row(await self._feeds.ensured(feed, warm_from, end))
        except NoData as missing:
            await self._endings.pause(simulation, "no_data", str(missing))
            return
        at = int(candles.start[-1]) + feed.timeframe if len(candles) else end
        simulation.volume_known = not len(candles) or bool(candles.volume.any())
        packed = pack_program(program)
        state = await self._replayed(simulation, packed, candles)
        async with self._services.database.unit() as unit:
            await unit.lock(lock_name(feed.id))
            if not begun and (feed.next_start is None or feed.next_start < at):
                await unit.feeds.move(feed.id, feed.next_start, at)
            await unit.simulations.set_running(
                simulation.id,
                warm_from=int(candles.start[0]) if len(candles) else at,
                volume_known=simulation.volume_known,
                look_back=int(program[0]["look_back"]),
                program=packed,
                run=state,
                next_start=at,
            )

    async def _with_tidings(
        self, feed: Feed, seats: Sequence[Seat], stepped: Sequence[Stepped]
    ) -> list[Result]:
        """The results with what has to be said, which only those with events need."""
        pairs = list(zip(seats, stepped, strict=True))
        eventful = [seat.id for seat, each in pairs if each.events]
        if not eventful:
            return [Result(seat, each) for seat, each in pairs]
        async with self._services.database.view() as view:
            simulations = await view.simulations.many(eventful)
            documents = {
                id_: await view.trading.strategy(each.bot_id, each.version)
                for id_, each in simulations.items()
            }
        results = []
        for seat, each in pairs:
            saved = documents.get(seat.id)
            if saved is None:
                results.append(Result(seat, each))
                continue
            strategy = parse_strategy(saved.document)[0]
            events = read_events(strategy, records_of(each.events))
            said = self._said(feed, simulations[seat.id], strategy, events)
            results.append(Result(seat, each, events, said))
            await asyncio.sleep(0)
        return results

    def _said(
        self, feed: Feed, simulation: Simulation, strategy: Strategy, events: Sequence[Event]
    ) -> Tidings:
        market, clock = self._services.market, self._services.clock
        teller = Teller(simulation.id, simulation.name, strategy, market.synthetic, simulation.alert)
        return tidings(simulation, teller, events, feed.timeframe, market.now().timestamp(), clock())


def _running(seat: Seat) -> Running:
    return Running(seat.program, seat.run, seat.next_start, seat.start)
