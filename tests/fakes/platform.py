"""A platform without a network: it keeps what Randebu sends, and lets a test speak as the people in its chats."""

from __future__ import annotations

import itertools
from collections import defaultdict, deque
from collections.abc import Sequence

from bot.app import Randebu
from bot.messages import (
    Answer,
    Body,
    ChatAddress,
    Choice,
    Command,
    Delivery,
    Edit,
    Incoming,
    LastingReply,
    Notice,
    PassingReply,
    Picture,
    Sender,
    Settled,
    Text,
    TextFinal,
)
from tests.fakes.clock import StoppedClock


class FakePlatform:
    """An adapter that writes down what it delivers; `trouble` holds errors to raise before the next deliveries."""

    def __init__(self, name: str = "fake") -> None:
        self.platform = name
        self.delivered: list[Delivery] = []
        self.shown: defaultdict[ChatAddress, list[PassingReply]] = defaultdict(list)
        self.trouble: deque[Exception | None] = deque()
        self._ids = itertools.count(1)

    def split(self, reply: LastingReply) -> Sequence[LastingReply]:
        """Texts over 2,000 characters become several."""
        if isinstance(reply, TextFinal) and len(reply.text) > 2000:
            return [TextFinal(reply.text[at : at + 2000]) for at in range(0, len(reply.text), 2000)]
        return [reply]

    async def ready(self, address: ChatAddress) -> None:
        """Always ready."""

    async def deliver(self, delivery: Delivery) -> str:
        """Keep a piece, or fail as the test wishes."""
        error = self.trouble.popleft() if self.trouble else None
        if error is not None:
            raise error
        self.delivered.append(delivery)
        return f"sent-{next(self._ids)}"

    async def show(self, address: ChatAddress, reply: PassingReply) -> None:
        """Keep a passing reply."""
        self.shown[address].append(reply)


class Chat:
    """One person in one chat: what they do, and what they have not read yet."""

    _ids = itertools.count(1)

    def __init__(
        self,
        randebu: Randebu,
        platform: FakePlatform,
        clock: StoppedClock,
        user: str,
        *,
        group: str | None = None,
        thread: str = "",
    ) -> None:
        self.randebu, self.platform, self.clock = randebu, platform, clock
        self.sender = Sender(platform.platform, user, user.capitalize())
        self.address = ChatAddress(platform.platform, group or f"dm-{user}", thread)
        self.private = group is None
        self._read = 0

    async def says(self, text: str, *, message_id: str | None = None) -> list[LastingReply]:
        """Type something, wait for the answer, and read what is new."""
        await self.sends(text, message_id=message_id)
        return await self.reads()

    async def sends(self, text: str, *, message_id: str | None = None) -> str:
        """Type something without waiting; returns the message's id."""
        body: Body = Text(text)
        if text.startswith("/"):
            name, _, arguments = text[1:].partition(" ")
            body = Command(name, arguments)
        return await self.does(body, message_id=message_id)

    async def does(self, body: Body, *, message_id: str | None = None) -> str:
        """Do anything at all; returns the message's id."""
        message_id = message_id or f"m{next(self._ids)}"
        incoming = Incoming(message_id, self.address, self.sender, self.clock(), body, self.private)
        await self.randebu.receive(incoming)
        return message_id

    async def sends_edit(self, message_id: str, text: str) -> str:
        """Change an earlier message, without waiting."""
        return await self.does(Edit(message_id, text))

    async def presses(self, label: str, choice: Choice | None = None) -> list[LastingReply]:
        """Press a button of a choice (the newest one in this chat, if none is given)."""
        choice = choice or self.choices()[-1]
        value = next(option.value for option in choice.options if option.label == label)
        await self.does(Answer(choice.id, value))
        return await self.reads()

    async def reads(self) -> list[LastingReply]:
        """Wait until Randebu has answered, and take what is new in this chat."""
        await self.randebu.answered(self.address)
        everything = self.everything()
        new, self._read = everything[self._read :], len(everything)
        return new

    def everything(self) -> list[LastingReply]:
        """All that was ever delivered to this chat."""
        return [each.reply for each in self.platform.delivered if each.address == self.address]

    def choices(self) -> list[Choice]:
        """All questions that were ever shown in this chat."""
        return [reply for reply in self.everything() if isinstance(reply, Choice)]


def words(replies: Sequence[LastingReply]) -> str:
    """Everything that can be read in some replies."""
    texts = []
    for reply in replies:
        match reply:
            case TextFinal() | Notice() | Choice() | Settled():
                texts.append(reply.text)
            case Picture():
                texts.append(reply.caption)
            case _:
                texts.append(reply.caption)
    return "\n".join(texts)
