"""The offline assistant as a pydantic-ai model: the same requests and tools as any other, answered by rules."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from pydantic_ai import RunContext
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ModelResponsePart,
    ModelResponseStreamEvent,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings

from bot.agent.offline.context import Event, Turn
from bot.agent.offline.doing import Say, Step
from bot.agent.offline.plan import next_step
from bot.agent.steps import TurnFacts

NAME = "offline"

_NOBODY = TurnFacts(
    person="",
    private=True,
    current_bot=None,
    bots=(),
    market_source="",
    synthetic=False,
    today=date(1970, 1, 1),
)
_WRITER = re.compile(r"^\[[^\[\]\n]{0,80}\] ")
_PIECE = re.compile(r"\s*\S+")


class OfflineModel(Model[None]):
    """Answers by rules, at once and for nothing; it needs no key and no network."""

    def __init__(self, chains: Collection[str]) -> None:
        super().__init__()
        self._chains = frozenset(chains)

    @property
    def model_name(self) -> str:
        """Always "offline"."""
        return NAME

    @property
    def system(self) -> str:
        """Always "offline"."""
        return NAME

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,  # noqa: ARG002
        model_request_parameters: ModelRequestParameters,  # noqa: ARG002
    ) -> ModelResponse:
        """Answer without streaming; nothing is known of the person's bots then."""
        part = _part(next_step(turns_of(messages), _NOBODY, self._chains))
        return ModelResponse(parts=[part], model_name=NAME, provider_name=NAME, finish_reason="stop")

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,  # noqa: ARG002
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        """Answer word by word; what is known of the person comes with the run."""
        facts = run_context.deps if run_context and isinstance(run_context.deps, TurnFacts) else _NOBODY
        part = _part(next_step(turns_of(messages, in_group=not facts.private), facts, self._chains))
        yield _OfflineStream(model_request_parameters=model_request_parameters, part=part)


@dataclass
class _OfflineStream(StreamedResponse):
    """One answer in pieces."""

    part: ModelResponsePart = field(kw_only=True)
    made_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    async def _get_event_iterator(self) -> AsyncIterator[ModelResponseStreamEvent]:
        if isinstance(self.part, TextPart):
            for piece in _PIECE.findall(self.part.content):
                for event in self._parts_manager.handle_text_delta(vendor_part_id=0, content=piece):
                    yield event
                await asyncio.sleep(0)
        else:
            yield self._parts_manager.handle_part(vendor_part_id=0, part=self.part)
        self.finish_reason = "stop"

    async def close_stream(self) -> None:
        """There is no connection to close."""

    @property
    def model_name(self) -> str:
        """Always "offline"."""
        return NAME

    @property
    def provider_name(self) -> str:
        """Always "offline"."""
        return NAME

    @property
    def provider_url(self) -> None:
        """There is none."""
        return

    @property
    def timestamp(self) -> datetime:
        """When the answer was made."""
        return self.made_at


def _part(step: Step) -> ModelResponsePart:
    if isinstance(step, Say):
        return TextPart(step.text)
    call_id = f"offline-{uuid.uuid4().hex[:12]}"
    return ToolCallPart(step.name, json.dumps(dict(step.arguments), ensure_ascii=False), tool_call_id=call_id)


def turns_of(messages: Sequence[ModelMessage], *, in_group: bool = False) -> list[Turn]:
    """The conversation as the rules read it: what was said, which tools ran and with what result, the answer."""
    turns: list[Turn] = []
    calls: dict[str, ToolCallPart] = {}
    for message in messages:
        if isinstance(message, ModelResponse):
            calls |= {part.tool_call_id: part for part in message.parts if isinstance(part, ToolCallPart)}
            text = "\n\n".join(part.content for part in message.parts if isinstance(part, TextPart))
            if turns and text:
                turns[-1] = Turn(turns[-1].said, turns[-1].events, text)
            continue
        events = tuple(_events(message, calls))
        if turns and events:
            turns[-1] = Turn(turns[-1].said, turns[-1].events + events, turns[-1].answer)
        turns.extend(
            Turn(_said(part, in_group=in_group)) for part in message.parts if isinstance(part, UserPromptPart)
        )
    return turns or [Turn("")]


def _events(message: ModelRequest, calls: dict[str, ToolCallPart]) -> Iterator[Event]:
    for part in message.parts:
        call = calls.get(part.tool_call_id) if isinstance(part, ToolReturnPart) else None
        if isinstance(part, ToolReturnPart) and call is not None:
            yield Event(call.tool_name, call.args_as_dict(), part.outcome, part.content)


def _said(part: UserPromptPart, *, in_group: bool) -> str:
    """What a person said, without the name that stands before it in a group."""
    content = part.content
    text = (
        content if isinstance(content, str) else " ".join(item for item in content if isinstance(item, str))
    )
    return _WRITER.sub("", text, count=1) if in_group else text
