"""Who it is: the person behind a platform's user id."""

from __future__ import annotations

from datetime import datetime

from bot.messages import Sender
from storage.database import Unit
from storage.people import PlatformIdentity


async def identify(unit: Unit, sender: Sender, at: datetime) -> PlatformIdentity | None:
    """The identity of a sender, made with an anonymous person behind it on first sight; None for nobody.

    Only the platform's user id counts; the name is kept up to date, since names change hands.
    """
    if not sender.user:
        return None
    identity = await _held(unit, sender)
    if identity is None:
        return await unit.people.add_anonymous(sender.platform, sender.user, sender.name, at)
    if sender.name and sender.name != identity.name:
        await unit.people.touch_name(sender.platform, sender.user, sender.name)
    return identity


async def _held(unit: Unit, sender: Sender) -> PlatformIdentity | None:
    """The identity of a sender, whose person stays who they are until the unit ends; None for somebody new."""
    identity = await unit.people.identity(sender.platform, sender.user)
    while identity is not None:
        owner = identity.owner
        await unit.people.hold(owner)
        # They may have signed up, moved to another account or been forgotten while this unit waited for them.
        identity = await unit.people.identity(sender.platform, sender.user)
        if identity is not None and identity.owner == owner:
            return identity
    return None
