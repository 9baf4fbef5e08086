"""/link and /unlink: one person on several platforms."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.accounts.codes import read_code
from bot.accounts.limits import SIGN_UP
from bot.accounts.linking import (
    count_wrong_code,
    fact_of_bot,
    guard,
    join,
    link_digest,
    make_code,
)
from bot.errors import Refused
from bot.handlers.accounts import known_as, locked
from bot.handlers.approvals import confirm
from bot.handlers.calling import naming
from bot.handlers.context import Request, private_only
from bot.handlers.moving import brought, in_words, place
from bot.messages import ChatAddress, Notice, Outgoing
from bot.tools.plain import plain
from bot.tools.registry import Outcome
from storage.people import Owner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.accounts import LinkCode
    from storage.database import Unit
    from storage.people import PlatformIdentity

WRONG = "This code opens nothing: each works once, and for ten minutes. /link where your account is makes a new one."
NO_ACCOUNT = (
    "A code lets another platform into your account, and you have none yet: /signup makes one. "
    "If your account is on another platform, write /link there, and here /link with the code."
)
LAST_ONE = "That is the only way into your account. /link lets another platform in first; /forget deletes everything."
HERE_ALREADY = "You are in this account here already. Use the code on the other platform."


async def link(request: Request) -> Outcome:
    """/link: a code for the other platform; with a code, the way into the account that it is from."""
    code = read_code(request.arguments)
    if request.confirmed:
        return _joining(request, request.arguments.strip())
    return _entering(request, link_digest(code)) if code else _asking_for_code(request)


async def overheard(request: Request) -> Outcome:
    """/link where others read along: a code that they have read is worth nothing from now on."""
    code, said = read_code(request.arguments), private_only("link")

    async def write(unit: Unit) -> Outcome:
        burnt = code and await unit.accounts.use_link_code(link_digest(code), request.services.clock())
        warning = (
            " Others have read this code, so it no longer works; /link makes a new one." if burnt else ""
        )
        return Outcome(replies=(Notice(said + warning),), secret=True)

    return Outcome(write=write)


async def unlink(request: Request) -> Outcome:
    """/unlink: let a platform identity leave the account, after asking; never the last one."""
    async with request.services.database.view() as view:
        standing = await view.people.standing(request.caller.owner)
        identities = await view.people.identities(standing.owner)
    if standing.tier is None:
        raise Refused("Nothing is linked here: you have no account. /signup makes one.")
    if len(identities) < 2:
        raise Refused(LAST_ONE)
    chosen = _chosen(identities, request.arguments)
    named = known_as(chosen)
    if not request.confirmed:
        question = (
            f"Take {named} out of your account? There you are without an account again, with a new conversation; "
            "everything made so far stays in the account."
        )
        return await confirm(naming(request, f"{chosen.platform}:{chosen.user}"), question, "Unlink")

    async def write(unit: Unit) -> Outcome:
        return await _stepped_out(unit, request, standing.owner, chosen)

    return Outcome(write=write)


def _asking_for_code(request: Request) -> Outcome:
    async def write(unit: Unit) -> Outcome:
        caller, now = request.caller, request.services.clock()
        standing = await unit.people.standing(caller.owner)
        if standing.tier is None:
            return Outcome(replies=(Notice(NO_ACCOUNT, (SIGN_UP,)),))
        lock = await guard(unit, standing.owner, request.incoming.sender, now)
        if lock is not None:
            raise Refused(locked(lock))
        code, expires = await make_code(unit, standing.owner, request.incoming.address, now)
        known = await unit.facts.get(fact_of_bot("telegram"))
        lines = [f"Your code: `{code}`. It works once, until {expires:%H:%M} UTC."]
        if known is not None:
            lines.append(f"- On Telegram: https://t.me/{known['name']}?start=link_{code}")
        lines += [f"- On Discord: `/link {code}`", f"- Anywhere else, in private with me: `/link {code}`"]
        lines.append("Whoever uses it gets into your account, so show it to nobody.")
        return Outcome(replies=(Notice("\n".join(lines)),), secret=True)

    return Outcome(write=write)


def _entering(request: Request, digest: str) -> Outcome:
    """Judge a code. A wrong one is counted, so nothing is raised that would undo that."""

    async def write(unit: Unit) -> Outcome:
        now = request.services.clock()
        standing = await unit.people.standing(request.caller.owner)
        lock = await guard(unit, standing.owner, request.incoming.sender, now)
        if lock is not None:
            return _secretly(locked(lock))
        found = await unit.accounts.link_code(digest, now)
        if found is not None and standing.owner.user_id == found.user_id:
            return _secretly(HERE_ALREADY)
        if found is not None and standing.tier is not None:
            return await _question(unit, request, standing.owner, found, digest)
        if found is None or not await unit.accounts.use_link_code(digest, now):
            lock = await count_wrong_code(unit, standing.owner, now)
            return _secretly(WRONG if lock is None else f"{WRONG} {locked(lock)}")
        return await _joined(unit, request, standing.owner, found)

    return Outcome(write=write)


def _joining(request: Request, digest: str) -> Outcome:
    """Make one account of two, after the yes."""

    async def write(unit: Unit) -> Outcome:
        now = request.services.clock()
        standing = await unit.people.standing(request.caller.owner)
        found = await unit.accounts.link_code(digest, now)
        if found is None or not await unit.accounts.use_link_code(digest, now):
            raise Refused("The code has run out meanwhile, so nothing was changed. /link makes a new one.")
        return await _joined(unit, request, standing.owner, found)

    return Outcome(write=write)


async def _question(unit: Unit, request: Request, mine: Owner, code: LinkCode, digest: str) -> Outcome:
    """Ask before two accounts become one, in words that name what will happen."""
    here, there = await unit.accounts.belongings(mine), await unit.accounts.belongings(Owner(code.user_id))
    identities = await unit.people.identities(Owner(code.user_id))
    known = "; ".join(known_as(each) for each in identities)
    text = (
        f"You have an account here ({in_words(here)}) and another one there ({known}; {in_words(there)}). "
        "They become one: what is here moves into the one there, the better tier of the two stays, and a bot whose "
        "name is taken there gets a number behind it. This cannot be undone."
    )
    # The question outlives this unit, the code itself must not: what it keeps opens nothing when typed.
    asking = await confirm(naming(request, digest), text, "Make them one")
    if asking.write is not None:
        asking = await asking.write(unit)
    return replace(asking, secret=True)


async def _joined(unit: Unit, request: Request, mine: Owner, code: LinkCode) -> Outcome:
    moved = await join(unit, mine, Owner(code.user_id))
    if moved is None:
        return _secretly("These are one account already, or one of them is gone. /account shows yours.")
    sender = request.incoming.sender
    told = (
        f"{place(sender.platform)} ({plain(sender.name)}) is in your account now. "
        f"If that was not you: /unlink {sender.platform}:{sender.user}"
    )
    issued = ChatAddress(code.platform, code.chat, code.thread)
    elsewhere = () if issued == request.incoming.address else (Outgoing(issued, Notice(told)),)
    text = f"Linked: you are in your account here too. {brought(moved)} /account shows it."
    return Outcome(replies=(Notice(text),), elsewhere=elsewhere, secret=True)


async def _stepped_out(unit: Unit, request: Request, owner: Owner, leaving: PlatformIdentity) -> Outcome:
    now = request.services.clock()
    await unit.people.lock(owner)
    identities = await unit.people.identities(owner)
    current = next((each for each in identities if each.id == leaving.id), None)
    if current is None:
        raise Refused("That is no longer in your account. /account shows who is.")
    if len(identities) < 2:
        raise Refused(LAST_ONE)
    # What waits for an answer there would otherwise still change the account's things.
    await unit.approvals.close_of(current.platform, current.user, now)
    await unit.journal.end_waiting(current.platform, current.user, now)
    await unit.conversations.leave_private_chats(current.platform, current.user)
    person = await unit.accounts.begin_anew(current.anonymous_token or "", now)
    await unit.accounts.step_out(current.id, person.id)
    return Outcome(replies=(Notice(f"{known_as(current)} is no longer in your account."),))


def _chosen(identities: Sequence[PlatformIdentity], text: str) -> PlatformIdentity:
    """The identity that somebody means: by its number in /account, its platform, or platform:user."""
    wanted = text.strip().lower()
    if wanted.isascii() and wanted.isdigit() and 1 <= int(wanted[:4]) <= len(identities):
        return identities[int(wanted[:4]) - 1]
    fits = [each for each in identities if wanted in (each.platform, f"{each.platform}:{each.user}".lower())]
    if len(fits) == 1:
        return fits[0]
    listed = "\n".join(f"{number}. {known_as(each)}" for number, each in enumerate(identities, 1))
    raise Refused(f"Which one? For instance: /unlink 2\n{listed}")


def _secretly(text: str) -> Outcome:
    return Outcome(replies=(Notice(text),), secret=True)
