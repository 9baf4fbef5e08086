"""Everything that can go wrong, by who must act on it.

    RandebuError
    ├── Refused          the person reads it: it says what would lift it
    ├── ToolFailed       the model reads it and adapts
    ├── ProviderDown     something outside is away: retried, else said
    │   └── NoData       it answered, but has nothing for what was asked
    ├── SettingsError    the operator reads it: the start stops with this sentence
    └── DeliveryError    the outbox acts on it
        ├── TryLater     the platform asks to wait `seconds`
        ├── ChatGone     the chat is closed to us for good (blocked, kicked, deleted)
        ├── ChatMoved    the chat goes on under another id
        └── DeliveryFailed  this piece can never be sent as it is

Anything else is a fault: logged with a short reference that the person is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.messages import Action


class RandebuError(Exception):
    """The root of Randebu's own errors; its text is a whole sentence."""


class Refused(RandebuError):
    """Something that a person may not or cannot do now; the sentence says what would lift it, `actions` may do it."""

    def __init__(self, sentence: str, *actions: Action) -> None:
        super().__init__(sentence)
        self.actions = actions


class ToolFailed(RandebuError):
    """A tool could not do what it was asked; the model reads why and adapts."""


class ProviderDown(RandebuError):
    """Something outside Randebu is away or answers nonsense."""


class NoData(ProviderDown):
    """A provider answered, but has nothing for what was asked."""


class SettingsError(RandebuError):
    """A setting has a value that Randebu cannot start with."""


class DeliveryError(RandebuError):
    """A lasting reply did not reach its chat."""


class TryLater(DeliveryError):
    """Nothing has arrived; the platform asks to wait `seconds` before this chat is written to again."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The platform asks to wait {seconds:g} s.")
        self.seconds = seconds


class ChatGone(DeliveryError):
    """The chat is closed to us: blocked, kicked out, or deleted."""


class ChatMoved(DeliveryError):
    """The chat goes on under another id, `chat`, and so does everything that is on its way there."""

    def __init__(self, chat: str) -> None:
        super().__init__(f"The chat has moved to {chat}.")
        self.chat = chat


class DeliveryFailed(DeliveryError):
    """This piece can never be sent as it is."""
