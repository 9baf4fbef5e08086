"""What the command `randebu` promises: quick, one sentence for what is wrong, the right exit status."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.heartbeat import heartbeat_file
from tests.terminal.pseudo_terminal import PROJECT

HEAVY = ("aiogram", "anthropic", "discord", "matplotlib", "numba", "openai", "pydantic_ai", "sqlalchemy")


def randebu(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "adapters.cli", *arguments]
    surroundings = os.environ | environment
    return subprocess.run(
        command, cwd=PROJECT, env=surroundings, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("module", ["adapters.cli", "adapters.terminal.chat", "adapters.terminal.person"])
def test_the_prompt_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("command", ["chat", "migrate", "health"])
def test_a_wrong_setting_is_one_sentence_and_status_2(tmp_path: Path, command: str) -> None:
    done = randebu(command, DATA_DIR=str(tmp_path), WORKERS="many")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == 'WORKERS is "many": it must be a whole number from 1 to 64.\n'


def test_a_data_folder_that_cannot_be_made_is_one_sentence() -> None:
    done = randebu("chat", DATA_DIR="/dev/null/data")
    assert done.returncode == 2
    assert done.stderr.startswith("DATA_DIR is ")
    assert "Traceback" not in done.stderr


def test_run_says_that_there_is_no_platform_yet(tmp_path: Path) -> None:
    done = randebu("run", DATA_DIR=str(tmp_path))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "randebu chat" in done.stderr


def test_health_tells_a_living_process_from_none(tmp_path: Path) -> None:
    assert randebu("health", DATA_DIR=str(tmp_path)).returncode == 1
    heartbeat_file(tmp_path).touch()
    assert randebu("health", DATA_DIR=str(tmp_path)).returncode == 0


def test_without_a_command_it_lists_them() -> None:
    shown = randebu().stdout + randebu("--help").stdout
    assert all(name in shown for name in ("chat", "run", "backtest", "migrate", "version"))
