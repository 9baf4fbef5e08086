"""Everything that comes in: written down once, admitted, put in the lane of its chat thread, handed to one handler."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from bot.dispatch.admission import Admission
from bot.dispatch.faults import FaultRecorder, new_reference
from bot.dispatch.lanes import Lanes
from bot.dispatch.outbox import Outbox
from bot.dispatch.wire import body_from_json, body_to_json
from bot.errors import Refused
from bot.handlers.approvals import Answers, refuse_with_notice
from bot.handlers.slash import SlashCommands
from bot.handlers.talk import Talk
from bot.messages import Answer, ChatAddress, Command, Incoming, Notice, Outgoing, Sender, Text
from bot.stopping import StopSignal
from bot.tools.backtests import break_off
from bot.tools.registry import Services
from storage.journal import IncomingRow

if TYPE_CHECKING:
    from storage.database import Unit
    from storage.journal import Turn

_log = structlog.get_logger(__name__)


class Dispatcher:
    """The one entrance; what is accepted here survives a crash and is worked on exactly once."""

    def __init__(
        self, services: Services, talk: Talk, slash: SlashCommands, answers: Answers, outbox: Outbox
    ) -> None:
        self._services = services
        self._talk = talk
        self._slash = slash
        self._answers = answers
        self._outbox = outbox
        self._faults = FaultRecorder(services.settings)
        self.lanes = Lanes(self._work)
        self._admission = Admission(services, self.lanes, talk, answers, outbox)

    async def receive(self, incoming: Incoming) -> None:
        """Accept something that a person did; returns when it is written down, not when it is answered."""
        async with self._services.database.unit() as unit:
            row = _row(incoming, self._services)
            if not await unit.journal.accept(row):
                return
            goes_on = await self._admit(unit, row, incoming)
            if not goes_on:
                await unit.journal.finish(row.id, self._services.clock())
            row_id = row.id
        if goes_on:
            self.lanes.put(incoming.address, row_id)
        self._outbox.wake(incoming.address)

    async def recover(self, platforms: Sequence[str]) -> None:
        """After a start: go on with everything from these platforms that was accepted and is not finished."""
        async with self._services.database.view() as view:
            unfinished = await view.journal.unfinished(platforms)
        for row in unfinished:
            self.lanes.put(ChatAddress(row.platform, row.chat, row.thread), row.id)

    async def answered(self, address: ChatAddress) -> None:
        """Wait until everything from a chat thread is handled, or rests waiting for a person, and is sent."""
        await self.lanes.idle(address)
        await self._outbox.flushed(address)

    async def close(self) -> None:
        """Stop working; unfinished rows go on at the next start."""
        await self.lanes.close()

    async def _admit(self, unit: Unit, row: IncomingRow, incoming: Incoming) -> bool:
        try:
            return await self._admission.admit(unit, row, incoming)
        except Refused as refusal:
            await refuse_with_notice(unit, self._outbox, incoming, refusal)
            return False

    async def _work(self, incoming_id: int, stop: StopSignal) -> None:
        """Work on one accepted row; the place where every fault ends."""
        incoming = None
        try:
            incoming = await self._take(incoming_id)
            if incoming is not None:
                await self._handle(incoming_id, incoming, stop)
        except Exception as error:  # the dispatcher is one of the three places where everything is caught
            await self._fault(incoming_id, incoming, error)

    async def _take(self, incoming_id: int) -> Incoming | None:
        """The stored message as it is now; a text that answers an open question becomes that answer for good."""
        async with self._services.database.unit() as unit:
            row = await unit.journal.incoming(incoming_id)
            if row is None or row.state not in ("waiting", "running"):
                return None
            incoming, first_sight, goes_on = _incoming(row), row.state == "waiting", True
            await unit.journal.start(incoming_id)
            if first_sight and isinstance(incoming.body, Text):
                answer = await self._admission.typed_answer(unit, incoming, incoming.body)
                if answer is not None:
                    incoming = replace(incoming, body=answer)
                    await unit.journal.rewrite(incoming_id, body_to_json(answer))
                    await self._services.limits.give_back_chat(unit, incoming_id)
                    goes_on = await self._press(unit, incoming, answer)
            if not goes_on:
                await unit.journal.finish(incoming_id, self._services.clock())
        self._outbox.wake(incoming.address)
        return incoming if goes_on else None

    async def _press(self, unit: Unit, incoming: Incoming, answer: Answer) -> bool:
        try:
            return await self._answers.press(unit, incoming, answer)
        except Refused as refusal:
            await refuse_with_notice(unit, self._outbox, incoming, refusal)
            return False

    async def _handle(self, incoming_id: int, incoming: Incoming, stop: StopSignal) -> None:
        body = incoming.body
        if isinstance(body, Text):
            await self._talk.handle(incoming_id, incoming, body, stop)
        elif isinstance(body, Command):
            await self._slash.handle(incoming_id, incoming, body, stop)
        elif isinstance(body, Answer):
            approval = await self._answers.go_on(incoming_id, body, stop)
            if approval is not None:
                await self._slash.handle_confirmed(incoming_id, incoming, approval, stop)
        else:
            raise TypeError(f"{type(body).__name__} never waits in a lane.")

    async def _fault(self, incoming_id: int, incoming: Incoming | None, error: Exception) -> None:
        """Log a fault under a short reference, tell the person, give back what the message cost."""
        reference, now = new_reference(), self._services.clock()
        _log.error("fault", reference=reference, incoming=incoming_id, exc_info=error)
        async with self._services.database.unit() as unit:
            await unit.journal.finish(incoming_id, now, state="failed", error_reference=reference)
            await self._services.limits.give_back_chat(unit, incoming_id)
            await self._record(unit, reference, incoming_id, incoming, error)
            turn = await self._turn_of(unit, incoming_id, incoming)
            if turn is not None:
                turn.state, turn.ended_at = "failed", now
            key = f"command:{incoming_id}" if turn is None else f"{turn.id}:"
            await break_off(unit, self._services, key)
            if incoming is not None:
                text = (
                    f"Something went wrong on our side (reference `{reference}`). "
                    "This message does not count. Please try again."
                )
                await self._outbox.write(unit, Outgoing(incoming.address, Notice(text), incoming.id))
        if incoming is not None:
            self._outbox.wake(incoming.address)

    async def _record(
        self, unit: Unit, reference: str, incoming_id: int, incoming: Incoming | None, error: Exception
    ) -> None:
        """Keep the traceback for operators, and close the audit of a command of theirs that broke off."""
        identity = None
        if incoming is not None:
            sender = incoming.sender
            identity = await unit.people.identity(sender.platform, sender.user)
        owner = None if identity is None else identity.owner
        place = "message" if incoming is None else type(incoming.body).__name__.lower()
        now = self._services.clock()
        await unit.faults.add(self._faults.describe(error, reference, place, now, owner))
        await unit.operators.end_audit(f"command:{incoming_id}", f"failed, reference {reference}")

    async def _turn_of(self, unit: Unit, incoming_id: int, incoming: Incoming | None) -> Turn | None:
        """The turn that a message began, or that its press goes on with."""
        if incoming is not None and isinstance(incoming.body, Answer):
            approval = await unit.approvals.get(incoming.body.choice)
            if approval is not None and approval.turn_id is not None:
                return await unit.journal.turn(approval.turn_id)
        return await unit.journal.turn_of_incoming(incoming_id)


def _row(incoming: Incoming, services: Services) -> IncomingRow:
    return IncomingRow(
        platform=incoming.address.platform,
        external_id=incoming.id,
        chat=incoming.address.chat,
        thread=incoming.address.thread,
        sender_user=incoming.sender.user,
        sender_name=incoming.sender.name,
        private=incoming.private,
        body=body_to_json(incoming.body),
        state="waiting",
        at=incoming.at,
        received_at=services.clock(),
    )


def _incoming(row: IncomingRow) -> Incoming:
    return Incoming(
        id=row.external_id,
        address=ChatAddress(row.platform, row.chat, row.thread),
        sender=Sender(row.platform, row.sender_user, row.sender_name),
        at=row.at,
        body=body_from_json(row.body),
        private=row.private,
    )
