"""`randebu demo`: an empty database gets something to look at, and any other is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.demo import fill
from bot.errors import SettingsError
from bot.settings import Settings
from bot.workers import Workers
from tests.conftest import OpenHouse
from tests.databases import ready_database
from tests.fakes.clock import StoppedClock
from tests.fakes.platform import words
from tests.operators.conftest import OPERATORS
from tests.operators.test_watching import actions_of

PEOPLE = ("Ada", "Ben", "Nils")


@pytest.mark.slow
async def test_every_list_replay_and_statistic_has_something_to_show(
    open_house: OpenHouse, tmp_path: Path, workers: Workers
) -> None:
    clock, url = StoppedClock(), await ready_database("sqlite", tmp_path)
    settings = Settings(data_dir=tmp_path, database_url=url)
    told = await fill(settings, clock, PEOPLE, workers)
    assert "all of them made up" in told

    async with open_house(clock=clock, operators=OPERATORS) as house:
        boss = house.chat("boss")
        stats = words(await boss.says("/admin stats 60d"))
        assert " 0 bots" not in told
        assert "done" in stats
        assert "Approvals" in stats
        assert "Ada" in words(await boss.says("/admin users"))
        assert "advertising" in words(await boss.says("/admin user demo:nils"))
        theirs = actions_of(await boss.says("/admin user demo:ada"))[0]
        conversations = await boss.says(theirs.line)
        replay = next(each for each in actions_of(conversations) if each.label.startswith("Replay"))
        assert "Turn 1" in words(await boss.says(replay.line))
        assert "DemoFault" in words(await boss.says("/admin errors"))
        assert "Operator" in words(await boss.says("/admin audit page=2"))
        assert "delivered" in words(await boss.says("/admin broadcast"))
        assert "1 open" in words(await boss.says("/admin health"))

    with pytest.raises(SettingsError, match="is not empty"):
        await fill(settings, clock, PEOPLE, workers)
