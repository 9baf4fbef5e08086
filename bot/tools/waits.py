"""Lets the person who waits see that a source of prices makes everybody wait."""

from __future__ import annotations

from contextlib import AbstractContextManager

from bot.market.waiting import hearing_waits
from bot.messages import Progress
from bot.numbers import roughly
from bot.tools.registry import Show


def showing_waits(show: Show) -> AbstractContextManager[None]:
    """Show every wait for a source that the calls inside run into."""

    def tell(name: str, seconds: float) -> None:
        show(Progress(f"{name} may only be asked so often; it goes on in about {roughly(seconds)}"))

    return hearing_waits(tell)
