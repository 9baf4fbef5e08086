"""A line from the terminal → `Incoming`; pure."""

from __future__ import annotations

import re
from datetime import datetime

from bot.messages import ChatAddress, Command, Incoming, Sender, Text

ADDRESS = ChatAddress("terminal", "local")
"""The one chat of a terminal."""

_COMMAND = re.compile(r"/([A-Za-z]\w*|)(?:\s+(.*))?", re.DOTALL)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


_LEAVING = frozenset({"quit", "exit", "/quit", "/exit", ":q"})


def leaves(line: str) -> bool:
    """Whether a line only says that the person wants to leave."""
    return line.strip().lower() in _LEAVING


def readable_text(raw: bytes | str) -> str:
    """What was typed or piped, with every byte that is no text shown as a replacement character."""
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    return _UNSTORABLE.sub("\ufffd", text).strip()


def incoming(line: str, *, message_id: str, at: datetime, user: str) -> Incoming:
    """What a line that is not empty means: a command or a text; a lone slash is a command without a name."""
    text = readable_text(line)
    command = _COMMAND.fullmatch(text)
    body = Command(command[1].lower(), (command[2] or "").strip()) if command else Text(text)
    return Incoming(message_id, ADDRESS, Sender("terminal", user, user), at, body)
