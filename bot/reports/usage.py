"""What a person has used, what is left, and what it cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.numbers import money
from bot.tools.registry import Caller, Services

if TYPE_CHECKING:
    from storage.people import AnonymousUser


async def usage(services: Services, caller: Caller) -> str:
    """The usage of a caller in Markdown: chats, bots, backtests, tokens and cost; for their eyes only."""
    async with services.database.view() as view:
        person = None
        if caller.owner.anonymous_token is not None:
            person = await view.people.anonymous(caller.owner.anonymous_token)
        totals = await view.journal.totals(caller.owner)
        conversations = await view.conversations.count(caller.owner)
        living = len(await view.trading.bots(caller.owner))
    lines = [] if person is None else _counters(services, person)
    lines += [
        _line("Conversations", f"{conversations:,}"),
        _line("Bots now", f"{living:,}"),
        _line("Turns", f"{totals.turns:,}"),
        _line("Tokens", f"{totals.tokens:,}"),
        _line("Cost", money(float(totals.cost_usd))),
    ]
    text = "\n".join(["What you have used:", "```", *lines, "```"])
    if person is not None:
        text += "\nBots count as ever created: deleting one does not win another."
    return text


def _counters(services: Services, person: AnonymousUser) -> list[str]:
    settings = services.settings
    return [
        _line("Chats", _of(person.chat_count, settings.anonymous_chats)),
        _line("Bots created", _of(person.bot_created, settings.anonymous_bots)),
        _line("Backtests", _of(person.backtest_count, settings.anonymous_backtests)),
    ]


def _of(used: int, limit: int | None) -> str:
    if limit is None:
        return f"{used:,}, no limit"
    return f"{used:,} of {limit:,}, {max(0, limit - used):,} left"


def _line(label: str, value: str) -> str:
    return f"{label:<14} {value}"
