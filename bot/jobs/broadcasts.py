"""Announcements on their way: a batch is written when the last one has drained, until everybody has been written to."""

from __future__ import annotations

from bot.messages import Action, ChatAddress, Exit, Notice, Outgoing, Progress
from bot.tools.registry import Services
from storage.broadcasts import Broadcast, Fate

MOST_WAITING = 50
"""So many pieces of an announcement wait in the outbox at most, so that answers are never far behind it."""

LONG = 100
"""From so many receivers on, each quarter is told."""

_LOCK = "broadcast"


async def carry_broadcasts(services: Services, exit_: Exit) -> int:
    """Bring every running announcement a batch further; returns how many people were written to."""
    async with services.database.view() as view:
        running = [each.id for each in await view.broadcasts.running()]
    return sum([await _carry(services, exit_, each) for each in running])


async def _carry(services: Services, exit_: Exit, broadcast_id: str) -> int:
    now = services.clock()
    async with services.database.unit() as unit:
        await unit.lock(_LOCK)
        broadcast = await unit.broadcasts.get(broadcast_id)
        if broadcast is None or broadcast.state != "running":
            return 0
        address = ChatAddress(broadcast.platform, broadcast.chat, broadcast.thread)
        fate = await unit.broadcasts.fate(broadcast_id)
        room = MOST_WAITING - fate.waiting
        platforms = tuple(broadcast.platforms.split())
        receivers = (
            await unit.broadcasts.receivers(platforms, broadcast.position, room, now) if room > 0 else ()
        )
        chats = [ChatAddress(each.platform, each.chat, each.thread) for each in receivers]
        pieces = await exit_.write(unit, *(Outgoing(chat, Notice(broadcast.text)) for chat in chats))
        if receivers:
            await unit.broadcasts.wrote(broadcast_id, pieces, receivers[-1].identity, len(receivers))
        reached = _milestone(broadcast, fate, len(receivers))
        if reached is not None:
            await exit_.write(unit, Outgoing(address, reached))
        ended = None
        if not receivers and not fate.waiting:
            ended = await unit.broadcasts.end(broadcast_id, "done", now)
        if ended is not None:
            await exit_.write(unit, Outgoing(address, Notice(_report(ended))))
            await unit.broadcasts.leave_chat(broadcast_id)
    for chat in chats:
        exit_.wake(chat)
    if ended is not None or reached is not None:
        exit_.wake(address)
    else:
        exit_.show(address, _progress(broadcast, fate))
    return len(receivers)


def _milestone(broadcast: Broadcast, fate: Fate, more: int) -> Notice | None:
    """What is said at each quarter of a long announcement, since not every platform keeps what passes in sight."""
    total = broadcast.receivers
    before, after = broadcast.written, broadcast.written + more
    if total < LONG or not 4 * before // total < 4 * after // total < 4:
        return None
    text = f"Announcement: written to {after:,} of {total:,}, {fate.delivered:,} delivered so far."
    return Notice(text, (Action("Stop", "/admin broadcast stop"),))


def _progress(broadcast: Broadcast, fate: Fate) -> Progress:
    finished = fate.delivered + fate.failed
    done = min(1.0, finished / broadcast.receivers) if broadcast.receivers else 1.0
    return Progress(f"Announcement: {finished:,} of {broadcast.receivers:,}", done)


def _report(broadcast: Broadcast) -> str:
    lost = ""
    if broadcast.failed:
        lost = f" {broadcast.failed:,} could not be delivered: most often the chat is closed to us."
    return f"The announcement is done: {broadcast.delivered:,} delivered.{lost}"
