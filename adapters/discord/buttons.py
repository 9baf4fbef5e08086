"""What buttons carry: an id that names a stored row and a place in it, so that they outlive a restart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self

import discord

from adapters.pressing import ActionButton, Button, ChoiceButton, StopButton

MAX_BUTTONS = 25
MAX_LABEL = 80
"""Discord's limits for one message."""

Tone = Literal["yes", "no", "danger", "plain"]

_IDS = r"c:[A-Za-z0-9_-]{1,40}:\d{1,2}|a:\d{1,18}:\d{1,2}|stop"
_CHOICE = re.compile(r"c:([A-Za-z0-9_-]{1,40}):(\d{1,2})", re.ASCII)
_ACTION = re.compile(r"a:(\d{1,18}):(\d{1,2})", re.ASCII)
_STOP = "stop"
_STYLES = {
    "yes": discord.ButtonStyle.success,
    "no": discord.ButtonStyle.secondary,
    "danger": discord.ButtonStyle.danger,
    "plain": discord.ButtonStyle.primary,
}


@dataclass(frozen=True, slots=True)
class Labelled:
    """A button with what it says and how it looks."""

    label: str
    button: Button
    tone: Tone = "no"


STOP = Labelled("Stop", StopButton())


def to_custom_id(button: Button) -> str:
    """The custom id of a button."""
    match button:
        case ChoiceButton(choice, place):
            return f"c:{choice}:{place}"
        case ActionButton(delivery, place):
            return f"a:{delivery}:{place}"
        case StopButton():
            return _STOP


def from_custom_id(custom_id: str) -> Button | None:
    """The button that a custom id stands for; None for one that is not ours."""
    if custom_id == _STOP:
        return StopButton()
    if choice := _CHOICE.fullmatch(custom_id):
        return ChoiceButton(choice[1], int(choice[2]))
    if action := _ACTION.fullmatch(custom_id):
        return ActionButton(int(action[1]), int(action[2]))
    return None


class Pressable(Protocol):
    """A client that is told of presses."""

    def press(self, interaction: discord.Interaction[Any], button: Button) -> None:
        """Take a press."""
        ...


class PersistentButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=_IDS):
    """A button that is understood from its custom id alone, also by a process that never drew it."""

    def __init__(self, labelled: Labelled) -> None:
        label = " ".join(labelled.label.split()) or "…"
        super().__init__(
            discord.ui.Button(
                label=label if len(label) <= MAX_LABEL else f"{label[: MAX_LABEL - 1]}…",
                style=_STYLES[labelled.tone],
                custom_id=to_custom_id(labelled.button),
            )
        )
        self.button = labelled.button

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],  # noqa: ARG003
        item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        """The button that was pressed."""
        button = from_custom_id(match[0])
        if button is None:
            raise ValueError(f"{match[0]} is no button of ours.")
        return cls(Labelled(getattr(item, "label", None) or "…", button))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the press on."""
        client: Pressable = interaction.client
        client.press(interaction, self.button)


def components(buttons: Sequence[Labelled]) -> discord.ui.View:
    """The buttons as components; needs a running event loop."""
    view = discord.ui.View(timeout=None)
    for each in buttons[:MAX_BUTTONS]:
        view.add_item(PersistentButton(each))
    return view
