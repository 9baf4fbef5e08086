"""Commands about the person: their account, what they have used, what is stored about them, and its end."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from bot.accounts.codes import read_code
from bot.accounts.limits import SIGN_UP
from bot.accounts.linking import Lock, count_wrong_code, guard
from bot.accounts.operators import operators_chat
from bot.accounts.privacy import everything_about, forget_person
from bot.accounts.signing_up import HAS_ACCOUNT, ask_for_account, invitation_digest, open_account
from bot.errors import Refused
from bot.handlers.approvals import confirm
from bot.handlers.context import Handler, Request
from bot.handlers.moving import in_words, place, welcome
from bot.messages import Action, File, Notice, Outgoing
from bot.tools.plain import plain
from bot.tools.registry import Caller, Outcome, Services

if TYPE_CHECKING:
    from storage.database import Unit
    from storage.people import PlatformIdentity

UsageReport = Callable[[Services, Caller], Awaitable[str]]
"""Tells in Markdown what somebody has used; handed in, since handlers and reports do not know each other."""

CLOSED = (
    "Sign-ups are closed here. What you have stays, within the limits for people without an account; "
    "only an operator can open sign-ups again."
)
NEEDS_INVITATION = (
    "An account needs an invitation here. Ask an operator for a code, then write /signup and the code."
)
WRONG_INVITATION = (
    "This is no invitation that can still be used: each works once. Ask an operator for another code."
)
LARGEST_FILE = 8_000_000
"""Bytes from which on a file is packed: platforms take ten million at the least."""

_WISHES = {
    "new": "I have asked an operator. You are told here as soon as your sign-up is decided.",
    "pending": "Your sign-up still waits for an operator. You are told here as soon as it is decided.",
    "rejected": "Your sign-up was turned down. Ask an operator: they can still approve it.",
}
_FAREWELL = "Done: I know nothing about you any more. If you write again, we begin anew."


def usage(report: UsageReport) -> Handler:
    """The handler of /usage."""

    async def handle(request: Request) -> Outcome:
        return Outcome(replies=(Notice(await report(request.services, request.caller)),))

    return handle


def account(report: UsageReport) -> Handler:
    """The handler of /account: who one is here, where, since when, and what is used and left."""

    async def handle(request: Request) -> Outcome:
        async with request.services.database.view() as view:
            standing = await view.people.standing(request.caller.owner)
            identities = await view.people.identities(standing.owner)
            user = None if standing.tier is None else await view.people.user(standing.owner.user_id or "")
        used = await report(request.services, request.caller)
        if user is None:
            text = f"You have no account yet: /signup makes one of everything you have here.\n\n{used}"
            return Outcome(replies=(Notice(text, (SIGN_UP,)),))
        lines = [
            f"**Your account**: {user.tier}, since {user.created_at:%d %b %Y}.",
            *(f"{number}. {known_as(each)}" for number, each in enumerate(identities, 1)),
        ]
        actions = (Action("Link another platform", "/link"),)
        return Outcome(replies=(Notice("\n".join([*lines, "", used]), actions),))

    return handle


async def sign_up(request: Request) -> Outcome:
    """/signup: make an account, as far as that is open here."""
    mode = request.services.settings.signup
    code = read_code(request.arguments)

    async def write(unit: Unit) -> Outcome:
        standing = await unit.people.standing(request.caller.owner)
        if standing.tier is not None:
            raise Refused(HAS_ACCOUNT)
        if mode == "closed":
            raise Refused(CLOSED)
        if mode == "approval":
            incoming = request.incoming
            before = await ask_for_account(
                unit, standing.owner, incoming.sender, incoming.address, request.services.clock()
            )
            elsewhere = _for_operators(request) if before == "new" else ()
            return Outcome(replies=(Notice(_WISHES[before]),), elsewhere=elsewhere)
        if mode == "invite":
            return await _by_invitation(unit, request, code)
        return await _opened(unit, request)

    return Outcome(write=write)


async def my_data(request: Request) -> Outcome:
    """/mydata: everything that is stored about the person, as one JSON file."""
    services = request.services
    content = await everything_about(services.database, request.caller.owner, services.clock())
    name = "mydata.json"
    if len(content) > LARGEST_FILE:
        name, content = f"{name}.gz", await asyncio.to_thread(gzip.compress, content)
    caption = (
        "Everything that I have stored about you. /export takes one conversation, /forget deletes it all."
    )
    # A file that were kept would be in the next one.
    return Outcome(replies=(File(name, content, caption),), secret=True)


async def forget(request: Request) -> Outcome:
    """/forget: delete everything about the person, after asking."""
    if not request.confirmed:
        return await confirm(request, await _what_goes(request), "Delete everything")

    async def write(unit: Unit) -> Outcome:
        await forget_person(unit, request.caller.owner, request.incoming_id, request.services.clock())
        return Outcome(replies=(Notice(_FAREWELL),), secret=True)

    return Outcome(write=write)


def known_as(identity: PlatformIdentity) -> str:
    """A platform identity in words."""
    return f"{place(identity.platform)}: {plain(identity.name)}"


def locked(lock: Lock) -> str:
    """What is said while codes are locked."""
    return f"That were too many wrong codes. Codes are locked for you until {lock.until:%H:%M} UTC; try again then."


async def _what_goes(request: Request) -> str:
    async with request.services.database.view() as view:
        has = await view.accounts.belongings(request.caller.owner)
        identities = await view.people.identities(request.caller.owner)
    known = "; ".join(known_as(each) for each in identities)
    return (
        f"Forget you? That deletes everything about you: {in_words(has)}, every message, and who you are ({known}). "
        "/mydata gives you a copy first.\n\n"
        "Bare numbers stay, such as how many chats and backtests there were; and, under a key that leads to nobody, "
        "how much of the limits without an account is used up. This cannot be undone."
    )


def _for_operators(request: Request) -> tuple[Outgoing, ...]:
    """What the operators' chat hears of a sign-up that waits for them, with the buttons that decide it."""
    chat, sender = operators_chat(request.services.settings), request.incoming.sender
    if chat is None:
        return ()
    person = f"{sender.platform}:{sender.user}"
    actions = (Action("Approve", f"/admin approve {person}"), Action("Reject", f"/admin reject {person}"))
    text = f"**Sign-up to decide**: {plain(sender.name)} ({plain(person)}) asks for an account."
    return (Outgoing(chat, Notice(text, actions)),)


async def _opened(unit: Unit, request: Request, *, secret: bool = False) -> Outcome:
    moved = await open_account(
        unit, request.caller.owner, request.incoming.sender.name, request.services.clock()
    )
    actions = (Action("Link another platform", "/link"),)
    return Outcome(replies=(Notice(welcome(moved), actions),), secret=secret)


async def _by_invitation(unit: Unit, request: Request, code: str) -> Outcome:
    """Sign somebody up with a code; a wrong one is counted, so nothing is raised that would undo that."""
    if not code:
        raise Refused(NEEDS_INVITATION)
    owner, now = request.caller.owner, request.services.clock()
    lock = await guard(unit, owner, request.incoming.sender, now)
    if lock is None and await unit.accounts.use_invitation(invitation_digest(code), now):
        return await _opened(unit, request, secret=True)
    lock = lock or await count_wrong_code(unit, owner, now)
    text = WRONG_INVITATION if lock is None else locked(lock)
    return Outcome(replies=(Notice(text),), secret=True)
