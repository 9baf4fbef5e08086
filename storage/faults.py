"""Faults of ours: the reference that a person was shown, and the traceback that it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Index, delete, exists, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, change
from storage.journal import IncomingRow
from storage.people import Owner, held
from storage.privacy import FORGOTTEN, Personal, Traces, belongs, names_user


class Fault(Base):
    """One fault; `place` is what was being done, `user_id` and `anonymous_token` for whom, if for anybody.

    `told_at` is when the operators' chat heard of it, alone or in a group of its kind.
    """

    __tablename__ = "faults"
    # What went wrong for somebody can hold their words anywhere; kind, place in time and reference are no person's.
    __privacy__ = Personal(
        lambda of: or_(belongs(Fault, of), _in_private(of)),
        lambda _of, _at: {
            **dict.fromkeys(("user_id", "anonymous_token")),
            **dict.fromkeys(("place", "text", "traceback"), FORGOTTEN),
        },
    )
    __table_args__ = (
        Index("ix_faults_at", "at"),
        Index("ix_faults_kind_told_at", "kind", "told_at"),
        Index("ix_faults_user_id", "user_id"),
        Index("ix_faults_anonymous_token", "anonymous_token"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    place: Mapped[str]
    text: Mapped[str]
    traceback: Mapped[str] = mapped_column(deferred=True)
    user_id: Mapped[str | None]
    anonymous_token: Mapped[str | None]
    at: Mapped[datetime]
    told_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class UntoldFaults:
    """Faults of one kind that the operators have not heard of: how many, and the latest."""

    kind: str
    count: int
    latest: Fault
    last_told_at: datetime | None


class Faults:
    """Queries over faults."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, fault: Fault) -> None:
        """Write a fault down."""
        owner = await held(self._session, Owner(fault.user_id, fault.anonymous_token))
        fault.user_id, fault.anonymous_token = owner.user_id, owner.anonymous_token
        self._session.add(fault)
        await self._session.flush()

    async def find(self, reference: str) -> Fault | None:
        """The fault with this reference, with its traceback."""
        fault = await self._session.scalar(select(Fault).where(Fault.reference == reference.lower()))
        if fault is not None:
            await self._session.refresh(fault, ["traceback"])
        return fault

    async def list(self, limit: int, offset: int = 0) -> Sequence[Fault]:
        """Faults without their tracebacks, the latest first."""
        statement = select(Fault).order_by(Fault.id.desc()).limit(limit).offset(offset)
        return (await self._session.scalars(statement)).all()

    async def untold(self) -> Sequence[UntoldFaults]:
        """What the operators' chat has not heard of, by kind."""
        newest = (
            await self._session.execute(
                select(Fault.kind, func.count(), func.max(Fault.id))
                .where(Fault.told_at.is_(None))
                .group_by(Fault.kind)
                .order_by(Fault.kind)
            )
        ).all()
        found = []
        for kind, count, latest in newest:
            told = await self._session.scalar(select(func.max(Fault.told_at)).where(Fault.kind == kind))
            found.append(UntoldFaults(kind, count, await self._session.get_one(Fault, latest), told))
        return found

    async def told(self, kind: str, up_to: int, at: datetime) -> None:
        """Note that the operators' chat hears of the faults of a kind, up to one by its id."""
        statement = update(Fault).where(Fault.kind == kind, Fault.id <= up_to, Fault.told_at.is_(None))
        await change(self._session, Fault, statement.values(told_at=at))

    async def prune(self, before: datetime, keep: int) -> int:
        """Delete faults from before a time, and all but the newest `keep`; returns how many."""
        beyond = select(Fault.id).order_by(Fault.id.desc()).offset(keep).limit(1)
        newest_beyond = await self._session.scalar(beyond) or 0
        statement = delete(Fault).where((Fault.at < before) | (Fault.id <= newest_beyond))
        return len((await self._session.scalars(statement.returning(Fault.id))).all())


def _in_private(person: Traces) -> ColumnElement[bool]:
    """What went wrong in a private chat of somebody; a place is `platform:chat`, with the thread behind it if any."""
    chat = IncomingRow.platform + ":" + IncomingRow.chat
    return exists().where(
        names_user(IncomingRow.platform, IncomingRow.sender_user, person),
        IncomingRow.private == true(),
        or_(Fault.place == chat, Fault.place.startswith(chat + ":")),
    )
