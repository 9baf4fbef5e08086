"""What was recorded for operators: faults with their tracebacks, the audit, announcements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.logging_setup import Redactor
from bot.messages import Action, File, LastingReply, Notice
from bot.reports.wording import NOTHING, PAGE, owner_id, pager, short, when
from bot.tools.plain import plain, shortened
from bot.tools.registry import Services
from storage.people import Owner

if TYPE_CHECKING:
    from storage.broadcasts import Broadcast

_IN_CHAT = 2500


async def faults(services: Services, page: int) -> tuple[LastingReply, ...]:
    """A page of faults, the latest first."""
    redact = Redactor(services.settings.secrets())
    async with services.database.view() as view:
        rows = await view.faults.list(PAGE + 1, (page - 1) * PAGE)
    if not rows:
        return (Notice("No error is recorded" + (" on this page." if page > 1 else ".")),)
    lines = [
        f"`{row.reference}` {when(row.at)} · **{row.kind}** in {plain(row.place)}: {plain(redact(row.text), 100)}"
        for row in rows[:PAGE]
    ]
    buttons = [Action(row.reference, f"/admin errors {row.reference}") for row in rows[:3]]
    return (Notice("\n".join(lines), (*buttons, *pager("/admin errors", page, more=len(rows) > PAGE))),)


async def fault(services: Services, reference: str) -> tuple[LastingReply, ...]:
    """The fault that a reference stands for, with its traceback; nothing when there is none."""
    async with services.database.view() as view:
        row = await view.faults.find(reference)
    if row is None:
        return ()
    owner = Owner(user_id=row.user_id, anonymous_token=row.anonymous_token)
    whom = owner_id(owner)
    head = f"`{row.reference}` {when(row.at)} · **{row.kind}** in {plain(row.place)}"
    trace = Redactor(services.settings.secrets())(row.traceback or row.text)
    buttons = (Action("Who it was", f"/admin user {short(whom)}"),) if whom else ()
    if len(trace) <= _IN_CHAT:
        return (Notice(f"{head}\n```\n{_fenced(trace)}\n```", buttons),)
    end = _fenced(trace[-_IN_CHAT // 2 :])
    return (
        Notice(f"{head}\n```\n…{end}\n```", buttons),
        File(f"error-{row.reference}.txt", trace.encode(), "The whole traceback"),
    )


async def audit(services: Services, page: int) -> tuple[LastingReply, ...]:
    """A page of what operators did, the latest first."""
    async with services.database.view() as view:
        rows = await view.operators.audit(PAGE + 1, (page - 1) * PAGE)
    lines = []
    for row in rows[:PAGE]:
        owner = Owner(user_id=row.user_id, anonymous_token=row.anonymous_token)
        whom = f" · about `{short(owner_id(owner))}`" if owner_id(owner) else ""
        what = plain(f"{row.command} {row.arguments}".strip(), 80)
        lines.append(
            f"{when(row.at)} · **{plain(row.operator_name)}** ({row.operator_platform}:{row.operator_user}): "
            f"{what}{whom} → {plain(row.result, 100)}"
        )
    if not lines:
        lines.append("Nothing on this page.")
    return (Notice("\n".join(lines), pager("/admin audit", page, more=len(rows) > PAGE)),)


async def broadcasts(services: Services) -> tuple[LastingReply, ...]:
    """The latest announcements, and how far the one is that runs."""
    async with services.database.view() as view:
        rows = await view.broadcasts.list(5)
        fates = {row.id: await view.broadcasts.fate(row.id) for row in rows if row.state == "running"}
    if not rows:
        return (Notice("Nothing was ever broadcast. /admin broadcast TEXT does it, after asking."),)
    lines = []
    for row in rows:
        delivered, failed = row.delivered, row.failed
        if row.id in fates:
            delivered, failed = fates[row.id].delivered, fates[row.id].failed
        lines.append(
            f"`{row.id}` {when(row.created_at)} · **{row.state}** · "
            f"{delivered:,} delivered, {failed:,} failed of {row.receivers:,} · {_beginning(row)}"
        )
    stop = (Action("Stop it", "/admin broadcast stop"), Action("How far", "/admin broadcast status"))
    return (Notice("\n".join(lines), stop if fates else ()),)


def _beginning(row: Broadcast) -> str:
    return plain(shortened(" ".join(row.text.split()), 60), 60) or NOTHING


def _fenced(text: str) -> str:
    """A text that cannot end the block of code that it stands in."""
    return text.replace("```", "'''")
