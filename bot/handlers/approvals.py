"""Answers to questions: who may give them, what they lead to, and how a command asks for a second yes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.accounts.questions import NO, YES, Question, address_of, options_of, settled, to_approval, to_choice
from bot.agent.turn import Turns
from bot.errors import Refused
from bot.handlers.context import Request
from bot.messages import Answer, Exit, Incoming, Notice, Option, Outgoing
from bot.stopping import StopSignal
from bot.tools.plain import plain
from bot.tools.registry import Outcome, Services

if TYPE_CHECKING:
    from storage.approvals import Approval
    from storage.database import Unit


async def confirm(request: Request, text: str, yes: str = "Yes") -> Outcome:
    """The outcome of a command that must ask first: after the yes it runs again, with `request.confirmed`."""
    body = request.command
    question = Question(
        kind="command",
        name=f"/{body.name}",
        text=text,
        options=(Option(yes, YES), Option("Cancel", NO)),
        payload={"name": body.name, "arguments": body.arguments},
        conversation_id=request.caller.conversation_id,
    )
    services = request.services
    ttl = timedelta(minutes=services.settings.approval_ttl_minutes)
    incoming = request.incoming
    approval = to_approval(question, incoming.address, incoming.sender, services.clock(), ttl)

    async def write(unit: Unit) -> Outcome:
        await unit.approvals.ask(approval)
        return Outcome(replies=(to_choice(approval),))

    return Outcome(write=write)


class Answers:
    """Takes pressed buttons and typed answers."""

    def __init__(self, services: Services, turns: Turns, exit_: Exit) -> None:
        self._services = services
        self._turns = turns
        self._exit = exit_

    async def press(self, unit: Unit, incoming: Incoming, answer: Answer) -> bool:
        """Decide a question in the caller's unit, redraw it, and tell whether something goes on from it.

        The first answer wins. Raises `Refused` when this person may not answer, or it is too late.
        """
        approval = await unit.approvals.get(answer.choice)
        if approval is None or approval.platform != incoming.address.platform:
            raise Refused("This question no longer exists. Ask again and a new one comes.")
        if approval.asker_user != incoming.sender.user:
            raise Refused(
                f"Only {approval.asker_name} can answer this. Ask me yourself and you get your own buttons."
            )
        option = next((each for each in options_of(approval) if each.value == answer.value), None)
        if option is None:
            raise Refused("This question has no such answer. Please use one of its buttons.")
        now = self._services.clock()
        if approval.state == "open" and approval.expires_at <= now:
            raise Refused("This question has expired. Ask again and a new one comes.")
        state = {YES: "granted", NO: "denied"}.get(option.value, "answered")
        if approval.kind == "question":
            state = "answered"
        if not await unit.approvals.settle(approval.id, state, option.label, now):
            raise Refused(self._too_late(approval))
        decision = f"*{plain(option.label, 60)} — {plain(incoming.sender.name)}*"
        await self._exit.write(unit, Outgoing(address_of(approval), settled(approval, decision)))
        if approval.turn_id is not None:
            data: dict[str, Any] = {"call": approval.call_id, "state": state, "answer": option.label}
            await unit.journal.note(approval.turn_id, "approval_answered", now, data, name=approval.name)
        return approval.turn_id is not None or state == "granted"

    async def go_on(self, incoming_id: int, answer: Answer, stop: StopSignal) -> Approval | None:
        """Go on with the turn that a decided question belongs to.

        Returns the question when it belongs to a command instead, which the dispatcher then runs; None when done.
        """
        async with self._services.database.unit() as unit:
            approval = await unit.approvals.get(answer.choice)
            turn = (
                None
                if approval is None or approval.turn_id is None
                else await unit.journal.turn(approval.turn_id)
            )
            if turn is not None and turn.state == "waiting":
                turn.state = "running"
            if approval is not None and approval.kind == "command" and approval.state == "granted":
                return approval
            goes_on = turn is not None and turn.state == "running"
            if not goes_on:
                await unit.journal.finish(incoming_id, self._services.clock())
        if turn is not None and goes_on:
            await self._turns.run(turn.id, incoming_id, stop)
        return None

    async def ask_again(self, unit: Unit, approval_id: str, incoming: Incoming) -> None:
        """Open an expired question once more, in the caller's unit; raises `Refused` when that is not possible."""
        ttl = timedelta(minutes=self._services.settings.approval_ttl_minutes)
        expires_at = self._services.clock() + ttl
        again = await unit.approvals.open_again(approval_id, incoming.sender.user, expires_at)
        approval = await unit.approvals.get(approval_id) if again else None
        if approval is None:
            raise Refused("There is nothing to try again here. Say once more what you want.")
        await self._exit.write(unit, Outgoing(address_of(approval), to_choice(approval)))

    def _too_late(self, approval: Approval) -> str:
        if approval.state == "expired":
            minutes = self._services.settings.approval_ttl_minutes
            return f"This question has expired after {minutes} minutes. Ask again and a new one comes."
        return "This was already decided."


async def refuse_with_notice(unit: Unit, exit_: Exit, incoming: Incoming, refusal: Refused) -> None:
    """Write a refusal down for the person who is refused."""
    notice = Notice(str(refusal), refusal.actions)
    await exit_.write(unit, Outgoing(incoming.address, notice, incoming.id))
