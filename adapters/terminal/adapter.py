"""The terminal as a platform: keeps files and hands what is drawn to the screen."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from adapters.terminal.render import Drawn, draw
from adapters.terminal.updates import ADDRESS
from bot.errors import DeliveryFailed
from bot.messages import (
    ChatAddress,
    Choice,
    Delivery,
    File,
    Incoming,
    LastingReply,
    Notice,
    PassingReply,
    Picture,
)


class House(Protocol):
    """What the terminal needs of `bot.app.Randebu`."""

    async def start(self) -> None:
        """Open everything; raises `RandebuError` when that cannot be."""
        ...

    def attach(self, adapter: TerminalAdapter, /) -> None:
        """Let replies to the terminal leave through this adapter."""
        ...

    async def receive(self, incoming: Incoming, /) -> None:
        """Take in one message."""
        ...

    async def answered(self, address: ChatAddress, /) -> None:
        """Wait until all that came in from there is answered, or rests waiting for the person."""
        ...

    async def close(self) -> None:
        """Finish what runs and close everything."""
        ...

    def greeting(self) -> str:
        """What is said first, in Markdown."""
        ...

    def commands(self) -> Mapping[str, str]:
        """The slash commands that are listed, each with a few words."""
        ...


class Screen(Protocol):
    """Where a terminal's words appear."""

    async def welcome(self, greeting: Drawn, commands: Mapping[str, str]) -> None:
        """Show the first words, and know the slash commands from now on."""
        ...

    async def lasting(self, drawn: Drawn) -> None:
        """Show something that stays."""
        ...

    def passing(self, reply: PassingReply) -> None:
        """Show something that will be replaced, or drop it."""
        ...


CHART = "The chart, and what else there is to see:"


def _not_twice(reply: LastingReply, said: str) -> LastingReply:
    """The reply, without the caption of a picture whose first line stands right above it already."""
    if isinstance(reply, Picture) and reply.caption and reply.caption.split("\n")[0] in said:
        return replace(reply, caption=CHART)
    return reply


class TerminalAdapter:
    """Delivers replies to one screen; pictures and files are kept in `data_dir` and named on the screen."""

    platform = ADDRESS.platform

    def __init__(self, screen: Screen, data_dir: Path) -> None:
        self._screen = screen
        self._data_dir = data_dir
        self._asked: dict[str, str] = {}
        self._said = ""

    def split(self, reply: LastingReply) -> Sequence[LastingReply]:
        """A terminal takes everything in one piece."""
        return (reply,)

    async def ready(self, address: ChatAddress) -> None:
        """A terminal is always ready."""

    async def deliver(self, delivery: Delivery) -> str:
        """Print one reply and return an id for it; raises `DeliveryFailed` when its file cannot be kept."""
        saved = ""
        if isinstance(delivery.reply, Picture | File):
            try:
                saved = str(await asyncio.to_thread(self._keep, delivery.id, delivery.reply))
            except OSError as error:
                raise DeliveryFailed(f"{delivery.reply.name} cannot be written: {error.strerror}.") from error
        asked = self._asked.pop(delivery.target or "", "")
        await self._screen.lasting(draw(_not_twice(delivery.reply, self._said), saved, asked))
        self._said = delivery.reply.text if isinstance(delivery.reply, Notice) else ""
        receipt = uuid.uuid4().hex
        if isinstance(delivery.reply, Choice):
            self._asked[receipt] = delivery.reply.text
        return receipt

    async def show(self, address: ChatAddress, reply: PassingReply) -> None:
        """Show something passing."""
        if address == ADDRESS:
            self._screen.passing(reply)

    def _keep(self, delivery: int, reply: Picture | File) -> Path:
        folder = self._data_dir / ("pictures" if isinstance(reply, Picture) else "files")
        folder.mkdir(parents=True, exist_ok=True)
        name = Path(re.sub(r"[^\w.-]+", "-", reply.name).strip(".-") or "file")
        # The delivery's number makes the name unique, and the same when a delivery is repeated.
        path = folder / f"{name.stem[:80]}-{delivery}{name.suffix[:12]}"
        path.write_bytes(reply.content)
        return path
