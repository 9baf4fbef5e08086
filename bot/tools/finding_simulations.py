"""Which simulation a person means, and what is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.errors import ToolFailed
from bot.tools.finding_bots import SHORT_ID, find_bot
from bot.tools.plain import plain
from bot.trading.packing import Standing, StateUnusable, book_of, standing_of
from bot.trading.timeframe import format_timeframe

if TYPE_CHECKING:
    from bot.tools.registry import Caller, Services
    from storage.database import Unit
    from storage.simulations import Simulation

_MOST = 50


async def find_simulation(unit: Unit, caller: Caller, named: str | None) -> Simulation:
    """The running or else the latest simulation of a bot, by its own id or the bot's name; without a name that of
    the conversation's bot, or the only one that runs.

    Raises `ToolFailed` with what would work; somebody else's is as unknown as one that does not exist.
    """
    if named is not None and named.strip():
        found = await unit.simulations.owned(named.strip(), caller.owner)
        if found is not None:
            return found
        return await _of_bot(unit, caller, named)
    running = [
        each for each in await unit.simulations.of_owner(caller.owner, _MOST) if each.state == "running"
    ]
    conversation = await unit.conversations.get(caller.conversation_id)
    chosen = None if conversation is None else conversation.bot_id
    here = next((each for each in running if each.bot_id == chosen), None)
    if here is None and len(running) == 1:
        here = running[0]
    if here is None:
        return await _of_bot(unit, caller, None)
    fresh = await unit.simulations.owned(here.id, caller.owner)
    if fresh is None:
        raise LookupError(f"The simulation {here.id} is gone.")
    return fresh


async def _of_bot(unit: Unit, caller: Caller, named: str | None) -> Simulation:
    trading_bot = await find_bot(unit, caller, named)
    found = await unit.simulations.latest_of(trading_bot.id, caller.owner)
    if found is None:
        raise ToolFailed(
            f"{trading_bot.name} has no simulation yet. Say “simulate {trading_bot.name}”, or use /simulate start."
        )
    return found


def standing(simulation: Simulation) -> Standing | None:
    """How a simulation stands; None while it warms up, or until its state is made anew after an update."""
    if simulation.program is None or simulation.run is None:
        return None
    try:
        return standing_of(book_of(simulation.program, simulation.run))
    except StateUnusable:
        return None


async def facts_of(services: Services, unit: Unit, simulation: Simulation) -> dict[str, Any]:
    """Everything that is known of a simulation, as JSON; money in dollars, times ISO 8601 in UTC."""
    feed = await unit.feeds.get(simulation.feed_id)
    if feed is None:
        raise LookupError(f"The feed of simulation {simulation.id} is gone.")
    trading_bot = await unit.trading.bot(simulation.bot_id, simulation.owner)
    now = standing(simulation)
    version = simulation.version if trading_bot is None else trading_bot.version
    since = feed.failing_since if simulation.state == "running" else None
    return {
        "simulation": simulation.id[:SHORT_ID],
        "bot": plain(simulation.name, 60),
        "version": simulation.version,
        "newer_version": version if version != simulation.version else None,
        "symbol": plain(feed.symbol),
        "timeframe": format_timeframe(feed.timeframe),
        "alert": simulation.alert,
        "state": simulation.state,
        "reason": simulation.reason,
        "begun": simulation.next_start is not None,
        "start": simulation.start,
        "initial_balance": simulation.initial_balance,
        "equity": simulation.equity,
        "return_percent": (simulation.equity / simulation.initial_balance - 1.0) * 100.0,
        "cash": simulation.initial_balance if now is None else now.cash,
        "quantity": 0.0 if now is None else now.quantity,
        "average_price": 0.0 if now is None else now.average,
        "trades": 0 if now is None else now.trades,
        "wins": 0 if now is None else now.wins,
        "max_drawdown_percent": 0.0 if now is None else now.drawdown * 100.0,
        "waiting_for_prices_since": None if since is None else since.isoformat(),
        "revised_candles": feed.revised,
        "notify": simulation.notify,
        "quiet_from": simulation.quiet_from,
        "quiet_to": simulation.quiet_to,
        "zone": simulation.zone,
        "source": feed.source,
        "synthetic": services.market.synthetic,
    }
