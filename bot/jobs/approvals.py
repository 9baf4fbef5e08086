"""Questions that nobody answered in time."""

from __future__ import annotations

from bot.accounts.questions import address_of, expired_text, settled
from bot.messages import Action, Exit, Notice, Outgoing
from bot.tools.registry import Services


async def expire_approvals(services: Services, exit_: Exit) -> int:
    """Close every overdue question, take its buttons away and offer to ask again; returns how many.

    The turn that asked keeps waiting: `/again` opens the same question once more, any other text ends it.
    """
    now, minutes = services.clock(), services.settings.approval_ttl_minutes
    async with services.database.view() as view:
        overdue = await view.approvals.overdue(now)
    expired = 0
    for approval in overdue:
        address = address_of(approval)
        async with services.database.unit() as unit:
            if not await unit.approvals.settle(approval.id, "expired", None, now):
                continue
            if approval.turn_id is not None:
                data = {"call": approval.call_id, "state": "expired"}
                await unit.journal.note(approval.turn_id, "approval_answered", now, data, name=approval.name)
            again = Notice(expired_text(approval, minutes), (Action("Try again", f"/again {approval.id}"),))
            await exit_.write(
                unit, Outgoing(address, settled(approval, "*Expired.*")), Outgoing(address, again)
            )
        exit_.wake(address)
        expired += 1
    return expired
