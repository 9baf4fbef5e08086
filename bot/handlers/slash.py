"""What happens to slash commands: found in the table, run once, committed together with what they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.accounts.identity import identify
from bot.errors import ProviderDown, Refused, ToolFailed
from bot.handlers.commands import suggest
from bot.handlers.context import NOBODY, CommandSpec, Request
from bot.handlers.talk import conversation_of
from bot.messages import Command, Exit, Incoming, Notice, Outgoing, PassingReply
from bot.stopping import Stopped, StopSignal
from bot.tools.registry import Caller, Outcome, Registry, Services

if TYPE_CHECKING:
    from storage.approvals import Approval
    from storage.database import Unit


class SlashCommands:
    """Takes what a person commands directly; it needs no second yes, unless the command itself asks for one."""

    def __init__(
        self, services: Services, tools: Registry, table: Mapping[str, CommandSpec], exit_: Exit
    ) -> None:
        self._services = services
        self._tools = tools
        self._table = table
        self._exit = exit_

    async def handle(
        self,
        incoming_id: int,
        incoming: Incoming,
        command: Command,
        stop: StopSignal,
        *,
        confirmed: bool = False,
    ) -> None:
        """Run a command and commit what came of it."""
        try:
            spec = self._spec(command, incoming)
            request = await self._request(incoming_id, replace(incoming, body=command), confirmed)
            outcome = await stop.race(spec.handler(request))
            await self._finish(incoming_id, incoming, command, outcome)
        except Stopped:
            await self._finish(incoming_id, incoming, command, Outcome(replies=(Notice("Stopped."),)))
        except (Refused, ToolFailed, ProviderDown) as refusal:
            await self._finish(incoming_id, incoming, command, Outcome(replies=(Notice(str(refusal)),)))

    async def handle_confirmed(
        self, incoming_id: int, incoming: Incoming, approval: Approval, stop: StopSignal
    ) -> None:
        """Run the command whose second yes was given."""
        command = Command(approval.payload["name"], approval.payload["arguments"])
        await self.handle(incoming_id, incoming, command, stop, confirmed=True)

    def _spec(self, command: Command, incoming: Incoming) -> CommandSpec:
        spec = self._table.get(command.name)
        if spec is None:
            raise Refused(suggest(command.name, self._table))
        if spec.private_only and not incoming.private:
            raise Refused(
                f"/{spec.name} stays between the two of us. Please use it in a private chat with me."
            )
        return spec

    async def _request(self, incoming_id: int, incoming: Incoming, confirmed: bool) -> Request:
        async with self._services.database.unit() as unit:
            identity = await identify(unit, incoming.sender, self._services.clock())
            if identity is None:
                raise Refused(NOBODY)
            owner = identity.owner
            conversation = await conversation_of(unit, incoming.address, owner, self._services)

        def show(reply: PassingReply) -> None:
            self._exit.show(incoming.address, reply)

        return Request(
            key=f"command:{incoming_id}",
            incoming_id=incoming_id,
            incoming=incoming,
            caller=Caller(owner, incoming.sender.name, incoming.address, conversation.id, incoming.private),
            services=self._services,
            tools=self._tools,
            show=show,
            confirmed=confirmed,
        )

    async def _finish(self, incoming_id: int, incoming: Incoming, command: Command, outcome: Outcome) -> None:
        """Commit what a command changes, says and leaves in the conversation, together with its end."""
        async with self._services.database.unit() as unit:
            if outcome.write is not None:
                outcome = await outcome.write(unit)
            await self._exit.write(
                unit, *(Outgoing(incoming.address, reply, incoming.id) for reply in outcome.replies)
            )
            await self._remember(unit, incoming, command, outcome)
            await unit.journal.finish(incoming_id, self._services.clock())
        self._exit.wake(incoming.address)

    async def _remember(self, unit: Unit, incoming: Incoming, command: Command, outcome: Outcome) -> None:
        """Leave the command and its answer in the conversation, for people to read; the model is not given it."""
        address, now = incoming.address, self._services.clock()
        conversation = await unit.conversations.current(address.platform, address.chat, address.thread)
        if conversation is None:
            return
        line = f"/{command.name} {command.arguments}".strip()
        name = incoming.sender.name
        await unit.conversations.say(conversation.id, "command", line, now, sender_name=name)
        for reply in outcome.replies:
            if isinstance(reply, Notice):
                await unit.conversations.say(conversation.id, "notice", reply.text, now)
