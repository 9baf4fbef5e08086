"""What forgotten people had used of the limits, under a digest that only their coming back can match.

Without it, being forgotten would win everybody another fifty chats, and lift a lock on guessing codes, or a ban.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from hashlib import blake2b

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, insert_for
from storage.facts import Fact
from storage.privacy import Impersonal

_KEY = "key of forgotten people"


class Forgotten(Base):
    """The counters of somebody who was forgotten, until when they may enter no code, and their ban.

    Who was banned at `banned_at` is kept out until `banned_until`, or for good without that.
    """

    __tablename__ = "forgotten"
    __privacy__ = Impersonal(
        "a keyed digest leads to nobody, and only tells whether somebody was here before"
    )

    digest: Mapped[str] = mapped_column(primary_key=True)
    chat_count: Mapped[int]
    bot_created: Mapped[int]
    backtest_count: Mapped[int]
    locked_until: Mapped[datetime | None]
    banned_at: Mapped[datetime | None]
    banned_until: Mapped[datetime | None]


async def digest_of(session: AsyncSession, platform: str, user: str) -> str | None:
    """The digest of a platform user id; None while nobody was ever forgotten."""
    key = await session.scalar(select(Fact.value).where(Fact.name == _KEY))
    return None if key is None else _digest(key["key"], platform, user)


async def make_digest(session: AsyncSession, platform: str, user: str) -> str:
    """The digest of a platform user id; the first one makes the key of this database."""
    fresh = insert_for(session, Fact).values(name=_KEY, value={"key": secrets.token_hex(32)})
    await session.execute(fresh.on_conflict_do_nothing())
    key = (await session.scalars(select(Fact.value).where(Fact.name == _KEY))).one()
    return _digest(key["key"], platform, user)


def _digest(key: str, platform: str, user: str) -> str:
    return blake2b(f"{platform}:{user}".encode(), key=bytes.fromhex(key), digest_size=16).hexdigest()
