"""Whoever installs Randebu gets exactly the locked versions, and all of it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
LOCKS = ("requirements.txt", "requirements-build.txt", "requirements-dev.txt")
PIN = re.compile(r"([a-z0-9][a-z0-9._-]*)==([^\s;]+)(?: ; ([^\\]+))? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?")


def pins(lock: str) -> set[tuple[str, ...]]:
    return {found.groups(default="") for line in lines(lock) if (found := PIN.fullmatch(line))}


def lines(lock: str) -> list[str]:
    return (PROJECT / lock).read_text().splitlines()


def plain_name(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement)[0].lower().replace("_", "-").replace(".", "-")


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_versions_and_hashes_and_says_nothing_of_where_they_came_from(lock: str) -> None:
    previous = ""
    for line in lines(lock):
        assert PIN.fullmatch(line) or HASH.fullmatch(line) or line.lstrip().startswith("#"), line
        assert "//" not in line
        if PIN.fullmatch(previous):
            assert HASH.fullmatch(line), f"{previous} has no hash"
        previous = line


def test_what_the_project_asks_for_is_locked() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    wanted = {
        "requirements.txt": project["project"]["dependencies"],
        "requirements-build.txt": groups["build"],
        "requirements-dev.txt": [name for name in groups["dev"] if isinstance(name, str)],
    }
    for lock, requirements in wanted.items():
        locked = {plain_name(pin[0]) for pin in pins(lock)}
        assert {plain_name(requirement) for requirement in requirements} <= locked


def test_development_uses_the_versions_that_run() -> None:
    assert pins("requirements.txt") | pins("requirements-build.txt") <= pins("requirements-dev.txt")


def test_every_target_of_make_is_in_its_help() -> None:
    makefile = (PROJECT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony
    told = subprocess.run(
        ["make", "--no-print-directory"], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout
    assert {line.split()[1] for line in told.splitlines()} == set(phony[1].split())


def test_ci_runs_the_same_command_as_a_developer() -> None:
    script = PROJECT / ".ci" / "run"
    assert script.read_text().rstrip().endswith("exec make test")
    assert script.stat().st_mode & 0o111


def test_the_image_copies_what_exists_and_runs_without_rights() -> None:
    steps = (PROJECT / "Dockerfile").read_text().splitlines()
    copied = [name for step in steps if re.match(r"COPY (?!--from)", step) for name in step.split()[1:-1]]
    let_in = {line[1:] for line in (PROJECT / ".dockerignore").read_text().splitlines() if line[0] == "!"}
    assert set(copied) == let_in
    assert all((PROJECT / name).exists() for name in copied)
    users = [step.split()[1] for step in steps if step.startswith("USER ")]
    assert users[-1] not in ("root", "0")


@pytest.mark.slow
def test_the_built_package_holds_every_module_and_migration_and_nothing_else(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for floor in ("adapters", "bot", "storage"):
        shutil.copytree(PROJECT / floor, source / floor, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(PROJECT / file, source)
    build = "from setuptools import build_meta; print(build_meta.build_wheel('..'))"
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True, timeout=100)
    (wheel,) = tmp_path.glob("randebu-*.whl")
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    there = {
        str(file.relative_to(PROJECT))
        for floor in ("adapters", "bot", "storage")
        for pattern in ("*.py", "*.mako")
        for file in (PROJECT / floor).rglob(pattern)
    }
    assert held == there
