"""An assistant at a desk: a model service over real HTTP, two tools of which only the outside matters."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pydantic_ai.models
from pydantic import BaseModel, SecretStr

from bot.agent.assistant import Assistant, CallResult, Patience, StepResult, TurnFacts
from bot.settings import Settings
from bot.tools.registry import Effect, Registry
from tests.agent.conversing import FACTS
from tests.fakes.clock import StoppedClock
from tests.fakes.messages_api import MessagesApi, messages_api

KEY = "sk-very-secret"


class TokenArguments(BaseModel):
    """Which token."""

    token: str


class LooksUp:
    """A tool of which only the outside matters here."""

    arguments = TokenArguments

    def __init__(self, name: str) -> None:
        self.name = name
        self.description = f"Tells the {name} of a token."

    def deed(self, arguments: Any) -> str:
        return self.name

    def effect(self, arguments: Any) -> Effect:
        return Effect.READ

    def waiting_text(self, arguments: Any) -> str:
        return "Looking"

    async def describe(self, context: Any, arguments: Any) -> str:
        raise AssertionError("not planned")

    async def run(self, context: Any, arguments: Any) -> Any:
        raise AssertionError("not planned")


class Desk:
    """An assistant, the service it asks, and what it has streamed."""

    def __init__(self, assistant: Assistant, api: MessagesApi) -> None:
        self.assistant = assistant
        self.api = api
        self.streamed: list[tuple[str, str]] = []
        self.heard = asyncio.Event()

    def on_text(self, delta: str, so_far: str) -> None:
        self.streamed.append((delta, so_far))
        self.heard.set()

    async def step(
        self,
        prompt: str | None = "hello",
        history: Sequence[dict[str, Any]] = (),
        results: Sequence[CallResult] = (),
        facts: TurnFacts = FACTS,
    ) -> StepResult:
        return await self.assistant.step(history, prompt, results, facts=facts, on_text=self.on_text)


@asynccontextmanager
async def open_desk(folder: Path, patience: Patience | None = None, **settings: Any) -> AsyncIterator[Desk]:
    quick = patience or Patience(first_wait=0)
    async with messages_api() as api:
        given = {"anthropic_api_key": SecretStr(KEY), "anthropic_base_url": api.url, **settings}
        if given.get("openai_base_url") == "here":
            given["openai_base_url"] = f"{api.url}/v1"
        registry = Registry([LooksUp("price"), LooksUp("risk")])
        assistant = Assistant(Settings(data_dir=folder, **given), registry, StoppedClock(), patience=quick)
        with pydantic_ai.models.override_allow_model_requests(True):
            yield Desk(assistant, api)
        await assistant.close()


def turn(number: int, *, with_tool: bool = True) -> list[dict[str, Any]]:
    """A whole turn as it is stored."""
    asked = {"kind": "request", "parts": [{"part_kind": "user-prompt", "content": f"question {number}"}]}
    answer = {"kind": "response", "parts": [{"part_kind": "text", "content": f"answer {number}"}]}
    call = {
        "part_kind": "tool-call",
        "tool_name": "price",
        "tool_call_id": f"c{number}",
        "args": '{"token":"PEPE"}',
    }
    result = {
        "part_kind": "tool-return",
        "tool_name": "price",
        "tool_call_id": f"c{number}",
        "content": {"usd": 1},
    }
    middle = (
        [{"kind": "response", "parts": [call]}, {"kind": "request", "parts": [result]}] if with_tool else []
    )
    return [asked, *middle, answer]
