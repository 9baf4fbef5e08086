"""The daily summary: once a day at its time, by the house's own clock, also when that was missed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from bot.messages import Action, ChatAddress, Exit, Notice, Outgoing
from bot.tools.registry import Services

FACT = "daily summary"
"""The name under which the day of the last summary is stored."""

Report = Callable[[], Awaitable[str]]


async def send_summary(services: Services, exit_: Exit, chat: ChatAddress, report: Report) -> bool:
    """Send the summary if its time has come today; False when not.

    A database that has never seen a summary gets its first one when the time comes next.
    """
    now = services.clock()
    due = datetime.combine(now.date(), services.settings.daily_summary_at, UTC)
    async with services.database.view() as view:
        last = await view.facts.get(FACT)
    if last is None:
        day = now.date() if now >= due else now.date() - timedelta(days=1)
        async with services.database.unit() as unit:
            await unit.facts.set(FACT, {"day": day.isoformat()})
        return False
    today = {"day": now.date().isoformat()}
    if now < due or last["day"] >= today["day"]:
        return False
    text = await report()
    async with services.database.unit() as unit:
        await unit.lock(FACT)
        # Another process may have been quicker.
        if await unit.facts.get(FACT) == today:
            return False
        await unit.facts.set(FACT, today)
        actions = (Action("The week", "/admin stats 7d"), Action("Health", "/admin health"))
        await exit_.write(unit, Outgoing(chat, Notice(text, actions)))
    exit_.wake(chat)
    return True
