"""What accounts may do by their tier, and beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.settings import Settings

FREE = "free"
PRO = "pro"
TIERS = (FREE, PRO)


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many bots, running simulations and backtests in 24 hours an account may have; None has no limit."""

    bots: int | None
    simulations: int | None
    backtests_per_day: int | None


def allowance(settings: Settings, tier: str, quota: Mapping[str, int | None] | None = None) -> Allowance:
    """The allowance of a tier, with what an operator has given one account beside it."""
    own = quota or {}
    pro = tier == PRO
    return Allowance(
        own.get("bots", settings.pro_bots if pro else settings.free_bots),
        own.get("simulations", settings.pro_simulations if pro else settings.free_simulations),
        own.get("backtests", settings.pro_backtests_per_day if pro else settings.free_backtests_per_day),
    )


def better(one: str, other: str) -> str:
    """The tier of an account that was made of two."""
    return PRO if PRO in (one, other) else FREE
