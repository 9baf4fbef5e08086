"""How much everybody may do: the only place that counts. A limit of 0 allows none, None has no limit."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NoReturn

from bot.clock import Clock
from bot.errors import Refused
from bot.settings import Settings
from storage.database import Unit
from storage.people import Counter, Owner

LIMIT_REACHED = "You've reached the limit. Please create an account to continue."
SIMULATIONS_NEED_ACCOUNT = f"{LIMIT_REACHED} Simulations go on for days, so they run only for accounts."
RATE_LIMITED = "Rate limited from the agent service. Please come back later."
NOT_SAVED = "Your progress is not saved."
WINDOW = timedelta(hours=5)


class Limits:
    """Takes, gives back and refuses; every method works in the unit of its caller, so nothing is half taken.

    People with an account have none of the anonymous limits; the one over everybody together holds for all.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    async def admit_chat(self, unit: Unit, incoming_id: int, owner: Owner) -> None:
        """Reserve one chat for an incoming message; a second time for the same message takes nothing.

        Raises `Refused`, first for the limit of everybody together, then for the person's own.
        """
        if await unit.people.chat_use(incoming_id) is not None:
            return
        now = self._clock()
        await self._admit_to_service(unit, now)
        await self._take(unit, owner, "chat_count", self._settings.anonymous_chats)
        await unit.people.add_chat_use(incoming_id, owner, now)

    async def give_back_chat(self, unit: Unit, incoming_id: int) -> None:
        """Give back the chat that was reserved for an incoming message; a second time gives nothing."""
        use = await unit.people.chat_use(incoming_id)
        if use is None or not await unit.people.remove_chat_use(use):
            return
        if use.user_id is None and use.anonymous_token is not None:
            await unit.people.give_back(use.anonymous_token, "chat_count")

    async def check_bot(self, unit: Unit, owner: Owner) -> None:
        """Raise `Refused` when this person can create no further bot; takes nothing."""
        limit = self._settings.anonymous_bots
        if owner.anonymous and limit is not None and await _used(unit, owner, "bot_created") >= limit:
            raise Refused(LIMIT_REACHED)

    async def take_bot(self, unit: Unit, owner: Owner) -> None:
        """Count one bot as created, for good: deleting it does not win another. Raises `Refused`."""
        await self._take(unit, owner, "bot_created", self._settings.anonymous_bots)

    async def reserve_backtest(self, unit: Unit, owner: Owner) -> None:
        """Reserve one backtest. Raises `Refused`."""
        await self._take(unit, owner, "backtest_count", self._settings.anonymous_backtests)

    async def give_back_backtest(self, unit: Unit, owner: Owner) -> None:
        """Give back a reserved backtest that was stopped or failed; the caller does so once."""
        if owner.anonymous and owner.anonymous_token is not None:
            await unit.people.give_back(owner.anonymous_token, "backtest_count")

    def refuse_simulation(self, owner: Owner) -> None:
        """Raise `Refused` when this person may run no simulation at all."""
        if owner.anonymous and self._settings.anonymous_simulations == 0:
            raise Refused(SIMULATIONS_NEED_ACCOUNT)

    async def reminder(self, unit: Unit, owner: Owner) -> str | None:
        """What an answer carries in the last fifth of the chats of a person without an account, else None."""
        limit = self._settings.anonymous_chats
        if not owner.anonymous or limit is None:
            return None
        return NOT_SAVED if 5 * await _used(unit, owner, "chat_count") > 4 * limit else None

    async def _admit_to_service(self, unit: Unit, now: datetime) -> None:
        limit = self._settings.max_chats_per_5hours
        if limit is None:
            return
        if limit == 0:
            raise Refused(RATE_LIMITED)
        await unit.lock("chats")
        oldest_that_counts = await unit.people.nth_newest_chat(limit)
        if oldest_that_counts is not None and oldest_that_counts + WINDOW > now:
            _refuse_until(oldest_that_counts + WINDOW)

    async def _take(self, unit: Unit, owner: Owner, counter: Counter, limit: int | None) -> None:
        if owner.anonymous and not await unit.people.take(owner.anonymous_token or "", counter, limit):
            raise Refused(LIMIT_REACHED)


async def _used(unit: Unit, owner: Owner, counter: Counter) -> int:
    person = await unit.people.anonymous(owner.anonymous_token or "")
    return 0 if person is None else int(getattr(person, counter))


def _refuse_until(free: datetime) -> NoReturn:
    shown = free.replace(second=0, microsecond=0)
    if shown < free:
        shown += timedelta(minutes=1)
    raise Refused(f"{RATE_LIMITED} It goes again from {shown:%H:%M} UTC.")
