"""What operators do with accounts: tiers, quotas, invitations, and the sign-ups that wait."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.accounts.codes import new_code
from bot.accounts.people import find_person
from bot.accounts.signing_up import invitation_digest, open_account
from bot.accounts.tiers import TIERS
from bot.errors import Refused
from bot.handlers.admin.command import AdminCommand
from bot.handlers.context import Request
from bot.handlers.moving import welcome
from bot.messages import ChatAddress, Notice, Outgoing
from bot.tools.plain import plain
from bot.tools.registry import Outcome
from storage.people import Owner

if TYPE_CHECKING:
    from storage.accounts import SignUp
    from storage.database import Unit
    from storage.people import Standing

MOST_INVITATIONS = 50
_LIMIT = re.compile(r"(\w+)=(\w+)", re.ASCII)
_OF_ACCOUNTS = ("bots", "simulations", "backtests")
_WITHOUT = ("chats", "bots", "backtests", "simulations")
_REJECTED = (
    "An operator has turned your sign-up down. What you have stays, within the limits for people without an account. "
    "If you think that is a mistake, ask them: they can still approve it."
)


async def tier(request: Request) -> Outcome:
    """`tier ID free|pro`: put an account on another tier."""
    name, _, wanted = request.arguments.rpartition(" ")
    if wanted not in TIERS or not name.strip():
        raise Refused("Whom, and on which tier? For instance: tier telegram:123 pro")

    async def write(unit: Unit) -> Outcome:
        standing = await _standing(unit, name)
        if standing.tier is None:
            raise Refused(f"{plain(name)} has no account, so no tier. They can make one with /signup.")
        await unit.accounts.set_tier(standing.owner.user_id or "", wanted)
        return _said(f"{plain(name)} is on the {wanted} tier now; it was {standing.tier}.")

    return Outcome(write=write)


async def quota(request: Request) -> Outcome:
    """`quota ID reset`, or `quota ID set chats=100 bots=none backtests=usual`: what one person may do."""
    name, _, rest = request.arguments.partition(" ")
    what, _, settings = rest.strip().partition(" ")
    if not name or what not in ("reset", "set") or (what == "set") != bool(settings.strip()):
        raise Refused(
            "For instance: quota telegram:123 reset, or quota telegram:123 set chats=100 bots=5. "
            "A limit may also be none (no limit) or usual."
        )

    async def write(unit: Unit) -> Outcome:
        standing = await _standing(unit, name)
        if what == "reset":
            await unit.accounts.reset(standing.owner, request.services.clock())
            return _said(f"The counting for {plain(name)} begins anew.")
        own = _changed(standing, settings)
        await unit.accounts.set_quota(standing.owner, own)
        listed = ", ".join(f"{key} {'no limit' if value is None else value}" for key, value in own.items())
        return _said(f"Beside the usual limits, {plain(name)} has now: {listed or 'nothing'}.")

    return Outcome(write=write)


async def invite(request: Request) -> Outcome:
    """`invite [n]`: make codes with which people can sign up, each once."""
    wanted = request.arguments or "1"
    if not (wanted.isascii() and wanted.isdigit() and 1 <= int(wanted[:4]) <= MOST_INVITATIONS):
        raise Refused(f"How many? A number from 1 to {MOST_INVITATIONS}, for instance: invite 3")
    codes = [new_code() for _ in range(int(wanted))]

    async def write(unit: Unit) -> Outcome:
        for code in codes:
            await unit.accounts.invite(invitation_digest(code), request.services.clock())
        listed = "\n".join(f"`/signup {code}`" for code in codes)
        note = "Each works once. They are shown only now: what is stored cannot be read back."
        return Outcome(replies=(Notice(f"{listed}\n{note}"),), secret=True)

    return Outcome(write=write)


async def approve(request: Request) -> Outcome:
    """`approve ID`: make the account that somebody has asked for; one that was turned down, too."""

    async def write(unit: Unit) -> Outcome:
        wish = await _wish(unit, request.arguments)
        owner = Owner(anonymous_token=wish.anonymous_token)
        moved = await open_account(unit, owner, wish.name, request.services.clock())
        return _decided(wish, f"{plain(wish.name)} has an account now and is told so.", welcome(moved))

    return Outcome(write=write)


async def reject(request: Request) -> Outcome:
    """`reject ID`: turn the wish for an account down."""

    async def write(unit: Unit) -> Outcome:
        wish = await _wish(unit, request.arguments)
        if not await unit.accounts.reject(wish.anonymous_token, request.services.clock()):
            raise Refused(f"The sign-up of {plain(wish.name)} was turned down already. approve still works.")
        return _decided(
            wish, f"The sign-up of {plain(wish.name)} is turned down, and they are told so.", _REJECTED
        )

    return Outcome(write=write)


ACCOUNT_COMMANDS = (
    AdminCommand("tier", "/admin tier ID free|pro", "put an account on another tier", tier),
    AdminCommand(
        "quota", "/admin quota ID reset|set chats=100", "what one person may do beside the usual", quota
    ),
    AdminCommand("invite", "/admin invite [n]", "codes to sign up with", invite),
    AdminCommand("approve", "/admin approve ID", "give somebody the account they asked for", approve),
    AdminCommand("reject", "/admin reject ID", "turn a sign-up down", reject),
)
"""The operators' words about accounts."""


async def _standing(unit: Unit, text: str) -> Standing:
    owner = await find_person(unit, text)
    if owner is None:
        raise Refused(
            f"I know nobody called {plain(text)}. Name them as platform:user, or by the beginning of their id."
        )
    return await unit.people.standing(owner)


async def _wish(unit: Unit, text: str) -> SignUp:
    standing = await _standing(unit, text)
    if standing.tier is not None:
        raise Refused(f"{plain(text)} has an account already.")
    wish = await unit.accounts.sign_up(standing.owner.anonymous_token or "")
    if wish is None:
        raise Refused(f"{plain(text)} has not asked for an account. They can with /signup.")
    return wish


def _changed(standing: Standing, text: str) -> dict[str, int | None]:
    """The own limits of a person after `name=number`, `name=none` or `name=usual` pairs."""
    own = dict(standing.quota)
    known = _WITHOUT if standing.tier is None else _OF_ACCOUNTS
    for pair in text.replace(",", " ").split():
        found = _LIMIT.fullmatch(pair.lower())
        if found is None or found[1] not in known:
            kind = "Without an account" if standing.tier is None else "For an account"
            raise Refused(f"{kind} there are limits of {', '.join(known)}: each as in {known[0]}=10.")
        name, value = found.groups()
        if value == "usual":
            own.pop(name, None)
        elif value == "none":
            own[name] = None
        elif value.isdigit() and int(value[:12]) < 10**9:
            own[name] = int(value[:12])
        else:
            raise Refused(f"{name} can be a whole number from 0, none (no limit) or usual.")
    return own


def _decided(wish: SignUp, said: str, told: str) -> Outcome:
    address = ChatAddress(wish.platform, wish.chat, wish.thread)
    return Outcome(replies=(Notice(said),), elsewhere=(Outgoing(address, Notice(told)),))


def _said(text: str) -> Outcome:
    return Outcome(replies=(Notice(text),))
