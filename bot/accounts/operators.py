"""Who runs Randebu: the people whom `OPERATORS` names."""

from __future__ import annotations

from bot.messages import ChatAddress, Sender
from bot.settings import Settings


def is_operator(settings: Settings, sender: Sender) -> bool:
    """True for an operator; only the platform's user id counts, and an empty setting means nobody."""
    return settings.is_operator(sender.platform, sender.user)


def operators_chat(settings: Settings) -> ChatAddress | None:
    """Where operators hear of errors and get the daily summary, if `OPERATOR_CHAT` names a chat."""
    if settings.operator_chat is None:
        return None
    platform, chat, *thread = settings.operator_chat.split(":")
    return ChatAddress(platform, chat, thread[0] if thread else "")
