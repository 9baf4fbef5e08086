"""What a pressed button stands for, on every platform that has buttons; how it is written into one is theirs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChoiceButton:
    """An option of a question: the question's id and the option's place, from 0."""

    choice: str
    place: int


@dataclass(frozen=True, slots=True)
class ActionButton:
    """A button that speaks for the person: the delivery under which it stands and its place there, from 0."""

    delivery: int
    place: int


@dataclass(frozen=True, slots=True)
class StopButton:
    """The button under an answer that is being written."""


Button = ChoiceButton | ActionButton | StopButton
