"""Lets the person who waits see that a source of prices makes everybody wait."""

from __future__ import annotations

from contextlib import AbstractContextManager

from bot.market.waiting import hearing_waits
from bot.messages import Progress
from bot.tools.registry import Show


def showing_waits(show: Show) -> AbstractContextManager[None]:
    """Show every wait for a source that the calls inside run into."""

    def tell(name: str, seconds: float) -> None:
        wait = f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} minutes"
        show(Progress(f"Many questions to {name} at once; mine is sent in about {wait}"))

    return hearing_waits(tell)
