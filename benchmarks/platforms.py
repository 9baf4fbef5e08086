"""How much trouble on one platform delays the answers on another one in the same process.

Issue 4 allows a median answer time within 20 % of alone. Prints the medians, in milliseconds; the exit status is 1 when
one is above that.
"""

from __future__ import annotations

import asyncio
import logging
import os
import platform
import sys
import tempfile
from pathlib import Path

import structlog

from bot.app import WARM_UP
from bot.settings import Settings
from bot.workers import Workers
from tests.fakes.both_houses import compare, open_both

ROUNDS = 30
ALLOWED = 1.2


async def main() -> int:
    """Measure both ways."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)
    workers = Workers(1, warm_up=WARM_UP)
    await workers.start()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        async with open_both(Settings(data_dir=Path(folder)), workers) as both:
            on_telegram = await compare(
                both.time_on_telegram,
                both.write_on_discord,
                both.break_discord,
                ("503", "slow", "drop_before"),
                ROUNDS,
            )
            on_discord = await compare(
                both.time_on_discord,
                both.write_on_telegram,
                both.break_telegram,
                ("500", "drop_before", "hang"),
                ROUNDS,
            )
    for name, other, medians in (("Telegram", "Discord", on_telegram), ("Discord", "Telegram", on_discord)):
        for how, seconds in medians.items():
            ratio = seconds / medians["alone"]
            worst = max(worst, ratio)
            print(f"{name:<9} {other} {how:<12} median {seconds * 1000:7.1f} ms   {ratio:5.2f} of alone")
    await workers.close()
    return 0 if worst <= ALLOWED else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
