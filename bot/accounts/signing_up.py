"""How an account comes to be."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from bot.accounts.codes import digest_of
from bot.errors import Refused
from storage.accounts import Moved, SignUp
from storage.people import Owner

if TYPE_CHECKING:
    from bot.messages import ChatAddress, Sender
    from storage.database import Unit

HAS_ACCOUNT = "You have an account already. /account shows it, /link lets you into it from another platform."


async def open_account(unit: Unit, owner: Owner, name: str, at: datetime) -> Moved:
    """Make an account of a person without one, with everything they have, in the caller's unit.

    Raises `Refused` when they have one by now.
    """
    await unit.people.lock(owner)
    if (await unit.people.standing(owner)).tier is not None:
        raise Refused(HAS_ACCOUNT)
    user = await unit.accounts.add(name, at)
    return await unit.accounts.take_in(owner, user.id)


async def ask_for_account(
    unit: Unit, owner: Owner, sender: Sender, address: ChatAddress, at: datetime
) -> str:
    """Write down that somebody waits for an operator; the state of their wish before: new, pending or rejected."""
    await unit.people.lock(owner)
    earlier = await unit.accounts.sign_up(owner.anonymous_token or "")
    if earlier is not None:
        return earlier.state
    await unit.accounts.ask_for(
        SignUp(
            anonymous_token=owner.anonymous_token or "",
            platform=sender.platform,
            user=sender.user,
            name=sender.name,
            chat=address.chat,
            thread=address.thread,
            state="pending",
            asked_at=at,
        )
    )
    return "new"


def invitation_digest(code: str) -> str:
    """How an invitation is kept."""
    return digest_of("invitation", code)
