"""Commands about conversations; only the person who began one may open, rename, delete or export it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from bot.errors import Refused
from bot.handlers.approvals import confirm
from bot.handlers.calling import naming
from bot.handlers.context import Request
from bot.messages import Action, File, Notice
from bot.tools.plain import plain
from bot.tools.registry import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.conversations import Conversation, Message
    from storage.database import Unit

UNKNOWN = "You have no such conversation. /chats lists yours."
THUMB_UP = "👍"
LISTED = 20
_BUTTONS = 5
_SHORT_ID = 8
_SHORTEST_PREFIX = 4
_LONGEST_TITLE = 80
_NUMBER = re.compile(r"[0-9]{1,4}", re.ASCII)


async def new(request: Request) -> Outcome:
    """/new: begin another conversation in this chat thread."""
    address = request.caller.address

    async def write(unit: Unit) -> Outcome:
        await unit.conversations.begin(
            request.caller.owner, address.platform, address.chat, address.thread, request.services.clock()
        )
        return _notice("A new conversation begins here. /chats lists the earlier ones.")

    return Outcome(write=write)


async def chats(request: Request) -> Outcome:
    """/chats: the person's conversations, the latest first."""
    async with request.services.database.view() as view:
        listed = await view.conversations.list(request.caller.owner, LISTED + 1)
    if not listed:
        return _notice("You have no conversation yet. Say something and one begins.")
    lines = []
    for number, each in enumerate(listed[:LISTED], 1):
        here = " ← open here" if each.id == request.caller.conversation_id else ""
        lines.append(
            f"{number}. **{plain(each.title, _LONGEST_TITLE)}** · {each.updated_at:%d %b %Y, %H:%M} · "
            f"`{each.id[:_SHORT_ID]}`{here}"
        )
    if len(listed) > LISTED:
        lines.append("Older ones are there too: /open takes their number or id.")
    buttons = tuple(
        Action(f"Open {number}", f"/open {each.id[:_SHORT_ID]}")
        for number, each in enumerate(listed[:_BUTTONS], 1)
        if each.id != request.caller.conversation_id
    )
    return Outcome(replies=(Notice("\n".join(lines), buttons),))


async def open_(request: Request) -> Outcome:
    """/open: go on with an earlier conversation in this chat thread."""
    if not request.arguments:
        raise Refused("Which one? For instance: /open 2. /chats lists your conversations with their numbers.")
    address = request.caller.address
    async with request.services.database.view() as view:
        chosen = await _named(view, request, request.arguments)

    async def write(unit: Unit) -> Outcome:
        conversation = await unit.conversations.owned(chosen.id, request.caller.owner)
        if conversation is None:
            raise Refused(UNKNOWN)
        await unit.conversations.make_current(conversation.id, address.platform, address.chat, address.thread)
        return _notice(f"Opened **{plain(conversation.title, _LONGEST_TITLE)}**. Go on where you left off.")

    return Outcome(write=write)


async def rename(request: Request) -> Outcome:
    """/rename: give the current conversation another title."""
    title = plain(request.arguments, _LONGEST_TITLE)
    if title == "?":
        raise Refused("Which title? For instance: /rename Buying dips")

    async def write(unit: Unit) -> Outcome:
        conversation = await _own_current(unit, request, "rename")
        await unit.conversations.rename(conversation.id, title)
        return _notice(f"This conversation is now called **{title}**.")

    return Outcome(write=write)


async def done(request: Request) -> Outcome:
    """/done: this conversation has done what it should; 👍 under an answer says the same, without any words."""
    thumb, _, piece = request.arguments.partition(" ")
    silent = thumb == THUMB_UP

    async def write(unit: Unit) -> Outcome:
        try:
            conversation = await _done_with(unit, request, piece if silent else "")
        except Refused:
            if silent:
                return Outcome()
            raise
        await unit.conversations.resolve(conversation.id, request.services.clock())
        if silent:
            return Outcome()
        return _notice("Good, that is settled. Write on whenever you like; /new begins another conversation.")

    return Outcome(write=write)


async def _done_with(unit: Unit, request: Request, piece: str) -> Conversation:
    """The conversation of the delivered piece that a 👍 stands under, else the current one; the person's own."""
    if piece.isascii() and piece.isdigit():
        delivery = await unit.deliveries.get(int(piece[:15]))
        address = request.caller.address
        if delivery is not None and (delivery.platform, delivery.chat) == (address.platform, address.chat):
            answered = await unit.overview.conversation_answered(delivery)
            if answered is not None:
                own = await unit.conversations.owned(answered.id, request.caller.owner)
                if own is None:
                    raise Refused(UNKNOWN)
                return own
    return await _own_current(unit, request, "settle")


async def delete(request: Request) -> Outcome:
    """/delete: delete a conversation with its messages, after asking."""
    async with request.services.database.view() as view:
        chosen = await _chosen(view, request, "delete")
        messages = len(await view.conversations.messages(chosen.id))
    title = plain(chosen.title, _LONGEST_TITLE)
    if not request.confirmed:
        return await confirm(
            naming(request, chosen.id),
            f"Delete the conversation **{title}** with its {messages} messages? This cannot be undone. "
            "Your bots and backtests stay.",
            "Delete",
        )

    async def write(unit: Unit) -> Outcome:
        await unit.conversations.delete(chosen.id)
        return _notice(f"Deleted the conversation **{title}**.")

    return Outcome(write=write)


async def export(request: Request) -> Outcome:
    """/export: a conversation and everything that was said in it, as a JSON file."""
    async with request.services.database.view() as view:
        chosen = await _chosen(view, request, "export")
        messages = await view.conversations.messages(chosen.id)
    content = json.dumps(
        {
            "format": "randebu conversation 1",
            "exported_at": request.services.clock().isoformat(),
            "conversation": _conversation_facts(chosen),
            "messages": [_message_facts(each) for each in messages],
        },
        ensure_ascii=False,
        indent=1,
    )
    name = f"conversation-{chosen.id[:_SHORT_ID]}.json"
    caption = f"{plain(chosen.title, _LONGEST_TITLE)}: {len(messages)} messages"
    return Outcome(replies=(File(name, content.encode(), caption),))


async def _chosen(unit: Unit, request: Request, what: str) -> Conversation:
    """The conversation that the arguments name, or else the current one; always one of the person's own."""
    if request.arguments:
        return await _named(unit, request, request.arguments)
    return await _own_current(unit, request, what)


async def _own_current(unit: Unit, request: Request, what: str) -> Conversation:
    conversation = await unit.conversations.owned(request.caller.conversation_id, request.caller.owner)
    if conversation is None:
        raise Refused(
            f"Only the person who began this conversation can {what} it. /new begins one of your own here."
        )
    return conversation


async def _named(unit: Unit, request: Request, text: str) -> Conversation:
    """One of the person's own conversations by its number in /chats or the beginning of its id."""
    owner, wanted = request.caller.owner, text.strip().lower()
    found: Sequence[Conversation]
    if _NUMBER.fullmatch(wanted):
        found = await unit.conversations.list(owner, 1, int(wanted) - 1) if int(wanted) else []
    elif len(wanted) >= _SHORTEST_PREFIX:
        found = await unit.conversations.search_by_prefix(owner, wanted, 2)
    else:
        found = []
    if len(found) > 1:
        raise Refused("That fits several of your conversations. Please give more letters of the id.")
    if not found:
        raise Refused(UNKNOWN)
    return found[0]


def _conversation_facts(conversation: Conversation) -> dict[str, Any]:
    return {
        "id": conversation.id,
        "title": conversation.title,
        "bot_id": conversation.bot_id,
        "created_at": conversation.created_at.isoformat(),
        "updated_at": conversation.updated_at.isoformat(),
        "status": conversation.status,
        "turn_count": conversation.turn_count,
        "total_tokens": conversation.total_tokens,
        "total_cost_usd": str(conversation.total_cost_usd),
        "agents_used": conversation.agents_used,
    }


def _message_facts(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "at": message.created_at.isoformat(),
        "role": message.role,
        "sender_name": message.sender_name,
        "text": message.text,
        "model_message": message.body,
    }


def _notice(text: str) -> Outcome:
    return Outcome(replies=(Notice(text),))
