"""What is told by the hour: the daily summary with its picture, and what happened in silent hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.jobs.clockwork import failure_of
from bot.jobs.simulations.cards import Teller
from bot.jobs.simulations.telling import address_of, held_back
from bot.messages import Exit, Outgoing
from bot.tools.quiet import is_quiet, next_summary
from bot.tools.registry import Services
from bot.tools.simulation_results import replayed
from bot.tools.simulation_words import day_summary
from bot.trading.events import event_from_json
from bot.trading.strategy import parse_strategy

if TYPE_CHECKING:
    from storage.simulations import Simulation

_AT_ONCE = 50
"""Summaries that are made in one run; the others wait for the next one."""

_SUMMED_UP = ("all", "summary")


class Summaries:
    """Tells by the hour; each thing once, by whichever process is first."""

    def __init__(self, services: Services, exit_: Exit) -> None:
        self._services = services
        self._exit = exit_

    async def run(self) -> None:
        """Tell whatever is due now."""
        await self._held_back()
        async with self._services.database.view() as view:
            due = await view.simulations.summary_due(self._services.market.now(), _AT_ONCE)
        failure = None
        for simulation_id in due:
            failure = await failure_of(self._summarise(simulation_id)) or failure
        if failure is not None:
            raise failure

    async def _held_back(self) -> None:
        async with self._services.database.view() as view:
            waiting = await view.simulations.untold()
        for simulation_id in waiting:
            async with self._services.database.view() as view:
                simulation = await view.simulations.get(simulation_id)
            if simulation is not None and not is_quiet(simulation, self._services.clock()):
                await self._tell_held_back(simulation_id)

    async def _tell_held_back(self, simulation_id: str) -> None:
        async with self._services.database.unit() as unit:
            simulation = await unit.simulations.take_untold(simulation_id)
            if simulation is None:
                return
            saved = await unit.trading.strategy(simulation.bot_id, simulation.version)
            rows = await unit.simulations.events(simulation_id, after=simulation.told_start)
            if saved is None:
                return
            teller = self._teller(simulation, saved.document)
            said = held_back(simulation, teller, [event_from_json(row.body) for row in rows])
            await self._exit.write(unit, *said.outgoing)
            await unit.simulations.set(simulation_id, **said.values)
        self._exit.wake(address_of(simulation))

    async def _summarise(self, simulation_id: str) -> None:
        market = self._services.market
        async with self._services.database.view() as view:
            simulation = await view.simulations.get(simulation_id)
        if simulation is None or simulation.summary_at is None:
            return
        expected, following = simulation.summary_at, next_summary(simulation.zone, market.now())
        wants = simulation.notify in _SUMMED_UP and not simulation.alert
        result = await replayed(self._services, simulation) if wants else None
        replies = () if result is None else day_summary(simulation, result, market.synthetic)
        async with self._services.database.unit() as unit:
            if await unit.simulations.take_summary(simulation_id, expected, following):
                await self._exit.write(unit, *(Outgoing(address_of(simulation), each) for each in replies))
        self._exit.wake(address_of(simulation))

    def _teller(self, simulation: Simulation, document: dict[str, object]) -> Teller:
        strategy = parse_strategy(document)[0]
        return Teller(
            simulation.id, simulation.name, strategy, self._services.market.synthetic, simulation.alert
        )
