"""The tool calls of one model response, one after the other: run, asked about first, refused or skipped."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from bot.accounts.questions import NO, YES, Question, to_approval, to_choice
from bot.agent.steps import CallResult, ToolCall
from bot.errors import ProviderDown, ToolFailed
from bot.messages import ChatAddress, Exit, LastingReply, Option, Outgoing, PassingReply, Sender, ToolStarted
from bot.stopping import StopSignal
from bot.tools.ask import AskUser
from bot.tools.registry import AsksOnceMore, Caller, Effect, Outcome, Registry, Services, Tool, ToolContext
from bot.tools.waits import showing_waits
from storage.people import Owner

if TYPE_CHECKING:
    from storage.approvals import Approval
    from storage.database import Unit
    from storage.journal import Turn


_CHANGED_MEANWHILE = (
    "Nothing was done: what this call would do has changed since the person was asked. "
    "If they still want it, call it again, and they are asked about what it would do now."
)


@dataclass(frozen=True, slots=True)
class Resting:
    """The turn waits for a person; it goes on when the question is answered."""

    question: Question


@dataclass(frozen=True, slots=True)
class _Ran:
    """What came of one call, before it is committed."""

    result: CallResult
    outcome: Outcome | None = None
    duration_ms: int = 0


def explain(error: ValidationError) -> str:
    """A validation error in one line for each field, with its path, for the model."""
    lines = (f"{'.'.join(map(str, each['loc'])) or 'arguments'}: {each['msg']}" for each in error.errors())
    return "The arguments are not valid. " + "; ".join(lines)


class Calls:
    """Carries out tool calls for turns; each result is committed together with its effect, once."""

    def __init__(self, services: Services, registry: Registry, exit_: Exit) -> None:
        self._services = services
        self._registry = registry
        self._exit = exit_

    async def carry_out(
        self, turn: Turn, calls: Sequence[ToolCall], stop: StopSignal
    ) -> list[CallResult] | Resting:
        """The results of all calls in their order, or the question that has to be answered first.

        Raises `Refused` when a limit forbids a call, `Stopped` when the person stopped it.
        """
        results: list[CallResult] = []
        for call in calls:
            result = await self._stored(turn, call)
            if result is None:
                if any(earlier.status == "denied" for earlier in results):
                    result = CallResult(
                        call.id, "skipped", "Not done: the person refused the step before it."
                    )
                    await self._commit(turn, call, _Ran(result))
                else:
                    done = await self._carry_out_one(turn, call, stop)
                    if isinstance(done, Resting):
                        return done
                    result = done
            results.append(result)
        return results

    async def skip(self, unit: Unit, turn: Turn, calls: Sequence[ToolCall], reason: str) -> list[CallResult]:
        """Give every call that has no result yet the result that it was not done."""
        results = []
        for call in calls:
            stored = await unit.journal.result(_key(turn, call))
            if stored is not None:
                results.append(CallResult(call.id, stored.data["status"], stored.data["content"]))
                continue
            result = CallResult(call.id, "denied", reason)
            await self._note(unit, turn, call, result, 0)
            results.append(result)
        return results

    async def ask(self, unit: Unit, turn: Turn, question: Question) -> None:
        """Write a question down and show it."""
        ttl = timedelta(minutes=self._services.settings.approval_ttl_minutes)
        asker = Sender(turn.platform, turn.asker_user, turn.asker_name)
        address = caller_of(turn).address
        approval = to_approval(question, address, asker, self._services.clock(), ttl)
        await unit.approvals.ask(approval)
        await self._exit.write(unit, Outgoing(address, to_choice(approval), turn.reply_to))

    async def _carry_out_one(self, turn: Turn, call: ToolCall, stop: StopSignal) -> CallResult | Resting:
        started = time.monotonic()
        try:
            with showing_waits(self._context(turn, call).show):
                done = await self._ran(turn, call, stop)
            if isinstance(done, Resting):
                return done
            ran = done
        except (ToolFailed, ProviderDown) as failure:
            ran = _Ran(CallResult(call.id, "failed", str(failure)))
        duration_ms = round((time.monotonic() - started) * 1000)
        try:
            return await self._commit(turn, call, _Ran(ran.result, ran.outcome, duration_ms))
        except ToolFailed as failure:
            failed = _Ran(CallResult(call.id, "failed", str(failure)), None, duration_ms)
            return await self._commit(turn, call, failed)

    async def _ran(self, turn: Turn, call: ToolCall, stop: StopSignal) -> _Ran | Resting:
        tool, arguments = self._understand(call)
        if isinstance(tool, AskUser):
            answered = await self._answer_or_question(turn, call, tool, arguments)
            return answered if isinstance(answered, Resting) else _Ran(answered)
        if tool.effect(arguments) is Effect.WRITE and (
            asked := await stop.race(self._consent(turn, call, tool, arguments))
        ):
            return asked if isinstance(asked, Resting) else _Ran(asked)
        self._show(turn, ToolStarted(tool.name, tool.waiting_text(arguments)))
        outcome = await stop.race(tool.run(self._context(turn, call), arguments))
        return _Ran(CallResult(call.id, "done", outcome.result), outcome)

    def _understand(self, call: ToolCall) -> tuple[Tool, BaseModel]:
        tool = self._registry.get(call.name)
        if tool is None:
            raise ToolFailed(f"There is no tool called {call.name!r}.")
        if isinstance(call.arguments, str):
            raise ToolFailed("The arguments are not a JSON object.")
        try:
            return tool, tool.arguments.model_validate(call.arguments)
        except ValidationError as error:
            raise ToolFailed(explain(error)) from error

    async def _consent(
        self, turn: Turn, call: ToolCall, tool: Tool, arguments: BaseModel
    ) -> Resting | CallResult | None:
        """None when the person has agreed, else the question to ask or the refusal that they gave."""
        context, deed = self._context(turn, call), tool.deed(arguments)
        verb = deed.split()[0].capitalize()
        again = second_question(call.id)
        answered = [await self._approval(turn, question_id) for question_id in (call.id, again)]
        if any(each is not None and each.state != "granted" for each in answered):
            return CallResult(call.id, "denied", "The person said no. Nothing was changed.")
        text = await tool.describe(context, arguments)
        question = self._unless_agreed(turn, call.id, deed, text, verb, answered[0])
        if question is not None:
            return question
        caution = await tool.once_more(context, arguments) if isinstance(tool, AsksOnceMore) else None
        if caution is None:
            return None
        return self._unless_agreed(turn, again, deed, caution, f"{verb} anyway", answered[1])

    def _unless_agreed(
        self, turn: Turn, question_id: str, deed: str, text: str, verb: str, approval: Approval | None
    ) -> Resting | None:
        """The question to ask; None when the person has agreed to exactly this text. Raises `ToolFailed`."""
        if approval is None:
            options = (Option(verb, YES), Option("Cancel", NO))
            return Resting(
                Question("tool", deed, text, options, {}, turn.conversation_id, turn.id, question_id)
            )
        # What was agreed to is the text; "it" may be something else by now.
        if text != approval.text:
            raise ToolFailed(_CHANGED_MEANWHILE)
        return None

    async def _answer_or_question(
        self, turn: Turn, call: ToolCall, tool: AskUser, arguments: BaseModel
    ) -> CallResult | Resting:
        approval = await self._approval(turn, call.id)
        if approval is None:
            text, options = tool.question(arguments)
            name = "your answer"
            return Resting(
                Question("question", name, text, options, {}, turn.conversation_id, turn.id, call.id)
            )
        if approval.state == "answered":
            return CallResult(call.id, "done", {"answer": approval.answer})
        return CallResult(call.id, "denied", "The person did not choose one of the options.")

    async def _approval(self, turn: Turn, question_id: str) -> Approval | None:
        async with self._services.database.view() as view:
            return await view.approvals.of_call(turn.id, question_id)

    async def _stored(self, turn: Turn, call: ToolCall) -> CallResult | None:
        async with self._services.database.view() as view:
            step = await view.journal.result(_key(turn, call))
        return None if step is None else CallResult(call.id, step.data["status"], step.data["content"])

    async def _commit(self, turn: Turn, call: ToolCall, ran: _Ran) -> CallResult:
        """Store a result, what the call changes, and what it has to say, in one unit."""
        result, outcome = ran.result, ran.outcome
        address = caller_of(turn).address
        async with self._services.database.unit() as unit:
            if outcome is not None and outcome.write is not None:
                outcome = await outcome.write(unit)
                result = CallResult(call.id, result.status, outcome.result)
            await self._note(unit, turn, call, result, ran.duration_ms)
            replies: tuple[LastingReply, ...] = () if outcome is None else outcome.replies
            await self._exit.write(unit, *(Outgoing(address, reply, turn.reply_to) for reply in replies))
        self._exit.wake(address)
        return result

    async def _note(
        self, unit: Unit, turn: Turn, call: ToolCall, result: CallResult, duration_ms: int
    ) -> None:
        data: dict[str, Any] = {
            "call": call.id,
            "arguments": call.arguments,
            "status": result.status,
            "content": result.content,
        }
        await unit.journal.note(
            turn.id,
            "tool_result",
            self._services.clock(),
            data,
            key=_key(turn, call),
            name=call.name,
            duration_ms=duration_ms,
        )

    def _context(self, turn: Turn, call: ToolCall) -> ToolContext:
        def show(reply: PassingReply) -> None:
            self._show(turn, reply)

        return ToolContext(key=_key(turn, call), caller=caller_of(turn), services=self._services, show=show)

    def _show(self, turn: Turn, reply: PassingReply) -> None:
        self._exit.show(caller_of(turn).address, reply)


def second_question(call_id: str) -> str:
    """What a question is stored under that is asked after the first yes to a call."""
    return f"{call_id}:again"


def _key(turn: Turn, call: ToolCall) -> str:
    return f"{turn.id}:{call.id}"


def caller_of(turn: Turn) -> Caller:
    """For whom a turn works, and where."""
    return Caller(
        owner=Owner(user_id=turn.user_id, anonymous_token=turn.anonymous_token),
        name=turn.asker_name,
        address=ChatAddress(turn.platform, turn.chat, turn.thread),
        conversation_id=turn.conversation_id,
        private=turn.private,
    )
