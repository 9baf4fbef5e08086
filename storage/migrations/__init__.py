"""Every change that the tables have gone through, in order; knowing the newest one takes no Alembic.

`python -m storage.migrations "what changes"` writes the next one, from what the mapped classes have and the
newest migration has not.
"""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent

VERSIONS = tuple(sorted(path.name.partition("_")[0] for path in (HERE / "versions").glob("[0-9]*_*.py")))
"""The versions that this code knows, oldest first: the numbers that the files begin with."""

HEAD = VERSIONS[-1]
"""The version that this code needs."""
