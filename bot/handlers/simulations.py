"""Commands about simulations: start, stop and look at one, list them, choose what they tell, and ask why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from bot.errors import Refused, ToolFailed
from bot.handlers.calling import ask_first, context_of, naming, said, use
from bot.handlers.context import Request
from bot.messages import Action, Notice
from bot.tools.finding_simulations import find_simulation
from bot.tools.plain import plain
from bot.tools.quiet import hours_in, zone_named
from bot.tools.registry import Outcome
from bot.tools.simulation_words import status_actions
from bot.tools.simulations import results
from bot.tools.wording import in_words
from bot.trading.timeframe import parse_timeframe
from storage.simulations import RUNNING

_TOOL = "manage_simulation"
_LENGTH = re.compile(r"[0-9]+[a-z]+", re.IGNORECASE | re.ASCII)
_MONEY = re.compile(r"\$?[0-9][0-9,]*(?:\.[0-9]+)?(k?)\$?", re.IGNORECASE | re.ASCII)
_MODES = ("all", "trades", "summary", "off")
_MOST_BUTTONS = 6


async def simulate(request: Request) -> Outcome:
    """/simulate: start, stop, status, results or chart, of the bot that is named or of the conversation's."""
    action, _, rest = request.arguments.partition(" ")
    action, rest = action.lower() or "status", rest.strip()
    match action:
        case "start" | "restart":
            return await _start(request, rest)
        case "stop":
            return _shown(await use(request, _TOOL, action="stop", bot=rest or None))
        case "status":
            return _shown(await use(request, _TOOL, action="status", bot=rest or None))
        case "results":
            return await use(request, _TOOL, action="results", bot=rest or None)
        case "chart":
            return await results(context_of(request), rest or None, only_chart=True)
    raise Refused(
        f"/simulate knows start, stop, status and results, and not “{plain(action)}”. For instance: "
        "/simulate start PEPE dip 1m 500"
    )


async def simulations(request: Request) -> Outcome:
    """/simulations: all of the person's own, with a button for each."""
    listed = await use(request, "list_simulations")
    buttons = tuple(
        Action(each["bot"], f"/simulate status {each['simulation']}")
        for each in listed.result["simulations"][:_MOST_BUTTONS]
    )
    return Outcome(replies=(Notice(in_words("list_simulations", listed.result) or "", buttons),))


async def notify(request: Request) -> Outcome:
    """/notify: what a simulation tells, and its silent hours."""
    asked = _notifications(request.arguments)
    if not asked:
        raise Refused(
            "What should I tell? /notify all, trades, summary or off; /notify quiet 22-7 Europe/Berlin for silent "
            "hours, /notify quiet off for none. A bot's name may follow."
        )
    return said("set_notifications", await use(request, "set_notifications", **asked))


async def why(request: Request) -> Outcome:
    """/why: each condition's value beside what it needs."""
    return await use(request, "explain_simulation", bot=request.arguments or None)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the arguments of /simulate start say; None where they say nothing."""

    bot: str | None = None
    timeframe: str | None = None
    balance: float | None = None


def parse(arguments: str) -> Asked:
    """Understand `[bot] [timeframe] [balance]`, the last two in any order."""
    words = arguments.split()
    timeframe: str | None = None
    balance: float | None = None
    # A bot may be called by a number, so the first word alone is its name.
    while words:
        word = words[-1]
        if timeframe is None and _is_length(word):
            timeframe = word.lower()
        elif balance is None and (match := _MONEY.fullmatch(word)) and (len(words) > 1 or "$" in word):
            digits = word.strip("$").lower().removesuffix("k").replace(",", "")
            balance = float(digits) * (1_000.0 if match[1] else 1.0)
        else:
            break
        words.pop()
    return Asked(" ".join(words) or None, timeframe, balance)


async def _start(request: Request, rest: str) -> Outcome:
    asked = parse(rest)
    arguments = {"bot": asked.bot, "timeframe": asked.timeframe, "initial_balance": asked.balance}
    if not request.confirmed:
        running = await _running_here(request, asked.bot)
        if running is not None:
            pinned = " ".join(
                str(word) for word in ("start", running, asked.timeframe, _dollars(asked.balance)) if word
            )
            return await ask_first(
                naming(request, pinned), _TOOL, "Restart", action="start", **arguments | {"bot": running}
            )
    return _shown(await use(request, _TOOL, action="start", **arguments))


async def _running_here(request: Request, named: str | None) -> str | None:
    """The id of the running simulation that starting would end; None where nothing is known of one."""
    async with request.services.database.view() as view:
        try:
            simulation = await find_simulation(view, request.caller, named)
        except ToolFailed:
            return None
    return simulation.id if simulation.state == RUNNING else None


def _dollars(balance: float | None) -> str | None:
    return None if balance is None else f"${balance:.2f}"


def _shown(outcome: Outcome) -> Outcome:
    """The result in words, with the buttons that fit its state."""
    write = outcome.write
    if write is None:
        text = in_words(_TOOL, outcome.result) or ""
        return Outcome(outcome.result, (Notice(text, status_actions(outcome.result)),))

    async def write_and_show(unit: Any) -> Outcome:
        return _shown(await write(unit))

    return Outcome(write=write_and_show)


def _notifications(arguments: str) -> dict[str, Any]:
    """Understand `[all|trades|summary|off] [quiet 22-7|off] [zone] [bot]`; nothing where no part of it is known."""
    asked: dict[str, Any] = {}
    words = arguments.split()
    if words and words[0].lower() in _MODES:
        asked["notify"] = words.pop(0).lower()
    if words and words[0].lower() == "quiet" and len(words) > 1:
        words.pop(0)
        asked["quiet"] = words.pop(0)
    elif words and hours_in(words[0]) is not None:
        asked["quiet"] = words.pop(0)
    if asked.get("quiet") and words and zone_named(words[0]) is not None:
        asked["zone"] = words.pop(0)
    if asked and words:
        asked["bot"] = " ".join(words)
    return asked


def _is_length(word: str) -> bool:
    if not _LENGTH.fullmatch(word):
        return False
    try:
        parse_timeframe(word.lower())
    except ValueError:
        return False
    return True
