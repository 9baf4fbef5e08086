"""What of a simulation's events its chat is told, when, and in which messages; all of it pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.jobs.simulations.cards import Teller, card, late_list
from bot.messages import ChatAddress, Outgoing
from bot.tools.quiet import is_quiet
from bot.trading.events import Event

if TYPE_CHECKING:
    from storage.simulations import Simulation

LATE_INTERVALS = 3
"""So many intervals after its candle's close an event comes late."""

MOST_CARDS = 5
"""More messages than these for one simulation at once become a list."""

_TOLD = {
    "all": frozenset({"buy", "sell", "notify", "skipped", "entries_ended"}),
    "trades": frozenset({"buy", "sell", "entries_ended"}),
    "summary": frozenset[str](),
    "off": frozenset[str](),
}
_ALERTED = frozenset({"notify"})


@dataclass(frozen=True, slots=True)
class Tidings:
    """What leaves for the chat, and the columns of the simulation that change with it."""

    outgoing: tuple[Outgoing, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)


def tidings(
    simulation: Simulation,
    teller: Teller,
    events: Sequence[Event],
    timeframe: int,
    market_now: float,
    now: datetime,
) -> Tidings:
    """The messages about what has just happened; in silent hours they wait, late ones come as one list."""
    told = wanted(simulation, events)
    entry, subjects = _entries(simulation, events)
    values: dict[str, Any] = {"entry": entry}
    if not told:
        return Tidings(values=values)
    if simulation.untold or is_quiet(simulation, now):
        return Tidings(values=values | {"untold": True})
    values["told_start"] = events[-1].time
    late = told[0].time + timeframe * (1 + LATE_INTERVALS) < market_now
    if late or len(told) > MOST_CARDS:
        why = "this comes late, I was not there in time." if late else "a lot happened at once."
        listed = Outgoing(address_of(simulation), late_list(teller, told, why))
        # The list is the message that a later sale answers.
        return Tidings((_named(listed, entry),), values)
    cards = [
        _carded(simulation, teller, event, subjects.get(place))
        for place, event in enumerate(events)
        if event in told
    ]
    return Tidings(tuple(cards), values)


def held_back(simulation: Simulation, teller: Teller, events: Sequence[Event]) -> Tidings:
    """The list of what happened in silent hours."""
    told = wanted(simulation, events)
    values: dict[str, Any] = {"untold": False}
    if not told:
        return Tidings(values=values)
    values["told_start"] = events[-1].time
    listed = Outgoing(address_of(simulation), late_list(teller, told, "this happened while it was quiet."))
    return Tidings((_named(listed, simulation.entry),), values)


def wanted(simulation: Simulation, events: Sequence[Event]) -> list[Event]:
    """The events that the person wants to be told."""
    kinds = _TOLD[simulation.notify]
    if simulation.alert and simulation.notify == "trades":
        kinds = _ALERTED
    return [event for event in events if event.kind in kinds]


def address_of(simulation: Simulation) -> ChatAddress:
    """The chat thread in which a simulation was started."""
    return ChatAddress(simulation.platform, simulation.chat, simulation.thread)


def _entries(simulation: Simulation, events: Sequence[Event]) -> tuple[str | None, dict[int, str]]:
    """The name of the open position's entry message after the events, and for each fill that of its position."""
    entry, held = simulation.entry, simulation.quantity
    subjects: dict[int, str] = {}
    for place, event in enumerate(events):
        if event.kind == "buy":
            if entry is None:
                entry = f"entry:{simulation.id}:{event.time}"
            held += event.quantity or 0.0
            subjects[place] = entry
        elif event.kind == "sell":
            held -= event.quantity or 0.0
            if entry is not None:
                subjects[place] = entry
            # What is left of a position that was sold whole is nothing but rounding.
            if held <= (event.quantity or 0.0) * 1e-9:
                entry, held = None, 0.0
    return entry, subjects


def _carded(simulation: Simulation, teller: Teller, event: Event, subject: str | None) -> Outgoing:
    address, notice = address_of(simulation), card(teller, event)
    if subject is None:
        return Outgoing(address, notice)
    opens = event.kind == "buy" and subject.endswith(f":{event.time}")
    return Outgoing(address, notice, subject=subject if opens else None, continues=None if opens else subject)


def _named(outgoing: Outgoing, entry: str | None) -> Outgoing:
    return Outgoing(outgoing.address, outgoing.reply, subject=entry)
