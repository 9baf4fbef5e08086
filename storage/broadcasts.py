"""Words of the operators to everybody: to whom they go, how far they have come, what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Index, Select, delete, distinct, exists, func, insert, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, aliased, mapped_column

from storage.approvals import short_id
from storage.base import Base, change, insert_once
from storage.deliveries import DeliveryRow
from storage.journal import IncomingRow, private_chats
from storage.operators import Ban
from storage.people import PlatformIdentity
from storage.privacy import Impersonal, Personal

_UNACKNOWLEDGED = ("pending", "attempting")


class Broadcast(Base):
    """One announcement. `state` is running, stopped or done; `position` is the identity up to which it was written.

    `platforms` are those it goes to, with spaces between them; `platform`, `chat` and `thread` say where it was
    asked for, until it has ended.
    """

    __tablename__ = "broadcasts"
    __privacy__ = Personal(
        lambda of: tuple_(Broadcast.platform, Broadcast.chat).in_(private_chats(of)),
        lambda _of, _at: {"chat": "", "thread": ""},
    )
    __table_args__ = (Index("ix_broadcasts_state", "state"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=short_id)
    key: Mapped[str] = mapped_column(unique=True)
    text: Mapped[str]
    state: Mapped[str]
    platforms: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    receivers: Mapped[int] = mapped_column(default=0)
    written: Mapped[int] = mapped_column(default=0)
    delivered: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    platform: Mapped[str]
    chat: Mapped[str]
    thread: Mapped[str]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class BroadcastPiece(Base):
    """A delivery that belongs to a broadcast, for as long as that runs."""

    __tablename__ = "broadcast_pieces"
    __privacy__ = Impersonal("numbers of deliveries, which say themselves whom they mention")
    __table_args__ = (Index("ix_broadcast_pieces_broadcast_id", "broadcast_id"),)

    delivery_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    broadcast_id: Mapped[str]


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody who can be written to in private, by the id of their identity."""

    identity: int
    platform: str
    chat: str
    thread: str


@dataclass(frozen=True, slots=True)
class Fate:
    """What has become of the pieces of a broadcast so far."""

    waiting: int
    delivered: int
    failed: int


class Broadcasts:
    """Queries over announcements."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def begin(self, broadcast: Broadcast) -> bool:
        """Write an announcement down; False when this very request has done so before."""
        return await insert_once(self._session, broadcast)

    async def get(self, broadcast_id: str) -> Broadcast | None:
        """One announcement, read fresh."""
        return await self._session.get(Broadcast, broadcast_id, populate_existing=True)

    async def running(self) -> Sequence[Broadcast]:
        """What is under way, the oldest first."""
        statement = select(Broadcast).where(Broadcast.state == "running").order_by(Broadcast.created_at)
        return (await self._session.scalars(statement)).all()

    async def list(self, limit: int) -> Sequence[Broadcast]:
        """Announcements, the latest first."""
        statement = select(Broadcast).order_by(Broadcast.created_at.desc(), Broadcast.id).limit(limit)
        return (await self._session.scalars(statement)).all()

    async def count_receivers(self, platforms: Sequence[str], now: datetime) -> int:
        """How many people would receive something, each counted once."""
        person = func.coalesce(PlatformIdentity.user_id, PlatformIdentity.anonymous_token)
        counted = _reachable(select(func.count(distinct(person))), platforms, now)
        return await self._session.scalar(counted) or 0

    async def receivers(
        self, platforms: Sequence[str], after: int, limit: int, now: datetime
    ) -> Sequence[Receiver]:
        """The next people behind an identity, each at the private chat that they used last."""
        other, said, newer = aliased(PlatformIdentity), aliased(IncomingRow), aliased(IncomingRow)
        latest = (
            select(func.max(IncomingRow.id))
            .where(
                IncomingRow.platform == PlatformIdentity.platform,
                IncomingRow.sender_user == PlatformIdentity.user,
                IncomingRow.private,
            )
            .correlate(PlatformIdentity)
            .scalar_subquery()
        )
        # Whoever has several identities is written to where they have said something last, and only there.
        used_later = exists(
            select(newer.id)
            .join(other, (other.platform == newer.platform) & (other.user == newer.sender_user))
            .where(
                other.user_id == PlatformIdentity.user_id,
                other.platform.in_(platforms),
                newer.private,
                newer.id > latest,
            )
            .correlate(PlatformIdentity)
        )
        chosen = (
            _reachable(select(PlatformIdentity.id, latest.label("latest")), platforms, now)
            .where(PlatformIdentity.id > after, or_(PlatformIdentity.user_id.is_(None), ~used_later))
            .order_by(PlatformIdentity.id)
            .limit(limit)
            .subquery()
        )
        rows = await self._session.execute(
            select(chosen.c.id, said.platform, said.chat, said.thread)
            .join(said, said.id == chosen.c.latest)
            .order_by(chosen.c.id)
        )
        return [Receiver(*row) for row in rows.all()]

    async def wrote(
        self, broadcast_id: str, deliveries: Sequence[int], position: int, receivers: int
    ) -> None:
        """Note the pieces of a batch, and behind whom the next one begins."""
        rows = [{"delivery_id": each, "broadcast_id": broadcast_id} for each in deliveries]
        if rows:
            await self._session.execute(insert(BroadcastPiece), rows)
        statement = update(Broadcast).where(Broadcast.id == broadcast_id)
        written = Broadcast.written + receivers
        await change(self._session, Broadcast, statement.values(position=position, written=written))

    async def fate(self, broadcast_id: str) -> Fate:
        """What has become of the pieces of a running announcement."""
        rows = await self._session.execute(
            select(DeliveryRow.state, func.count())
            .join(BroadcastPiece, BroadcastPiece.delivery_id == DeliveryRow.id)
            .where(BroadcastPiece.broadcast_id == broadcast_id)
            .group_by(DeliveryRow.state)
        )
        by_state = {row[0]: int(row[1]) for row in rows.all()}
        waiting = sum(by_state.get(state, 0) for state in _UNACKNOWLEDGED)
        return Fate(waiting, by_state.get("delivered", 0), by_state.get("failed", 0))

    async def withdraw(self, broadcast_id: str, why: str) -> None:
        """Give up the pieces that wait and were never tried."""
        mine = select(BroadcastPiece.delivery_id).where(BroadcastPiece.broadcast_id == broadcast_id)
        statement = update(DeliveryRow).where(DeliveryRow.id.in_(mine), DeliveryRow.state == "pending")
        await change(self._session, DeliveryRow, statement.values(state="failed", error=why))

    async def end(self, broadcast_id: str, state: str, at: datetime) -> Broadcast | None:
        """End a running announcement with its count; None when it had ended."""
        fate = await self.fate(broadcast_id)
        statement = update(Broadcast).where(Broadcast.id == broadcast_id, Broadcast.state == "running")
        values = {"state": state, "ended_at": at, "delivered": fate.delivered, "failed": fate.failed}
        ended = await change(self._session, Broadcast, statement.values(**values))
        if not ended:
            return None
        await self._session.execute(delete(BroadcastPiece).where(BroadcastPiece.broadcast_id == broadcast_id))
        return ended[0]

    async def leave_chat(self, broadcast_id: str) -> None:
        """Forget where an announcement that has ended was asked for."""
        statement = update(Broadcast).where(Broadcast.id == broadcast_id)
        await change(self._session, Broadcast, statement.values(chat="", thread=""))


def _reachable(statement: Select[Any], platforms: Sequence[str], now: datetime) -> Select[Any]:
    """Only those who have written in private on these platforms and are not kept out."""
    banned = exists().where(
        or_(Ban.user_id == PlatformIdentity.user_id, Ban.anonymous_token == PlatformIdentity.anonymous_token),
        or_(Ban.until.is_(None), Ban.until > now),
    )
    wrote = exists().where(
        IncomingRow.platform == PlatformIdentity.platform,
        IncomingRow.sender_user == PlatformIdentity.user,
        IncomingRow.private,
    )
    return statement.where(PlatformIdentity.platform.in_(platforms), wrote, ~banned)
