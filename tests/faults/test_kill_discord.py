"""Killed with SIGKILL in the middle of answers while calls fail: nothing is lost, nothing public is there twice."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.fakes.discord_api import DISCORD_TOKEN, DiscordApi, RestCall
from tests.faults.discord_people import DiscordTalker

PROJECT = Path(__file__).parents[2]
SEED = 20260601
LABEL = "(repeated)"
KINDS = ("drop_before", "drop_after", "500", "502", "429")
FRAGILE = (
    "POST channels/messages",
    "PATCH channels/messages",
    "PATCH webhooks/messages/@original",
    "POST webhooks",
)


class DiscordTrouble:
    """Seeded trouble on the way to Discord: some calls fail, in each of the ways in which calls fail.

    Never the same call more than twice in a row: what fails three times is given up, which is by design.
    """

    def __init__(self, seed: int, share: float = 0.1) -> None:
        self._random = random.Random(seed)
        self._share = share
        self._in_a_row: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()

    def __call__(self, call: RestCall) -> str | None:
        """What happens to a call."""
        if call.route not in FRAGILE:
            return None
        key = f"{call.path} {call.body.get('content')}"
        if self._random.random() >= self._share or self._in_a_row[key] >= 2:
            self._in_a_row.pop(key, None)
            return None
        self._in_a_row[key] += 1
        kind = self._random.choice(KINDS)
        self.counts[kind] += 1
        return kind


class Life:
    """One life of `randebu run` on a data folder, as a process of its own."""

    def __init__(self, folder: Path, api: DiscordApi) -> None:
        self._folder = folder
        self._api = api
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start the process; it is not yet there when this returns."""
        environment = {
            **os.environ,
            "DATA_DIR": str(self._folder),
            "DISCORD_TOKEN": DISCORD_TOKEN,
            "DISCORD_API_URL": self._api.url,
            "TELEGRAM_TOKEN": "",
            "LLM_PROVIDER": "offline",
            "MARKET_SOURCE": "synthetic",
            "ANONYMOUS_CHATS": "",
            "ANONYMOUS_BOTS": "",
            "ANONYMOUS_BACKTESTS": "",
            "MAX_CHATS_PER_5HOURS": "",
        }
        with (self._folder / "log.txt").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "adapters.cli", "run"),
                cwd=PROJECT,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def here(self) -> None:
        """Wait until it hears what is said."""
        while not self._api.gateway.connected:
            await self._api.world.news.wait()

    async def kill(self) -> None:
        """SIGKILL, the whole session, worker processes too."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()
        await self._api.gateway.drop()

    async def end(self) -> int:
        """SIGTERM; returns the exit status."""
        if self._process is None:
            raise RuntimeError("It was never started.")
        self._process.terminate()
        return await self._process.wait()


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_killed_a_few_times(tmp_path: Path) -> None:
    await killed(tmp_path, kills=2, people=2, tests=False)


@pytest.mark.faults
@pytest.mark.timeout(3600)
async def test_killed_fifty_times(tmp_path: Path) -> None:
    await killed(tmp_path, kills=50, people=5, tests=True)


async def killed(folder: Path, *, kills: int, people: int, tests: bool) -> None:
    """Kill it again and again while people talk; then let everything be answered and look at it."""
    moments, trouble = random.Random(SEED), DiscordTrouble(SEED)
    async with DiscordApi() as api:
        talkers = [new_talker(api, number, tests) for number in range(people)]
        life = Life(folder, api)
        await life.start()
        await life.here()
        await asyncio.gather(*(talker.hello() for talker in talkers))
        api.fault = trouble
        enough = asyncio.Event()
        talking = [asyncio.ensure_future(talk(talker, enough)) for talker in talkers]
        for _ in range(kills):
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.Event().wait(), moments.uniform(0.0, 8.0 if tests else 3.0))
            await life.kill()
            life = Life(folder, api)
            await life.start()
            with suppress(TimeoutError):
                async with asyncio.timeout(moments.uniform(1.0, 20.0) if moments.random() < 0.2 else None):
                    await life.here()
        enough.set()
        await asyncio.gather(*talking)
        await settled(folder)
        assert await life.end() == 0
        assert_nothing_lost_nothing_twice(folder, api, talkers)
        lives = sum(1 for each in api.gateway.sessions)
        print(f"kills {kills}, sessions {lives}, {dict(trouble.counts)}, {summary(api, talkers)}")


def new_talker(api: DiscordApi, number: int, tests: bool) -> DiscordTalker:
    """One in two in a channel, the others in direct messages."""
    channel = api.world.channel(f"room-{number}") if number % 2 == 0 else None
    return DiscordTalker(api.world, api.world.person(f"Person {number}"), channel, tests)


async def talk(talker: DiscordTalker, enough: asyncio.Event) -> None:
    """Rounds until there were enough; at least one."""
    while True:
        await talker.round()
        if enough.is_set():
            return


async def settled(folder: Path) -> None:
    """Wait until nothing is under way any more."""
    engine = create_engine(f"sqlite:///{folder / 'randebu.db'}")
    query = text(
        "SELECT (SELECT count(*) FROM incoming WHERE state IN ('waiting', 'running')) + "
        "(SELECT count(*) FROM deliveries WHERE state IN ('pending', 'attempting'))"
    )
    while True:
        with engine.connect() as connection:
            if connection.execute(query).scalar() == 0:
                break
        await asyncio.sleep(0.1)
    engine.dispose()


def summary(api: DiscordApi, talkers: list[DiscordTalker]) -> str:
    """What happened, in numbers."""
    shown = [each for room in api.world.rooms.values() for each in room.messages.values() if each.author.bot]
    labelled = sum(each.content.startswith(LABEL) for each in shown)
    failed = sum(each.acknowledged_after is None for talker in talkers for each in talker.made)
    return (
        f"{sum(len(each.written) for each in talkers)} messages, {sum(len(each.made) for each in talkers)} "
        f"interactions ({failed} while nobody was there), {len(shown)} answers, {labelled} labelled as repeated"
    )


def assert_nothing_lost_nothing_twice(folder: Path, api: DiscordApi, talkers: list[DiscordTalker]) -> None:
    """Every message has an answer, every piece is shown once where everybody sees it, every tool ran once."""
    engine = create_engine(f"sqlite:///{folder / 'randebu.db'}")
    with engine.connect() as connection:

        def column(query: str) -> list[Any]:
            return list(connection.execute(text(query)).scalars())

        assert column("SELECT DISTINCT state FROM incoming") == ["done"]
        taken = set(column("SELECT external_id FROM incoming"))
        assert column("SELECT count(*) FROM bots") == [sum(each.created for each in talkers)]
        assert column("SELECT count(*) FROM backtests") == [sum(each.tested for each in talkers)]
        assert set(column("SELECT DISTINCT state FROM deliveries")) == {"delivered"}
        receipts = column("SELECT receipt FROM deliveries WHERE thread = ''")
    engine.dispose()
    for talker in talkers:
        kind = "direct" if talker.channel is None else "message"
        assert {f"{kind}:{each.id}" for each in talker.written} <= taken
        acknowledged = {
            f"interaction:{each.id}" for each in talker.made if each.acknowledged_after is not None
        }
        assert acknowledged <= taken
    told = {int(receipt.rpartition(":")[2]) for receipt in receipts}
    public = {
        each.id: each.text
        for room in api.world.rooms.values()
        for each in room.messages.values()
        if each.author.bot and each.only_for is None
    }
    # What is shown to everybody is what was told, each once, and nothing else: no placeholder, no second copy.
    doubled = {number: words for number, words in public.items() if number not in told}
    assert {words for words in doubled.values() if "Please ask again" not in words} == set()
    assert told <= set(public)
    assert not any(words.startswith(LABEL) for words in public.values())
