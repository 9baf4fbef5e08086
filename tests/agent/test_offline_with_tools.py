"""The offline assistant with the real tools: its calls are what they take, and it speaks of what they give back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.agent.offline.context import Event, Turn
from bot.agent.offline.doing import Say
from bot.agent.offline.plan import next_step
from bot.agent.steps import TurnFacts
from bot.errors import ToolFailed
from bot.workers import Workers
from tests.agent.conversing import FACTS
from tests.tools.desk import Person, open_desk


class Alice:
    """Somebody who talks to the offline assistant; every yes is given."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self._turns: list[Turn] = []
        self.called: list[str] = []

    async def _facts(self) -> TurnFacts:
        listed = (await self._person.call("list_bots")).result["bots"]
        names = tuple(each["bot"] for each in listed)
        current = next((each["bot"] for each in listed if each["current"]), None)
        return replace(FACTS, bots=names, current_bot=current, today=self._person.clock().date())

    async def says(self, text: str) -> str:
        """Say something; the answer."""
        facts = await self._facts()
        turn = Turn(text)
        self.called = []
        while True:
            step = next_step([*self._turns, turn], facts, ("bsc",))
            if isinstance(step, Say):
                self._turns.append(replace(turn, answer=step.text))
                return step.text
            self.called.append(step.name)
            try:
                outcome = await self._person.call(step.name, **step.arguments)
                event = Event(step.name, step.arguments, "success", outcome.result)
            except ToolFailed as failure:
                event = Event(step.name, step.arguments, "failed", str(failure))
            turn = replace(turn, events=(*turn.events, event))


@pytest.fixture
async def alice(tmp_path: Path, workers: Workers) -> AsyncIterator[Alice]:
    async with open_desk(tmp_path, workers, anonymous_bots=None, anonymous_backtests=None) as desk:
        yield Alice(await desk.person("alice"))


DIP = "create a bot that buys PEPE when it drops 5% in 1h and sells at 10% profit with a 3% stop loss"


async def test_a_bot_is_made_changed_described_and_deleted(alice: Alice) -> None:
    assert "Created **PEPE dip**" in await alice.says(DIP)
    assert "version 2" in await alice.says("set the stop loss to 5%")
    assert "version 3" in await alice.says("also sell when RSI is above 70")
    described = await alice.says("describe it")
    for rule in ("PEPE", "5 %", "10 %", "RSI", "70"):
        assert rule in described
    assert "already" in await alice.says("set the stop loss to 5%")
    assert "PEPE dip" in await alice.says("list my bots")
    assert "Deleted **PEPE dip**" in await alice.says("delete it")
    assert "no trading bot yet" in await alice.says("list my bots")


async def test_several_bots_are_told_apart(alice: Alice) -> None:
    await alice.says(DIP)
    await alice.says("buy $20 of CAKE every day")
    assert "**PEPE dip 2**" in await alice.says(DIP)
    assert "**CAKE regular**" in await alice.says("use CAKE regular")
    assert "version 2" in await alice.says("buy $50")
    assert "$50" in await alice.says("describe CAKE regular")
    await alice.says("backtest CAKE for 10 days on 1h")
    assert alice.called == ["list_bots", "run_backtest"]


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("price of PEPE and CAKE", ["PEPE", "CAKE", "$"]),
        ("price of NOSUCH", ["NOSUCH"]),
        ("search doge", ["DOGE", "0x"]),
        ("what is trending?", ["$"]),
        ("is CAKE safe?", ["CAKE", "tax"]),
        ("tell me about CAKE", ["CAKE", "Liquidity"]),
        ("tell me when PEPE falls below 0.00001", ["Created"]),
        ("buy NOSUCH when it drops 5% in 1h, sell at 10%", ["no token called NOSUCH"]),
        ("backtest it", ["no trading bot"]),
    ],
)
async def test_questions_are_answered_from_the_tools(alice: Alice, sentence: str, words: list[str]) -> None:
    answer = await alice.says(sentence)

    assert all(word in answer for word in words), answer


async def test_a_timeframe_that_does_not_fit_is_explained(alice: Alice) -> None:
    await alice.says(DIP)
    answer = await alice.says("use 4h candles")

    assert "whole multiple" in answer


async def test_a_bot_is_backtested(alice: Alice) -> None:
    await alice.says(DIP)
    answer = await alice.says("backtest it on 15m candles for the last 20 days")

    assert alice.called == ["run_backtest"]
    assert "little about the next ones" in answer
