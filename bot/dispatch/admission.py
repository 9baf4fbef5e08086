"""What is decided in the very unit that writes a message down: refusals, presses, and what goes round the lane."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.accounts.identity import identify
from bot.accounts.questions import options_of, typed_answer
from bot.accounts.service import keep_out
from bot.dispatch.lanes import MAX_WAITING, Lanes
from bot.dispatch.wire import body_from_json, body_to_json
from bot.errors import Refused
from bot.handlers.approvals import Answers
from bot.handlers.context import NOBODY
from bot.handlers.talk import Talk
from bot.messages import Answer, Command, Edit, Exit, Incoming, Notice, Outgoing, Text, Unsupported
from bot.tools.registry import Services

if TYPE_CHECKING:
    from storage.database import Unit
    from storage.journal import IncomingRow


class Admission:
    """Lets things in, or says why not."""

    def __init__(self, services: Services, lanes: Lanes, talk: Talk, answers: Answers, exit_: Exit) -> None:
        self._services = services
        self._lanes = lanes
        self._talk = talk
        self._answers = answers
        self._exit = exit_

    async def admit(self, unit: Unit, row: IncomingRow, incoming: Incoming) -> bool:
        """Whether something goes into the lane; what does not is finished here. Raises `Refused` with the reason."""
        services, body = self._services, incoming.body
        if await keep_out(unit, services.settings, incoming.sender, services.clock()):
            return False
        match body:
            case Answer():
                return await self._answers.press(unit, incoming, body)
            case Command(name="stop"):
                await self._stop(unit, incoming)
                return False
            case Command(name="status"):
                await self._status(unit, incoming)
                return False
            case Command(name="again"):
                await self._answers.ask_again(unit, body.arguments.strip(), incoming)
                return False
            case Edit():
                await self._edit(unit, incoming, body)
                return False
            case Unsupported():
                raise Refused(
                    f"I can only read text for now, so {body.kind} is lost on me. Please write it down."
                )
        return await self._admit_to_lane(unit, row, incoming)

    async def typed_answer(self, unit: Unit, incoming: Incoming, text: Text) -> Answer | None:
        """The press that a typed text stands for, if it answers this person's open question here."""
        address = incoming.address
        approval = await unit.approvals.open_in(
            address.platform, address.chat, address.thread, incoming.sender.user
        )
        if approval is None or approval.expires_at <= self._services.clock():
            return None
        option = typed_answer(text.text, options_of(approval))
        return None if option is None else Answer(approval.id, option.value)

    async def _admit_to_lane(self, unit: Unit, row: IncomingRow, incoming: Incoming) -> bool:
        if self._lanes.full(incoming.address):
            raise Refused(
                f"Too many messages are waiting here ({MAX_WAITING}). Please wait until some are answered."
            )
        identity = await identify(unit, incoming.sender, self._services.clock())
        if identity is None:
            raise Refused(NOBODY)
        body = incoming.body
        if isinstance(body, Text) and await self.typed_answer(unit, incoming, body) is None:
            await self._services.limits.admit_chat(unit, row.id, identity.owner, incoming.sender)
        return True

    async def _edit(self, unit: Unit, incoming: Incoming, edit: Edit) -> None:
        """Replace a message that still waits; an answered one is not answered again, its tools would run twice."""
        earlier = await unit.journal.incoming_by_external_id(incoming.address.platform, edit.message)
        if earlier is None or earlier.sender_user != incoming.sender.user:
            return
        before = body_from_json(earlier.body)
        said = (
            before.text if isinstance(before, Text) else before.line if isinstance(before, Command) else None
        )
        # Platforms tell of an edit also when something else than the text has changed.
        if said is None or said == edit.text:
            return
        words = isinstance(before, Text) and not edit.text.startswith("/")
        if not (words and await unit.journal.replace_waiting(earlier.id, body_to_json(Text(edit.text)))):
            raise Refused("I have already taken up that message. Please send the changed one anew.")

    async def _stop(self, unit: Unit, incoming: Incoming) -> None:
        """End what runs for this person in this chat thread, or refuse what waits for their answer."""
        here = incoming.address.aloud
        running = self._lanes.running(here)
        if running is not None:
            current = await unit.journal.incoming(running[0])
            if current is not None and current.sender_user != incoming.sender.user:
                raise Refused(f"I am working for {current.sender_name}; only they can stop that.")
            running[1].stop()
            return
        stopped = await self._talk.let_go(unit, replace(incoming, address=here), "*Stopped.*", "stopped")
        await self._say(unit, incoming, "Stopped." if stopped else "Nothing is running here.")

    async def _status(self, unit: Unit, incoming: Incoming) -> None:
        """Say what runs and waits in this chat thread."""
        here = incoming.address.aloud
        if not self._lanes.busy(here):
            return await self._say(unit, incoming, "Nothing is running here.")
        waiting = self._lanes.waiting(here)
        after = f" Waiting after it: {waiting}." if waiting else ""
        return await self._say(unit, incoming, f"I am working on an answer; /stop ends it.{after}")

    async def _say(self, unit: Unit, incoming: Incoming, text: str) -> None:
        await self._exit.write(unit, Outgoing(incoming.address, Notice(text), incoming.id))
