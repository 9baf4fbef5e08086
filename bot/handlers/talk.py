"""What happens to plain words: they begin a turn of the assistant in the chat thread's conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.accounts.identity import identify
from bot.accounts.questions import settled
from bot.agent.turn import Turns
from bot.errors import Refused
from bot.handlers.context import NOBODY
from bot.messages import ChatAddress, Exit, Incoming, Notice, Outgoing, Text
from bot.stopping import StopSignal
from bot.tools.plain import plain
from bot.tools.registry import Services
from storage.chats import ASLEEP
from storage.conversations import NEW_TITLE, RESOLVED
from storage.journal import Turn
from storage.people import Owner

if TYPE_CHECKING:
    from storage.conversations import Conversation
    from storage.database import Unit

MAX_TITLE = 60
"""Characters of the first message that become the title."""


class Talk:
    """Takes a text that reaches the assistant."""

    def __init__(self, services: Services, turns: Turns, exit_: Exit) -> None:
        self._services = services
        self._turns = turns
        self._exit = exit_

    async def handle(self, incoming_id: int, incoming: Incoming, text: Text, stop: StopSignal) -> None:
        """Begin the turn of a message, or go on with it after a restart."""
        try:
            async with self._services.database.unit() as unit:
                turn = await unit.journal.turn_of_incoming(incoming_id)
                if turn is None:
                    turn = await self._begin(unit, incoming_id, incoming, text)
        except Refused as refusal:
            async with self._services.database.unit() as unit:
                reply = Outgoing(incoming.address, Notice(str(refusal), refusal.actions), incoming.id)
                await self._exit.write(unit, reply)
                await unit.journal.finish(incoming_id, self._services.clock())
            return self._exit.wake(incoming.address)
        await self._turns.run(turn.id, incoming_id, stop)
        return None

    async def _begin(self, unit: Unit, incoming_id: int, incoming: Incoming, text: Text) -> Turn:
        now = self._services.clock()
        identity = await identify(unit, incoming.sender, now)
        if identity is None:
            raise Refused(NOBODY)
        await self.let_go(
            unit, incoming, f"*Not done: {plain(incoming.sender.name)} went on to something else.*"
        )
        if await unit.people.chat_use(incoming_id) is None:
            await self._services.limits.admit_chat(unit, incoming_id, identity.owner, incoming.sender)
        conversation = await conversation_of(unit, incoming.address, identity.owner, self._services)
        if conversation.status == RESOLVED:
            conversation.status, conversation.ended_at = "open", None
        if conversation.title == NEW_TITLE:
            conversation.title = title_from(text.text)
        return await self._write_turn(unit, incoming_id, incoming, conversation, identity.owner, text.text)

    async def let_go(self, unit: Unit, incoming: Incoming, decision: str, state: str = "done") -> bool:
        """Refuse whatever waits for this person in this chat thread; False when nothing did."""
        address, user = incoming.address, incoming.sender.user
        place = (address.platform, address.chat, address.thread, user)
        waiting = await unit.journal.waiting_turns(*place)
        for turn in waiting:
            await self._turns.close_waiting(unit, turn, decision, state)
        found = bool(waiting)
        while (approval := await unit.approvals.open_in(*place)) is not None:
            await unit.approvals.settle(approval.id, "denied", None, self._services.clock())
            await self._exit.write(unit, Outgoing(address, settled(approval, decision)))
            found = True
        return found

    async def _write_turn(
        self,
        unit: Unit,
        incoming_id: int,
        incoming: Incoming,
        conversation: Conversation,
        owner: Owner,
        text: str,
    ) -> Turn:
        now, sender, address = self._services.clock(), incoming.sender, incoming.address
        turn = await unit.journal.add_turn(
            Turn(
                conversation_id=conversation.id,
                incoming_id=incoming_id,
                user_id=owner.user_id,
                anonymous_token=owner.anonymous_token,
                platform=address.platform,
                chat=address.chat,
                thread=address.thread,
                reply_to=incoming.id,
                asker_user=sender.user,
                asker_name=sender.name,
                private=incoming.private,
                state="running",
                prompt=text,
                created_at=now,
            )
        )
        message = await unit.conversations.say(
            conversation.id, "user", text, now, turn_id=turn.id, sender_name=sender.name
        )
        turn.prompt_message_id = message.id
        await unit.journal.note(turn.id, "user", now, {"text": text, "name": sender.name})
        return turn


async def conversation_of(unit: Unit, address: ChatAddress, owner: Owner, services: Services) -> Conversation:
    """The current conversation of a chat thread; the first message begins one."""
    address = address.aloud
    place = (address.platform, address.chat, address.thread)
    current = await unit.conversations.current_or_begin(owner, *place, services.clock())
    if current.status == ASLEEP:
        current.status = "open"
    return current


def title_from(text: str) -> str:
    """A title from the first message: its first line, cut at a word."""
    line = " ".join(text.split())
    if len(line) <= MAX_TITLE:
        return line or NEW_TITLE
    return line[: MAX_TITLE - 1].rsplit(" ", 1)[0] + "…"
