"""Killed at any moment: what was committed is there, what was not is not, and the next start goes on."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storage.database import Database
from tests.storage.processes import line_from, running
from tests.storage.rows import accepted


async def stored(url: str) -> list[str]:
    """What is there after the next start, which also has to be able to write."""
    database = await Database.open(url)
    async with database.unit() as unit:
        found = [row.external_id for row in await unit.journal.unfinished()]
        await accepted(unit, "after the restart")
    await database.close()
    return found


async def test_a_process_killed_in_the_middle_of_a_unit_leaves_only_whole_units(url: str) -> None:
    async with running("writing_process", url, "3") as process:
        while await line_from(process) != "inside":
            pass
        process.kill()
        await process.wait()
    assert await stored(url) == [f"{number} {half}" for number in range(3) for half in ("first", "second")]


@pytest.mark.parametrize("commits", [1, 17, 40])
async def test_a_process_killed_while_it_writes_loses_nothing_that_it_has_committed(
    url: str, tmp_path: Path, commits: int
) -> None:
    async with running("writing_process", url) as process:
        said = [int(await line_from(process)) for _ in range(commits)]
        process.kill()
        await process.wait()
        while line := await line_from(process):
            said.append(int(line))
    found = await stored(url)
    pairs = len(found) // 2
    assert found == [f"{number} {half}" for number in range(pairs) for half in ("first", "second")]
    assert said == list(range(len(said)))
    assert pairs >= len(said)
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(tmp_path / "randebu.db")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
