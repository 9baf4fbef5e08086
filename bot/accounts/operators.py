"""Who runs this Randebu."""

from __future__ import annotations

from bot.messages import Sender
from bot.settings import Settings


def is_operator(settings: Settings, sender: Sender) -> bool:
    """True for somebody whom OPERATORS names by platform and user id; empty means nobody."""
    return settings.is_operator(sender.platform, sender.user)
