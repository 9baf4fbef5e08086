"""The main job through the real command, with everything real behind it: a pipe first, then a person."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import Settings
from tests.terminal.pseudo_terminal import CTRL_C, CTRL_D, PROJECT, at_terminal

pytestmark = pytest.mark.slow

CHAT = ("-m", "adapters.cli", "chat")
CREATE = "create a bot that buys PEPE when it drops 5% in 1h and sells at 10% profit with a 3% stop loss"
BACKTEST = "backtest it on 15m candles for the last 90 days"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A machine without keys and with an empty data folder."""
    theirs = {name.upper() for name in Settings.model_fields}
    return {name: value for name, value in os.environ.items() if name not in theirs} | {
        "DATA_DIR": str(tmp_path)
    }


def say(environment: dict[str, str], *lines: str) -> str:
    done = subprocess.run(
        [sys.executable, *CHAT],
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env=environment,
        timeout=110,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_pipe_creates_a_bot_and_backtests_it(environment: dict[str, str]) -> None:
    told = say(environment, CREATE, "1", BACKTEST)
    greeting, question, created, result = re.split(r"^you> .*\n", told, flags=re.MULTILINE)
    assert "No language model is configured" in greeting
    assert "[1] Create  [2] Cancel" in question
    for number in ("5 %", "10 %", "3 %"):
        assert number in question
    assert created.startswith("randebu> ")
    assert "synthetic" in result
    (picture,) = re.findall(r"^/.*\.png$|(?<=randebu> )/.*\.png$", result, flags=re.MULTILINE)
    assert Path(picture).read_bytes().startswith(b"\x89PNG")


def test_what_was_said_is_still_there_the_next_time(environment: dict[str, str]) -> None:
    say(environment, CREATE, "1")
    assert "PEPE" in say(environment, "/bots").split("you> /bots")[1]


def test_a_no_creates_nothing(environment: dict[str, str]) -> None:
    say(environment, CREATE, "no")
    assert "PEPE" not in say(environment, "/bots").split("you> /bots")[1]


def test_a_person_creates_a_bot_stops_a_backtest_and_leaves(environment: dict[str, str]) -> None:
    with at_terminal(CHAT, environment) as person:
        person.sees("you>")
        person.enter(CREATE)
        person.sees("[1] Create  [2] Cancel", seconds=60)
        person.enter("1")
        person.waits(lambda text: text.endswith("\n\nyou>") and "you> 1\n" in text, "the answer to 1")
        person.enter(BACKTEST)
        person.sees("(Ctrl-C stops)")
        person.press(CTRL_C)
        person.waits(lambda text: text.endswith("\n\nyou>") and f"you> {BACKTEST}" in text, "the end of it")
        person.press(CTRL_D)
        assert person.left() == 0
