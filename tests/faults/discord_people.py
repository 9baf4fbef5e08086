"""People on Discord who do what people do, again and again, and once more where Discord tells them that it failed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from tests.fakes.discord_things import Account, Made, Room, Shown
from tests.fakes.discord_world import DiscordWorld

CREATE = "create a bot that buys PEPE when it drops 5% in 1h and sells at 10% profit with a 3% stop loss"
BACKTEST = "backtest it on 15m candles for the last 20 days"
QUESTIONS = ("what is the price of CAKE?", "what is trending?", "list my bots")


@dataclass
class DiscordTalker:
    """One person, in direct messages or in a channel, who waits for each answer before going on."""

    world: DiscordWorld
    person: Account
    channel: Room | None = None
    tests: bool = True
    written: list[Shown] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)
    created: int = 0
    tested: int = 0

    @property
    def room(self) -> Room:
        """Where this person talks."""
        return self.channel or self.world.private(self.person)

    async def hello(self) -> None:
        """Say a first word, so that there is a conversation."""
        await self._says("what is the price of PEPE?")

    async def round(self) -> None:
        """Make a bot, test it, ask some questions in words and by commands."""
        said = self._write(CREATE)
        await self._until(lambda: any("Create" in each.labels for each in self._answers(said)))
        question = next(each for each in self._answers(said) if "Create" in each.labels)
        await self._insists(
            lambda: self.world.presses(self.person, question, "Create"),
            lambda: not question.labels and any("Created" in each.text for each in self._since(question.id)),
            lambda: bool(question.labels),
        )
        self.created += 1
        if self.tests:
            before = self.world.snowflake()
            self._write(BACKTEST)
            await self._until(lambda: any(each.files for each in self._since(before)))
            await self._until(lambda: not self._since(before)[-1].files)
            self.tested += 1
        for text in QUESTIONS:
            await self._says(text)
        await self._uses("price", tokens="PEPE")
        await self._uses("usage")

    async def _says(self, text: str) -> None:
        said = self._write(text)
        await self._until(
            lambda: any(each.id > said.id and "Stop" not in each.labels for each in self._answers(said))
        )

    def _write(self, text: str) -> Shown:
        named = "" if self.channel is None else f"{self.world.bot.mention} "
        said = self.world.says(self.person, named + text, self.room)
        self.written.append(said)
        return said

    async def _uses(self, name: str, **options: str) -> None:
        await self._insists(
            lambda: self.world.uses(self.person, name, self.room, **options),
            lambda: self._is_answered(self.made[-1]),
            lambda: True,
        )

    async def _insists(
        self, do: Callable[[], Made], done: Callable[[], bool], possible: Callable[[], bool]
    ) -> None:
        """Do something, and do it again when Discord says that the application did not respond."""
        while possible():
            made = do()
            self.made.append(made)
            while not made.failed and made.acknowledged_after is None:
                await self._news(0.2)
            if made.acknowledged_after is not None:
                break
        await self._until(done)

    def _is_answered(self, made: Made) -> bool:
        shown = made.original
        if made.acknowledged_after is None or shown is None:
            return False
        gone = shown.id not in shown.room.messages
        return gone or (not shown.thinking and "Stop" not in shown.labels)

    def _seen(self) -> list[Shown]:
        return self.room.ours(self.person)

    def _since(self, number: int) -> list[Shown]:
        return [each for each in self._seen() if each.id > number]

    def _answers(self, said: Shown) -> list[Shown]:
        """In a channel an answer shows what it answers; alone with us it is whatever comes next."""
        if self.channel is None:
            return self._since(said.id)
        return [each for each in self._since(said.id) if each.answers == said.id]

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            await self._news(1.0)

    async def _news(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.world.news.wait(), seconds)
