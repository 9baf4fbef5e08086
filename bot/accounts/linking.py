"""How one person is known on several platforms: a code from one place lets another into the account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.accounts.codes import LOCKED_FOR, WITHIN, digest_of, locked_until, new_code
from bot.accounts.tiers import better
from storage.accounts import LinkCode, Moved
from storage.people import Owner

if TYPE_CHECKING:
    from bot.messages import ChatAddress, Sender
    from storage.database import Unit

VALID_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Lock:
    """Codes are locked for somebody until then."""

    until: datetime


def link_digest(code: str) -> str:
    """How a link code is kept."""
    return digest_of("link", code)


def fact_of_bot(platform: str) -> str:
    """The name of the fact in which an adapter notes how our bot is called on its platform, as `name`."""
    return f"{platform} bot"


async def make_code(unit: Unit, owner: Owner, address: ChatAddress, now: datetime) -> tuple[str, datetime]:
    """A fresh code for an account and when it expires; an earlier one is worth nothing from then on."""
    owner = await unit.people.hold(owner)
    code, expires = new_code(), now + VALID_FOR
    await unit.accounts.add_link_code(
        LinkCode(
            digest=link_digest(code),
            user_id=owner.user_id or "",
            platform=address.platform,
            chat=address.chat,
            thread=address.thread,
            expires_at=expires,
        )
    )
    return code, expires


async def guard(unit: Unit, owner: Owner, sender: Sender, now: datetime) -> Lock | None:
    """Let nobody else's code of this person be judged until the unit ends; the lock that holds for them, if any."""
    await unit.lock(f"codes of {owner.user_id or owner.anonymous_token}")
    until = locked_until(await unit.accounts.wrong_codes(owner, now - WITHIN - LOCKED_FOR))
    earlier = await unit.accounts.locked_since_forgotten(sender.platform, sender.user)
    lasts = [each for each in (until, earlier) if each is not None and each > now]
    return Lock(max(lasts)) if lasts else None


async def count_wrong_code(unit: Unit, owner: Owner, now: datetime) -> Lock | None:
    """Write down a wrong code; the lock that it has brought about, if any."""
    owner = await unit.people.hold(owner)
    await unit.accounts.add_wrong_code(owner, now)
    until = locked_until(await unit.accounts.wrong_codes(owner, now - WITHIN - LOCKED_FOR))
    return Lock(until) if until is not None and until > now else None


async def join(unit: Unit, source: Owner, target: Owner) -> Moved | None:
    """Let an account take over everything of an anonymous person, or of another account, which then is one with it.

    None when they are one already, or one of them is gone. The older date and the better tier stay.
    """
    locked: tuple[Owner, ...] = ()
    while locked != (source, target):
        locked = (source, target)
        await unit.people.lock(source, target)
        # Either may have moved on while this unit waited for the lock.
        source = (await unit.people.standing(source)).owner
        target = (await unit.people.standing(target)).owner
    account = await unit.people.user(target.user_id or "")
    if account is None or source == target:
        return None
    if source.user_id is not None:
        other = await unit.people.user(source.user_id)
        if other is None:
            return None
        account.tier = better(account.tier, other.tier)
        account.created_at = min(account.created_at, other.created_at)
        account.quota = {**(other.quota or {}), **(account.quota or {})} or None
    return await unit.accounts.take_in(source, account.id)
