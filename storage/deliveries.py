"""The outbox on disk: every lasting piece that Randebu has to say, until its platform has acknowledged it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Index, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, change

_UNACKNOWLEDGED = ("pending", "attempting")


class DeliveryRow(Base):
    """One piece on its way, and the question that it shows, if any, as `choice`.

    `state` is pending, attempting, delivered or failed.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_state_thread", "state", "platform", "chat", "thread", "id"),
        Index("ix_deliveries_choice", "choice"),
        # Platforms tell repetitions by this id, so it must never come again.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    platform: Mapped[str]
    chat: Mapped[str]
    thread: Mapped[str]
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    content: Mapped[bytes | None]
    choice: Mapped[str | None]
    reply_to: Mapped[str | None]
    state: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime | None]
    first_attempt_at: Mapped[datetime | None]
    receipt: Mapped[str | None]
    error: Mapped[str | None]
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]


class Deliveries:
    """Queries over what is on its way."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: DeliveryRow) -> None:
        """Write down a piece before it is sent."""
        self._session.add(row)
        await self._session.flush()

    async def waiting_threads(self, platforms: Sequence[str]) -> Sequence[tuple[str, str, str]]:
        """The chat threads (platform, chat, thread) of these platforms that have pieces to be sent."""
        rows = await self._session.execute(
            select(DeliveryRow.platform, DeliveryRow.chat, DeliveryRow.thread)
            .where(DeliveryRow.state.in_(_UNACKNOWLEDGED), DeliveryRow.platform.in_(platforms))
            .distinct()
        )
        return [(platform, chat, thread) for platform, chat, thread in rows.all()]

    async def next(self, platform: str, chat: str, thread: str) -> DeliveryRow | None:
        """The oldest piece of a chat thread that is not yet acknowledged."""
        return await self._session.scalar(
            select(DeliveryRow)
            .where(
                DeliveryRow.platform == platform,
                DeliveryRow.chat == chat,
                DeliveryRow.thread == thread,
                DeliveryRow.state.in_(_UNACKNOWLEDGED),
            )
            .order_by(DeliveryRow.id)
            .limit(1)
        )

    async def attempt(self, delivery_id: int, at: datetime) -> None:
        """Write down that a piece is being sent, before it is."""
        first = func.coalesce(DeliveryRow.first_attempt_at, at)
        attempts = DeliveryRow.attempts + 1
        await self._change(delivery_id, state="attempting", attempts=attempts, first_attempt_at=first)

    async def delivered(self, delivery_id: int, receipt: str, at: datetime) -> None:
        """Write down the platform's acknowledgement."""
        await self._change(delivery_id, state="delivered", receipt=receipt, delivered_at=at, error=None)

    async def later(self, delivery_id: int, not_before: datetime, error: str, *, counts: bool) -> None:
        """Send a piece again, not before a time.

        A wait that the platform asked for is no failure and, since nothing arrived, no attempt either.
        """
        await self._change(
            delivery_id,
            state="pending",
            not_before=not_before,
            error=error,
            failures=DeliveryRow.failures + int(counts),
            attempts=DeliveryRow.attempts - int(not counts),
        )

    async def failed(self, delivery_id: int, error: str) -> None:
        """Give a piece up."""
        await self._change(delivery_id, state="failed", error=error)

    async def fail_thread(self, platform: str, chat: str, thread: str, error: str) -> int:
        """Give up everything that waits for a chat that is closed to us; returns how many pieces."""
        statement = update(DeliveryRow).where(
            DeliveryRow.platform == platform,
            DeliveryRow.chat == chat,
            DeliveryRow.thread == thread,
            DeliveryRow.state.in_(_UNACKNOWLEDGED),
        )
        return len(await change(self._session, DeliveryRow, statement.values(state="failed", error=error)))

    async def get(self, delivery_id: int) -> DeliveryRow | None:
        """One piece, sent or not."""
        return await self._session.get(DeliveryRow, delivery_id)

    async def receipt_of_choice(self, choice: str) -> str | None:
        """The platform's id of the message that shows a question, if it was delivered."""
        return await self._session.scalar(
            select(DeliveryRow.receipt)
            .where(
                DeliveryRow.choice == choice, DeliveryRow.kind == "Choice", DeliveryRow.receipt.is_not(None)
            )
            .order_by(DeliveryRow.id.desc())
            .limit(1)
        )

    async def _change(self, delivery_id: int, **values: Any) -> None:
        statement = update(DeliveryRow).where(DeliveryRow.id == delivery_id).values(**values)
        await change(self._session, DeliveryRow, statement)
