"""What operators decide, and the record of it: the audit of their commands, bans, and who was told of a pause."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Index, and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, change, insert_once
from storage.faults import Fault
from storage.people import Owner, PlatformIdentity

Identities = Sequence[tuple[str, str]]
"""Platforms with the user ids that somebody has there."""

FORGOTTEN = "(forgotten)"
"""What stands in the audit for a person who is forgotten."""

BEGUN = "begun"
"""The result of a command that has not ended, or that a crash has ended."""


class AuditRow(Base):
    """One command of an operator; `user_id` and `anonymous_token` say whom it was about, if anybody.

    `key` is that of the request, so that a command which goes on after a restart has one row.
    """

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_user_id", "user_id"),
        Index("ix_audit_anonymous_token", "anonymous_token"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    operator_platform: Mapped[str]
    operator_user: Mapped[str]
    operator_name: Mapped[str]
    command: Mapped[str]
    arguments: Mapped[str]
    user_id: Mapped[str | None]
    anonymous_token: Mapped[str | None]
    result: Mapped[str]
    at: Mapped[datetime]


class Ban(Base):
    """Somebody who is kept out, until a time or for good; there is at most one for each person."""

    __tablename__ = "bans"
    __table_args__ = (
        Index("uq_bans_user_id", "user_id", unique=True),
        Index("uq_bans_anonymous_token", "anonymous_token", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[str | None]
    anonymous_token: Mapped[str | None]
    reason: Mapped[str]
    until: Mapped[datetime | None]
    at: Mapped[datetime]
    told_at: Mapped[datetime | None]


class PauseNotice(Base):
    """Somebody who was told of the pause that lasts; `pause` is when that began."""

    __tablename__ = "pause_notices"

    pause: Mapped[str] = mapped_column(primary_key=True)
    platform: Mapped[str] = mapped_column(primary_key=True)
    user: Mapped[str] = mapped_column(primary_key=True)


class Operators:
    """Queries over what operators do and decide."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def begin_audit(self, row: AuditRow) -> None:
        """Write down that a command begins; a second time for the same request changes nothing."""
        await insert_once(self._session, row)

    async def end_audit(self, key: str, result: str) -> None:
        """Write down how a command has ended, if it had not."""
        statement = update(AuditRow).where(AuditRow.key == key, AuditRow.result == BEGUN)
        await change(self._session, AuditRow, statement.values(result=result))

    async def audit(
        self, limit: int, offset: int = 0, *, owner: Owner | None = None, command: str | None = None
    ) -> Sequence[AuditRow]:
        """Commands, the latest first; about one person or of one kind only."""
        statement = select(AuditRow).order_by(AuditRow.id.desc()).limit(limit).offset(offset)
        if owner is not None:
            statement = statement.where(_about(AuditRow, owner))
        if command is not None:
            statement = statement.where(AuditRow.command == command)
        return (await self._session.scalars(statement)).all()

    async def ban(self, owner: Owner, reason: str, at: datetime, until: datetime | None) -> None:
        """Keep somebody out; a ban that they have is replaced."""
        await self.unban(owner)
        self._session.add(
            Ban(
                user_id=owner.user_id,
                anonymous_token=owner.anonymous_token,
                reason=reason,
                until=until,
                at=at,
                told_at=None,
            )
        )
        await self._session.flush()

    async def unban(self, owner: Owner) -> bool:
        """Let somebody in again; False when nothing kept them out."""
        statement = delete(Ban).where(_about(Ban, owner)).returning(Ban.id)
        return bool((await self._session.scalars(statement)).all())

    async def ban_of(self, owner: Owner, now: datetime) -> Ban | None:
        """What keeps somebody out now."""
        return await self._session.scalar(select(Ban).where(_about(Ban, owner), _lasts(now)).limit(1))

    async def ban_of_identity(self, platform: str, user: str, now: datetime) -> Ban | None:
        """What keeps a platform's user out now: a ban of their account, or of the person they were before it."""
        return await self._session.scalar(
            select(Ban)
            .join(
                PlatformIdentity,
                or_(
                    PlatformIdentity.user_id == Ban.user_id,
                    PlatformIdentity.anonymous_token == Ban.anonymous_token,
                ),
            )
            .where(PlatformIdentity.platform == platform, PlatformIdentity.user == user, _lasts(now))
            .limit(1)
        )

    async def told_of_pause(self, pause: str, platform: str, user: str) -> bool:
        """Note that somebody hears of a pause; False when they have heard of it before."""
        return await insert_once(self._session, PauseNotice(pause=pause, platform=platform, user=user))

    async def end_pause(self) -> None:
        """Forget who was told of a pause."""
        await self._session.execute(delete(PauseNotice))

    async def mentions(self, owner: Owner, identities: Identities) -> Sequence[Base]:
        """Every row of bans, audit, faults and pauses that names a person, or what they did as an operator."""
        found: list[Base] = []
        for model in (Ban, AuditRow, Fault):
            found += (await self._session.scalars(select(model).where(_about(model, owner)))).all()
        for platform, user in identities:
            found += (await self._session.scalars(select(AuditRow).where(_by(platform, user)))).all()
            found += (await self._session.scalars(select(PauseNotice).where(_told(platform, user)))).all()
        return list(dict.fromkeys(found))

    async def move(self, old: Owner, new: Owner) -> None:
        """Let everything here that is about one person be about another one, who they are from now on."""
        values = {"user_id": new.user_id, "anonymous_token": new.anonymous_token}
        for model in (AuditRow, Fault):
            await change(self._session, model, update(model).where(_about(model, old)).values(**values))
        if await self._session.scalar(select(Ban.id).where(_about(Ban, new))) is None:
            await change(self._session, Ban, update(Ban).where(_about(Ban, old)).values(**values))

    async def forget(self, owner: Owner, identities: Identities) -> None:
        """Take a person out of all of it: faults and bans go, the audit stays without them."""
        await self.unban(owner)
        await self._session.execute(delete(Fault).where(_about(Fault, owner)))
        nobody = {"user_id": None, "anonymous_token": None, "arguments": FORGOTTEN, "result": FORGOTTEN}
        await change(
            self._session, AuditRow, update(AuditRow).where(_about(AuditRow, owner)).values(**nobody)
        )
        for platform, user in identities:
            theirs = update(AuditRow).where(_by(platform, user))
            values = {"operator_user": "", "operator_name": FORGOTTEN}
            await change(self._session, AuditRow, theirs.values(**values))
            await self._session.execute(delete(PauseNotice).where(_told(platform, user)))


def _by(platform: str, user: str) -> ColumnElement[bool]:
    return and_(AuditRow.operator_platform == platform, AuditRow.operator_user == user)


def _told(platform: str, user: str) -> ColumnElement[bool]:
    return and_(PauseNotice.platform == platform, PauseNotice.user == user)


def _about(model: Any, owner: Owner) -> ColumnElement[bool]:
    if owner.user_id is not None:
        return and_(model.user_id == owner.user_id)
    return and_(model.anonymous_token == (owner.anonymous_token or ""))


def _lasts(now: datetime) -> ColumnElement[bool]:
    return or_(Ban.until.is_(None), Ban.until > now)
