"""What a message without text is, in words for a person; pure."""

from __future__ import annotations

import discord

_BY_CONTENT_TYPE = {"image": "a picture", "video": "a video", "audio": "an audio file"}


def kind_of(message: discord.Message) -> str | None:
    """The kind of a message that has no text; None where there is nothing at all."""
    if message.message_snapshots:
        return "a forwarded message"
    if message.poll is not None:
        return "a poll"
    if message.stickers:
        return "a sticker"
    if message.attachments:
        first = message.attachments[0]
        if first.is_voice_message():
            return "a voice message"
        return _BY_CONTENT_TYPE.get((first.content_type or "").partition("/")[0], "a file")
    return "a message of a kind that I do not know" if message.embeds or message.components else None
