"""The form of one operators' command."""

from __future__ import annotations

from dataclasses import dataclass

from bot.handlers.context import Handler


@dataclass(frozen=True, slots=True)
class AdminCommand:
    """One word behind `/admin`: its name, how it is written, what it does in a few words, and who does it.

    The handler gets a `Request` whose arguments are what stands behind the word; whoever calls it has checked that the
    sender is an operator.
    """

    name: str
    usage: str
    summary: str
    handler: Handler
