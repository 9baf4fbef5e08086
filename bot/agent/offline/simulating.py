"""Sentences about simulations: start, stop, how it does, why nothing happens, and what to tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.agent.offline.vocabulary import one_of
from bot.agent.offline.words import Kind, Words
from bot.agent.steps import TurnFacts
from bot.trading.timeframe import format_timeframe

_SIMULATION = one_of("simulation simulations simulate simulated simulating sim paper papertrade papertrading")
_ALERTS = one_of("alert alerts")
_STARTS = one_of("start run launch begin simulate restart activate")
_STOPS = one_of("stop end cancel halt pause finish quit")
_ASKS = one_of("how how's status doing going performing perform results result report stand stands show")
_RESULTS = one_of("results result report performance chart picture equity")
_NOTIFIES = one_of("notify notified notification notifications mute")
_TELLS = one_of("tell message messages inform ping remind send")
_NEVER = one_of("nothing off none never mute stop don't silence")
_IN_HOURS = one_of("quiet silent night silence disturb")


@dataclass(frozen=True, slots=True)
class Simulate:
    """One call of a tool about simulations."""

    tool: str
    arguments: Mapping[str, Any]


def simulation_wish(words: Words, bot: str | None, facts: TurnFacts) -> Simulate | None:
    """What a message about simulations asks for; None for one about anything else."""
    about = words.has(*_SIMULATION) or (words.has(*_ALERTS) and words.has(*_STARTS, *_STOPS))
    named = {} if bot is None else {"bot": bot}
    if not facts.bots:
        return None
    if (notify := _notify(words, about=about)) is not None:
        return Simulate("set_notifications", {**notify, **named})
    if words.has("why") and words.has(
        "nothing", "quiet", "trade", "trading", "trades", "happening", "happens"
    ):
        return Simulate("explain_simulation", named)
    if not about:
        return None
    if words.has("my", "all", "list") and words.has("simulations", "alerts") and not words.has(*_STOPS):
        return Simulate("list_simulations", {})
    if words.has(*_STOPS):
        return Simulate("manage_simulation", {"action": "stop", **named})
    if words.has(*_RESULTS):
        return Simulate("manage_simulation", {"action": "results", **named})
    if words.has(*_ASKS) and not words.has("start", "run", "launch"):
        return Simulate("manage_simulation", {"action": "status", **named})
    if words.has(*_STARTS) or words.at(0).text in _SIMULATION:
        return Simulate("manage_simulation", {"action": "start", **named, **_how(words)})
    return None


def _notify(words: Words, *, about: bool) -> dict[str, str] | None:
    """What to tell from now on, and when not."""
    if words.has(*_IN_HOURS) and words.has("hours", "between", "from", "disturb"):
        hours = [token.raw for token in words.tokens if token.kind is Kind.NUMBER]
        if len(hours) == 2:
            return {"quiet": f"{hours[0]}-{hours[1]}"}
    # "Tell me everything about PEPE" is a question, "only tell me about trades" is not.
    telling = words.has(*_NOTIFIES) or (words.has(*_TELLS) and (about or words.has("only", "just")))
    if not telling or (words.has("when", "if") and not about):
        return None
    if words.has("trades", "trade", "buys", "sells"):
        return {"notify": "trades"}
    if words.has("summary", "daily", "summaries") and not words.has("when"):
        return {"notify": "summary"}
    if words.has("everything", "all") and len(words) <= _SHORT:
        return {"notify": "all"}
    if words.has(*_NEVER) and (
        about or words.has("notifying", "notifications", "notify", "messages", "mute")
    ):
        return {"notify": "off"}
    return None


_SHORT = 8


def _how(words: Words) -> dict[str, Any]:
    """The timeframe and the balance to start with."""
    how: dict[str, Any] = {}
    seconds = next((token.seconds for token in words.tokens if token.kind is Kind.TIME), None)
    if seconds is not None:
        how["timeframe"] = format_timeframe(seconds)
    balance = next((token.value for token in words.tokens if token.kind is Kind.MONEY), None)
    if balance is not None:
        how["initial_balance"] = float(balance)
    return how
