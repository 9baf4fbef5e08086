"""A process to be killed: Randebu on a database file, with a platform that writes every delivery to a file at once.

Run as `python -m tests.fakes.kill_driver <folder>`. It reads messages from `<folder>/inbox.jsonl` like a platform
that repeats whatever was not yet accepted, and appends what it delivers to `<folder>/outbox.jsonl`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bot.app import Randebu
from bot.dispatch.wire import body_from_json, reply_to_row
from bot.messages import ChatAddress, Delivery, Incoming, LastingReply, PassingReply, Sender
from bot.settings import Settings


class FilePlatform:
    """An adapter that appends each piece to a file and flushes it to the disk."""

    platform = "file"

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")

    def split(self, reply: LastingReply) -> Sequence[LastingReply]:
        """Everything is one piece."""
        return [reply]

    async def ready(self, address: ChatAddress) -> None:
        """Always ready."""

    async def deliver(self, delivery: Delivery) -> str:
        """Append a piece."""
        kind, payload, _ = reply_to_row(delivery.reply)
        line = {"id": delivery.id, "attempt": delivery.attempt, "chat": delivery.address.chat, "kind": kind}
        self._file.write(json.dumps({**line, "payload": payload}) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        await asyncio.sleep(0)
        return str(delivery.id)

    async def show(self, address: ChatAddress, reply: PassingReply) -> None:
        """Nothing passing is kept."""


async def main(folder: Path) -> None:
    """Feed the inbox, wait until everything is answered, say so, and end."""
    settings = Settings(data_dir=folder, anonymous_bots=None, anonymous_backtests=None, anonymous_chats=None)
    randebu = Randebu(settings)
    randebu.attach(FilePlatform(folder / "outbox.jsonl"))
    await randebu.start()
    addresses = []
    for line in (folder / "inbox.jsonl").read_text(encoding="utf-8").splitlines():
        message = json.loads(line)
        address = ChatAddress("file", message["chat"])
        addresses.append(address)
        sender = Sender("file", message["chat"], message["chat"])
        body = body_from_json(message["body"])
        await randebu.receive(Incoming(message["id"], address, sender, datetime.now(UTC), body))
    for address in addresses:
        await randebu.answered(address)
    (folder / "done").touch()
    await randebu.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
