"""Run by Alembic for every command, on the connection that it is given; leaves logging alone."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

import storage.database  # noqa: F401  (loads every mapped class)
from storage.base import Base, PlainText, UtcDateTime

_PLAIN = {PlainText: "sa.String()", UtcDateTime: "sa.DateTime(timezone=True)"}


def in_plain_types(kind: str, item: Any, _context: object) -> str | Literal[False]:
    """How a column type is written into a migration: never as a type of ours, which may change after it."""
    return _PLAIN.get(type(item), False) if kind == "type" else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=in_plain_types,
)
context.run_migrations()
