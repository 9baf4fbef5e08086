"""The tool with which the assistant asks the person something."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from bot.errors import ToolFailed
from bot.messages import Option
from bot.tools.kinds import Arguments, Reading
from bot.tools.registry import Outcome, ToolContext

MOST_OPTIONS = 6

_Label = Annotated[str, Field(min_length=1, max_length=60)]


class AskUserArguments(Arguments):
    """A question, and the answers to choose from."""

    question: str = Field(
        min_length=1, max_length=1000, description="One question, in the person's language."
    )
    options: tuple[_Label, ...] = Field(
        (),
        max_length=MOST_OPTIONS,
        description="Up to six short answers to choose from; none for a free answer.",
    )


class AskUser(Reading):
    """A question with up to six options, shown as a choice.

    The turn itself asks and waits, so it takes this tool out by its class before anything runs; `run` is
    never called there and only fails.
    """

    name = "ask_user"
    description = (
        "Ask the person one question when something that matters is missing or unclear, for instance which "
        "of several tokens is meant or which condition goes with which action. Give options when there are "
        "few possible answers."
    )
    arguments = AskUserArguments

    def waiting_text(self, arguments: Any) -> str:  # noqa: ARG002
        """A few words for the person who waits."""
        return "Asking you"

    def question(self, arguments: Any) -> tuple[str, tuple[Option, ...]]:
        """What is shown: the question, and its options without repetitions."""
        labels = dict.fromkeys(arguments.options)
        return arguments.question, tuple(Option(label, label) for label in labels)

    async def run(self, context: ToolContext, arguments: Any) -> Outcome:  # noqa: ARG002
        """Always raises `ToolFailed`."""
        raise ToolFailed("A question is asked by the turn itself, not run as a tool.")
