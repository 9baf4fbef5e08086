"""How the running house is: versions, the event loop, queues, what stands outside, and how much goes wrong."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Protocol

from bot.accounts.service import read_pause, system_limit
from bot.market.provider import Market, MarketHealth
from bot.messages import Action, LastingReply, Notice
from bot.numbers import percent
from bot.reports.wording import NOTHING, ago, counted, length, pager, size, table, when
from bot.tools.plain import plain
from bot.tools.registry import Services

_RECENT = timedelta(hours=1)
_LIBRARIES = ("pydantic-ai-slim", "aiogram", "discord.py", "sqlalchemy")


@dataclass(frozen=True, slots=True)
class Vitals:
    """What only the running process knows; times in seconds."""

    started_at: datetime
    loop_lag: float
    worst_loop_lag: float
    lanes_waiting: int
    lanes_busy: int
    calculations: int
    platforms: tuple[str, ...]


class JobRecord(Protocol):
    """What the clock knows of one of its jobs; `seconds` is its pace, None for one that sets its own."""

    name: str
    seconds: float | None
    runs: int
    failures: int
    last_at: datetime | None
    last_ms: int | None
    last_error: str


async def health(services: Services, vitals: Vitals) -> tuple[LastingReply, ...]:
    """Everything about the house as it runs."""
    now = services.clock()
    async with services.database.view() as view:
        queues = await view.statistics.queues()
        rates = await view.statistics.rates(now - _RECENT)
        answered = await view.statistics.last_response()
        database = f"{view.statistics.engine}, {size(await view.statistics.database_bytes())}"
        pause = await read_pause(view)
        limit = await system_limit(view, services.settings)
    sent = rates.delivered + rates.failed_deliveries
    rows = [
        ("State", "serving" if pause is None else f"paused since {pause.since[:16]} by {plain(pause.by)}"),
        ("Version", f"randebu {_version('randebu')}, Python {platform.python_version()}"),
        ("Uptime", length(now - vitals.started_at)),
        ("Platforms", ", ".join(vitals.platforms) or "none"),
        (
            "Loop lag",
            f"{1000 * vitals.loop_lag:.0f} ms, worst {1000 * vitals.worst_loop_lag:.0f} ms in a minute",
        ),
        ("Lanes", f"{vitals.lanes_busy:,} busy, {vitals.lanes_waiting:,} messages wait"),
        ("Unfinished", counted(queues.incoming, "running", "waiting")),
        ("To be sent", _to_be_sent(queues.deliveries, queues.oldest_delivery, now)),
        (
            "Workers",
            f"{vitals.calculations:,} calculations under way, {queues.running_backtests:,} backtests",
        ),
        ("Simulations", f"{queues.running_simulations:,} running"),
        ("Questions", f"{queues.open_approvals:,} open"),
        ("Database", database),
        ("Model", f"{services.settings.llm_provider}, answered {ago(answered, now)}"),
        *_markets(services.market, now),
        ("Limit", "no limit" if limit is None else f"{limit:,} chats in 5 hours"),
        ("Turns in 1 h", f"{rates.turns:,}, failed {_rate(rates.failed_turns, rates.turns)}"),
        ("Sent in 1 h", f"{sent:,}, given up {_rate(rates.failed_deliveries, sent)}"),
        ("Errors in 1 h", f"{rates.faults:,}"),
    ]
    libraries = ", ".join(f"{name} {_version(name)}" for name in _LIBRARIES)
    text = f"**Health**\n{table(rows)}\n{libraries}"
    return (Notice(text, (Action("Jobs", "/admin jobs"), Action("Errors", "/admin errors"))),)


async def jobs(services: Services, records: Sequence[JobRecord]) -> tuple[LastingReply, ...]:
    """What the clock does, and what runs in the background."""
    now = services.clock()
    async with services.database.view() as view:
        queues = await view.statistics.queues()
        broadcasts = await view.broadcasts.running()
    lines = []
    for each in records:
        last = "not yet" if each.last_at is None else f"{ago(each.last_at, now)} in {each.last_ms} ms"
        failed = f", {each.failures:,} failed: {plain(each.last_error, 80)}" if each.failures else ""
        pace = "at its own pace" if each.seconds is None else f"every {each.seconds:g} s"
        lines.append(f"**{each.name}** {pace} · {each.runs:,} runs · last {last}{failed}")
    lines.append("")
    lines.append(f"Backtests under way: {queues.running_backtests:,}")
    lines += [f"Broadcast `{each.id}`: {each.written:,} of {each.receivers:,} written" for each in broadcasts]
    return (Notice("\n".join(lines)),)


async def outbox(services: Services, page: int) -> tuple[LastingReply, ...]:
    """What waits to be sent, and what was given up."""
    now, rows_per_page = services.clock(), 8
    async with services.database.view() as view:
        queues = await view.statistics.queues()
        rows = await view.overview.stuck_deliveries(rows_per_page + 1, (page - 1) * rows_per_page)
    lines = [f"To be sent: {_to_be_sent(queues.deliveries, queues.oldest_delivery, now)}"]
    buttons: list[Action] = []
    for row in rows[:rows_per_page]:
        later = f", again {when(row.not_before)}" if row.not_before and row.state == "pending" else ""
        why = f" · {plain(row.error, 120)}" if row.error else ""
        lines.append(
            f"`{row.id}` {row.kind} to {row.platform}:{row.chat} · {row.state}{later} · "
            f"{row.attempts} attempts · {when(row.created_at)}{why}"
        )
        if row.state != "attempting" and len(buttons) < 3:
            buttons.append(Action(f"Retry {row.id}", f"/admin outbox retry {row.id}"))
    if not rows:
        lines.append("Nothing waits, and nothing was given up.")
    return (
        Notice("\n".join(lines), (*buttons, *pager("/admin outbox", page, more=len(rows) > rows_per_page))),
    )


def _to_be_sent(deliveries: Mapping[str, int], oldest: datetime | None, now: datetime) -> str:
    if oldest is None:
        return "nothing"
    return f"{counted(deliveries)}, the oldest from {ago(oldest, now)}"


def _markets(market: Market, now: datetime) -> list[tuple[str, str]]:
    """The source of prices and what it leans on, a row for each."""
    if market.synthetic:
        return [("Market", f"{market.source}, computed here")]
    own = market.health()
    return [("Market", _source(own, now)), *(("Beside it", _source(each, now)) for each in own.others)]


def _source(source: MarketHealth, now: datetime) -> str:
    parts = [source.source, f"answered {ago(source.last_success, now)}"]
    if source.breaker != "closed":
        parts.append(f"breaker {source.breaker}")
    if source.paused_until is not None and source.paused_until > now:
        parts.append(f"left alone until {source.paused_until:%H:%M:%S} UTC")
    if source.calls is not None:
        parts.append(f"{source.calls_used:,} of {source.calls:,} calls in {source.period_seconds:g} s")
    if source.waiting:
        parts.append(f"{source.waiting:,} wait")
    return ", ".join(parts)


def _rate(part: int, whole: int) -> str:
    return f"{part:,} ({percent(100 * part / whole)})" if whole else NOTHING


@cache
def _version(package: str) -> str:
    """The version of a package, as far as it was installed as one."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "(from source)"
