"""Faults: the operators' chat hears of them, one message a minute for each kind, and old ones are deleted."""

from __future__ import annotations

from datetime import timedelta

from bot.logging_setup import Redactor
from bot.messages import Action, ChatAddress, Exit, Notice, Outgoing
from bot.tools.plain import plain
from bot.tools.registry import Services
from storage.faults import UntoldFaults

PAUSE = timedelta(minutes=1)
"""So long after a message about a kind of fault the next one about it comes, with all that happened meanwhile."""

KEPT_FOR = timedelta(days=30)
MOST_KEPT = 5_000

_LOCK = "tell of faults"


async def tell_faults(services: Services, exit_: Exit, chat: ChatAddress) -> int:
    """Write about every kind of fault that the chat may hear of again; returns how many messages.

    A piece that could not be sent to this very chat is not reported there.
    """
    redact = Redactor(services.settings.secrets())
    async with services.database.view() as view:
        if not await view.faults.untold():
            return 0
    messages = 0
    async with services.database.unit() as unit:
        await unit.lock(_LOCK)
        now = services.clock()
        for kind in await unit.faults.untold():
            if kind.last_told_at is not None and kind.last_told_at + PAUSE > now:
                continue
            if kind.latest.place != str(chat):
                await exit_.write(unit, Outgoing(chat, _notice(kind, redact)))
                messages += 1
            await unit.faults.told(kind.kind, kind.latest.id, now)
    exit_.wake(chat)
    return messages


async def prune_faults(services: Services) -> int:
    """Delete faults that are old, or too many; returns how many."""
    async with services.database.unit() as unit:
        return await unit.faults.prune(services.clock() - KEPT_FOR, MOST_KEPT)


def _notice(kind: UntoldFaults, redact: Redactor) -> Notice:
    latest = kind.latest
    many = "" if kind.count == 1 else f", {kind.count:,} times; the latest:"
    text = f"**{kind.kind}** in {plain(latest.place)}{many} `{latest.reference}`\n{plain(redact(latest.text), 300)}"
    return Notice(text, (Action("Traceback", f"/admin errors {latest.reference}"),))
