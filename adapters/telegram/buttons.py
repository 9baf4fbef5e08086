"""What buttons carry: at most 64 bytes that name a stored row and a place in it, never the words themselves; pure."""

from __future__ import annotations

import re

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from adapters.pressing import ActionButton, Button, ChoiceButton, StopButton

MAX_DATA_BYTES = 64
_ROW_LETTERS = 30
_ROW_BUTTONS = 3
_LABEL_LETTERS = 60

_CHOICE = re.compile(r"c:([A-Za-z0-9_-]{1,40}):(\d{1,3})")
_ACTION = re.compile(r"a:(\d{1,18}):(\d{1,3})")
_STOP = "stop"


def to_data(button: Button) -> str:
    """The callback data of a button."""
    match button:
        case ChoiceButton(choice, place):
            return f"c:{choice}:{place}"
        case ActionButton(delivery, place):
            return f"a:{delivery}:{place}"
        case StopButton():
            return _STOP


def from_data(data: str) -> Button | None:
    """The button that some callback data stands for; None for data that is not ours."""
    if data == _STOP:
        return StopButton()
    if choice := _CHOICE.fullmatch(data):
        return ChoiceButton(choice[1], int(choice[2]))
    if action := _ACTION.fullmatch(data):
        return ActionButton(int(action[1]), int(action[2]))
    return None


def keyboard(buttons: list[tuple[str, Button]]) -> InlineKeyboardMarkup | None:
    """Labelled buttons in rows that a phone shows whole; None without buttons."""
    rows: list[list[InlineKeyboardButton]] = []
    letters = 0
    for label, button in buttons:
        shown = label if len(label) <= _LABEL_LETTERS else f"{label[: _LABEL_LETTERS - 1]}…"
        letters += len(shown)
        if not rows or len(rows[-1]) == _ROW_BUTTONS or letters > _ROW_LETTERS:
            rows.append([])
            letters = len(shown)
        rows[-1].append(InlineKeyboardButton(text=shown.strip() or "…", callback_data=to_data(button)))
    return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None
