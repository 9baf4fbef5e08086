"""`Reply` → what Telegram is sent: pieces of the right size, texts with entities, keyboards; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from aiogram.types import InlineKeyboardMarkup

from adapters.pressing import ActionButton, ChoiceButton
from adapters.splitting import split_markdown
from adapters.telegram.buttons import keyboard
from adapters.telegram.formatting import Formatted, as_written, format_markdown, formatted_length, utf16_len
from adapters.waiting import line_of
from bot.messages import (
    Action,
    Choice,
    Delivery,
    File,
    LastingReply,
    Notice,
    Option,
    PassingReply,
    Picture,
    Settled,
    TextFinal,
)

MAX_TEXT = 4096
MAX_CAPTION = 1024
"""Telegram's limits, in UTF-16 units after formatting."""

MAX_PIECES = 5
"""A text that would need more messages becomes a file."""

REPEATED = "(repeated)"
"""The label of a piece that may have arrived before."""

_ROOM = len(REPEATED) + 2
_DECISION_ROOM = 200
_LONG_LABEL = 30
_IN_A_FILE = "This answer is too long for a chat, so it comes as a file."
_TICK_SECONDS = 3
_BETWEEN_BLOCKS = 2
_ADDED_TO_A_LINE = 2
_ADDED_TO_A_RULE = 6
_RULE = re.compile(r"^ {0,3}(?:[-*_][ \t]*){3,}$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A text or caption as Telegram shows it, the same without formatting, and the buttons under it."""

    shown: Formatted
    plain: Formatted
    keyboard: InlineKeyboardMarkup | None = None


def split(reply: LastingReply) -> Sequence[LastingReply]:
    """The reply in pieces of one message each; a text over five pieces becomes a file."""
    match reply:
        case TextFinal(text, actions) | Notice(text, actions):
            kind = type(reply)
            pieces = _pieces(text)
            if pieces is None:
                return [kind(_IN_A_FILE, actions), File("answer.md", text.encode())]
            return [*(kind(piece) for piece in pieces[:-1]), kind(pieces[-1], actions)]
        case Choice(_, text, options):
            *before, last = _pieces(text, _DECISION_ROOM + _listed_length(options)) or [text[-MAX_CAPTION:]]
            return [*map(Notice, before), replace(reply, text=last)]
        case Settled(choice, text):
            return [Settled(choice, _end_of_settled(text))]
        case Picture(_, _, caption) | File(_, _, caption):
            if _size(caption) <= MAX_CAPTION - _ROOM:
                return [reply]
            first, *more = _pieces(caption) or [_IN_A_FILE]
            return [replace(reply, caption=""), *map(Notice, [first, *more])]


def draw(delivery: Delivery, *, repeated: bool) -> Drawn:
    """What a piece looks like; `repeated` labels it, since it may have arrived before."""
    reply = delivery.reply
    text = reply.caption if isinstance(reply, Picture | File) else reply.text
    markup = None
    match reply:
        case Choice(choice, _, options):
            text = _with_list(text, options)
            labels = _short_labels(options)
            markup = keyboard([(label, ChoiceButton(choice, at)) for at, label in enumerate(labels)])
        case TextFinal() | Notice() | Picture():
            markup = _action_keyboard(delivery.id, reply.actions)
        case Settled() | File():
            pass
    if repeated:
        text = f"{REPEATED}\n\n{text}"
    return Drawn(format_markdown(text), as_written(text), markup)


def draw_passing(text: str, line: str, seconds: float = 0.0) -> str:
    """An answer while it grows, without formatting: its end, if it is long, and what is running, for how long."""
    waited = int(seconds // _TICK_SECONDS) * _TICK_SECONDS
    below = f"\n\n{line}{f' · {waited} s' if waited else ''}" if line else ""
    room = MAX_TEXT - utf16_len(below) - 1
    text = as_written(text).text if text.strip() else ""
    while utf16_len(text) > room:
        text = f"…{text[utf16_len(text) - room + 1 :]}"
    return (text.rstrip() + below).strip() or "…"


def running_line(reply: PassingReply) -> str:
    """What is running, on one line; empty while the answer itself grows."""
    return line_of(reply, _one_line)


def _one_line(text: str) -> str:
    return as_written(" ".join(text.split())[:200]).text


def _size(markdown: str) -> int:
    """At most how long it becomes, with its formatting or without, should Telegram refuse that."""
    written = utf16_len(as_written(markdown).text)
    if "|" in markdown:
        # Tables are filled up with blanks, so how long they become is known only afterwards.
        return max(written, formatted_length(markdown)) + _BETWEEN_BLOCKS
    lines = 1 + markdown.count("\n") - markdown.count("\n\n")
    return written + _ADDED_TO_A_LINE * lines + _ADDED_TO_A_RULE * len(_RULE.findall(markdown))


def _pieces(text: str, room: int = 0) -> list[str] | None:
    """The text in at most five pieces, each with `room` to spare; None when that is not enough."""
    limit = MAX_TEXT - _ROOM - room
    if len(text) > limit * MAX_PIECES:
        return None
    pieces = split_markdown(text, _size, limit) or [text]
    return pieces if len(pieces) <= MAX_PIECES else None


def _end_of_settled(text: str) -> str:
    """What a settled question shows: all of it or, as with the question itself, its last piece, and the decision."""
    if _size(text) <= MAX_TEXT - _ROOM:
        return text
    question, _, decision = text.rpartition("\n\n")
    pieces = _pieces(question, _DECISION_ROOM) or [question[-MAX_CAPTION:]]
    return f"{pieces[-1]}\n\n{decision[:_DECISION_ROOM]}"


def _listed_length(options: Sequence[Option]) -> int:
    return len(_with_list("", options)) * 2


def _with_list(text: str, options: Sequence[Option]) -> str:
    """The question with its options as a list, where their labels are too long for buttons."""
    if all(len(option.label) <= _LONG_LABEL for option in options):
        return text
    return text + "\n" + "".join(f"\n{number}. {option.label}" for number, option in enumerate(options, 1))


def _short_labels(options: Sequence[Option]) -> list[str]:
    if all(len(option.label) <= _LONG_LABEL for option in options):
        return [option.label for option in options]
    return [str(number) for number in range(1, len(options) + 1)]


def _action_keyboard(delivery: int, actions: Sequence[Action]) -> InlineKeyboardMarkup | None:
    return keyboard([(action.label, ActionButton(delivery, at)) for at, action in enumerate(actions)])


def file_name(name: str) -> str:
    """A name under which a file can be sent."""
    return re.sub(r"[^\w.-]+", "-", name).strip(".-")[:80] or "file"
