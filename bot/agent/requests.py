"""One request to a language model through pydantic-ai: streamed, priced, its errors told apart.

Importing this module imports pydantic-ai, which takes a second or two: `Assistant.load` does it in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pydantic_ai
import structlog
from pydantic_ai import Agent, DeferredToolRequests, RunContext
from pydantic_ai.exceptions import (
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelRequestRejectedError,
    ModelRequestTimeout,
    ModelServerError,
    ModelUnavailableError,
    UnexpectedModelBehavior,
)
from pydantic_ai.messages import (
    ModelMessagesTypeAdapter,
    ModelResponse,
    ModelResponseStreamEvent,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
)
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.toolsets import ExternalToolset
from pydantic_ai.usage import RequestUsage

from bot.agent.errors import (
    ContextTooLong,
    ModelDeclined,
    ModelDown,
    ModelKeyRefused,
    ModelMisconfigured,
    ModelQuotaUsedUp,
    TooLongForModel,
)
from bot.agent.instructions import STANDING, about
from bot.agent.models import ReadyModel, given_model
from bot.agent.offline.model import OfflineModel
from bot.agent.steps import Body, TurnFacts
from bot.tools.registry import Registry

log = structlog.get_logger(__name__)

# The terminal belongs to the conversation; the library would print an advertisement into it.
pydantic_ai.BANNER_ENABLED = False

OnText = Callable[[str, str], None]
"""Called with each new piece of text, and with everything so far."""

_PASSING = (
    ModelRateLimitError,
    ModelUnavailableError,
    ModelServerError,
    ModelConnectionError,
    ModelRequestTimeout,
)
_PASSING_STATUS = (408, 409, 425)
_TOO_LARGE = 413
_PRICED = "claude-sonnet-5-5"
_REHEARSAL: Body = {"kind": "request", "parts": [{"part_kind": "user-prompt", "content": "help"}]}
_NOBODY = TurnFacts(
    person="nobody",
    private=True,
    current_bot=None,
    bots=(),
    market_source="none",
    synthetic=True,
    today=date(2026, 1, 1),
)
_TOO_LONG_PHRASES = ("too long", "too large", "too many tokens", "context length", "context window")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model answered to one request; cost in US dollars."""

    body: Body
    text: str
    tokens: int
    cost_usd: Decimal


class ModelRequests:
    """Asks models, with the tools of a registry; what they call is carried out elsewhere, between the requests."""

    def __init__(self, registry: Registry) -> None:
        # The tools are external to pydantic-ai, so it never runs one, and a run is left as soon as the model has
        # answered: each run is exactly one request, whatever the model calls.
        self._agent: Agent[TurnFacts, str | DeferredToolRequests] = Agent(
            deps_type=TurnFacts,
            output_type=[str, DeferredToolRequests],
            instructions=[STANDING, _about_the_turn],
            toolsets=[ExternalToolset[TurnFacts](_definitions(registry), id="randebu")],
        )
        self._unpriced: set[str] = set()

    def warm(self) -> None:
        """Do once what is slow the first time: read the price list, build the schemas of a run.

        Each would hold the event loop for some hundred milliseconds; this belongs into a thread without a loop.
        """
        usage = RequestUsage(input_tokens=1, output_tokens=1)
        priced = ModelResponse(parts=[], usage=usage, model_name=_PRICED, provider_name="anthropic")
        self._cost(priced)
        asyncio.run(self.ask(given_model(OfflineModel(())), [_REHEARSAL], _NOBODY, lambda _, __: None))

    async def ask(
        self, ready: ReadyModel, history: Sequence[Body], facts: TurnFacts, on_text: OnText
    ) -> Answer:
        """Send a history that ends with a request, and return the model's answer to it.

        Raises `ContextTooLong`, or one of the errors of `bot.agent.errors`.
        """
        said = _Said(on_text)
        with _told_apart(ready, said):
            response = await self._answer(ready, history, facts, said)
        if response.finish_reason == "content_filter":
            raise ModelDeclined
        if response.finish_reason == "length" and not said.text and not response.tool_calls:
            raise TooLongForModel("The answer to this would be")
        body: Body = ModelMessagesTypeAdapter.dump_python([response], mode="json")[0]
        return Answer(body, said.text, response.usage.total_tokens, self._cost(response))

    async def _answer(
        self, ready: ReadyModel, history: Sequence[Body], facts: TurnFacts, said: _Said
    ) -> ModelResponse:
        messages = ModelMessagesTypeAdapter.validate_python(list(history))
        async with self._agent.iter(
            message_history=messages, model=ready.model, model_settings=ready.settings, deps=facts
        ) as run:
            async for node in run:
                if Agent.is_model_request_node(node):
                    async with node.stream(run.ctx) as stream:
                        async for event in stream:
                            said.take(event)
                        return stream.response
        raise UnexpectedModelBehavior("The run ended without a request to the model.")

    def _cost(self, response: ModelResponse) -> Decimal:
        """What a response cost; 0 for a model whose price is not known, which is logged once."""
        if not response.model_name or not response.usage.has_values():
            return Decimal(0)
        try:
            return response.cost().total_price
        except (LookupError, ValueError):
            if response.model_name not in self._unpriced:
                self._unpriced.add(response.model_name)
                log.warning("model_price_unknown", model=response.model_name)
            return Decimal(0)


class _Said:
    """The text of an answer while it comes in; separate pieces of text are separate paragraphs."""

    def __init__(self, on_text: OnText) -> None:
        self._on_text = on_text
        self.text = ""
        self._paragraph = False

    def take(self, event: ModelResponseStreamEvent | object) -> None:
        """Pass the text of an event on."""
        if isinstance(event, PartStartEvent):
            self._paragraph = bool(self.text)
            if isinstance(event.part, TextPart):
                self._say(event.part.content)
        elif isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta):
            self._say(event.delta.content_delta)

    def _say(self, piece: str) -> None:
        if not piece:
            return
        if self._paragraph:
            piece, self._paragraph = f"\n\n{piece}", False
        self.text += piece
        self._on_text(piece, self.text)


def _about_the_turn(context: RunContext[TurnFacts]) -> str:
    return about(context.deps)


def _definitions(registry: Registry) -> list[ToolDefinition]:
    return [
        ToolDefinition(
            name=tool.name,
            description=tool.description,
            parameters_json_schema=tool.arguments.model_json_schema(),
        )
        for tool in registry
    ]


@contextmanager
def _told_apart(ready: ReadyModel, said: _Said) -> Iterator[None]:
    """Turn the library's errors into ours; what the operator must know is logged, without the provider's words."""
    try:
        yield
    except ModelAPIError as error:
        raise _ours(error, ready, begun=bool(said.text)) from error
    except UnexpectedModelBehavior as error:
        log.warning("model_answer_unreadable", model=ready.name, error=type(error).__name__)
        raise ModelDown(begun=bool(said.text)) from error


def _ours(error: ModelAPIError, ready: ReadyModel, *, begun: bool) -> Exception:
    status = error.status_code if isinstance(error, ModelHTTPError) else None
    facts: dict[str, Any] = {
        "provider": ready.provider,
        "model": ready.name,
        "error": type(error).__name__,
        "status": status,
        "provider_error_type": error.provider_error_type,
    }
    if _is_too_long(error, status):
        return ContextTooLong()
    if isinstance(error, _PASSING) or status in _PASSING_STATUS:
        log.warning("model_down", **facts)
        return ModelDown(retry_after=error.retry_after, begun=begun)
    if isinstance(error, ModelAuthenticationError):
        log.error("model_key_refused", **facts)
        return ModelKeyRefused()
    if isinstance(error, ModelQuotaExceededError):
        log.error("model_quota_used_up", **facts)
        return ModelQuotaUsedUp()
    if isinstance(error, ModelRequestRejectedError) or status is not None:
        log.error("model_request_rejected", **facts, said=_words(error))
        return ModelMisconfigured()
    log.warning("model_down", **facts)
    return ModelDown(begun=begun)


def _is_too_long(error: ModelAPIError, status: int | None) -> bool:
    if isinstance(error, ModelContextWindowExceededError) or status == _TOO_LARGE:
        return True
    return status in (400, 422) and any(phrase in _words(error).lower() for phrase in _TOO_LONG_PHRASES)


def _words(error: ModelAPIError) -> str:
    """The provider's message, shortened; a rejected request is described by it, a key never is."""
    body: Any = error.body
    for key in ("error", "message"):
        body = body.get(key, body) if isinstance(body, dict) else body
    return str(body)[:300]
