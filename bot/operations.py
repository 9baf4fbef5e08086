"""What operators have of the running house: their commands, what is watched for them, and what they are told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from bot.accounts.operators import operators_chat
from bot.dispatch.faults import FaultRecorder, new_reference, noticed
from bot.dispatch.lanes import Lanes
from bot.dispatch.tasks import Tasks
from bot.handlers.admin.command import AdminCommand
from bot.handlers.admin.context import Desk, Reports
from bot.handlers.admin.entrance import NAME, SUMMARY, USAGE, Entrance
from bot.handlers.admin.table import admin_commands
from bot.handlers.context import CommandSpec
from bot.jobs.broadcasts import carry_broadcasts
from bot.jobs.clockwork import Clockwork
from bot.jobs.faults import prune_faults, tell_faults
from bot.jobs.loop_lag import LoopLag
from bot.jobs.summary import send_summary
from bot.messages import ChatAddress, Exit, LastingReply
from bot.reports import conversations, health, people, records, stats
from bot.reports.health import JobRecord, Vitals
from bot.tools.registry import Services

if TYPE_CHECKING:
    from bot.settings import Settings
    from storage.database import Unit

_HOUR = 3600


class Operations:
    """Made once the house stands; `watch` sets its jobs going, `close` ends its own task."""

    def __init__(
        self,
        services: Services,
        exit_: Exit,
        lanes: Lanes,
        platforms: Sequence[str],
    ) -> None:
        self._services = services
        self._exit = exit_
        self._lanes = lanes
        self._platforms = tuple(platforms)
        self._started_at = services.clock()
        self._lag = LoopLag()
        self._tasks = Tasks()
        self._faults = FaultRecorder(services.settings)
        self._records: Callable[[], Sequence[JobRecord]] = tuple
        desk = Desk(self._reports(), exit_, self._platforms)
        self.commands: Sequence[AdminCommand] = admin_commands(desk)
        self.entrance = Entrance(self.commands)

    @property
    def spec(self) -> CommandSpec:
        """/admin as a row of the table of commands: listed nowhere, unknown to everybody else."""
        return CommandSpec(NAME, USAGE, SUMMARY, self.entrance.handle, listed=False, operators_only=True)

    @property
    def chat(self) -> ChatAddress | None:
        """The operators' chat, if its platform is served: what is written for another would wait for ever."""
        chat = operators_chat(self._services.settings)
        return chat if chat is not None and chat.platform in self._platforms else None

    def watch(self, clockwork: Clockwork) -> None:
        """Set everything going that the clock does for operators."""
        services, exit_ = self._services, self._exit
        self._records = lambda: clockwork.records
        self._tasks.start(self._lag.watch(), "loop lag")
        clockwork.every(1, "carry broadcasts", partial(carry_broadcasts, services, exit_))
        clockwork.every(_HOUR, "delete old errors", partial(prune_faults, services))
        chat = self.chat
        if chat is not None:
            summary = partial(stats.totals, services, 1)
            clockwork.every(5, "tell of errors", partial(tell_faults, services, exit_, chat))
            clockwork.every(20, "daily summary", partial(send_summary, services, exit_, chat, summary))

    async def job_failed(self, job: str, error: Exception) -> None:
        """Write down that a job failed."""
        services = self._services
        fault = self._faults.describe(error, new_reference(), f"job {job}", services.clock())
        async with services.database.unit() as unit:
            await unit.faults.add(fault)

    async def tell(self, unit: Unit, kind: str, text: str) -> None:
        """Let operators hear, after the caller's commit, of something that is no fault of ours but needs a look."""
        await unit.faults.add(noticed(kind, text, self._services.clock()))

    async def close(self) -> None:
        """Stop measuring."""
        await self._tasks.close()

    def _reports(self) -> Reports:
        return Reports(
            stats=stats.stats,
            users=people.users,
            user=people.user,
            conversations=conversations.conversations,
            replay=conversations.replay,
            export=conversations.export,
            health=self._health,
            jobs=self._jobs,
            outbox=health.outbox,
            faults=records.faults,
            fault=records.fault,
            audit=records.audit,
            broadcasts=records.broadcasts,
        )

    async def _health(self, services: Services) -> tuple[LastingReply, ...]:
        vitals = Vitals(
            started_at=self._started_at,
            loop_lag=self._lag.last,
            worst_loop_lag=self._lag.worst,
            lanes_waiting=self._lanes.total_waiting(),
            lanes_busy=self._lanes.total_busy(),
            calculations=services.workers.underway,
            platforms=self._platforms,
        )
        return await health.health(services, vitals)

    async def _jobs(self, services: Services) -> tuple[LastingReply, ...]:
        return await health.jobs(services, self._records())


def operators_menu(settings: Settings, platform: str) -> dict[str, dict[str, str]]:
    """The further commands of each operator on a platform, by user id: what only they have in their menu."""
    return {user: {NAME: SUMMARY} for where, user in sorted(settings.operators) if where == platform}
