"""Operators' commands that change what everybody gets: announcements, pauses, the system's limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.accounts.service import (
    PAUSED,
    begin_pause,
    end_pause,
    reset_system_limit,
    set_system_limit,
    system_limit,
)
from bot.errors import Refused
from bot.handlers.admin.context import Desk, said
from bot.handlers.approvals import confirm
from bot.handlers.context import Handler, Request
from bot.messages import Action, Notice
from bot.tools.plain import plain
from bot.tools.registry import Outcome
from storage.broadcasts import Broadcast

if TYPE_CHECKING:
    from storage.database import Unit

LOCK = "broadcast"
"""The lock under which announcements begin, go on and end."""

_MOST_TEXT = 3500
_MOST_CHATS = 10_000_000


def broadcast(desk: Desk) -> Handler:
    """/admin broadcast: words to everybody, after a preview and a yes; `status` and `stop`."""

    async def handle(request: Request) -> Outcome:
        text = request.arguments
        if text.lower() in ("", "status"):
            return await said(desk.reports.broadcasts(request.services))
        if text.lower() == "stop":
            return Outcome(write=lambda unit: _stop(unit, request))
        if len(text) > _MOST_TEXT:
            raise Refused(f"That has {len(text):,} letters; an announcement may have {_MOST_TEXT:,}.")
        async with request.services.database.view() as view:
            await _none_running(view)
            count = await view.broadcasts.count_receivers(desk.platforms, request.services.clock())
        if not count:
            raise Refused("Nobody has written to me in private yet, so there is nobody to send this to.")
        if request.confirmed:
            return Outcome(write=lambda unit: _begin(unit, request, desk, count))
        return await _preview(request, text, count)

    return handle


async def pause(request: Request) -> Outcome:
    """/admin pause: serve nobody but operators; what runs finishes."""
    text = request.arguments or PAUSED

    async def write(unit: Unit) -> Outcome:
        if await end_pause(unit):
            note = "The pause goes on with these words; everybody is told anew."
        else:
            note = "Paused. What runs finishes; whoever writes is told once:"
        await begin_pause(unit, request.services.clock(), text, request.incoming.sender.name)
        return Outcome(replies=(Notice(f"{note}\n\n{text}", (Action("Resume", "/admin resume"),)),))

    return Outcome(write=write)


async def resume(request: Request) -> Outcome:  # noqa: ARG001
    """/admin resume: serve everybody again."""

    async def write(unit: Unit) -> Outcome:
        if not await end_pause(unit):
            raise Refused("There is no pause.")
        return Outcome(replies=(Notice("Everybody is served again."),))

    return Outcome(write=write)


async def limit(request: Request) -> Outcome:
    """/admin limit system: how many chats everybody together has in 5 hours."""
    match request.arguments.lower().split():
        case ["system"] | []:
            async with request.services.database.view() as view:
                now = await system_limit(view, request.services.settings)
            return Outcome(replies=(Notice(f"Everybody together has {_chats(now)} in 5 hours."),))
        case ["system", "default"]:

            async def reset(unit: Unit) -> Outcome:
                await reset_system_limit(unit)
                return _limited(request.services.settings.max_chats_per_5hours)

            return Outcome(write=reset)
        case ["system", number] if number == "none" or _is_count(number):
            chosen = None if number == "none" else int(number)

            async def change(unit: Unit) -> Outcome:
                await set_system_limit(unit, chosen)
                return _limited(chosen)

            return Outcome(write=change)
    raise Refused(
        "Write /admin limit system N, with a number from 0, none (no limit) or default (the setting)."
    )


async def _preview(request: Request, text: str, count: int) -> Outcome:
    people = "1 person" if count == 1 else f"{count:,} people"
    asked = await confirm(request, f"Send the message above to {people}?", "Send")

    async def write(unit: Unit) -> Outcome:
        done = asked if asked.write is None else await asked.write(unit)
        return Outcome(replies=(Notice(text), *done.replies))

    return Outcome(write=write)


async def _begin(unit: Unit, request: Request, desk: Desk, count: int) -> Outcome:
    address, now = request.incoming.address, request.services.clock()
    await unit.lock(LOCK)
    await _none_running(unit)
    await unit.broadcasts.begin(
        Broadcast(
            key=request.key,
            text=request.arguments,
            state="running",
            platforms=" ".join(desk.platforms),
            position=0,
            receivers=count,
            written=0,
            delivered=0,
            failed=0,
            platform=address.platform,
            chat=address.chat,
            thread=address.thread,
            created_at=now,
        )
    )
    actions = (Action("How far", "/admin broadcast status"), Action("Stop", "/admin broadcast stop"))
    return Outcome(replies=(Notice(f"Sending to {count:,}. You hear of it when it is done.", actions),))


async def _none_running(unit: Unit) -> None:
    if await unit.broadcasts.running():
        raise Refused("An announcement is under way. Wait for its end, or /admin broadcast stop ends it.")


async def _stop(unit: Unit, request: Request) -> Outcome:
    await unit.lock(LOCK)
    ended = []
    for running in await unit.broadcasts.running():
        await unit.broadcasts.withdraw(running.id, "The announcement was stopped.")
        ended.append(await unit.broadcasts.end(running.id, "stopped", request.services.clock()))
        await unit.broadcasts.leave_chat(running.id)
    if not ended:
        raise Refused("No announcement is under way.")
    delivered = sum(each.delivered for each in ended if each is not None)
    return Outcome(replies=(Notice(f"Stopped. {delivered:,} had been delivered; the others hear nothing."),))


def _limited(chats: int | None) -> Outcome:
    return Outcome(replies=(Notice(f"From now on everybody together has {_chats(chats)} in 5 hours."),))


def _chats(count: int | None) -> str:
    return "no limit of chats" if count is None else plain(f"{count:,} chats")


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text[:9]) <= _MOST_CHATS and len(text) <= 8
