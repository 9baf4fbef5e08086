"""What changes of a bot mean for its running simulation."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from storage.feeds import lock_name
from storage.simulations import STOPPED

if TYPE_CHECKING:
    from storage.database import Unit
    from storage.simulations import Simulation
    from storage.trading import TradingBot


async def stop_simulation(unit: Unit, bot_id: str, reason: str, at: datetime) -> Simulation | None:
    """Stop the running simulation of a bot in the caller's unit, once the candle that is stepped now is finished."""
    running = await unit.simulations.running_of(bot_id)
    if running is not None:
        await unit.lock(lock_name(running.feed_id))
        await unit.simulations.end(running.id, STOPPED, reason, at)
    return running


async def goes_on_with(unit: Unit, trading_bot: TradingBot) -> list[str]:
    """A sentence for the person whose changed bot has a simulation of an earlier version running."""
    running = await unit.simulations.running_of(trading_bot.id)
    if running is None or running.version == trading_bot.version:
        return []
    return [
        f"Its simulation goes on with version {running.version}; `/simulate start {trading_bot.name}` restarts it with "
        f"version {trading_bot.version}."
    ]
