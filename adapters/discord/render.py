"""`Reply` → what Discord is sent: pieces of the right size, embeds, buttons; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import discord

from adapters.discord.buttons import MAX_BUTTONS, MAX_LABEL, Labelled, Tone
from adapters.discord.formatting import EMPTY, as_written, format_markdown, utf16_len
from adapters.pressing import ActionButton, ChoiceButton
from adapters.splitting import split_markdown
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

MAX_TEXT = 2000
"""Discord's limit for the text of a message."""

MAX_PIECES = 5
"""A text that would need more messages becomes a file."""

REPEATED = "(repeated)"
"""The label of a piece that may have arrived before."""

MAX_DESCRIPTION = 4096
MAX_FIELDS = 25
MAX_FIELD_NAME = 256
MAX_FIELD_VALUE = 1024
MAX_EMBED = 6000
"""Discord's limits for an embed, the last one over all its texts."""

_GAIN, _LOSS, _NEUTRAL = 0x2ECC71, 0xE74C3C, 0x5865F2
_ROOM = len(REPEATED) + 2
_DECISION_ROOM = 200
_IN_A_FILE = "This answer is too long for a chat, so it comes as a file."
_NAME = re.compile(r"[^\w.-]+")


@dataclass(frozen=True, slots=True)
class Drawn:
    """One message as Discord shows it: its text, an embed, the buttons under it, and a file as name and bytes."""

    text: str
    embed: discord.Embed | None = None
    buttons: tuple[Labelled, ...] = ()
    file: tuple[str, bytes] | None = None


def split(reply: LastingReply) -> Sequence[LastingReply]:
    """The reply in pieces of one message each, in Discord's Markdown; a text over five pieces becomes a file."""
    match reply:
        case TextFinal(text, actions) | Notice(text, actions):
            kind = type(reply)
            pieces = _pieces(format_markdown(text))
            if pieces is None:
                return [kind(_IN_A_FILE, actions), File("answer.md", text.encode())]
            return [*(kind(piece) for piece in pieces[:-1]), kind(pieces[-1], actions)]
        case Choice(_, text, options):
            shown = format_markdown(text)
            room = _DECISION_ROOM + utf16_len(_with_list("", options))
            *before, last = _pieces(shown, room) or [shown[-1000:]]
            return [*map(Notice, before), replace(reply, text=last)]
        case Settled(choice, text):
            return [Settled(choice, _end_of_settled(format_markdown(text)))]
        case Picture(_, _, caption) | File(_, _, caption):
            shown = format_markdown(caption)
            if utf16_len(shown) <= MAX_TEXT - _ROOM:
                return [replace(reply, caption=shown)]
            first, *more = _pieces(shown) or [_IN_A_FILE]
            return [replace(reply, caption=""), *map(Notice, [first, *more])]


def draw(delivery: Delivery, *, repeated: bool) -> Drawn:
    """What a piece looks like; `repeated` labels it, since it may have arrived before."""
    reply = delivery.reply
    label = f"{REPEATED}\n\n" if repeated else ""
    match reply:
        case Choice(choice, text, options):
            buttons = tuple(
                Labelled(label_, ChoiceButton(choice, at), _tone(option))
                for at, (label_, option) in enumerate(zip(_short_labels(options), options, strict=True))
            )
            return Drawn(as_written(label + _with_list(text, options)), buttons=buttons)
        case TextFinal(text, actions) | Notice(text, actions):
            return Drawn(as_written(label + text), buttons=_action_buttons(delivery.id, actions))
        case Settled(_, text):
            return Drawn(as_written(label + text))
        case File(name, content, caption):
            return Drawn(_caption(label + caption), file=(file_name(name), content))
        case Picture():
            return _picture(delivery.id, reply, label)


def draw_passing(text: str, line: str) -> str:
    """An answer while it grows, its end if it is long, and what is running."""
    below = f"\n\n{line}" if line else ""
    room = MAX_TEXT - utf16_len(below) - 1
    text = as_written(text) if text.strip() else ""
    while utf16_len(text) > room:
        text = f"…{text[utf16_len(text) - room + 1 :]}"
    return (text.rstrip() + below).strip() or EMPTY


def running_line(reply: PassingReply) -> str:
    """What is running, on one line; empty while the answer itself grows."""
    return line_of(reply, _one_line)


def file_name(name: str) -> str:
    """A name under which a file can be sent."""
    return _NAME.sub("-", name).strip(".-")[:80] or "file"


def _picture(delivery: int, picture: Picture, label: str) -> Drawn:
    """A picture with figures is an embed; without, or where an embed has no room for all, a text above it."""
    buttons, name = _action_buttons(delivery, picture.actions), file_name(picture.name)
    file = (name, picture.content)
    text = _caption(label + picture.caption)
    figures = [(each.name, each.value) for each in picture.figures]
    fits = len(figures) <= MAX_FIELDS and all(
        0 < utf16_len(title) <= MAX_FIELD_NAME and 0 < utf16_len(value) <= MAX_FIELD_VALUE
        for title, value in figures
    )
    whole = utf16_len(text) + sum(utf16_len(title) + utf16_len(value) for title, value in figures)
    if not figures or not fits or whole > MAX_EMBED:
        return Drawn(text, None, buttons, file)
    colour = _NEUTRAL if picture.good is None else _GAIN if picture.good else _LOSS
    embed = discord.Embed(description=text or None, colour=colour)
    for title, value in figures:
        embed.add_field(name=title, value=value)
    embed.set_image(url=f"attachment://{name}")
    return Drawn("", embed, buttons, file)


def _caption(text: str) -> str:
    return as_written(text) if text.strip() else ""


def _one_line(text: str) -> str:
    return as_written(" ".join(text.split())[:200])


def _pieces(text: str, room: int = 0) -> list[str] | None:
    """The text in at most five pieces, each with `room` to spare; None when that is not enough."""
    limit = MAX_TEXT - _ROOM - room
    if len(text) > limit * MAX_PIECES:
        return None
    for dense in (False, True):
        pieces = split_markdown(text, utf16_len, limit, dense=dense) or [text]
        if len(pieces) <= MAX_PIECES:
            return pieces
    return None


def _end_of_settled(text: str) -> str:
    """What a settled question shows: all of it or, as with the question itself, its last piece, and the decision."""
    if utf16_len(text) <= MAX_TEXT - _ROOM:
        return text
    question, _, decision = text.rpartition("\n\n")
    pieces = _pieces(question, _DECISION_ROOM) or [question[-1000:]]
    return f"{pieces[-1]}\n\n{decision[:_DECISION_ROOM]}"


def _with_list(text: str, options: Sequence[Option]) -> str:
    """The question with its options as a list, where their labels are too long for buttons."""
    if all(len(option.label) <= MAX_LABEL for option in options):
        return text
    return text + "\n" + "".join(f"\n{number}. {option.label}" for number, option in enumerate(options, 1))


def _short_labels(options: Sequence[Option]) -> list[str]:
    if all(len(option.label) <= MAX_LABEL for option in options):
        return [option.label for option in options]
    return [str(number) for number in range(1, len(options) + 1)]


def _tone(option: Option) -> Tone:
    if option.value == "yes":
        return "danger" if option.label.casefold().startswith("delete") else "yes"
    return "no" if option.value == "no" else "plain"


def _action_buttons(delivery: int, actions: Sequence[Action]) -> tuple[Labelled, ...]:
    return tuple(
        Labelled(action.label, ActionButton(delivery, at)) for at, action in enumerate(actions[:MAX_BUTTONS])
    )
