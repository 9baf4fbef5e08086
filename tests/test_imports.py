"""The rule of the house, as a check: three floors, imports run downwards, vendors in their rooms."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
FLOORS = ("adapters", "bot", "storage")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [
        str(Path(sys.executable).with_name("lint-imports")),
        "--no-cache",
        "--config",
        "pyproject.toml",
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100, check=False)


def test_imports_run_downwards_and_vendors_stay_in_their_rooms() -> None:
    done = lint(PROJECT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("floor", FLOORS)
def test_every_folder_with_code_is_a_package_and_so_is_seen_by_the_check(floor: str) -> None:
    folders = {file.parent for file in (PROJECT / floor).rglob("*.py")}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("storage/wrong.py", "import bot.messages", "Three floors"),
        ("bot/trading/wrong.py", "import bot.tools.registry", "The rooms of the middle floor"),
        ("bot/another_room.py", "", "The rooms of the middle floor"),
        ("bot/tools/wrong.py", "import sqlalchemy", "SQL only in storage"),
        ("bot/handlers/wrong.py", "import pydantic_ai", "Models only in bot.agent"),
        ("adapters/terminal/wrong.py", "import aiogram", "aiogram only in adapters.telegram"),
        ("adapters/terminal/wrong.py", "import adapters.cli", "Adapters do not know each other"),
    ],
)
def test_the_check_finds_what_breaks_the_rule(tmp_path: Path, file: str, line: str, contract: str) -> None:
    for floor in FLOORS:
        shutil.copytree(PROJECT / floor, tmp_path / floor, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    (tmp_path / file).write_text(line + "\n")
    done = lint(tmp_path)
    assert done.returncode != 0
    assert re.search(f"^{contract}.* BROKEN", done.stdout, re.MULTILINE), done.stdout
