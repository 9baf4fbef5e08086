"""How much everybody may do: the only place that counts. A limit of 0 allows none, None has no limit."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NoReturn

from bot.accounts.operators import is_operator
from bot.accounts.service import system_limit
from bot.accounts.tiers import PRO, allowance
from bot.clock import Clock
from bot.errors import Refused
from bot.messages import Action, Sender
from bot.settings import Settings
from storage.database import Unit
from storage.people import Counter, Owner, Standing

LIMIT_REACHED = "You've reached the limit. Please create an account to continue."
SIMULATIONS_NEED_ACCOUNT = f"{LIMIT_REACHED} Simulations go on for days, so they run only for accounts."
RATE_LIMITED = "Rate limited from the agent service. Please come back later."
NOT_SAVED = "Your progress is not saved."
SIGN_UP = Action("Create an account", "/signup")
WINDOW = timedelta(hours=5)
DAY = timedelta(hours=24)


class Limits:
    """Takes, gives back and refuses; every method works in the unit of its caller, so nothing is half taken.

    Without an account everything is counted once and for ever, and chats too. An account has a number of bots at a
    time, of simulations at a time, and of backtests in 24 hours, by its tier. The limit over everybody together
    holds for all but operators.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    async def admit_chat(
        self, unit: Unit, incoming_id: int, owner: Owner, sender: Sender | None = None
    ) -> None:
        """Reserve one chat for an incoming message; a second time for the same message takes nothing.

        Raises `Refused`, first for the limit of everybody together, unless `sender` is an operator, then for the
        person's own.
        """
        if await unit.people.chat_use(incoming_id) is not None:
            return
        now = self._clock()
        if sender is None or not is_operator(self._settings, sender):
            await self._admit_to_service(unit, now)
        standing = await unit.people.standing(owner)
        if standing.tier is None:
            await self._take(unit, standing, "chat_count")
        await unit.people.add_chat_use(incoming_id, standing.owner, now)

    async def give_back_chat(self, unit: Unit, incoming_id: int) -> None:
        """Give back the chat that was reserved for an incoming message; a second time gives nothing."""
        use = await unit.people.chat_use(incoming_id)
        if use is None or not await unit.people.remove_chat_use(use):
            return
        if use.user_id is None and use.anonymous_token is not None:
            await unit.people.give_back(use.anonymous_token, "chat_count")

    async def check_bot(self, unit: Unit, owner: Owner) -> None:
        """Raise `Refused` when this person can create no further bot; takes nothing."""
        standing = await unit.people.standing(owner)
        if standing.tier is not None:
            await self._check_room_for_bot(unit, standing)
        elif _reached(_used(standing, "bot_created"), self.limit_of(standing, "bot_created")):
            raise self._without_account(LIMIT_REACHED)

    async def take_bot(self, unit: Unit, owner: Owner) -> None:
        """Count one bot as created. Raises `Refused`.

        Without an account that is for good: deleting it does not win another.
        """
        standing = await unit.people.standing(owner)
        if standing.tier is None:
            await self._take(unit, standing, "bot_created")
        else:
            await unit.lock(f"bots of {standing.owner.user_id}")
            await self._check_room_for_bot(unit, standing)

    async def reserve_backtest(self, unit: Unit, owner: Owner) -> None:
        """Reserve one backtest, which the caller begins in this unit. Raises `Refused`."""
        standing = await unit.people.standing(owner)
        if standing.tier is None:
            await self._take(unit, standing, "backtest_count")
        else:
            await unit.lock(f"backtests of {standing.owner.user_id}")
            await self._check_backtests_of_day(unit, standing)

    async def give_back_backtest(self, unit: Unit, owner: Owner) -> None:
        """Give back a reserved backtest that was stopped or failed; the caller does so once."""
        if owner.anonymous and owner.anonymous_token is not None:
            await unit.people.give_back(owner.anonymous_token, "backtest_count")

    async def check_simulation(self, unit: Unit, owner: Owner, running: int) -> None:
        """Raise `Refused` when this person, for whom `running` simulations run now, can start no further one."""
        standing = await unit.people.standing(owner)
        if standing.tier is None:
            limit = self.anonymous_simulations(standing)
            if limit == 0:
                raise self._without_account(SIMULATIONS_NEED_ACCOUNT)
            if _reached(running, limit):
                raise self._without_account(LIMIT_REACHED)
            return
        limit = allowance(self._settings, standing.tier, standing.quota).simulations
        if limit is not None and running >= limit:
            runs = f"runs {_counted(limit, 'simulation')} at a time."
            raise _refusal(standing, runs, "/simulate stop ends one of them" if limit else "")

    async def reminder(self, unit: Unit, owner: Owner) -> str | None:
        """What an answer carries in the last fifth of the chats of a person without an account, else None."""
        standing = await unit.people.standing(owner)
        limit = self.limit_of(standing, "chat_count")
        if standing.tier is not None or limit is None:
            return None
        return NOT_SAVED if 5 * _used(standing, "chat_count") > 4 * limit else None

    def limit_of(self, standing: Standing, counter: Counter) -> int | None:
        """How much of a counter a person without an account may use."""
        name, usual = {
            "chat_count": ("chats", self._settings.anonymous_chats),
            "bot_created": ("bots", self._settings.anonymous_bots),
            "backtest_count": ("backtests", self._settings.anonymous_backtests),
        }[counter]
        return standing.quota.get(name, usual)

    def anonymous_simulations(self, standing: Standing) -> int | None:
        """How many simulations a person without an account may run at a time."""
        return standing.quota.get("simulations", self._settings.anonymous_simulations)

    def backtests_count_from(self, standing: Standing) -> datetime:
        """Since when the backtests of an account count against its daily number."""
        day = self._clock() - DAY
        return day if standing.counted_from is None else max(day, standing.counted_from)

    async def _admit_to_service(self, unit: Unit, now: datetime) -> None:
        limit = await system_limit(unit, self._settings)
        if limit is None:
            return
        if limit == 0:
            raise Refused(RATE_LIMITED)
        await unit.lock("chats")
        oldest_that_counts = await unit.people.nth_newest_chat(limit)
        if oldest_that_counts is not None and oldest_that_counts + WINDOW > now:
            _refuse_until(oldest_that_counts + WINDOW)

    async def _take(self, unit: Unit, standing: Standing, counter: Counter) -> None:
        limit = self.limit_of(standing, counter)
        if not await unit.people.take(standing.owner.anonymous_token or "", counter, limit):
            raise self._without_account(LIMIT_REACHED)

    def _without_account(self, sentence: str) -> Refused:
        """The refusal to somebody without an account, with a button that makes one where that is possible."""
        return Refused(sentence, *(() if self._settings.signup == "closed" else (SIGN_UP,)))

    async def _check_room_for_bot(self, unit: Unit, standing: Standing) -> None:
        limit = allowance(self._settings, standing.tier or "", standing.quota).bots
        if limit is not None and len(await unit.trading.bots(standing.owner)) >= limit:
            room = f"has room for {_counted(limit, 'bot')}."
            raise _refusal(standing, room, "Delete one with /deletebot to make room" if limit else "")

    async def _check_backtests_of_day(self, unit: Unit, standing: Standing) -> None:
        limit = allowance(self._settings, standing.tier or "", standing.quota).backtests_per_day
        if limit is None:
            return
        runs = f"runs {_counted(limit, 'backtest')} in 24 hours."
        if limit == 0:
            raise _refusal(standing, runs, "")
        since = self.backtests_count_from(standing)
        oldest_that_counts = await unit.trading.nth_newest_backtest(limit, standing.owner, since)
        if oldest_that_counts is not None:
            free = _shown(oldest_that_counts + DAY)
            raise _refusal(standing, runs, f"Wait until {free} for the next one")


def _used(standing: Standing, counter: Counter) -> int:
    return 0 if standing.person is None else int(getattr(standing.person, counter))


def _reached(used: int, limit: int | None) -> bool:
    return limit is not None and used >= limit


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _refusal(standing: Standing, what: str, lift: str) -> Refused:
    """The refusal to an account: what it has, and what would lift that."""
    more = "more" if standing.tier == PRO else "the pro tier"
    asking = f"{lift}, or ask" if lift else "Ask"
    return Refused(f"Your {standing.tier} account {what} {asking} an operator for {more}.")


def _shown(moment: datetime) -> str:
    """A moment to the minute, never too early."""
    shown = moment.replace(second=0, microsecond=0)
    if shown < moment:
        shown += timedelta(minutes=1)
    return f"{shown:%H:%M} UTC"


def _refuse_until(free: datetime) -> NoReturn:
    raise Refused(f"{RATE_LIMITED} It goes again from {_shown(free)}.")
