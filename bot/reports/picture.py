"""What a worker process draws for a report; only light modules are imported here, the parent names this function."""

from __future__ import annotations


def draw(title: str, names: list[str], panels: list[tuple[str, list[int]]]) -> bytes:
    """Bars over time as a PNG."""
    from bot.trading.bars import draw_bars

    return draw_bars(title, names, panels)
