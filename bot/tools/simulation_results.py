"""The results of a simulation: the backtest of the very candles that it was given, and whether the two agree."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bot.tools.backtest_job import Job, write_candles
from bot.tools.simulation_job import Proof, Proven, as_line, prove
from bot.trading.feeding import BLOCK, Block, from_blocks, last_in_a_row

if TYPE_CHECKING:
    from bot.tools.registry import Services
    from storage.simulations import Simulation

FEWEST_CANDLES = 2


async def replayed(services: Services, simulation: Simulation) -> Proven | None:
    """What the backtest of a simulation's candles gives; None while it has had fewer than two.

    None also when its person has been forgotten meanwhile, and its strategy with them.
    Raises `Refused` when too much is being calculated.
    """
    begin, end = simulation.warm_from, simulation.next_start
    async with services.database.view() as view:
        feed = await view.feeds.get(simulation.feed_id)
        saved = await view.trading.strategy(simulation.bot_id, simulation.version)
        if feed is None or saved is None or begin is None or end is None:
            return None
        if end - simulation.start < FEWEST_CANDLES * feed.timeframe:
            return None
        rows = await view.feeds.blocks(feed.id, begin, end, BLOCK * feed.timeframe)
        blocks = [Block(row.start, row.count, row.data) for row in rows]
        events = await view.simulations.events(simulation.id)
    lines = b"".join([as_line(event.body) for event in events])
    candles = last_in_a_row(from_blocks(blocks, feed.timeframe, begin, end))
    gaps = (
        int(((candles.volume == 0) & (candles.high == candles.low)).sum()) if simulation.volume_known else 0
    )
    market = services.market
    with TemporaryDirectory(prefix="randebu-") as folder:
        await asyncio.to_thread(write_candles, candles, Path(folder))
        job = Job(
            document=saved.document,
            candles=Path(folder),
            timeframe=feed.timeframe,
            missing=gaps,
            start=simulation.start,
            initial_balance=simulation.initial_balance,
            source=feed.source,
            synthetic=market.synthetic,
        )
        return await services.workers.run(prove, Proof(job, simulation.volume_known, lines))
