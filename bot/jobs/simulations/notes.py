"""What is said about a simulation itself: that it pauses, waits, or how its day was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.messages import Action, Notice
from bot.tools.finding_bots import SHORT_ID
from bot.tools.simulation_words import WHY_ENDED
from bot.trading.paraphrase import literal

if TYPE_CHECKING:
    from storage.simulations import Simulation


def paused(simulation: Simulation, reason: str, detail: str = "") -> Notice:
    """That a simulation is paused, why, and what would let it go on."""
    short = simulation.id[:SHORT_ID]
    lines = [f"**{literal(simulation.name)}** is paused: {WHY_ENDED[reason]}"]
    if detail:
        lines.append(literal(detail))
    actions = (
        Action("Results", f"/simulate results {short}"),
        Action("Start again", f"/simulate start {short}"),
    )
    return Notice("\n".join(lines), actions)


def outage(simulations: Sequence[Simulation], symbol: str) -> Notice:
    """That prices have been missing for an hour."""
    names = ", ".join(f"**{literal(each.name)}**" for each in simulations[:5])
    more = f" and {len(simulations) - 5} more" if len(simulations) > 5 else ""
    several = len(simulations) > 1
    return Notice(
        f"There have been no prices of {literal(symbol)} for an hour, so {names}{more} "
        f"{'wait' if several else 'waits'}. Nothing is lost: when prices are back, the missed candles are made up for, "
        "and I tell you what happened on them."
    )
