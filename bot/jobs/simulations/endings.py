"""How simulations are paused, and what is said while prices are missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from bot.jobs.simulations import notes
from bot.jobs.simulations.telling import address_of
from bot.messages import ChatAddress, Exit, Outgoing
from bot.tools.registry import Services
from storage.feeds import lock_name
from storage.simulations import PAUSED

if TYPE_CHECKING:
    from bot.errors import ProviderDown
    from storage.database import Unit
    from storage.feeds import Feed
    from storage.simulations import Simulation

_log = structlog.get_logger(__name__)

MOST_FAILURES = 10
"""Failures in a row after which a simulation is paused."""

OUTAGE = timedelta(hours=1)
"""After this long without prices the chat is told, once."""

TellOperator = Callable[["Unit", str, str], Awaitable[None]]
"""Tells the operator something in the caller's unit: what kind of thing, and a sentence."""


class Endings:
    """Pauses simulations, counts their failures, and tells those whom it concerns."""

    def __init__(self, services: Services, exit_: Exit, tell_operator: TellOperator) -> None:
        self._services = services
        self._exit = exit_
        self._tell_operator = tell_operator

    async def end(self, unit: Unit, simulation_id: str, reason: str, detail: str = "") -> set[ChatAddress]:
        """Pause a simulation in the caller's unit and tell its chat why; gives where the message leaves for."""
        simulation = await unit.simulations.get(simulation_id)
        if simulation is None or not await unit.simulations.end(
            simulation_id, PAUSED, reason, self._services.clock()
        ):
            return set()
        address = address_of(simulation)
        await self._exit.write(unit, Outgoing(address, notes.paused(simulation, reason, detail)))
        return {address}

    async def pause(self, simulation: Simulation, reason: str, detail: str = "") -> None:
        """Pause a simulation and tell its chat why."""
        async with self._services.database.unit() as unit:
            addresses = await self.end(unit, simulation.id, reason, detail)
        self._wake(addresses)

    async def pause_feed(self, feed: Feed, reason: str) -> None:
        """Pause every simulation of a feed."""
        async with self._services.database.view() as view:
            running = await view.simulations.running_on(feed.id)
        for simulation in running:
            await self.pause(simulation, reason)

    async def failed(self, simulation_id: str, error: Exception) -> None:
        """Count a failure of one simulation; after ten in a row it is paused and the operator told."""
        addresses: set[ChatAddress] = set()
        async with self._services.database.unit() as unit:
            failures = await unit.simulations.fail(simulation_id, repr(error)[:500])
            if not failures:
                # It was stopped, or its person forgotten, and what it needs is gone.
                return
            _log.error("simulation failed", simulation=simulation_id, exc_info=error)
            if failures >= MOST_FAILURES:
                addresses = await self.end(unit, simulation_id, "failures")
                text = f"Simulation {simulation_id} failed {failures} times in a row and is paused: {error!r}"
                await self._tell_operator(unit, "simulation_failed", text)
        self._wake(addresses)

    async def provider_fails(self, feed: Feed, down: ProviderDown) -> None:
        """Wait, and tell the chats once when it has lasted for an hour."""
        _log.warning("no prices for simulations", feed=feed.id, error=str(down))
        now = self._services.clock()
        since = feed.failing_since or now
        tells = not feed.outage_told and now - since >= OUTAGE
        if feed.failing_since is not None and not tells:
            return
        waiting: defaultdict[ChatAddress, list[Simulation]] = defaultdict(list)
        async with self._services.database.unit() as unit:
            # Nobody is forgotten between being found and being written to.
            await unit.lock(lock_name(feed.id))
            if not await unit.feeds.fails(feed, since, told=tells):
                return
            for simulation in await unit.simulations.running_on(feed.id) if tells else ():
                waiting[address_of(simulation)].append(simulation)
            for address, those in waiting.items():
                await self._exit.write(unit, Outgoing(address, notes.outage(those, feed.symbol)))
        self._wake(set(waiting))

    async def provider_answers(self, feed: Feed) -> None:
        """Write down that prices are back."""
        async with self._services.database.unit() as unit:
            await unit.feeds.fails(feed, None, told=False)

    def _wake(self, addresses: set[ChatAddress]) -> None:
        for address in addresses:
            self._exit.wake(address)
