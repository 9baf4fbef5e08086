"""What operators decide, and the record of it: the audit of their commands, bans, and who was told of a pause."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Index, case, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, change, insert_once
from storage.people import Owner, PlatformIdentity, held, owned_by
from storage.privacy import FORGOTTEN, Personal, Traces, belongs, names_user

BEGUN = "begun"
"""The result of a command that has not ended, or that a crash has ended."""


def _by(person: Traces) -> ColumnElement[bool]:
    return names_user(AuditRow.operator_platform, AuditRow.operator_user, person)


def _about(person: Traces) -> ColumnElement[bool]:
    """What was done to somebody, or was asked for with one of their ids."""
    ids = (*person.users, *person.tokens, *(f"{platform}:{user}" for platform, user in person.identities))
    named = (AuditRow.arguments.contains(each, autoescape=True) for each in ids)
    return or_(belongs(AuditRow, person), *named)


def _without(person: Traces, _at: datetime) -> dict[str, Any]:
    """A command of theirs stays, without who gave it; one about them stays, without whom it was about."""
    about, by = _about(person), _by(person)
    return {
        "user_id": case((about, None), else_=AuditRow.user_id),
        "anonymous_token": case((about, None), else_=AuditRow.anonymous_token),
        "arguments": case((about, FORGOTTEN), else_=AuditRow.arguments),
        "result": case((about, FORGOTTEN), else_=AuditRow.result),
        "operator_user": case((by, ""), else_=AuditRow.operator_user),
        "operator_name": case((by, FORGOTTEN), else_=AuditRow.operator_name),
    }


class AuditRow(Base):
    """One command of an operator; `user_id` and `anonymous_token` say whom it was about, if anybody.

    `key` is that of the request, so that a command which goes on after a restart has one row.
    """

    __tablename__ = "audit"
    __privacy__ = Personal(
        lambda of: or_(_about(of), _by(of)),
        _without,
        others=lambda of: dict.fromkeys(("operator_platform", "operator_user", "operator_name"), _by(of)),
    )
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
    """Somebody who is kept out, until a time or for good; there is at most one for each person.

    Of somebody who is forgotten it lives on in `Forgotten`, and is laid on whoever comes back.
    """

    __tablename__ = "bans"
    __privacy__ = Personal(lambda of: belongs(Ban, of))
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
    __privacy__ = Personal(lambda of: names_user(PauseNotice.platform, PauseNotice.user, of))

    pause: Mapped[str] = mapped_column(primary_key=True)
    platform: Mapped[str] = mapped_column(primary_key=True)
    user: Mapped[str] = mapped_column(primary_key=True)


class Operators:
    """Queries over what operators do and decide."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def begin_audit(self, row: AuditRow) -> None:
        """Write down that a command begins; a second time for the same request changes nothing."""
        about = await held(self._session, Owner(row.user_id, row.anonymous_token))
        row.user_id, row.anonymous_token = about.user_id, about.anonymous_token
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
            statement = statement.where(owned_by(AuditRow, owner))
        if command is not None:
            statement = statement.where(AuditRow.command == command)
        return (await self._session.scalars(statement)).all()

    async def ban(self, owner: Owner, reason: str, at: datetime, until: datetime | None) -> None:
        """Keep somebody out; a ban that they have is replaced."""
        owner = await held(self._session, owner)
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
        statement = delete(Ban).where(owned_by(Ban, owner)).returning(Ban.id)
        return bool((await self._session.scalars(statement)).all())

    async def ban_of(self, owner: Owner, now: datetime) -> Ban | None:
        """What keeps somebody out now."""
        return await self._session.scalar(select(Ban).where(owned_by(Ban, owner), _lasts(now)).limit(1))

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


def _lasts(now: datetime) -> ColumnElement[bool]:
    return or_(Ban.until.is_(None), Ban.until > now)
