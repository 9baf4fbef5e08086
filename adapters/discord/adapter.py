"""Discord as a platform: everything that waits for it, wired together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from adapters.discord.calls import Calls
from adapters.discord.catching_up import CatchingUp
from adapters.discord.connection import WRONG_TOKEN, Line, Where, Wire
from adapters.discord.house import House
from adapters.discord.interactions import Interactions
from adapters.discord.introduction import introduce, wanted
from adapters.discord.listening import Listening
from adapters.discord.posting import Posting
from adapters.discord.previews import Previews
from adapters.discord.render import split
from adapters.discord.updates import PLATFORM
from adapters.discord.using import Using
from bot.clock import Clock, system_clock
from bot.dispatch.tasks import Tasks
from bot.errors import SettingsError
from bot.messages import ChatAddress, Delivery, Incoming, LastingReply, PassingReply


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach Discord, and who gets which commands.

    `guilds` are the servers that get them at once and alone (none: everybody); `operator_guild` is the one whose
    administrators see /admin.
    """

    token: str = field(repr=False)
    api_url: str | None = None
    gateway_url: str | None = None
    guilds: tuple[int, ...] = ()
    operator_guild: int | None = None


class DiscordAdapter:
    """Carries replies to Discord and, while `run` runs, what people do there to the house.

    Raises `SettingsError` when the token cannot be one.
    """

    platform = PLATFORM

    def __init__(self, connection: Connection, house: House, clock: Clock = system_clock) -> None:
        if not connection.token.strip() or not connection.token.isascii() or " " in connection.token.strip():
            raise SettingsError(WRONG_TOKEN)
        self._connection = connection
        self._house = house
        self._line = Line(
            Where(connection.token, connection.api_url, connection.gateway_url),
            lambda: Wire(self._listening),
        )
        self._calls = Calls(self._line)
        interactions = self._interactions = Interactions(house, clock)
        self._previews = Previews(self._calls, house, interactions)
        self._posting = Posting(self._calls, self._previews, interactions, house)
        self._using = Using(self._calls, house, interactions, clock, self._accept)
        catching_up = CatchingUp(self._line, house, self._previews.placeholders, clock)
        self._listening = Listening(self._line, house, self._previews, self._using, catching_up, clock)
        self._tasks = Tasks()

    def split(self, reply: LastingReply) -> Sequence[LastingReply]:
        """Pieces of at most 2000 units; what would need more than five becomes a file."""
        return split(reply)

    async def ready(self, address: ChatAddress) -> None:  # noqa: ARG002
        """Wait until Discord was reached; its rate limits are waited for in the call itself."""
        await self._line.here.wait()

    async def deliver(self, delivery: Delivery) -> str:
        """Send one piece; the receipt is `channel:message`."""
        return await self._posting.post(delivery)

    async def show(self, address: ChatAddress, reply: PassingReply) -> None:
        """Take in something passing; it is drawn when it is time for it."""
        self._previews.show(address, reply)

    async def run(self) -> None:
        """Listen until cancelled; raises `SettingsError` with one sentence when Discord does not want us like this."""
        try:
            await self._line.log_in()
            self._tasks.start(self._introduce(), "introduction to discord")
            self._tasks.start(self._interactions.expire(), "interactions that are over")
            await self._previews.recover()
            await self._listening.begin()
            self._tasks.start(self._using.opening.recover(), "threads that were being opened")
            await self._line.listen()
        finally:
            await self._previews.close()

    async def close(self) -> None:
        """End what is shown and hang up."""
        await self._tasks.close()
        await self._listening.close()
        await self._previews.close()
        await self._calls.close()
        await self._line.close()

    async def _accept(self, incoming: Incoming) -> None:
        await self._listening.accept(incoming)

    async def _introduce(self) -> None:
        """Present ourselves."""
        connection, house = self._connection, self._house
        told = wanted(
            house.commands(), connection.guilds, connection.operator_guild, house.operator_commands()
        )
        await introduce(self._line, self._house, told)
