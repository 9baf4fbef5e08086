"""What is done with an update, whichever way it came: understood, written down, and its button answered."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, assert_never

import structlog
from aiogram.methods import AnswerCallbackQuery, EditMessageReplyMarkup, TelegramMethod

from adapters.pressing import ActionButton, ChoiceButton, StopButton
from adapters.telegram.calls import Calls
from adapters.telegram.house import House
from adapters.telegram.previews import Previews
from adapters.telegram.updates import (
    PLATFORM,
    THUMB_UP,
    Heard,
    Me,
    Moved,
    Pressed,
    Reacted,
    Stopped,
    hear,
    meant_by,
)
from bot.clock import Clock
from bot.dispatch.insisting import insist
from bot.dispatch.tasks import Tasks
from bot.messages import Answer, Body, ChatAddress, Command, Edit, Incoming, Unsupported

_log = structlog.get_logger(__name__)

# Whatever a malformed update may lead to; none of it may stop those that come after.
_MALFORMED = (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)


class Listening:
    """Takes raw updates one by one; what an update leads to is written down when `take` returns."""

    def __init__(self, calls: Calls, previews: Previews, house: House, clock: Clock) -> None:
        self._calls = calls
        self._previews = previews
        self._house = house
        self._clock = clock
        self._tasks = Tasks()
        self.me = Me(0, "", frozenset())

    async def take(self, raw: Any) -> None:
        """Take one update; raises whatever hinders the house, so that it is brought again."""
        heard = self._hear(raw)
        if heard is not None:
            await self._do(heard)

    async def take_surely(self, raw: Any) -> None:
        """Take one update, again and again until it is written down; its sender is told when that cannot be."""
        heard = self._hear(raw)
        if heard is not None:
            said = heard if isinstance(heard, Incoming) else None
            await insist(partial(self._do, heard), None if said is None else partial(self._give_up, said))

    async def close(self) -> None:
        """Leave buttons that were not answered yet."""
        await self._tasks.close()

    def _hear(self, raw: Any) -> Heard | None:
        try:
            return hear(raw, self.me, self._clock())
        except _MALFORMED as error:
            update = raw.get("update_id") if isinstance(raw, dict) else None
            _log.warning("update that cannot be decoded", update=repr(update)[:40], error=str(error)[:500])
            return None

    async def _do(self, heard: Heard) -> None:
        match heard:
            case Incoming():
                await self._accept(heard)
            case Pressed():
                await self._press(heard)
            case Stopped(incoming, draft):
                if not self._previews.is_over(incoming.address, draft):
                    await self._accept(incoming)
            case Reacted():
                await self._react(heard)
            case Moved(old, new):
                await self._house.move_chat(PLATFORM, old, new)
            case _:
                assert_never(heard)

    async def _accept(self, incoming: Incoming) -> None:
        await self._house.receive(incoming)
        if not isinstance(incoming.body, Edit):
            self._previews.expect(incoming.address, incoming.id)

    async def _give_up(self, incoming: Incoming) -> None:
        await self._house.receive(replace(incoming, body=Unsupported("this message")))

    async def _press(self, pressed: Pressed) -> None:
        """Answer the press at once, then do what the button says."""
        answer = AnswerCallbackQuery(callback_query_id=pressed.query)
        self._tasks.start(self._quietly(answer), f"answer to press {pressed.query}")
        address, button = pressed.address, pressed.button
        if address is None or button is None:
            return
        body: Body
        match button:
            case StopButton():
                body = Command("stop")
            case ActionButton(delivery, place):
                line = await self._house.buttons.line(delivery, place, address)
                body = Unsupported("this old button") if line is None else meant_by(line)
                # Telegram does not tell the topic of a message that is too old.
                thread = None if line is None else await self._house.buttons.thread(delivery)
                address = address if thread is None else replace(address, thread=thread)
            case ChoiceButton(choice, place):
                option = await self._house.buttons.option(choice, place)
                body = Answer(choice, "" if option is None else option.value)
                if option is not None and option.address.chat == address.chat:
                    address = option.address
        await self._accept(
            Incoming(pressed.id, address, pressed.sender, self._clock(), body, pressed.private)
        )
        if isinstance(button, ChoiceButton) and await self._is_left_over(button, pressed, address):
            self._tasks.start(self._take_buttons_away(pressed, address), f"buttons of {pressed.message}")

    async def _react(self, reacted: Reacted) -> None:
        """A 👍 under an answer of ours says that it is done; nothing is said to it."""
        receipt = f"{reacted.chat}:{reacted.message}"
        answer = await self._house.buttons.answer(PLATFORM, reacted.chat, receipt)
        if answer is None:
            return
        body = Command("done", f"{THUMB_UP} {answer.delivery}")
        now = self._clock()
        await self._house.receive(
            Incoming(reacted.id, answer.address, reacted.sender, now, body, reacted.private)
        )

    async def _quietly(self, method: TelegramMethod[Any]) -> None:
        await self._calls.quietly(method)

    async def _is_left_over(self, button: ChoiceButton, pressed: Pressed, address: ChatAddress) -> bool:
        """True for a copy of a decided question: the message that shows it now is redrawn, its copies are not."""
        option = await self._house.buttons.option(button.choice, button.place)
        if option is not None and option.open:
            return False
        return await self._house.buttons.receipt(button.choice) != f"{address.chat}:{pressed.message}"

    async def _take_buttons_away(self, pressed: Pressed, address: ChatAddress) -> None:
        """A question that is decided needs no buttons, also where it was shown a second time."""
        await self._calls.gate.wait(address.chat)
        await self._quietly(EditMessageReplyMarkup(chat_id=address.chat, message_id=pressed.message))
