"""The assistant: one step is one request to a model, asked again, shortened or given to another model where needed.

The loop around the steps, which runs tools and asks people, is `bot.agent.turn`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import stamina
import structlog

from bot.agent.errors import ContextTooLong, ModelDown, TooLongForModel
from bot.agent.history import (
    open_calls,
    repaired,
    request_body,
    tool_calls,
    with_unique_calls,
    without_oldest,
)
from bot.agent.instructions import as_said
from bot.agent.steps import Body, CallResult, StepResult, ToolCall, TurnFacts
from bot.clock import Clock
from bot.errors import ProviderDown
from bot.settings import Settings
from bot.tools.registry import Registry

if TYPE_CHECKING:
    from pydantic_ai.models import Model

    from bot.agent.models import ReadyModel
    from bot.agent.requests import Answer, ModelRequests

__all__ = ["Assistant", "CallResult", "Patience", "StepResult", "ToolCall", "TurnFacts"]

log = structlog.get_logger(__name__)

OnText = Callable[[str, str], None]
"""Called with each new piece of the answer, and with everything so far."""

_LEAVE_OUT = 0.25
"""The share of the turns that is left out each time the provider says that the request is too long."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long a model that is down is asked again; times in seconds.

    `silence` is how long a model may say nothing before its answer counts as broken off. Asking again ends
    `give_up_after` seconds after the first request, so that with one longest wait on top a person hears within a
    minute that the model is down.
    """

    attempts: int = 4
    attempts_before_fallback: int = 2
    first_wait: float = 1.0
    longest_wait: float = 30.0
    give_up_after: float = 25.0
    silence: float = 60.0


@dataclass(frozen=True, slots=True)
class _Loaded:
    requests: ModelRequests
    models: tuple[ReadyModel, ...]


class Assistant:
    """Asks the models that the settings name; `model` replaces them."""

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        clock: Clock,
        *,
        model: Model | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._settings = settings
        self._registry = registry
        self._clock = clock
        self._model = model
        self._patience = patience or Patience()
        self._loaded: _Loaded | None = None
        self._loading = asyncio.Lock()

    async def load(self) -> None:
        """Import the model libraries and build the models, in a thread; `step` does it when nobody has.

        Raises `SettingsError` when a library is missing.
        """
        await self._ready()

    async def close(self) -> None:
        """Let go of the models' connections."""
        if self._loaded is not None:
            for ready in self._loaded.models:
                await ready.close()

    async def step(
        self,
        history: Sequence[Body],
        prompt: str | None,
        results: Sequence[CallResult],
        *,
        facts: TurnFacts,
        on_text: OnText,
    ) -> StepResult:
        """Ask the model once more: with the results of the history's open calls, and with what the person said.

        `history` are stored bodies, oldest first. It can be cancelled at any time. Raises `ProviderDown` when no
        model answers and `Refused` when this cannot be answered, both with a sentence for the person.
        """
        loaded = await self._ready()
        started = time.perf_counter()
        said = None if prompt is None else as_said(prompt, facts)
        request = request_body(said, open_calls(history), results, self._clock())
        if not request["parts"]:
            raise ValueError("There is nothing to ask: no prompt, and no open call that has a result.")
        messages = [*repaired(history), request]
        ready, answer = await self._first_answer(loaded, messages, facts, on_text)
        response = with_unique_calls(answer.body, history)
        return StepResult(
            request=request,
            response=response,
            text=answer.text,
            calls=tool_calls(response),
            tokens=answer.tokens,
            cost_usd=answer.cost_usd,
            model=ready.name,
            duration_ms=round((time.perf_counter() - started) * 1000),
        )

    async def _first_answer(
        self, loaded: _Loaded, messages: list[Body], facts: TurnFacts, on_text: OnText
    ) -> tuple[ReadyModel, Answer]:
        """The answer of the first model that gives one; a broken-off answer is not given to another."""
        *others, last = loaded.models
        for ready in others:
            try:
                return ready, await self._patiently(loaded, ready, messages, facts, on_text, last=False)
            except ProviderDown as error:
                if isinstance(error, ModelDown) and error.begun:
                    raise
                log.warning("model_fallback", model=ready.name, error=type(error).__name__)
        return last, await self._patiently(loaded, last, messages, facts, on_text, last=True)

    async def _patiently(
        self,
        loaded: _Loaded,
        ready: ReadyModel,
        messages: list[Body],
        facts: TurnFacts,
        on_text: OnText,
        *,
        last: bool,
    ) -> Answer:
        patience = self._patience
        attempts = stamina.retry_context(
            on=self._ask_again,
            attempts=patience.attempts if last else patience.attempts_before_fallback,
            timeout=patience.give_up_after,
            wait_initial=patience.first_wait,
            wait_max=patience.longest_wait,
            wait_jitter=patience.first_wait,
        )
        async for attempt in attempts:
            with attempt:
                return await self._shortened(loaded.requests, ready, messages, facts, on_text)
        raise ModelDown

    def _ask_again(self, error: Exception) -> bool | float:
        if not isinstance(error, ModelDown) or error.begun:
            return False
        if error.retry_after is None:
            return True
        return error.retry_after if error.retry_after <= self._patience.longest_wait else False

    async def _shortened(
        self,
        requests: ModelRequests,
        ready: ReadyModel,
        messages: list[Body],
        facts: TurnFacts,
        on_text: OnText,
    ) -> Answer:
        """Ask, and leave out the oldest turns for as long as the provider says that it is too long."""
        sent = messages
        while True:
            try:
                return await requests.ask(ready, sent, facts, on_text)
            except ContextTooLong as error:
                shorter = without_oldest(sent, _LEAVE_OUT)
                if shorter is None:
                    raise TooLongForModel from error
                log.info("history_shortened", model=ready.name, messages=len(sent), left=len(shorter))
                sent = shorter

    async def _ready(self) -> _Loaded:
        async with self._loading:
            if self._loaded is None:
                self._loaded = await asyncio.to_thread(self._load)
            return self._loaded

    def _load(self) -> _Loaded:
        from bot.agent.models import build_models, given_model
        from bot.agent.requests import ModelRequests

        models = (
            build_models(self._settings, self._patience.silence)
            if self._model is None
            else (given_model(self._model),)
        )
        requests = ModelRequests(self._registry)
        requests.warm()
        return _Loaded(requests, models)
