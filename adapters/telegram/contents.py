"""What a message without text is, in words for a person; pure."""

from __future__ import annotations

from aiogram.enums import ContentType
from aiogram.types import Message

_KINDS = {
    ContentType.ANIMATION: "a GIF",
    ContentType.AUDIO: "an audio file",
    ContentType.CHECKLIST: "a checklist",
    ContentType.CONTACT: "a contact",
    ContentType.DICE: "a die",
    ContentType.DOCUMENT: "a file",
    ContentType.GAME: "a game",
    ContentType.LIVE_PHOTO: "a photo",
    ContentType.LOCATION: "a location",
    ContentType.PAID_MEDIA: "paid media",
    ContentType.PHOTO: "a photo",
    ContentType.POLL: "a poll",
    ContentType.STICKER: "a sticker",
    ContentType.STORY: "a story",
    ContentType.VENUE: "a place",
    ContentType.VIDEO: "a video",
    ContentType.VIDEO_NOTE: "a video message",
    ContentType.VOICE: "a voice message",
}


def kind_of(message: Message) -> str | None:
    """The kind of a message that has no text; None for what Telegram itself writes into a chat, such as "joined"."""
    content = message.content_type
    if content == ContentType.UNKNOWN:
        return "a message of a kind that I do not know" if message.chat.type == "private" else None
    return _KINDS.get(ContentType(content))
