"""What concerns a whole chat of a platform: that it goes on under another id, or that it is closed to us."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.approvals import Approval
from storage.base import change
from storage.conversations import ChatThread, Conversation
from storage.deliveries import DeliveryRow
from storage.journal import IncomingRow, Turn
from storage.simulations import PAUSED, RUNNING, Simulation, pausing_of_chat

ASLEEP = "asleep"
"""The status of a conversation whose chat is closed to us; the next message from there wakes it."""


# Each table that names a chat, and the states in which a row is not finished.
_NAMING_A_CHAT: tuple[Any, ...] = (
    (ChatThread,),
    (DeliveryRow, "pending", "attempting"),
    (IncomingRow, "waiting", "running"),
    (Turn, "waiting", "running"),
    (Approval, "open", "expired"),
    (Simulation, RUNNING, PAUSED),
)


class Chats:
    """Changes that reach over every table that names a chat."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def move(self, platform: str, old: str, new: str) -> bool:
        """Let a chat go on under a new id, with its conversations, open questions and everything on its way.

        False when nothing is known under the old id. What is finished keeps the old one: it happened there.
        """
        threads = select(ChatThread).where(ChatThread.platform == platform, ChatThread.chat == old)
        moving = (await self._session.scalars(threads)).all()
        if moving:
            taken = delete(ChatThread).where(
                ChatThread.platform == platform,
                ChatThread.chat == new,
                ChatThread.thread.in_([each.thread for each in moving]),
            )
            await self._session.execute(taken)
        moved = bool(moving)
        for model, *unfinished in _NAMING_A_CHAT:
            statement = update(model).where(model.platform == platform, model.chat == old)
            if unfinished:
                statement = statement.where(model.state.in_(unfinished))
            moved |= bool(await change(self._session, model, statement.values(chat=new)))
        return moved

    async def sleep(self, platform: str, chat: str, thread: str) -> None:
        """Let the conversation of a chat thread sleep and pause its simulations, since nothing reaches it."""
        current = select(ChatThread.conversation_id).where(
            ChatThread.platform == platform, ChatThread.chat == chat, ChatThread.thread == thread
        )
        statement = update(Conversation).where(Conversation.id.in_(current), Conversation.status == "open")
        await change(self._session, Conversation, statement.values(status=ASLEEP))
        await change(self._session, Simulation, pausing_of_chat(platform, chat, thread))
