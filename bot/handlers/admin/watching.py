"""Operators' commands that only look: statistics, health, jobs, the outbox, errors, the audit."""

from __future__ import annotations

import re

from bot.errors import Refused
from bot.handlers.admin.context import Desk, read_line, said
from bot.handlers.context import Handler, Request
from bot.messages import ChatAddress, Notice
from bot.tools.registry import Outcome

_USUAL_DAYS = 7
_RANGE = re.compile(r"([0-9]{1,3})d", re.ASCII)


def stats(desk: Desk) -> Handler:
    """/admin stats: what a range of days brought."""

    async def handle(request: Request) -> Outcome:
        return await said(desk.reports.stats(request.services, _days(request.arguments)))

    return handle


def health(desk: Desk) -> Handler:
    """/admin health: how the running house is."""

    async def handle(request: Request) -> Outcome:
        return await said(desk.reports.health(request.services))

    return handle


def jobs(desk: Desk) -> Handler:
    """/admin jobs: what the clock does."""

    async def handle(request: Request) -> Outcome:
        return await said(desk.reports.jobs(request.services))

    return handle


def outbox(desk: Desk) -> Handler:
    """/admin outbox: what waits to be sent or was given up; `retry` and `drop` one piece."""

    async def handle(request: Request) -> Outcome:
        line = read_line(request.arguments)
        match line.words:
            case ():
                return await said(desk.reports.outbox(request.services, line.page))
            case ("retry", number):
                return await _retry(desk, request, _delivery(number))
            case ("drop", number):
                return await _drop(request, _delivery(number))
        raise Refused("Write /admin outbox, /admin outbox retry ID or /admin outbox drop ID.")

    return handle


def errors(desk: Desk) -> Handler:
    """/admin errors: the latest, or the one behind the reference that a person was shown."""

    async def handle(request: Request) -> Outcome:
        line = read_line(request.arguments)
        if not line.words:
            return await said(desk.reports.faults(request.services, line.page))
        found = await desk.reports.fault(request.services, line.words[0].strip("`"))
        if not found:
            raise Refused("No error has this reference. Old ones are deleted after 30 days.")
        return Outcome(replies=found)

    return handle


def audit(desk: Desk) -> Handler:
    """/admin audit: what operators did."""

    async def handle(request: Request) -> Outcome:
        return await said(desk.reports.audit(request.services, read_line(request.arguments).page))

    return handle


async def _retry(desk: Desk, request: Request, delivery: int) -> Outcome:
    async with request.services.database.unit() as unit:
        row = await unit.overview.deliver_again(delivery)
    if row is None:
        raise Refused(f"There is no piece {delivery} that waits or was given up. /admin outbox lists them.")
    desk.exit.wake(ChatAddress(row.platform, row.chat, row.thread))
    return Outcome(replies=(Notice(f"Piece {delivery} leaves again now."),))


async def _drop(request: Request, delivery: int) -> Outcome:
    async with request.services.database.unit() as unit:
        dropped = await unit.overview.drop_delivery(delivery, "An operator dropped it.")
    if not dropped:
        raise Refused(f"There is no piece {delivery} that waits. /admin outbox lists them.")
    return Outcome(replies=(Notice(f"Piece {delivery} will not be sent."),))


def _delivery(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise Refused("A piece is named by its number in /admin outbox.")
    return int(text)


def _days(text: str) -> int:
    if not text:
        return _USUAL_DAYS
    found = _RANGE.fullmatch(text.lower())
    if found is None or not 1 <= int(found[1]) <= 365:
        raise Refused("A range is a number of days from 1d to 365d, for instance /admin stats 30d.")
    return int(found[1])
