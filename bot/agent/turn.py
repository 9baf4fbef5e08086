"""One turn of the assistant: model request after model request until there is an answer, committed at every step.

A turn is data. Whatever it has done is written down together with its effect, so it can be left at any line, by a
question to the person or by a crash, and goes on from the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.accounts.questions import settled
from bot.agent.assistant import Assistant
from bot.agent.calls import Calls, Resting, caller_of, second_question
from bot.agent.history import open_calls, request_body, stopped_response
from bot.agent.memory import recall
from bot.agent.steps import CallResult, StepResult, ToolCall, TurnFacts
from bot.errors import ProviderDown, Refused
from bot.messages import Exit, LastingReply, Notice, Outgoing, TextFinal, TextGrowing
from bot.stopping import Stopped, StopSignal
from bot.tools.registry import Registry, Services

if TYPE_CHECKING:
    from storage.database import Unit
    from storage.journal import Turn

_TOO_LONG = (
    "I stopped here: this answer took more steps than one message may. "
    "Ask for the rest in a message of its own, or in smaller parts."
)

_NO_WORDS = "I have no words for that. Please say it in another way."


@dataclass(frozen=True, slots=True)
class _State:
    """What a turn goes on from."""

    turn: Turn
    history: list[dict[str, Any]]
    calls: tuple[ToolCall, ...]
    facts: TurnFacts
    begun: bool


class Turns:
    """Runs turns, and closes those whose person has gone on to something else."""

    def __init__(self, services: Services, registry: Registry, assistant: Assistant, exit_: Exit) -> None:
        self._services = services
        self._assistant = assistant
        self._exit = exit_
        self._calls = Calls(services, registry, exit_)

    async def run(self, turn_id: str, incoming_id: int, stop: StopSignal) -> None:
        """Go on with a turn until it is answered, waits for the person, was refused or stopped.

        The last unit also finishes the incoming message that led here.
        """
        said = ""

        def on_text(delta: str, so_far: str) -> None:
            nonlocal said
            said = so_far
            self._exit.show(caller_of(state.turn).address, TextGrowing(delta, so_far))

        while True:
            state = await self._load(turn_id)
            said = ""
            try:
                results: list[CallResult] = []
                if state.calls:
                    outcome = await self._calls.carry_out(state.turn, state.calls, stop)
                    if isinstance(outcome, Resting):
                        return await self._rest(state.turn, outcome, incoming_id)
                    results = outcome
                if self._exhausted(state.turn):
                    return await self._close(state, incoming_id, "done", Notice(_TOO_LONG))
                prompt = None if state.begun else state.turn.prompt
                step = await stop.race(
                    self._assistant.step(state.history, prompt, results, facts=state.facts, on_text=on_text)
                )
            except Stopped:
                return await self._stopped(state, incoming_id, said)
            except (Refused, ProviderDown) as refusal:
                actions = refusal.actions if isinstance(refusal, Refused) else ()
                notice = Notice(str(refusal), actions)
                return await self._close(state, incoming_id, "failed", notice, give_back=True)
            if await self._commit(state, step, incoming_id):
                return None

    async def close_waiting(self, unit: Unit, turn: Turn, decision: str, state: str = "done") -> None:
        """End a turn that waits for its person, since they said something else: its open calls are refused.

        Its question is redrawn with `decision`. The model hears of it with the next request.
        """
        now = self._services.clock()
        calls = open_calls(await unit.conversations.bodies_of_turn(turn.id))
        for question_id in (each for call in calls for each in (call.id, second_question(call.id))):
            approval = await unit.approvals.of_call(turn.id, question_id)
            if approval is not None and await unit.approvals.settle(approval.id, "denied", None, now):
                await unit.journal.note(
                    turn.id, "approval_answered", now, {"call": question_id, "state": "denied"}
                )
                await self._exit.write(unit, Outgoing(caller_of(turn).address, settled(approval, decision)))
        await self._skip(unit, turn, calls, "The person did not agree and went on to something else.")
        row = await unit.journal.turn(turn.id)
        if row is not None:
            row.state, row.ended_at = state, now

    async def _load(self, turn_id: str) -> _State:
        async with self._services.database.view() as view:
            turn = await view.journal.turn(turn_id)
            if turn is None:
                raise LookupError(f"The turn {turn_id} is gone.")
            history = await recall(view, turn)
            own = await view.conversations.bodies_of_turn(turn.id)
            facts = await self._facts(view, turn)
        return _State(turn, history, tuple(open_calls(own)), facts, begun=bool(own))

    async def _facts(self, view: Unit, turn: Turn) -> TurnFacts:
        owner = turn.owner
        trading_bots = await view.trading.bots(owner)
        conversation = await view.conversations.get(turn.conversation_id)
        current = None if conversation is None else conversation.bot_id
        market = self._services.market
        return TurnFacts(
            person=turn.asker_name,
            private=turn.private,
            current_bot=next((each.name for each in trading_bots if each.id == current), None),
            bots=tuple(each.name for each in trading_bots),
            market_source=market.source,
            synthetic=market.synthetic,
            today=market.now().date(),
        )

    def _exhausted(self, turn: Turn) -> bool:
        settings = self._services.settings
        return (
            turn.tool_calls > settings.max_tool_calls_per_turn
            or turn.tokens > settings.max_tokens_per_turn
            or turn.requests > settings.max_tool_calls_per_turn + 1
        )

    async def _commit(self, state: _State, step: StepResult, incoming_id: int) -> bool:
        """Store one model response; True when it ends the turn."""
        turn, now, final = state.turn, self._services.clock(), not step.calls
        address = caller_of(turn).address
        async with self._services.database.unit() as unit:
            await self._store_request(unit, state, step.request)
            await unit.conversations.say(
                turn.conversation_id, "assistant", step.text, now, turn_id=turn.id, body=step.response
            )
            await unit.journal.note(
                turn.id,
                "response",
                now,
                {"text": step.text, "calls": [call.name for call in step.calls], "model": step.model},
                tokens=step.tokens,
                duration_ms=step.duration_ms,
            )
            await self._count(unit, turn, step, ended=final)
            text = step.text
            if final:
                text = await self._with_reminder(unit, turn, text or _NO_WORDS)
            if text:
                await self._exit.write(unit, Outgoing(address, TextFinal(text), turn.reply_to))
            if final:
                await unit.journal.finish(incoming_id, now)
        self._exit.wake(address)
        return final

    async def _with_reminder(self, unit: Unit, turn: Turn, text: str) -> str:
        reminder = await self._services.limits.reminder(unit, turn.owner)
        return text if reminder is None else f"{text}\n\n{reminder}"

    async def _store_request(self, unit: Unit, state: _State, body: dict[str, Any]) -> None:
        """Store a request; the first of a turn is the person's message, which is there already."""
        turn = state.turn
        if not state.begun and turn.prompt_message_id is not None:
            await unit.conversations.set_body(turn.prompt_message_id, body)
        else:
            await unit.conversations.say(
                turn.conversation_id, "tool", "", self._services.clock(), turn_id=turn.id, body=body
            )

    async def _count(self, unit: Unit, turn: Turn, step: StepResult, *, ended: bool) -> None:
        now = self._services.clock()
        row = await unit.journal.turn(turn.id)
        if row is not None:
            row.requests += 1
            row.tool_calls += len(step.calls)
            row.tokens += step.tokens
            row.cost_usd += step.cost_usd
            if ended:
                row.state, row.ended_at = "done", now
        await unit.conversations.add_to_tally(
            turn.conversation_id,
            now,
            turns=int(ended),
            tokens=step.tokens,
            cost_usd=step.cost_usd,
            agent=step.model,
        )

    async def _rest(self, turn: Turn, resting: Resting, incoming_id: int) -> None:
        now = self._services.clock()
        async with self._services.database.unit() as unit:
            await self._calls.ask(unit, turn, resting.question)
            await unit.journal.note(
                turn.id,
                "approval_asked",
                now,
                {"call": resting.question.call_id, "text": resting.question.text},
                name=resting.question.name,
            )
            row = await unit.journal.turn(turn.id)
            if row is not None:
                row.state = "waiting"
            await unit.journal.finish(incoming_id, now)
        self._exit.wake(caller_of(turn).address)

    async def _stopped(self, state: _State, incoming_id: int, said: str) -> None:
        """Keep what was said before the person stopped it."""
        turn, now = state.turn, self._services.clock()
        reply = TextFinal(f"{said}\n\n*Stopped.*" if said else "*Stopped.*")
        async with self._services.database.unit() as unit:
            await self._skip(unit, turn, state.calls, "The person stopped it.")
            if not state.begun:
                await self._store_request(unit, state, request_body(turn.prompt, (), ()))
            if said:
                await unit.conversations.say(
                    turn.conversation_id, "assistant", said, now, turn_id=turn.id, body=stopped_response(said)
                )
            await self._end(unit, turn, incoming_id, "stopped", reply)
        self._exit.wake(caller_of(turn).address)

    async def _close(
        self, state: _State, incoming_id: int, outcome: str, reply: LastingReply, *, give_back: bool = False
    ) -> None:
        """End a turn without a further word of the model."""
        turn = state.turn
        async with self._services.database.unit() as unit:
            await self._skip(unit, turn, state.calls, "It was not possible.")
            if give_back and turn.incoming_id is not None:
                await self._services.limits.give_back_chat(unit, turn.incoming_id)
            await self._end(unit, turn, incoming_id, outcome, reply)
        self._exit.wake(caller_of(turn).address)

    async def _skip(self, unit: Unit, turn: Turn, calls: Sequence[ToolCall], reason: str) -> None:
        """Give open calls their results, so that the history stays whole."""
        if not calls:
            return
        results = await self._calls.skip(unit, turn, calls, reason)
        await unit.conversations.say(
            turn.conversation_id,
            "tool",
            "",
            self._services.clock(),
            turn_id=turn.id,
            body=request_body(None, calls, results),
        )

    async def _end(self, unit: Unit, turn: Turn, incoming_id: int, outcome: str, reply: LastingReply) -> None:
        now = self._services.clock()
        row = await unit.journal.turn(turn.id)
        if row is not None:
            row.state, row.ended_at = outcome, now
        await unit.conversations.add_to_tally(turn.conversation_id, now, turns=1)
        text = reply.text if isinstance(reply, TextFinal | Notice) else ""
        await unit.conversations.say(turn.conversation_id, "notice", text, now, turn_id=turn.id)
        await self._exit.write(unit, Outgoing(caller_of(turn).address, reply, turn.reply_to))
        await unit.journal.finish(incoming_id, now)
