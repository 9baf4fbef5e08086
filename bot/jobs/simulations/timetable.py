"""The timetable: one job for each feed in use, just after its candles close on the market's clock."""

from __future__ import annotations

from functools import partial

from bot.jobs.clockwork import Clockwork
from bot.jobs.simulations.stepping import Stepping
from bot.tools.registry import Services

_PREFIX = "simulations of feed "
_SHORTEST = 0.2
"""Seconds between two runs of a job, however fast the market's clock runs."""

_RETRIES = 6
"""Into so many parts an interval is cut when its candle is not there yet."""


class Timetable:
    """Keeps the jobs of feeds in step with the simulations that there are."""

    def __init__(self, services: Services, stepping: Stepping, clockwork: Clockwork) -> None:
        self._services = services
        self._stepping = stepping
        self._clockwork = clockwork
        self._behind: set[int] = set()
        market = services.market
        self._speed = services.settings.synthetic_speed if market.synthetic else 1.0

    async def arrange(self) -> None:
        """Give every feed in use its job and the others none; new simulations do not have to wait for a close."""
        async with self._services.database.view() as view:
            feeds = await view.simulations.feeds_in_use()
        names = self._clockwork.names(_PREFIX)
        for feed_id, timeframe, waiting in feeds:
            name = f"{_PREFIX}{feed_id}"
            wait = partial(self.wait, feed_id, timeframe)
            if name not in names:
                self._clockwork.paced(name, partial(self._run, feed_id), wait)
            names.discard(name)
            # One second more than it should be says that the machine's clock was changed.
            self._clockwork.hurry(name, 0.0 if waiting else wait() + 1.0)
        for name in names:
            self._clockwork.remove(name)
        self._behind &= {feed_id for feed_id, _, _ in feeds}

    def wait(self, feed_id: int, timeframe: int) -> float:
        """Seconds until a feed's next candle has closed and its provider should know, or until it is asked again."""
        now = self._services.market.now().timestamp()
        delay = self._services.settings.simulation_delay_seconds
        due = ((now - delay) // timeframe + 1) * timeframe + delay
        wait = due - now
        if feed_id in self._behind:
            wait = min(wait, timeframe / _RETRIES)
        return max(wait / self._speed, _SHORTEST)

    async def _run(self, feed_id: int) -> None:
        behind = await self._stepping.advance(feed_id)
        (self._behind.add if behind else self._behind.discard)(feed_id)
