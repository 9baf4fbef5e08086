"""Single facts that must outlive a restart, by name: for instance where the synthetic clock began."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, insert_for
from storage.privacy import Impersonal


class Fact(Base):
    """A named value."""

    __tablename__ = "facts"
    __privacy__ = Impersonal("what the house and its adapters note for themselves")

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[dict[str, Any]]


class Facts:
    """Queries over single facts."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, name: str) -> dict[str, Any] | None:
        """The value of a fact, read fresh."""
        row = await self._session.get(Fact, name, populate_existing=True)
        return None if row is None else row.value

    async def set(self, name: str, value: dict[str, Any]) -> None:
        """Write a fact down, over an earlier one."""
        statement = insert_for(self._session, Fact).values(name=name, value=value)
        await self._session.execute(
            statement.on_conflict_do_update(index_elements=["name"], set_={"value": statement.excluded.value})
        )
