"""The words of one model request: what goes in, what comes out, and what the model is told about the turn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

Body = dict[str, Any]
"""A pydantic-ai message as JSON, the form in which it is stored."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the model wants to use; `arguments` is the raw text where that is not a JSON object."""

    id: str
    name: str
    arguments: dict[str, Any] | str


@dataclass(frozen=True, slots=True)
class CallResult:
    """What came of a tool call, for the model."""

    call_id: str
    status: Literal["done", "failed", "denied", "skipped"]
    content: dict[str, Any] | str


@dataclass(frozen=True, slots=True)
class StepResult:
    """One request to the model and its answer; `text` and `calls` are what the answer holds, cost in US dollars."""

    request: Body
    response: Body
    text: str
    calls: tuple[ToolCall, ...]
    tokens: int
    cost_usd: Decimal
    model: str
    duration_ms: int


@dataclass(frozen=True, slots=True)
class TurnFacts:
    """What the model is told about the person and the moment; `today` is the market's date."""

    person: str
    private: bool
    current_bot: str | None
    bots: tuple[str, ...]
    market_source: str
    synthetic: bool
    today: date
