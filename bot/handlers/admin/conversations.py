"""Operators' commands about conversations: a list of them, and what happened in one."""

from __future__ import annotations

from bot.errors import Refused
from bot.handlers.admin.context import (
    Desk,
    conversation_named,
    page_number,
    person_named,
    read_line,
    said,
)
from bot.handlers.context import Handler, Request
from bot.tools.registry import Outcome
from storage.chats import ASLEEP
from storage.conversations import RESOLVED
from storage.statistics import ESCALATED

_STATUSES = ("open", RESOLVED, ASLEEP, ESCALATED)


def conversations(desk: Desk) -> Handler:
    """/admin conversations: those in a status, of a person, with words in their title."""

    async def handle(request: Request) -> Outcome:
        line = read_line(request.arguments)
        status = next((word for word in line.words if word.lower() in _STATUSES), None)
        title = " ".join(word for word in line.words if word != status)
        owner = None
        if line.user:
            async with request.services.database.view() as view:
                owner = await person_named(view, line.user)
        state = None if status is None else status.lower()
        return await said(desk.reports.conversations(request.services, owner, state, title, line.page))

    return handle


def replay(desk: Desk) -> Handler:
    """/admin replay: what happened in a conversation, step by step."""

    async def handle(request: Request) -> Outcome:
        line = read_line(request.arguments)
        if not line.words:
            raise Refused("Which conversation? /admin conversations lists them with their ids.")
        page = line.page
        if len(line.words) > 1:
            page = 0 if line.words[1].lower() == "file" else page_number(line.words[1])
        async with request.services.database.view() as view:
            conversation = await conversation_named(view, line.words[0])
        return await said(desk.reports.replay(request.services, conversation, page))

    return handle


def export(desk: Desk) -> Handler:
    """/admin export: a conversation with everything that is stored about it, as a file."""

    async def handle(request: Request) -> Outcome:
        async with request.services.database.view() as view:
            conversation = await conversation_named(view, request.arguments)
        return await said(desk.reports.export(request.services, conversation))

    return handle
