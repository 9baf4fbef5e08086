"""Tools that start, stop, describe and explain simulations, and choose what they tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from bot.errors import ToolFailed
from bot.messages import Notice, Progress
from bot.tools import simulation_words as words
from bot.tools.finding_bots import SHORT_ID
from bot.tools.finding_simulations import facts_of, find_simulation, standing
from bot.tools.kinds import Arguments, Reading
from bot.tools.plain import plain
from bot.tools.quiet import hours_in, next_summary, zone_named
from bot.tools.registry import Effect, Outcome, ToolContext
from bot.tools.simulation_results import replayed
from bot.tools.starting_simulations import in_plain_words, plan_of, written_down
from bot.trading.feeding import BLOCK, Block, from_blocks, last_in_a_row
from bot.trading.packing import StateUnusable, book_of, unpack_program, unpack_state
from bot.trading.strategy import parse_strategy
from bot.trading.timeframe import format_timeframe
from bot.trading.why import State, protection_in_words, why
from storage.feeds import lock_name
from storage.simulations import RUNNING, STOPPED

if TYPE_CHECKING:
    from bot.trading.candles import Candles
    from storage.database import Unit
    from storage.simulations import Simulation

_Text = Annotated[str, Field(min_length=1, max_length=100)]
_Which = Annotated[
    _Text | None,
    Field(None, description="The bot's name, or the beginning of an id; null: the conversation's bot."),
]
_LISTED = 20
_KEY_FIGURES = ("total_return_percent", "buy_and_hold_return_percent", "trades", "max_drawdown_percent")


class ManageSimulationArguments(Arguments):
    """What to do with which simulation."""

    action: Literal["start", "stop", "status", "results"] = Field(description="What to do.")
    bot: _Which
    timeframe: _Text | None = Field(
        None, description='Only with start: length of a candle, such as "1m"; null: the strategy\'s own.'
    )
    initial_balance: float | None = Field(
        None,
        ge=10,
        le=1e12,
        allow_inf_nan=False,
        description="Only with start: US dollars on paper to begin with; null: 10,000.",
    )


class NotifyArguments(Arguments):
    """What a simulation tells, and when not."""

    bot: _Which
    notify: Literal["all", "trades", "summary", "off"] | None = Field(
        None, description="all, trades only, the daily summary only, or nothing; null leaves it."
    )
    quiet: _Text | None = Field(
        None,
        description='Silent hours such as "22-7", or "off"; null leaves them. What happens then is told after.',
    )
    zone: _Text | None = Field(
        None, description='The zone of these hours, such as "Europe/Berlin"; null leaves it.'
    )


class WhichSimulationArguments(Arguments):
    """Which simulation."""

    bot: _Which


class ListSimulationsArguments(Arguments):
    """Nothing to say."""


class ManageSimulation:
    """Starts, stops and describes a simulation."""

    name = "manage_simulation"
    description = (
        "A simulation lets a bot trade on paper, live, from now on, and tells the chat about every trade. start asks "
        "the person first by itself, and so does stop. results shows the person a report and a chart; do not repeat "
        "their figures. A bot that only notifies is an alert and needs no balance."
    )
    arguments = ManageSimulationArguments

    def deed(self, arguments: Any) -> str:
        """What the action does with the simulation."""
        return f"{arguments.action} simulation"

    def effect(self, arguments: Any) -> Effect:
        """WRITE for what begins or ends something."""
        return Effect.WRITE if arguments.action in ("start", "stop") else Effect.READ

    def waiting_text(self, arguments: Any) -> str:
        """A few words for the person who waits."""
        texts = {"start": "Starting the simulation", "stop": "Stopping the simulation"}
        return texts.get(arguments.action, "Looking at the simulation")

    async def describe(self, context: ToolContext, arguments: Any) -> str:
        """What would begin or end. Raises what `run` raises."""
        if arguments.action == "start":
            plan = await plan_of(context, arguments.bot, arguments.timeframe, arguments.initial_balance)
            return in_plain_words(plan)
        async with context.services.database.view() as view:
            simulation = await find_simulation(view, context.caller, arguments.bot)
        _require_running(simulation)
        return f"Stop the simulation of **{simulation.name}**? Its results stay."

    async def run(self, context: ToolContext, arguments: Any) -> Outcome:
        """Do it. Raises `ToolFailed` with what would work, `Refused` at the limit."""
        match arguments.action:
            case "start":
                return await _start(context, arguments)
            case "stop":
                return await _stop(context, arguments.bot)
            case "results":
                return await results(context, arguments.bot)
        async with context.services.database.view() as view:
            simulation = await find_simulation(view, context.caller, arguments.bot)
            facts = await facts_of(context.services, view, simulation)
        return Outcome({"action": "status", **facts})


class SetNotifications(Reading):
    """Chooses what a simulation tells."""

    name = "set_notifications"
    description = (
        "Choose what a simulation or an alert tells the chat, and its silent hours, of which the zone should be "
        "known. It changes nothing else, so it does not ask."
    )
    arguments = NotifyArguments

    async def run(self, context: ToolContext, arguments: Any) -> Outcome:
        """Write it down. Raises `ToolFailed` with what would work."""
        async with context.services.database.view() as view:
            simulation = await find_simulation(view, context.caller, arguments.bot)
        values = _settings(simulation, arguments, context)

        async def write(unit: Unit) -> Outcome:
            await unit.simulations.set(simulation.id, **values)
            fresh = await unit.simulations.get(simulation.id)
            return Outcome(await facts_of(context.services, unit, fresh or simulation))

        return Outcome(write=write)


class ExplainSimulation(Reading):
    """Explains why a simulation does nothing."""

    name = "explain_simulation"
    description = (
        "Why a simulation or an alert does nothing now: each condition's value beside what it needs, and what holds "
        "its rules back. The person is shown all of it, so do not repeat it."
    )
    arguments = WhichSimulationArguments

    async def run(self, context: ToolContext, arguments: Any) -> Outcome:
        """Look at its last candle. Raises `ToolFailed` while there is none."""
        services = context.services
        async with services.database.view() as view:
            simulation = await find_simulation(view, context.caller, arguments.bot)
            facts = await facts_of(services, view, simulation)
            saved = await view.trading.strategy(simulation.bot_id, simulation.version)
            candles = await _last_candles(view, simulation)
        if saved is None:
            raise LookupError(f"The strategy of simulation {simulation.id} is gone.")
        if candles is None or simulation.program is None or simulation.run is None:
            raise ToolFailed(
                f"{simulation.name} still warms up, so there is nothing to see yet. Ask in a minute."
            )
        try:
            watch, _ = unpack_state(simulation.program, simulation.run)
            state = State(
                unpack_program(simulation.program),
                watch,
                book_of(simulation.program, simulation.run),
                candles,
            )
        except StateUnusable as changed:
            raise ToolFailed(
                "It is being brought to a new version of the engine. Ask again in a minute."
            ) from changed
        strategy, _ = parse_strategy(saved.document)
        seen, close = why(strategy, state), float(candles.close[-1])
        now = standing(simulation)
        protection = "" if now is None else protection_in_words(now.stop, now.take_profit, close)
        facts |= {"last_close": int(candles.start[-1]) + candles.timeframe}
        text = words.explanation(facts, seen, close, protection)
        rules = [
            {
                "rule": rule.id,
                "true_now": rule.holds,
                "conditions": [f"{each.asks}: {each.now}" for each in rule.conditions],
                "held_back_by": list(rule.blocked),
            }
            for rule in seen
        ]
        return Outcome({**facts, "rules": rules}, (Notice(text, words.status_actions(facts)[1:]),))


class ListSimulations(Reading):
    """Lists the person's simulations."""

    name = "list_simulations"
    description = "List the person's simulations and alerts, running ones first."
    arguments = ListSimulationsArguments

    async def run(self, context: ToolContext, arguments: Any) -> Outcome:  # noqa: ARG002
        """All of them, at most twenty."""
        services = context.services
        async with services.database.view() as view:
            found = await view.simulations.of_owner(context.caller.owner, _LISTED)
            listed = [await _short_facts(view, each) for each in found]
        return Outcome({"simulations": listed, "synthetic": services.market.synthetic})


async def results(context: ToolContext, named: str | None, *, only_chart: bool = False) -> Outcome:
    """The whole result of a simulation, proven against the backtest of its candles; or only its picture.

    Raises `ToolFailed` while there is too little.
    """
    services, market = context.services, context.services.market
    async with services.database.view() as view:
        simulation = await find_simulation(view, context.caller, named)
        facts = await facts_of(services, view, simulation)
    context.show(Progress(f"Running the backtest of the candles of {plain(simulation.name)}"))
    proven = await replayed(services, simulation)
    if proven is None:
        raise ToolFailed(
            f"{simulation.name} has had fewer than two candles of {facts['timeframe']}, so there is nothing to show "
            "yet."
        )
    if only_chart:
        return Outcome(replies=(words.picture(simulation, proven, synthetic=market.synthetic),))
    metrics = proven.result["metrics"]
    figures = {name: _rounded(metrics[name]) for name in _KEY_FIGURES}
    source = facts["source"]
    return Outcome(
        {"action": "results", **facts, **figures, "same_as_the_backtest_of_these_candles": proven.same},
        words.results(simulation, proven, synthetic=market.synthetic, source=source),
    )


async def _start(context: ToolContext, arguments: Any) -> Outcome:
    plan = await plan_of(context, arguments.bot, arguments.timeframe, arguments.initial_balance)

    async def write(unit: Unit) -> Outcome:
        return Outcome({"action": "start", **await written_down(unit, context, plan)})

    return Outcome(write=write)


async def _stop(context: ToolContext, named: str | None) -> Outcome:
    services = context.services
    async with services.database.view() as view:
        simulation = await find_simulation(view, context.caller, named)
    _require_running(simulation)

    async def write(unit: Unit) -> Outcome:
        # Behind whatever steps a candle right now, so that this candle is finished whole.
        await unit.lock(lock_name(simulation.feed_id))
        await unit.simulations.end(simulation.id, STOPPED, "person", services.clock())
        fresh = await unit.simulations.get(simulation.id)
        return Outcome({"action": "stop", **await facts_of(services, unit, fresh or simulation)})

    return Outcome(write=write)


def _require_running(simulation: Simulation) -> None:
    if simulation.state != RUNNING:
        why_ended = words.WHY_ENDED.get(simulation.reason or "", "it ended.")
        raise ToolFailed(
            f"The simulation of {simulation.name} is not running ({simulation.state}): {why_ended} "
            "/simulate start starts it."
        )


def _settings(simulation: Simulation, arguments: Any, context: ToolContext) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if arguments.notify is not None:
        values["notify"] = arguments.notify
    if arguments.zone is not None:
        zone = zone_named(arguments.zone)
        if zone is None:
            raise ToolFailed(
                f"There is no zone {plain(arguments.zone)}; take one such as UTC, Europe/Berlin or Asia/Singapore."
            )
        values["zone"] = zone
        if simulation.summary_at is not None:
            values["summary_at"] = next_summary(zone, context.services.market.now())
    if arguments.quiet is not None:
        hours = (None, None) if arguments.quiet.lower() in ("off", "none") else hours_in(arguments.quiet)
        if hours is None:
            raise ToolFailed('Silent hours are written like "22-7" or "22:30-07:00", or "off" for none.')
        values["quiet_from"], values["quiet_to"] = hours
    if not values:
        raise ToolFailed("Say what should change: all, trades, summary or off, or silent hours such as 22-7.")
    return values


async def _last_candles(view: Unit, simulation: Simulation) -> Candles | None:
    """The candles that its rules look back at, and one more; None before the first."""
    feed = await view.feeds.get(simulation.feed_id)
    end, warm_from = simulation.next_start, simulation.warm_from
    if feed is None or end is None or warm_from is None or end <= warm_from:
        return None
    begin = max(warm_from, end - (simulation.look_back + 1) * feed.timeframe)
    rows = await view.feeds.blocks(feed.id, begin, end, BLOCK * feed.timeframe)
    blocks = [Block(row.start, row.count, row.data) for row in rows]
    candles = last_in_a_row(from_blocks(blocks, feed.timeframe, begin, end))
    return candles if len(candles) and np.isfinite(candles.close[-1]) else None


async def _short_facts(view: Unit, simulation: Simulation) -> dict[str, Any]:
    feed = await view.feeds.get(simulation.feed_id)
    return {
        "simulation": simulation.id[:SHORT_ID],
        "bot": plain(simulation.name, 60),
        "version": simulation.version,
        "symbol": "" if feed is None else plain(feed.symbol),
        "timeframe": "" if feed is None else format_timeframe(feed.timeframe),
        "alert": simulation.alert,
        "state": simulation.state,
        "equity": simulation.equity,
        "return_percent": (simulation.equity / simulation.initial_balance - 1.0) * 100.0,
    }


def _rounded(value: float | None) -> float | None:
    return value if value is None or isinstance(value, int) else round(value, 4)
