"""Operators' commands about people: who they are, and keeping them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.accounts.operators import is_operator
from bot.accounts.service import banned_text
from bot.errors import Refused
from bot.handlers.admin.context import Desk, duration, person_named, read_line, said
from bot.handlers.approvals import confirm
from bot.handlers.calling import naming
from bot.handlers.context import Handler, Request
from bot.messages import Action, Notice, Sender
from bot.tools.plain import plain
from bot.tools.registry import Outcome

if TYPE_CHECKING:
    from storage.database import Unit
    from storage.people import Owner

_MOST_REASON = 200


def users(desk: Desk) -> Handler:
    """/admin users: people whose name or id fits."""

    async def handle(request: Request) -> Outcome:
        line = read_line(request.arguments)
        return await said(desk.reports.users(request.services, line.text, line.page))

    return handle


def user(desk: Desk) -> Handler:
    """/admin user: everything about one."""

    async def handle(request: Request) -> Outcome:
        async with request.services.database.view() as view:
            owner = await person_named(view, request.arguments)
        return await said(desk.reports.user(request.services, owner))

    return handle


async def ban(request: Request) -> Outcome:
    """/admin ban: keep somebody out, after asking."""
    who, _, rest = request.arguments.partition(" ")
    words = rest.split()
    span = duration(words[-1]) if words else None
    reason = " ".join(words[:-1] if span else words)
    now = request.services.clock()
    until = None if span is None else now + span
    clean = plain(reason, _MOST_REASON) if reason else ""
    async with request.services.database.view() as view:
        owner = await person_named(view, who)
        person = await view.overview.person(owner)
    named = plain(person.identities[0].name) if person.identities else "somebody"
    if any(
        is_operator(request.services.settings, Sender(each.platform, each.user, each.name))
        for each in person.identities
    ):
        raise Refused(f"{named} is an operator. Take them out of OPERATORS first.")
    if not request.confirmed:
        pinned = naming(request, f"{person.id} {rest}".strip())
        text = (
            f"Ban **{named}** (`{person.id[:8]}`)? They are told once a day:\n\n{banned_text(clean, until)}"
        )
        return await confirm(pinned, text, "Ban")

    async def write(unit: Unit) -> Outcome:
        await unit.operators.ban(owner, clean, now, until)
        action = Action("Let in again", f"/admin unban {person.id[:8]}")
        length = "for good" if until is None else f"until {until:%d %b %Y, %H:%M} UTC"
        return Outcome(replies=(Notice(f"**{named}** is banned {length}.", (action,)),))

    return Outcome(write=write)


async def unban(request: Request) -> Outcome:
    """/admin unban: let somebody in again."""
    async with request.services.database.view() as view:
        owner = await person_named(view, request.arguments)

    async def write(unit: Unit) -> Outcome:
        return await _let_in(unit, owner)

    return Outcome(write=write)


async def _let_in(unit: Unit, owner: Owner) -> Outcome:
    if not await unit.operators.unban(owner):
        raise Refused("They are not banned.")
    return Outcome(replies=(Notice("They are let in again."),))
