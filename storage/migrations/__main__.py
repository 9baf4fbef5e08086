"""Writes the next migration: `python -m storage.migrations "what changes"`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from storage.migrations import HERE


def write_next(message: str, migrations: Path = HERE) -> None:
    """Add a file to the versions of `migrations`: what the mapped classes have and these have not."""
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{folder}/scratch.db")
        with engine.connect() as connection:
            config = Config(attributes={"connection": connection})
            config.set_main_option("script_location", str(migrations).replace("%", "%%"))
            command.upgrade(config, "head")
            number = len(list((migrations / "versions").glob("[0-9]*_*.py"))) + 1
            command.revision(config, message, autogenerate=True, rev_id=f"{number:04}")
        engine.dispose()


if __name__ == "__main__":
    write_next(" ".join(sys.argv[1:]))
