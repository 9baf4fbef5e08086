"""What a handler is given, and the table of commands that all platforms share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.messages import Command, Incoming
from bot.tools.registry import Caller, Outcome, Registry, Services, Show

NOBODY = "I cannot see who wrote this. Please write as yourself, not as a channel or a group."
"""The refusal for a sender without a user id."""


def private_only(name: str) -> str:
    """What is said to a private command where others read along."""
    return f"/{name} stays between the two of us. Please use it in a private chat with me."


@dataclass(frozen=True, slots=True)
class Request:
    """One command of one person: who, where, what, and whether a second yes was already given.

    `key` is unique to what came in and the same after a restart.
    """

    key: str
    incoming_id: int
    incoming: Incoming
    caller: Caller
    services: Services
    tools: Registry
    show: Show
    confirmed: bool = False

    @property
    def command(self) -> Command:
        """The command that this request is about."""
        body = self.incoming.body
        if not isinstance(body, Command):
            raise TypeError("A request is always about a command.")
        return body

    @property
    def arguments(self) -> str:
        """What stands behind the command's name."""
        return self.command.arguments.strip()


Handler = Callable[[Request], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """A slash command: its name, how it is written, what it does in a few words, and who may use it where.

    `overheard` is what a private command does where others read along, besides saying that it is a private one.
    One that is for operators only is, to everybody else, a command that does not exist.
    """

    name: str
    usage: str
    summary: str
    handler: Handler
    private_only: bool = False
    listed: bool = True
    overheard: Handler | None = None
    operators_only: bool = False
