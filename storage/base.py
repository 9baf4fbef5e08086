"""What every table shares: the declarative base, its column types, ids, and writes that lose no race."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    String,
    TypeDecorator,
    Update,
    inspect,
)
from sqlalchemy.ext.asyncio import AsyncAttrs, AsyncSession
from sqlalchemy.orm import DeclarativeBase, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

    from storage.privacy import Privacy

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime in Python; SQLite keeps it without its zone, PostgreSQL as timestamptz."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Refuse naive times and store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("Times must be aware.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Give every time back aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class PlainText(TypeDecorator[str]):
    """Text that both databases take: U+0000 and halves of surrogate pairs become U+FFFD.

    Otherwise one hostile message could be neither stored nor got rid of.
    """

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        """Replace what cannot be stored."""
        return None if value is None else _UNSTORABLE.sub("\ufffd", value)


# Not PostgreSQL's JSONB, which sorts the keys: a history that reads differently misses the model's cache.
JsonValue = JSON(none_as_null=True)


def to_json(value: Any) -> str:
    """JSON for a column; a NaN or an infinite number is a ValueError, since PostgreSQL has none in JSON."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


class Base(AsyncAttrs, DeclarativeBase):
    """The root of every mapped table; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    __privacy__: ClassVar[Privacy]
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: PlainText,
        int: BigInteger().with_variant(Integer(), "sqlite"),
        datetime: UtcDateTime,
        dict[str, Any]: JsonValue,
        list[Any]: JsonValue,
    }


Row = TypeVar("Row", bound=Base)


def new_id() -> str:
    """A fresh random id, as text."""
    return str(uuid.uuid4())


def insert_for(session: AsyncSession, model: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT in the session's dialect, since only these know ON CONFLICT."""
    # Imported here because the dialect that is not in use would cost every start a tenth of a second.
    if session.get_bind().dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as postgres_insert

        return postgres_insert(model)
    from sqlalchemy.dialects.sqlite import insert as sqlite_insert

    return sqlite_insert(model)


async def insert_once(session: AsyncSession, row: Base) -> bool:
    """Insert a new row unless one of its unique keys is taken, also by another process at this moment.

    True leaves `row` stored and in the session, as `session.add` would; False leaves it as it was.
    """
    await session.flush()
    given = inspect(row).dict
    columns = tuple(type(row).__table__.columns)
    values = {column.name: given[column.name] for column in columns if column.name in given}
    statement = insert_for(session, type(row)).values(values).on_conflict_do_nothing().returning(*columns)
    stored = (await session.execute(statement)).mappings().one_or_none()
    if stored is None:
        return False
    for column in columns:
        set_committed_value(row, column.name, stored[column])
    make_transient_to_detached(row)
    session.add(row)
    return True


async def change(session: AsyncSession, model: type[Row], statement: Update) -> Sequence[Row]:
    """Run an UPDATE of a model; returns the rows that it changed, as the database has them now."""
    options = {"synchronize_session": False, "populate_existing": True}
    return (await session.scalars(statement.returning(model), execution_options=options)).all()
