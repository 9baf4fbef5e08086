"""A house without rooms, for tests of the terminal: `python -m tests.terminal.fake_house DATA_DIR [GATE]`.

GATE is a FIFO: building the house waits until somebody writes to it.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from adapters.terminal.adapter import TerminalAdapter
from adapters.terminal.chat import chat
from bot.errors import RandebuError, SettingsError
from bot.messages import (
    Action,
    ChatAddress,
    Choice,
    Command,
    Delivery,
    File,
    Incoming,
    LastingReply,
    Notice,
    Option,
    Picture,
    Progress,
    Text,
    TextFinal,
    TextGrowing,
)


class FakeHouse:
    """Answers by the first word of what it hears."""

    def __init__(self) -> None:
        self._adapter: TerminalAdapter | None = None
        self._stopped = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._delivered = 0

    def attach(self, adapter: TerminalAdapter, /) -> None:
        self._adapter = adapter

    async def start(self) -> None:
        if "broken" in sys.argv:
            raise SettingsError("The house cannot open.")

    def greeting(self) -> str:
        return "Welcome."

    def commands(self) -> dict[str, str]:
        return {"help": "what there is", "backtest": "test a bot"}

    async def receive(self, incoming: Incoming, /) -> None:
        if incoming.body == Command("stop"):
            self._stopped.set()
            return
        if incoming.body == Text("slow taking"):
            # A "/stop" that overtakes this line would be forgotten here, as the real house forgets it.
            await asyncio.sleep(0.2)
            self._stopped.clear()
        task = asyncio.create_task(self._answer(incoming))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def answered(self, address: ChatAddress, /) -> None:
        while self._running:
            await asyncio.wait(self._running)

    async def close(self) -> None:
        print("closed", file=sys.stderr)

    async def _answer(self, incoming: Incoming) -> None:
        assert self._adapter is not None
        match incoming.body:
            case Text("slow"):
                await self._adapter.show(incoming.address, TextGrowing("two", "**one** two"))
                await self._stopped.wait()
                self._stopped.clear()
                await self._say(TextFinal("**one** two, stopped"))
            case Text("slow taking"):
                await self._stopped.wait()
                await self._say(TextFinal("taken and stopped"))
            case Text("result"):
                await self._say(Notice("It made **5 %** in May.\n\nAnd much more."))
                await self._say(Picture("c.png", b"\x89PNG", "It made **5 %** in May.\n3 trades."))
            case Text("long"):
                lines = "```\n" + "\n".join(f"line {number}" for number in range(1, 61)) + "\n```"
                await self._adapter.show(incoming.address, TextGrowing(lines, lines))
                await self._stopped.wait()
                await self._say(TextFinal(lines))
            case Text("working"):
                await self._adapter.show(incoming.address, Progress("Testing", 0.4))
                await self._stopped.wait()
                await self._say(TextFinal("given up"))
            case Text("choice"):
                await self._say(Choice("7", "Create it?", (Option("Create", "yes"), Option("Cancel", "no"))))
            case Text("picture"):
                await self._say(Picture("my chart.png", b"\x89PNG", "The **result**"))
            case Text("file"):
                await self._say(File("../../chats.json", b"{}"))
            case Text("offer"):
                await self._say(
                    Notice("Done.", (Action("Test it", "/backtest 90d"), Action("Help", "/help")))
                )
            case Text(text):
                await self._say(TextFinal(f"heard {len(text)}: **{text[:40]}**"))
            case Command(name, arguments):
                await self._say(Notice(f"command `{name}` ({arguments})"))
            case _:
                raise AssertionError(incoming.body)

    async def _say(self, reply: LastingReply) -> None:
        assert self._adapter is not None
        self._delivered += 1
        address = ChatAddress("terminal", "local")
        await self._adapter.deliver(Delivery(self._delivered, 1, address, reply))


def main() -> int:
    """Chat with the fake house."""

    def build() -> FakeHouse:
        if len(sys.argv) > 2 and sys.argv[2] != "broken":
            Path(sys.argv[2]).read_bytes()
        return FakeHouse()

    try:
        asyncio.run(chat(Path(sys.argv[1]), build))
    except RandebuError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
