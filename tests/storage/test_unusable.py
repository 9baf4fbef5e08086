"""A database that cannot be used stops the start with one sentence for the operator."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.database import Database, DatabaseUnusable
from tests.databases import server_url


async def why(url: str) -> str:
    with pytest.raises(DatabaseUnusable) as caught:
        await Database.open(url)
    return str(caught.value)


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear Alice, " * 100)

    said = await why(f"sqlite+aiosqlite:///{letter}")
    assert "not a database" in said
    assert "DATABASE_URL" in said
    assert letter.read_text().startswith("Dear Alice")


async def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert "file" in await why(f"sqlite+aiosqlite:///{tmp_path}/file/randebu.db")


async def test_a_server_that_does_not_answer_and_a_password_that_stays_secret() -> None:
    said = await why("postgresql+asyncpg://me:opensesame@127.0.0.1:1/none")

    assert "opensesame" not in said
    assert "127.0.0.1:1" in said


async def test_a_role_that_the_server_does_not_know() -> None:
    url = server_url().set(username="nobody_at_all")

    assert "nobody_at_all" in await why(url.render_as_string(hide_password=False))
