"""A model that speaks in pieces, each when the test lets it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from pydantic_ai.messages import ModelMessage
from pydantic_ai.models.function import AgentInfo, FunctionModel


class SlowModel:
    """Says what `say` gives it, piece by piece, and ends its answer at `end`."""

    def __init__(self) -> None:
        self.model = FunctionModel(stream_function=self._answer, model_name="slow")
        self.begun = asyncio.Event()
        self.prompts: list[str] = []
        self._pieces: asyncio.Queue[str | None] = asyncio.Queue()

    def say(self, piece: str) -> None:
        """Say a piece of the answer."""
        self._pieces.put_nowait(piece)

    def end(self) -> None:
        """Say no more."""
        self._pieces.put_nowait(None)

    async def _answer(self, messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[str]:
        self.prompts += [str(part.content) for part in messages[-1].parts if part.part_kind == "user-prompt"]
        self.begun.set()
        while (piece := await self._pieces.get()) is not None:
            yield piece
