"""The two kinds of tools: those that only look, and those that change something and therefore ask first."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from bot.tools.registry import Effect, ToolContext


class Arguments(BaseModel):
    """The arguments of a tool: unknown ones are errors, texts come without surrounding spaces."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class _NamedByDeed:
    name: str

    def deed(self, arguments: Any) -> str:  # noqa: ARG002
        """What it does, as its name says it."""
        return self.name.replace("_", " ")


class Reading(_NamedByDeed):
    """A tool that runs at once."""

    def effect(self, arguments: Any) -> Effect:  # noqa: ARG002
        """Always READ."""
        return Effect.READ

    def waiting_text(self, arguments: Any) -> str:  # noqa: ARG002
        """A few words for the person who waits."""
        return "Looking that up"

    async def describe(self, context: ToolContext, arguments: Any) -> str:  # noqa: ARG002
        """The words for the person who waits: nothing changes, so there is nothing to agree to."""
        return self.waiting_text(arguments)


class Writing(_NamedByDeed):
    """A tool that asks the person first."""

    def effect(self, arguments: Any) -> Effect:  # noqa: ARG002
        """Always WRITE."""
        return Effect.WRITE

    def waiting_text(self, arguments: Any) -> str:  # noqa: ARG002
        """A few words for the person who waits."""
        return "Saving"
