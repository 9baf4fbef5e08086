"""The synthetic market's own clock, which may run faster than the machine's and goes on after a restart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import Clock
from storage.database import Database

FACT = "synthetic_clock"
"""The name under which the origin is stored."""


@dataclass(frozen=True, slots=True)
class ClockOrigin:
    """A moment at which both clocks are known, and how many times as fast the market's runs from there on."""

    real_origin: datetime
    market_origin: datetime
    speed: float

    def at(self, real: datetime) -> datetime:
        """The market's time at a real time; while the machine's clock is set back it stands still."""
        elapsed = max(0.0, (real - self.real_origin).total_seconds())
        return self.market_origin + timedelta(seconds=elapsed * self.speed)


async def stored_origin(database: Database, clock: Clock, speed: float) -> ClockOrigin:
    """The stored origin; where there is none, or the speed has changed, a new one that goes on from now."""
    async with database.view() as unit:
        origin = _read(await unit.facts.get(FACT))
    if origin is not None and origin.speed == speed:
        return origin
    async with database.unit() as unit:
        await unit.lock(FACT)
        origin = _read(await unit.facts.get(FACT))
        if origin is not None and origin.speed == speed:
            return origin
        now = clock()
        fresh = ClockOrigin(now, now if origin is None else origin.at(now), speed)
        await unit.facts.set(
            FACT,
            {
                "real_origin": fresh.real_origin.isoformat(),
                "market_origin": fresh.market_origin.isoformat(),
                "speed": fresh.speed,
            },
        )
    return fresh


def _read(value: dict[str, str | float] | None) -> ClockOrigin | None:
    if value is None:
        return None
    return ClockOrigin(
        datetime.fromisoformat(str(value["real_origin"])),
        datetime.fromisoformat(str(value["market_origin"])),
        float(value["speed"]),
    )
