"""Randebu as a whole: built from settings here and nowhere else."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from bot.accounts.limits import Limits
from bot.agent.assistant import Assistant
from bot.agent.turn import Turns
from bot.clock import Clock, system_clock
from bot.dispatch.buttons import Buttons
from bot.dispatch.dispatcher import Dispatcher
from bot.dispatch.outbox import Outbox
from bot.handlers.admin.command import AdminCommand
from bot.handlers.approvals import Answers
from bot.handlers.commands import build_commands
from bot.handlers.slash import SlashCommands
from bot.handlers.talk import Talk
from bot.jobs.approvals import expire_approvals
from bot.jobs.clockwork import Clockwork
from bot.jobs.simulations.stepping import Stepping
from bot.jobs.simulations.summaries import Summaries
from bot.jobs.simulations.timetable import Timetable
from bot.market.sources import build_market
from bot.messages import Adapter, ChatAddress, Incoming, Sender
from bot.operations import Operations, operators_menu
from bot.reports.suggestions import Kind, Suggestion, suggest
from bot.reports.usage import usage
from bot.settings import Settings
from bot.tools import build_tools
from bot.tools.registry import Registry, Services
from bot.workers import Workers
from storage.database import Database

if TYPE_CHECKING:
    from bot.agent.models import Model

WARM_UP = ("bot.tools.backtest_job:prepare",)
"""What every worker does once when it starts, so that the first backtest does not have to wait for it."""

STEPPING_WARM_UP = ("bot.trading.live:prepare",)
"""The same for the worker that steps simulations."""

_NO_MODEL = (
    "No language model is configured, so I understand plain sentences by rules. "
    "Set ANTHROPIC_API_KEY (or LLM_PROVIDER) for free conversation."
)
_SYNTHETIC = "Prices are synthetic: made up, the same for everybody, good for trying things out."


class Randebu:
    """The house: one way in (`receive`), one way out (the adapters that are attached).

    `start` opens the database and goes on with whatever was left unfinished; `close` leaves everything written down.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock = system_clock,
        model: Model | None = None,
        workers: Workers | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._model = model
        self._given_workers = workers
        self._stack = AsyncExitStack()
        self._adapters: list[Adapter] = []
        self._commands = build_commands(usage)
        self._ready = asyncio.Event()

    def attach(self, adapter: Adapter) -> None:
        """Let an adapter carry the replies of its platform; before `start`."""
        self._adapters.append(adapter)

    async def start(self) -> None:
        """Open everything, recover, and begin to work."""
        settings, stack = self._settings, self._stack
        self.tools: Registry = build_tools()
        self.assistant = Assistant(settings, self.tools, self._clock, model=self._model)
        stack.push_async_callback(self.assistant.close)
        self.database = await Database.open(settings.database_url)
        stack.push_async_callback(self.database.close)
        await self.assistant.load()
        # Only now: their start takes seconds of a processor, and the first message should not wait for that.
        workers = await self._workers()
        market = await build_market(settings, self.database, self._clock)
        stack.push_async_callback(market.close)
        limits = Limits(settings, self._clock)
        self.services = Services(settings, self.database, limits, market, workers, self._clock)
        self.buttons = Buttons(self.database)
        self.outbox = Outbox(self.database, self._clock)
        stack.push_async_callback(self.outbox.close)
        self.dispatcher = self._dispatcher()
        stack.push_async_callback(self.dispatcher.close)
        served = [adapter.platform for adapter in self._adapters]
        self.operations = Operations(self.services, self.outbox, self.dispatcher.lanes, served)
        stack.push_async_callback(self.operations.close)
        self._commands[self.operations.spec.name] = self.operations.spec
        for adapter in self._adapters:
            self.outbox.attach(adapter)
        self.simulations = Stepping(self.services, self._steppers(), self.outbox, self.operations.tell)
        stack.push_async_callback(self.simulations.close)
        await self.outbox.recover()
        await self.dispatcher.recover(served)
        self._wind_up()
        # What is loaded by now stays for good; looking through all of it held the event loop for 140 ms each time.
        gc.freeze()
        self._ready.set()

    async def receive(self, incoming: Incoming) -> None:
        """Take something that a person did; returns when it is written down."""
        await self._ready.wait()
        await self.dispatcher.receive(incoming)

    async def move_chat(self, platform: str, old: str, new: str) -> None:
        """Let a chat go on under a new id, with its conversations and everything on its way there."""
        await self._ready.wait()
        await self.outbox.move_chat(platform, old, new)

    async def recall(self, name: str) -> dict[str, Any]:
        """What an adapter has noted under a name, also before a restart; empty when nothing."""
        await self._ready.wait()
        async with self.database.view() as view:
            return await view.facts.get(name) or {}

    async def note(self, name: str, value: dict[str, Any]) -> None:
        """Keep something that an adapter must know after a restart."""
        await self._ready.wait()
        async with self.database.unit() as unit:
            await unit.facts.set(name, value)

    async def answered(self, address: ChatAddress) -> None:
        """Wait until everything from a chat thread is handled, or rests waiting for a person, and is sent."""
        await self._ready.wait()
        await self.dispatcher.answered(address)

    async def recent_chats(self, platform: str, limit: int) -> Sequence[str]:
        """The chats of a platform in which something was said last, the latest first."""
        await self._ready.wait()
        async with self.database.view() as view:
            return await view.conversations.recent_chats(platform, limit)

    async def suggest(self, sender: Sender, kind: Kind, typed: str) -> Sequence[Suggestion]:
        """What somebody who types may mean, answered soon; empty when nothing is known."""
        await self._ready.wait()
        return await suggest(self.services, sender, kind, typed)

    def commands(self, *, private: bool = True) -> Mapping[str, str]:
        """The slash commands that are listed, in private or elsewhere, each with a few words."""
        listed = (
            spec for spec in self._commands.values() if spec.listed and (private or not spec.private_only)
        )
        return {spec.name: spec.summary for spec in listed}

    def operator_commands(self) -> Sequence[AdminCommand]:
        """What stands behind /admin, each with its usage and a few words; after `start`."""
        return self.operations.commands

    def operators_on(self, platform: str) -> Mapping[str, Mapping[str, str]]:
        """The operators of a platform by user id, each with the commands that only they have in their menu."""
        return operators_menu(self._settings, platform)

    def greeting(self) -> str:
        """What a person should know before the first message, in Markdown."""
        lines = [
            "Hi, I am Randebu. Tell me what to buy and when to sell, and I test it before a cent is at risk."
        ]
        if self._settings.llm_provider == "offline":
            lines.append(_NO_MODEL)
        if self._settings.market_source == "synthetic":
            lines.append(_SYNTHETIC)
        return "\n".join([*lines, "/help lists what I can do."])

    async def close(self) -> None:
        """End everything in the reverse order of its beginning; what is unfinished goes on at the next start."""
        await self._stack.aclose()

    async def _workers(self) -> Workers:
        if self._given_workers is not None:
            return self._given_workers
        workers = Workers(self._settings.workers, warm_up=WARM_UP)
        await workers.start()
        self._stack.push_async_callback(workers.close)
        return workers

    def _steppers(self) -> Workers:
        """A process for simulations alone, so that no backtest holds them up; it starts with the first of them."""
        if self._given_workers is not None:
            return self._given_workers
        steppers = Workers(1, warm_up=STEPPING_WARM_UP)
        self._stack.push_async_callback(steppers.close)
        return steppers

    def _dispatcher(self) -> Dispatcher:
        services, tools, exit_ = self.services, self.tools, self.outbox
        turns = Turns(services, tools, self.assistant, exit_)
        talk = Talk(services, turns, exit_)
        answers = Answers(services, turns, exit_)
        slash = SlashCommands(services, tools, self._commands, exit_)
        return Dispatcher(services, talk, slash, answers, exit_)

    def _wind_up(self) -> None:
        """Set the clock going."""
        clockwork = Clockwork(self._clock, self.operations.job_failed)

        async def expire() -> None:
            await expire_approvals(self.services, self.outbox)

        async def send_again() -> None:
            self.outbox.wake_due()

        clockwork.every(5, "expire approvals", expire)
        clockwork.every(1, "send deliveries again", send_again)
        self.operations.watch(clockwork)
        timetable = Timetable(self.services, self.simulations, clockwork)
        summaries = Summaries(self.services, self.outbox)
        clockwork.every(1, "arrange simulations", timetable.arrange)
        # Drawing many pictures takes long, and the next run waits for the last one.
        clockwork.paced("tell of simulations by the hour", summaries.run, lambda: 20.0)
        clockwork.start()
        self._stack.push_async_callback(clockwork.close)
