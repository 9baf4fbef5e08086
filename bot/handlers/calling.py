"""How a command uses a tool: with the same checks and effects as a call of the assistant."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from bot.errors import Refused
from bot.handlers.approvals import confirm
from bot.handlers.context import Request
from bot.messages import Action, Command, Notice
from bot.tools.plain import plain
from bot.tools.registry import Outcome, Tool, ToolContext
from bot.tools.waits import showing_waits
from bot.tools.wording import in_words

if TYPE_CHECKING:
    from pydantic import BaseModel

    from storage.database import Unit


async def use(request: Request, name: str, **arguments: Any) -> Outcome:
    """Run a tool for the person who commands it; raises what the tool raises, `Refused` for bad arguments."""
    tool, checked = _understood(request, name, arguments)
    with showing_waits(request.show):
        return await tool.run(context_of(request), checked)


async def say(request: Request, name: str, *actions: Action, **arguments: Any) -> Outcome:
    """Run a tool and say its result in words."""
    return said(name, await use(request, name, **arguments), *actions)


async def ask_first(request: Request, name: str, yes: str, **arguments: Any) -> Outcome:
    """Ask with the tool's own description; after the yes run it and say its result in words.

    `request` must name what it is about by id, since the conversation may be about something else by then.
    """
    if request.confirmed:
        return await say(request, name, **arguments)
    tool, checked = _understood(request, name, arguments)
    with showing_waits(request.show):
        return await confirm(request, await tool.describe(context_of(request), checked), yes)


def said(name: str, outcome: Outcome, *actions: Action) -> Outcome:
    """The outcome of a tool with its result in words, also where only its `write` knows the result."""
    write = outcome.write
    if write is None:
        return _with_words(name, outcome, actions)

    async def write_and_say(unit: Unit) -> Outcome:
        return _with_words(name, await write(unit), actions)

    return Outcome(write=write_and_say)


def naming(request: Request, arguments: str) -> Request:
    """The same request with other arguments, which is what runs again after a yes."""
    command = Command(request.command.name, arguments)
    return replace(request, incoming=replace(request.incoming, body=command))


def _with_words(name: str, outcome: Outcome, actions: tuple[Action, ...]) -> Outcome:
    words = in_words(name, outcome.result)
    notice = () if words is None else (Notice(words, actions),)
    return Outcome(outcome.result, (*notice, *outcome.replies))


def _understood(request: Request, name: str, arguments: dict[str, Any]) -> tuple[Tool, BaseModel]:
    tool = request.tools.get(name)
    if tool is None:
        raise LookupError(f"There is no tool {name}.")
    try:
        return tool, tool.arguments.model_validate(arguments)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        what = ".".join(map(str, first["loc"]))
        raise Refused(
            f"I cannot use that: {plain(what)}: {plain(first['msg'], 200)}. /help shows how it is written."
        ) from error


def context_of(request: Request) -> ToolContext:
    """The call of a tool that a command makes."""
    return ToolContext(request.key, request.caller, request.services, request.show)
