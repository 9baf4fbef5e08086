"""Questions that wait for one person: how they are written down, shown, answered by typing, and redrawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.messages import ChatAddress, Choice, Option, Sender, Settled
from storage.approvals import Approval, short_id

YES = "yes"
NO = "no"

_TYPED_YES = frozenset({"yes", "y", "ok", "okay", "sure", "do it"})
_TYPED_NO = frozenset({"no", "n", "cancel", "stop"})


@dataclass(frozen=True, slots=True)
class Question:
    """A question before it is written down; `name` says in a few words what it is about, for "has expired"."""

    kind: str
    name: str
    text: str
    options: tuple[Option, ...]
    payload: dict[str, Any]
    conversation_id: str | None = None
    turn_id: str | None = None
    call_id: str | None = None


def to_approval(
    question: Question, address: ChatAddress, asker: Sender, now: datetime, ttl: timedelta
) -> Approval:
    """The row of a question; only `asker` may answer it, until `ttl` has passed."""
    return Approval(
        id=short_id(),
        kind=question.kind,
        conversation_id=question.conversation_id,
        turn_id=question.turn_id,
        call_id=question.call_id,
        platform=address.platform,
        chat=address.chat,
        thread=address.thread,
        asker_user=asker.user,
        asker_name=asker.name,
        name=question.name,
        text=question.text,
        options=[[option.label, option.value] for option in question.options],
        payload=question.payload,
        state="open",
        created_at=now,
        expires_at=now + ttl,
    )


def options_of(approval: Approval) -> tuple[Option, ...]:
    """The options of a stored question."""
    return tuple(Option(label=label, value=value) for label, value in approval.options)


def to_choice(approval: Approval) -> Choice:
    """How a stored question is shown."""
    return Choice(
        id=approval.id, text=approval.text, options=options_of(approval), expires_at=approval.expires_at
    )


def address_of(approval: Approval) -> ChatAddress:
    """The chat thread in which a question was asked."""
    return ChatAddress(approval.platform, approval.chat, approval.thread)


def typed_answer(text: str, options: Sequence[Option]) -> Option | None:
    """The option that a typed text means: its number, its label, or a plain yes or no; None for any other text."""
    said = text.strip().rstrip(".!").casefold()
    if said.isascii() and said.isdigit() and 1 <= int(said[:4]) <= len(options):
        return options[int(said[:4]) - 1]
    for option in options:
        if said in {option.label.casefold(), option.value.casefold()}:
            return option
    wanted = YES if said in _TYPED_YES else NO if said in _TYPED_NO else None
    return next((option for option in options if option.value == wanted), None)


def settled(approval: Approval, decision: str) -> Settled:
    """What a question becomes when it is over."""
    return Settled(choice=approval.id, text=f"{approval.text}\n\n{decision}")


def expired_text(approval: Approval, minutes: int) -> str:
    """What is said when nobody answered in time."""
    return (
        f"The approval request for {approval.name} has expired after {minutes} minutes. "
        "Would you like to try again?"
    )
