"""What happens to slash commands: found in the table, run once, committed together with what they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.accounts.identity import identify
from bot.accounts.operators import is_operator
from bot.errors import ProviderDown, Refused, ToolFailed
from bot.handlers.commands import suggest
from bot.handlers.context import NOBODY, CommandSpec, Request, private_only
from bot.handlers.talk import conversation_of
from bot.messages import Choice, Command, Exit, Incoming, LastingReply, Notice, Outgoing, PassingReply
from bot.stopping import Stopped, StopSignal
from bot.tools.registry import Caller, Outcome, Registry, Services
from storage.conversations import COMMAND_KEY

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
            private = incoming.private or not spec.private_only
            handler = spec.handler if private else spec.overheard or spec.handler
            outcome = await stop.race(handler(request))
            await self._finish(incoming_id, incoming, command, outcome)
        except Stopped:
            await self._finish(incoming_id, incoming, command, Outcome(replies=(Notice("Stopped."),)))
        except (Refused, ToolFailed, ProviderDown) as refusal:
            actions = refusal.actions if isinstance(refusal, Refused) else ()
            outcome = Outcome(replies=(Notice(str(refusal), actions),))
            await self._finish(incoming_id, incoming, command, outcome)

    async def handle_confirmed(
        self, incoming_id: int, incoming: Incoming, approval: Approval, stop: StopSignal
    ) -> None:
        """Run the command whose second yes was given."""
        # A name of two words is that of an operators' command: the second one stands before its arguments.
        name, _, word = approval.payload["name"].partition(" ")
        command = Command(name, f"{word} {approval.payload['arguments']}".strip())
        await self.handle(incoming_id, incoming, command, stop, confirmed=True)

    def _spec(self, command: Command, incoming: Incoming) -> CommandSpec:
        spec = self._table.get(command.name)
        if spec is None or (spec.operators_only and not self._for_operators(command, incoming)):
            raise Refused(suggest(command.name, self._table))
        if spec.private_only and not incoming.private and spec.overheard is None:
            raise Refused(private_only(spec.name))
        return spec

    def _for_operators(self, command: Command, incoming: Incoming) -> bool:
        """True for what operators do: it is about others, and stands in the audit, not in their conversation."""
        spec = self._table.get(command.name)
        return (
            spec is not None and spec.operators_only and is_operator(self._services.settings, incoming.sender)
        )

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
            key=f"{COMMAND_KEY}{incoming_id}",
            incoming_id=incoming_id,
            incoming=incoming,
            caller=Caller(
                owner, incoming.sender.name, incoming.address.aloud, conversation.id, incoming.private
            ),
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
                unit, *(_outgoing(incoming, reply, outcome) for reply in outcome.replies), *outcome.elsewhere
            )
            if outcome.secret:
                await unit.journal.conceal(incoming_id)
            elif not self._for_operators(command, incoming):
                await self._remember(unit, incoming_id, incoming, command, outcome)
            await unit.journal.finish(incoming_id, self._services.clock())
        self._exit.wake(incoming.address)
        for address in {each.address for each in outcome.elsewhere}:
            self._exit.wake(address)

    async def _remember(
        self, unit: Unit, incoming_id: int, incoming: Incoming, command: Command, outcome: Outcome
    ) -> None:
        """Leave the command and its answer in the conversation, for people to read; the model is not given it."""
        address, now = incoming.address, self._services.clock()
        conversation = await unit.conversations.current(address.platform, address.chat, address.thread)
        if conversation is None:
            return
        line = f"/{command.name} {command.arguments}".strip()
        name, key = incoming.sender.name, f"{COMMAND_KEY}{incoming_id}"
        await unit.conversations.say(conversation.id, "command", line, now, turn_id=key, sender_name=name)
        for reply in outcome.replies:
            if isinstance(reply, Notice):
                await unit.conversations.say(conversation.id, "notice", reply.text, now, turn_id=key)


def _outgoing(incoming: Incoming, reply: LastingReply, outcome: Outcome) -> Outgoing:
    # A question stays, since its buttons are still to be redrawn.
    erase = outcome.secret and not isinstance(reply, Choice)
    return Outgoing(incoming.address, reply, incoming.id, erase)
