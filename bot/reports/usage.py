"""What a person has used, what is left, and what it cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.accounts.tiers import allowance
from bot.numbers import money
from bot.tools.registry import Caller, Services

if TYPE_CHECKING:
    from storage.database import Unit
    from storage.people import Standing


async def usage(services: Services, caller: Caller) -> str:
    """The usage of a caller in Markdown: chats, bots, backtests, simulations, tokens and cost; for their eyes only."""
    async with services.database.view() as view:
        standing = await view.people.standing(caller.owner)
        totals = await view.journal.totals(caller.owner)
        conversations = await view.conversations.count(caller.owner)
        living = len(await view.trading.bots(caller.owner))
        if standing.tier is None:
            lines = [*_counters(services, standing), _line("Bots now", f"{living:,}")]
            allowed = services.limits.anonymous_simulations(standing)
            if allowed != 0:
                running = await view.simulations.count_running(standing.owner)
                lines.append(_line("Simulations", _at_once(running, allowed)))
        else:
            lines = await _of_account(services, view, standing, living)
    lines += [
        _line("Conversations", f"{conversations:,}"),
        _line("Turns", f"{totals.turns:,}"),
        _line("Tokens", f"{totals.tokens:,}"),
        _line("Cost", money(float(totals.cost_usd))),
    ]
    text = "\n".join(["What you have used:", "```", *lines, "```"])
    if standing.tier is None:
        text += "\nBots count as ever created: deleting one does not win another."
    return text


def _counters(services: Services, standing: Standing) -> list[str]:
    person, limits = standing.person, services.limits
    if person is None:
        return []
    return [
        _line("Chats", _of(person.chat_count, limits.limit_of(standing, "chat_count"))),
        _line("Bots created", _of(person.bot_created, limits.limit_of(standing, "bot_created"))),
        _line("Backtests", _of(person.backtest_count, limits.limit_of(standing, "backtest_count"))),
    ]


async def _of_account(services: Services, view: Unit, standing: Standing, bots: int) -> list[str]:
    allowed = allowance(services.settings, standing.tier or "", standing.quota)
    since = services.limits.backtests_count_from(standing)
    backtests = await view.trading.count_backtests(standing.owner, since)
    running = await view.simulations.count_running(standing.owner)
    return [
        _line("Bots", _of(bots, allowed.bots)),
        _line("Backtests 24 h", _of(backtests, allowed.backtests_per_day)),
        _line("Simulations", _at_once(running, allowed.simulations)),
    ]


def _at_once(running: int, limit: int | None) -> str:
    return f"{running:,} running, {'no limit' if limit is None else f'{limit:,} at a time'}"


def _of(used: int, limit: int | None) -> str:
    if limit is None:
        return f"{used:,}, no limit"
    return f"{used:,} of {limit:,}, {max(0, limit - used):,} left"


def _line(label: str, value: str) -> str:
    return f"{label:<14} {value}"
