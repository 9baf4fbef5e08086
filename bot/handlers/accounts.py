"""Commands about the person: what they have used."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.handlers.context import Handler, Request
from bot.messages import Notice
from bot.tools.registry import Caller, Outcome, Services

UsageReport = Callable[[Services, Caller], Awaitable[str]]
"""Tells in Markdown what somebody has used; handed in, since handlers and reports do not know each other."""


def usage(report: UsageReport) -> Handler:
    """The handler of /usage."""

    async def handle(request: Request) -> Outcome:
        return Outcome(replies=(Notice(await report(request.services, request.caller)),))

    return handle
