"""The person whom somebody names: by the beginning of their id, or by a user id of a platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import Refused

if TYPE_CHECKING:
    from storage.database import Unit
    from storage.people import Owner

SHORTEST_PREFIX = 4


async def find_person(unit: Unit, text: str) -> Owner | None:
    """The person behind `platform:user`, a user id of any platform, or four letters or more of their own id.

    Somebody with an account is that account. Raises `Refused` when several people fit.
    """
    named = text.strip()
    platform, colon, user = named.partition(":")
    if colon:
        identity = await unit.people.identity(platform.lower(), user)
        return None if identity is None else identity.owner
    owners = [each.owner for each in await unit.people.identities_of_user(named)]
    if not owners and len(named) >= SHORTEST_PREFIX:
        owners = list(await unit.people.search_by_prefix(named.lower()))
    people = list(dict.fromkeys(owners))
    if len(people) > 1:
        raise Refused(
            "That fits several people. Name the platform too, as in telegram:123, or give more of the id."
        )
    return people[0] if people else None
