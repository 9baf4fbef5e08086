"""The words that every floor of Randebu shares: what comes in, what goes out, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from storage.database import Unit


_WHISPER = "@"


@dataclass(frozen=True, slots=True)
class ChatAddress:
    """One chat thread: the key of its current conversation, of its lane, and where replies go."""

    platform: str
    chat: str
    thread: str = ""

    def __str__(self) -> str:
        return f"{self.platform}:{self.chat}:{self.thread}"

    def whispering_to(self, user: str) -> ChatAddress:
        """The same chat thread for replies that only one person in it may see, ever."""
        return replace(self, thread=f"{_WHISPER}{user}")

    @property
    def whispers(self) -> bool:
        """True when only one person may see what goes here."""
        return self.thread.startswith(_WHISPER)

    @property
    def aloud(self) -> ChatAddress:
        """The chat thread itself, whose conversation is meant, for an address that whispers in it."""
        return replace(self, thread="") if self.whispers else self


@dataclass(frozen=True, slots=True)
class Sender:
    """Who wrote, as the platform knows them; an empty `user` is nobody (a channel post, a hidden admin)."""

    platform: str
    user: str
    name: str


@dataclass(frozen=True, slots=True)
class Text:
    """Something that a person said in plain words."""

    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command: its name without the slash, in lower case, and the rest of the line."""

    name: str
    arguments: str = ""

    @property
    def line(self) -> str:
        """The command as a person types it."""
        return f"/{self.name} {self.arguments}".rstrip()


@dataclass(frozen=True, slots=True)
class Answer:
    """A pressed button: the id of the choice and the value of the chosen option."""

    choice: str
    value: str


@dataclass(frozen=True, slots=True)
class Edit:
    """An earlier message, named by its platform id, that its sender has changed; a command's text is its line."""

    message: str
    text: str


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Something that Randebu cannot read, in words for a person: "a voice message", "a sticker"."""

    kind: str


Body = Text | Command | Answer | Edit | Unsupported


@dataclass(frozen=True, slots=True)
class Incoming:
    """One thing that a person did on a platform; `id` is the platform's own, so seeing it twice is harmless."""

    id: str
    address: ChatAddress
    sender: Sender
    at: datetime
    body: Body
    private: bool = True


@dataclass(frozen=True, slots=True)
class Option:
    """One button of a choice: what it says, and the value that comes back."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Action:
    """A button that speaks for the person: pressing it enters `line` as though they had typed it."""

    label: str
    line: str


@dataclass(frozen=True, slots=True)
class TextGrowing:
    """An answer while it is being written (passing): the new piece, and everything so far."""

    delta: str
    so_far: str


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """A tool has begun (passing): its name, and a few words for the person who waits."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long piece of work is (passing); `done` is a fraction from 0 to 1, or None when unknown."""

    text: str
    done: float | None = None


@dataclass(frozen=True, slots=True)
class TextFinal:
    """A finished answer, in Markdown."""

    text: str
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that Randebu itself has to say, in Markdown; not an answer of the assistant."""

    text: str
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """A question with buttons, answered by an `Answer` that names `id`, or by typing a label or its number."""

    id: str
    text: str
    options: tuple[Option, ...]
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """A choice that is over: its buttons go and its text becomes what was decided, and by whom."""

    choice: str
    text: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that a picture is about, as a person reads it: its name and its value."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG with its caption in Markdown.

    A platform that has a place for them shows `figures` too, and by `good` whether they tell of a gain or a loss.
    """

    name: str
    content: bytes = field(repr=False)
    caption: str = ""
    actions: tuple[Action, ...] = ()
    figures: tuple[Figure, ...] = ()
    good: bool | None = None


@dataclass(frozen=True, slots=True)
class File:
    """A file for the person to keep."""

    name: str
    content: bytes = field(repr=False)
    caption: str = ""


PassingReply = TextGrowing | ToolStarted | Progress
LastingReply = TextFinal | Notice | Choice | Settled | Picture | File
Reply = PassingReply | LastingReply


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A reply and where it goes; `reply_to` is the platform id of the message that it answers.

    With `erase` nothing of it is kept once it has arrived.
    `subject` names it, so that a later reply can say which message of ours it `continues` before that has an id.
    """

    address: ChatAddress
    reply: Reply
    reply_to: str | None = None
    erase: bool = False
    subject: str | None = None
    continues: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One lasting piece on its way.

    `attempt` counts from 1 those attempts that may have arrived, so a higher one may be a repetition; `target` is the
    receipt of the message that a `Settled` redraws, `continues` that of the message of ours that this one goes on from
    and answers also where answers are not shown as such.
    """

    id: int
    attempt: int
    address: ChatAddress
    reply: LastingReply
    reply_to: str | None = None
    target: str | None = None
    first_attempt_at: datetime | None = None
    continues: str | None = None


class Adapter(Protocol):
    """What a platform must be able to do; `split` is pure, the others may wait for the network."""

    platform: str

    def split(self, reply: LastingReply) -> Sequence[LastingReply]:
        """Cut a reply into pieces that the platform takes as one message each."""
        ...

    async def ready(self, address: ChatAddress) -> None:
        """Wait until a piece may leave for a chat; asked before its attempt is written down."""
        ...

    async def deliver(self, delivery: Delivery) -> str:
        """Send one piece and return the platform's id of the new message.

        Raises `TryLater` (nothing arrived), `ChatGone`, `ChatMoved` or `DeliveryFailed`; anything else counts as a
        passing failure, after which the piece may have arrived or not.
        """
        ...

    async def show(self, address: ChatAddress, reply: PassingReply) -> None:
        """Show something passing; may merge or drop it, and never raises for the network."""
        ...


class Exit(Protocol):
    """The one way out, handed to whatever lies below the outbox and has something to say."""

    async def write(self, unit: Unit, *outgoing: Outgoing) -> Sequence[int]:
        """Write lasting replies down in the caller's unit; they leave after its commit and `wake`.

        Returns the ids of the pieces.
        """
        ...

    def wake(self, address: ChatAddress) -> None:
        """Say that something for this chat thread has been committed."""
        ...

    def show(self, address: ChatAddress, reply: PassingReply) -> None:
        """Show something passing; never blocks, never fails, may be merged or dropped."""
        ...
