"""What a range of days brought: a table of totals, and a picture of its hours or days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.accounts.limits import WINDOW
from bot.accounts.service import system_limit
from bot.messages import Action, LastingReply, Notice, Picture
from bot.numbers import money, percent
from bot.reports.picture import draw
from bot.reports.wording import NOTHING, counted, table
from bot.tools.registry import Services

if TYPE_CHECKING:
    from storage.statistics import Activity, Bucket, Spell

HOURS_UP_TO_DAYS = 2
"""Ranges up to so many days are drawn by the hour, longer ones by the day."""


async def stats(services: Services, days: int) -> tuple[LastingReply, ...]:
    """The totals of the last so many days, and their picture."""
    now = services.clock()
    bucket: Bucket = "hour" if days <= HOURS_UP_TO_DAYS else "day"
    text = await totals(services, days)
    async with services.database.view() as view:
        spells = await view.statistics.spells(now - timedelta(days=days), bucket)
    names, turns, people = _filled(spells, now, days, bucket)
    title = f"Turns and people, by the {bucket} (UTC)"
    png = await services.workers.run(draw, title, names, [("Turns", turns), ("People", people)])
    ranges = tuple(Action(f"{each} d", f"/admin stats {each}d") for each in (1, 7, 30, 365) if each != days)
    return Notice(text), Picture(f"stats-{days}d.png", png, f"The last {_days(days)}", ranges)


async def totals(services: Services, days: int) -> str:
    """The totals of the last so many days, in Markdown."""
    now = services.clock()
    since = now - timedelta(days=days)
    async with services.database.view() as view:
        activity = await view.statistics.activity(since)
        window = await view.statistics.chats(now - WINDOW)
        limit = await system_limit(view, services.settings)
    rows = [*_rows(activity, window, limit), *_effort(activity)]
    return f"**The last {_days(days)}**, up to {now:%d %b %Y, %H:%M} UTC\n{table(rows)}"


def _rows(activity: Activity, window: int, limit: int | None) -> list[tuple[str, str]]:
    budget = f"{window:,}, no limit" if limit is None else f"{window:,} of {limit:,}"
    average = activity.turns / activity.conversations if activity.conversations else 0
    return [
        ("People", f"{activity.people:,} ({activity.new_people:,} new, {activity.active_people:,} active)"),
        ("Conversations", f"{activity.conversations:,} ({activity.new_conversations:,} new)"),
        ("Turns", f"{activity.turns:,} ({average:.1f} for each conversation)"),
        ("Chats", f"{activity.chats:,}"),
        ("Chats in 5 h", budget),
        ("Bots made", f"{activity.bots:,}"),
        ("Backtests", counted(activity.backtests, "done", "running")),
        (
            "Simulations",
            f"{activity.simulations_begun:,} begun; {activity.simulations_running:,} running now",
        ),
    ]


def _effort(activity: Activity) -> list[tuple[str, str]]:
    resolved = NOTHING
    if activity.conversations:
        rate = percent(100 * activity.resolved / activity.conversations)
        resolved = f"{activity.resolved:,} of {activity.conversations:,} ({rate})"
    asked = sum(activity.approvals.values())
    named = {"denied": "refused"}
    states = {named.get(state, state): count for state, count in activity.approvals.items()}
    return [
        ("Tokens", f"{activity.tokens:,}"),
        ("Cost", money(float(activity.cost_usd))),
        ("Resolved", resolved),
        ("Escalations", f"{activity.escalated:,}" if activity.escalated else NOTHING),
        ("Approvals", f"{asked:,} asked: {counted(states, 'granted', 'refused', 'expired', 'open')}"),
        ("Failed turns", f"{activity.failed_turns:,}"),
        ("Errors", f"{activity.faults:,}"),
    ]


def _filled(
    spells: Sequence[Spell], now: datetime, days: int, bucket: Bucket
) -> tuple[list[str], list[int], list[int]]:
    """Names and counts of every hour or day of the range, also of those in which nothing happened."""
    form, step = ("%Y-%m-%d %H", timedelta(hours=1)) if bucket == "hour" else ("%Y-%m-%d", timedelta(days=1))
    count = days * 24 if bucket == "hour" else days
    found = {each.name: each for each in spells}
    moments = [now - step * back for back in range(count - 1, -1, -1)]
    shown = "%H:00" if bucket == "hour" else "%d %b"
    chosen = [found.get(f"{moment:{form}}") for moment in moments]
    return (
        [f"{moment:{shown}}" for moment in moments],
        [0 if each is None else each.turns for each in chosen],
        [0 if each is None else each.people for each in chosen],
    )


def _days(days: int) -> str:
    return "day" if days == 1 else f"{days} days"
