"""From a wish about simulations to the call, and from its result to words."""

from __future__ import annotations

from collections.abc import Mapping

from bot.agent.offline.doing import Done, Say, Step
from bot.agent.offline.simulating import Simulate


def next_simulation(wish: Simulate, done: Done) -> Step:
    """The call, and then what it came to."""
    result = done.call(wish.tool, **wish.arguments)
    if not isinstance(result, Mapping):
        return result
    if wish.tool == "manage_simulation" and result.get("action") == "results":
        same = result.get("same_as_the_backtest_of_these_candles")
        proven = (
            "It is the same as the backtest of these candles." if same else "It differs from the backtest."
        )
        return Say(
            f"That is how **{result.get('bot')}** did on paper so far; it says little about what comes. {proven}"
        )
    if wish.tool == "explain_simulation":
        return Say("That is what it waits for.")
    return done.tell(wish.tool, **wish.arguments)
