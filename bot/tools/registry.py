"""What a tool is: a name, typed arguments, an effect per call; its changes land in one unit with its result."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from pydantic import BaseModel

from bot.accounts.limits import Limits
from bot.clock import Clock
from bot.market.provider import Market
from bot.messages import ChatAddress, LastingReply, Outgoing, PassingReply
from bot.settings import Settings
from bot.workers import Workers

if TYPE_CHECKING:
    from storage.database import Database, Unit
    from storage.people import Owner


class Effect(StrEnum):
    """What a call does to the world: READ runs at once, WRITE asks the person first."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Services:
    """What tools and handlers work with; built once, by `bot.app`."""

    settings: Settings
    database: Database
    limits: Limits
    market: Market
    workers: Workers
    clock: Clock


@dataclass(frozen=True, slots=True)
class Caller:
    """For whom a tool runs, and where: identity, limits and bots are the sender's, the conversation the thread's."""

    owner: Owner
    name: str
    address: ChatAddress
    conversation_id: str
    private: bool


Show = Callable[[PassingReply], None]
"""Shows something passing in the chat of the call; never blocks and never fails."""


@dataclass(frozen=True, slots=True)
class ToolContext:
    """One call: `key` is unique to it and the same after a restart, so what it writes is written once."""

    key: str
    caller: Caller
    services: Services
    show: Show


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call: `result` for the model (JSON), `replies` for the person, `write` for what lasts.

    `write` runs inside the unit that stores the result; what it returns replaces this outcome. It must not await
    the network or a worker. A command may also have something to say `elsewhere`, and be `secret`: then neither
    what stood behind its name nor what it says is kept once that has arrived.
    """

    result: dict[str, Any] = field(default_factory=dict)
    replies: tuple[LastingReply, ...] = ()
    write: Callable[[Unit], Awaitable[Outcome]] | None = None
    elsewhere: tuple[Outgoing, ...] = ()
    secret: bool = False


class Tool(Protocol):
    """One tool. `arguments` is shown to the model as a JSON schema; its validation errors go back to the model."""

    @property
    def name(self) -> str:
        """The fixed name."""
        ...

    @property
    def description(self) -> str:
        """What it does and when to use it, for the model."""
        ...

    @property
    def arguments(self) -> type[BaseModel]:
        """The typed arguments."""
        ...

    def effect(self, arguments: Any) -> Effect:
        """The effect of this very call."""
        ...

    def deed(self, arguments: Any) -> str:
        """What this very call does, as two or three words that begin with the verb, such as "delete bot"."""
        ...

    def waiting_text(self, arguments: Any) -> str:
        """A few words for the person who waits, such as "Looking up PEPE"."""
        ...

    async def describe(self, context: ToolContext, arguments: Any) -> str:
        """For a WRITE: in words for the person (Markdown), exactly what will happen.

        Checks first whether it can happen at all: raises `Refused` or `ToolFailed` like `run`.
        """
        ...

    async def run(self, context: ToolContext, arguments: Any) -> Outcome:
        """Do it. Raises `ToolFailed` (the model reads it), `Refused` (the person reads it), `ProviderDown`."""
        ...


@runtime_checkable
class AsksOnceMore(Protocol):
    """A tool whose WRITE may need a second yes."""

    async def once_more(self, context: ToolContext, arguments: Any) -> str | None:
        """What a person who has agreed is asked once more; None where one yes is enough. Raises like `run`."""
        ...


class Registry:
    """All tools by name."""

    def __init__(self, tools: list[Tool]) -> None:
        self._tools = {tool.name: tool for tool in tools}
        if len(self._tools) != len(tools):
            raise ValueError("Two tools have the same name.")

    def __iter__(self) -> Any:
        return iter(self._tools.values())

    def get(self, name: str) -> Tool | None:
        """The tool with this name, if there is one."""
        return self._tools.get(name)
