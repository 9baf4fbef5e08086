"""People on Telegram who do what people do, again and again, and write down what they were owed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.fakes.telegram_world import BOT_NAME, Person, Shown, World, WorldChat

CREATE = "create a bot that buys PEPE when it drops 5% in 1h and sells at 10% profit with a 3% stop loss"
BACKTEST = "backtest it on 15m candles for the last 20 days"
QUESTIONS = ("what is the price of CAKE?", "what is trending?", "list my bots")


@dataclass
class Talker:
    """One person, in private or in a group, who waits for each answer before the next message."""

    world: World
    person: Person
    group: WorldChat | None = None
    typed: int = 0
    pressed: int = 0
    created: int = 0
    tested: int = 0
    said: list[str] = field(default_factory=list)

    @property
    def chat(self) -> WorldChat:
        """Where this person talks."""
        return self.group or self.world.private(self.person)

    async def round(self) -> None:
        """Make a bot, test it, ask some questions."""
        await self.makes_and_tests(BACKTEST)
        for question_text in QUESTIONS:
            await self._says(question_text, lambda new: any("Stop" not in each.labels for each in new))

    async def makes_and_tests(self, backtest: str) -> None:
        """Make a bot and test it."""
        await self._says(CREATE, lambda new: any("Create" in each.labels for each in new))
        question = next(each for each in reversed(self.chat.ours()) if "Create" in each.labels)
        before = self._count()
        self.world.presses(self.person, question, "Create", self.chat)
        self.pressed += 1
        self.created += 1
        await self._until(lambda: any("Created" in each.text for each in self._since(before)))
        self.tested += 1
        await self._says(backtest, lambda new: any(each.photo for each in new) and not new[-1].photo)

    async def _says(self, text: str, answered: Callable[[list[Shown]], bool]) -> None:
        before = self._count()
        self.world.says(self.person, text if self.group is None else f"@{BOT_NAME} {text}", self.chat)
        self.typed += 1
        self.said.append(text)
        await self._until(lambda: bool(self._since(before)) and answered(self._since(before)))

    def _count(self) -> int:
        return max((each.number for each in self.chat.messages.values()), default=0)

    def _since(self, number: int) -> list[Shown]:
        return [each for each in self.chat.ours() if each.number > number]

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            await self.world.news.wait()
