"""/admin: the word behind it is found, its command is run, and the audit has a row whatever comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.accounts.people import find_person
from bot.errors import ProviderDown, RandebuError, Refused, ToolFailed
from bot.handlers.admin.command import AdminCommand
from bot.handlers.admin.context import SHORTEST_PREFIX
from bot.handlers.context import Request
from bot.messages import Choice, Command, Notice
from bot.tools.plain import plain
from bot.tools.registry import Outcome
from storage.operators import BEGUN, AuditRow
from storage.people import Owner

if TYPE_CHECKING:
    from storage.database import Unit

NAME = "admin"
USAGE = "/admin"
SUMMARY = "run Randebu; alone it lists what there is"

_MOST_ARGUMENTS = 500
_MOST_RESULT = 300
_NAMES_SOMEBODY = "ID"
"""A usage with this word is about a person or a conversation."""


class Entrance:
    """The operators' commands by their words; whoever calls it has checked that the sender is an operator."""

    def __init__(self, commands: Sequence[AdminCommand]) -> None:
        self.words: Mapping[str, AdminCommand] = {command.name: command for command in commands}
        if len(self.words) != len(commands):
            raise ValueError("Two operators' commands have the same name.")

    async def handle(self, request: Request) -> Outcome:
        """Run one command; what refuses it is its answer, and stands in the audit."""
        word, *others = request.arguments.split(maxsplit=1) or [""]
        word, rest = word.lower(), "".join(others)
        command = self.words.get(word)
        await self._begin_audit(request, command, word, rest)
        # The word stays with the name, so that a command that asks first comes back to it after the yes.
        body = Command(f"{NAME} {word}".strip(), rest)
        inner = replace(request, incoming=replace(request.incoming, body=body))
        result: str | None = None
        try:
            if command is not None:
                outcome = await command.handler(inner)
            elif word in ("", "help"):
                outcome = Outcome(replies=(Notice(self.listing()),))
            else:
                raise Refused(f"There is no /admin {plain(word)}. /admin alone lists what there is.")
        except (Refused, ToolFailed, ProviderDown) as refusal:
            outcome, result = Outcome(replies=(Notice(str(refusal)),)), f"refused: {refusal}"

        async def write(unit: Unit) -> Outcome:
            return await _written(unit, request.key, outcome, result)

        return Outcome(write=write)

    def listing(self) -> str:
        """All commands, a line for each."""
        lines = [f"`{command.usage}` {command.summary}" for command in self.words.values()]
        return "\n".join(["For operators:", *lines])

    async def _begin_audit(
        self, request: Request, command: AdminCommand | None, word: str, rest: str
    ) -> None:
        sender, services = request.incoming.sender, request.services
        async with services.database.unit() as unit:
            about = None
            if command is not None and _NAMES_SOMEBODY in command.usage.split():
                about = await _somebody(unit, rest)
            row = AuditRow(
                key=request.key,
                operator_platform=sender.platform,
                operator_user=sender.user,
                operator_name=sender.name,
                command=f"/{NAME} {word}"[:60].strip(),
                arguments=rest[:_MOST_ARGUMENTS],
                user_id=None if about is None else about.user_id,
                anonymous_token=None if about is None else about.anonymous_token,
                result=BEGUN,
                at=services.clock(),
            )
            await unit.operators.begin_audit(row)


async def _written(unit: Unit, key: str, outcome: Outcome, result: str | None) -> Outcome:
    """Do what a command changes, and note in the same unit how it has ended."""
    if outcome.write is not None:
        try:
            async with unit.savepoint():
                outcome = await outcome.write(unit)
        except RandebuError as refusal:
            outcome, result = Outcome(replies=(Notice(str(refusal)),)), f"refused: {refusal}"
    asked = any(isinstance(reply, Choice) for reply in outcome.replies)
    await unit.operators.end_audit(key, (result or ("asked" if asked else "done"))[:_MOST_RESULT])
    return outcome


async def _somebody(unit: Unit, rest: str) -> Owner | None:
    """The person whom the first word names, or whose conversation it names."""
    first = rest.split(maxsplit=1)[0].strip("`") if rest else ""
    owner = await find_person(unit, first) if first else None
    if owner is not None or len(first) < SHORTEST_PREFIX:
        return owner
    found = await unit.overview.conversations_by_prefix(first)
    if len(found) != 1:
        return None
    user_id = found[0].user_id
    return Owner(user_id=user_id, anonymous_token=None if user_id else found[0].anonymous_token)
