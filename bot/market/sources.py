"""Which market the settings ask for."""

from __future__ import annotations

from bot.clock import Clock
from bot.market.provider import Market
from bot.market.synthetic import SyntheticMarket
from bot.market.synthetic_clock import stored_origin
from bot.settings import Settings
from storage.database import Database


async def build_market(settings: Settings, database: Database, clock: Clock) -> Market:
    """The market that `MARKET_SOURCE` names; the synthetic one goes on from its stored clock origin."""
    origin = await stored_origin(database, clock, settings.synthetic_speed)
    return SyntheticMarket(settings.synthetic_seed, lambda: origin.at(clock()))
