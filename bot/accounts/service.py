"""Whether Randebu serves somebody now: pauses and bans, and the system's own limit where operators have changed it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.accounts.operators import is_operator
from bot.errors import Refused
from bot.messages import Sender
from bot.settings import Settings
from storage.database import Unit
from storage.operators import Ban

BAN_TOLD_AGAIN_AFTER = timedelta(days=1)
PAUSED = "I am paused for maintenance and will be back soon. Please send this again then."

_PAUSE = "pause"
_SYSTEM_LIMIT = "limit:system"


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause that lasts: since when (ISO 8601), what people are told, and who began it."""

    since: str
    text: str
    by: str


async def keep_out(unit: Unit, settings: Settings, sender: Sender, now: datetime) -> bool:
    """True for somebody who is not served now and has been told so.

    Raises `Refused` when they are to be told: of a pause once, of a ban once a day. Operators are always served.
    """
    if is_operator(settings, sender) or not sender.user:
        return False
    ban = await _ban_of(unit, sender, now)
    if ban is not None:
        if ban.told_at is not None and ban.told_at + BAN_TOLD_AGAIN_AFTER > now:
            return True
        ban.told_at = now
        raise Refused(banned_text(ban.reason, ban.until))
    pause = await read_pause(unit)
    if pause is None:
        return False
    if await unit.operators.told_of_pause(pause.since, sender.platform, sender.user):
        raise Refused(pause.text)
    return True


async def _ban_of(unit: Unit, sender: Sender, now: datetime) -> Ban | None:
    """What keeps a sender out now; whoever comes back after being forgotten is kept out as they were."""
    if await unit.people.identity(sender.platform, sender.user) is None:
        kept = await unit.accounts.banned_since_forgotten(sender.platform, sender.user)
        if kept is not None and kept.banned_at is not None:
            back = await unit.people.add_anonymous(sender.platform, sender.user, sender.name, now)
            await unit.operators.ban(back.owner, "", kept.banned_at, kept.banned_until)
    return await unit.operators.ban_of_identity(sender.platform, sender.user, now)


def banned_text(reason: str, until: datetime | None) -> str:
    """What somebody is told who is kept out: why, and until when."""
    why = f" Reason: {reason}." if reason else ""
    if until is None:
        return f"You cannot use Randebu any more.{why} Only the people who run it can lift this."
    return f"You cannot use Randebu until {until:%d %b %Y, %H:%M} UTC.{why}"


async def read_pause(unit: Unit) -> Pause | None:
    """The pause that lasts, if one does."""
    value = await unit.facts.get(_PAUSE)
    return None if not value else Pause(value["since"], value["text"], value["by"])


async def begin_pause(unit: Unit, now: datetime, text: str, by: str) -> None:
    """Serve nobody but operators from now on; what runs finishes."""
    await unit.facts.set(_PAUSE, {"since": now.isoformat(), "text": text, "by": by})


async def end_pause(unit: Unit) -> bool:
    """Serve everybody again; False when there was no pause."""
    if await read_pause(unit) is None:
        return False
    await unit.facts.set(_PAUSE, {})
    await unit.operators.end_pause()
    return True


async def system_limit(unit: Unit, settings: Settings) -> int | None:
    """How many chats everybody together has in 5 hours: what an operator has set, else what the settings say."""
    value = await unit.facts.get(_SYSTEM_LIMIT)
    if not value:
        return settings.max_chats_per_5hours
    limit: int | None = value["chats"]
    return limit


async def set_system_limit(unit: Unit, limit: int | None) -> None:
    """Let everybody together have so many chats in 5 hours; None has no limit."""
    await unit.facts.set(_SYSTEM_LIMIT, {"chats": limit})


async def reset_system_limit(unit: Unit) -> None:
    """Let the settings say the limit again."""
    await unit.facts.set(_SYSTEM_LIMIT, {})
