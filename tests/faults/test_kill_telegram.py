"""Killed with SIGKILL in the middle of answers while calls fail: every message is answered, no tool runs twice."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.fakes.bot_api import BotApi
from tests.fakes.telegram_world import Shown
from tests.faults.network import Trouble
from tests.faults.people import Talker
from tests.faults.process import Forks, RunningRandebu, forking

SEED = 20260601
LABEL = "(repeated)\n\n"


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    """A process that has imported everything and forks lives."""
    with forking() as opened:
        yield opened


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_killed_five_times(tmp_path: Path, forks: Forks) -> None:
    await killed(tmp_path, forks, kills=5, people=2)


@pytest.mark.faults
@pytest.mark.timeout(3600)
async def test_killed_fifty_times(tmp_path: Path, forks: Forks) -> None:
    await killed(tmp_path, forks, kills=50, people=6, in_group=1)


async def killed(folder: Path, forks: Forks, *, kills: int, people: int, in_group: int = 0) -> None:
    """Kill it again and again while people talk; then let everything be answered and look at it."""
    began, moments, trouble = time.monotonic(), random.Random(SEED), Trouble(SEED)
    async with BotApi() as api:
        api.fault = trouble
        group = api.world.group("Traders")
        talkers = [
            Talker(api.world, api.world.person(f"Person {number}"), group if number < in_group else None)
            for number in range(people)
        ]
        enough = asyncio.Event()
        talking = [asyncio.ensure_future(talk(talker, enough)) for talker in talkers]
        for _ in range(kills):
            life = RunningRandebu(folder, api, forks)
            await life.start()
            await moment(life, moments, most_calls=4 if kills < 10 else 10)
            await life.kill()
        enough.set()
        life = RunningRandebu(folder, api, forks)
        await life.start()
        await asyncio.gather(*talking)
        # A message that was read may still have lost its acknowledgement, and then it is on its way once more.
        while {"pending", "attempting"} & set(states(folder, "deliveries")):
            await pause(api)
        assert await life.end() == 0
        assert_nothing_lost_nothing_twice(folder, api, talkers)
        took = time.monotonic() - began
        print(f"{kills} kills in {took:.0f} s, {dict(trouble.counts)}, {summary(api, talkers)}")


async def moment(life: RunningRandebu, moments: random.Random, *, most_calls: int) -> None:
    """Wait for the moment to kill: at any time of the start, or in the midst of answers, at a call or after it."""
    at_the_start = moments.random() < 0.2
    calls, later = moments.randint(1, most_calls), moments.choice((0.0, 0.002, 0.02, 0.3)) * moments.random()
    with suppress(TimeoutError):
        if at_the_start:
            async with asyncio.timeout(moments.uniform(0.0, 2.0)):
                await life.here()
        else:
            await life.here()
            async with asyncio.timeout(20.0):
                await life.busy(calls)
                await asyncio.sleep(later)


async def talk(talker: Talker, enough: asyncio.Event) -> None:
    """Rounds until there were enough; at least one."""
    while True:
        await talker.round()
        if enough.is_set():
            return


def summary(api: BotApi, talkers: list[Talker]) -> str:
    """What happened, in numbers."""
    shown = [each for chat in api.world.chats.values() for each in chat.ours()]
    labelled = sum(each.text.startswith(LABEL) for each in shown)
    typed, created = sum(each.typed for each in talkers), sum(each.created for each in talkers)
    return f"{typed} messages, {created} bots, {len(shown)} answers, {labelled} labelled as repeated"


def assert_nothing_lost_nothing_twice(folder: Path, api: BotApi, talkers: list[Talker]) -> None:
    engine = create_engine(f"sqlite:///{folder / 'randebu.db'}")
    with engine.connect() as connection:

        def column(query: str) -> list[Any]:
            return list(connection.execute(text(query)).scalars())

        assert column("SELECT DISTINCT state FROM incoming") == ["done"]
        assert column("SELECT count(*) FROM incoming") == [sum(each.typed + each.pressed for each in talkers)]
        assert column("SELECT count(*) FROM bots") == [sum(each.created for each in talkers)]
        assert column("SELECT count(*) FROM backtests") == [sum(each.tested for each in talkers)]
        assert column("SELECT DISTINCT state FROM backtests") == ["done"]
        assert column("SELECT DISTINCT state FROM deliveries") == ["delivered"]
        pictures = column("SELECT count(*) FROM deliveries WHERE kind = 'Picture'")
        rows = connection.execute(text("SELECT chat, receipt FROM deliveries WHERE kind != 'Settled'")).all()
    engine.dispose()
    assert pictures == [sum(each.tested for each in talkers)]
    assert_only_labelled_doubles(api, [(int(chat), receipt) for chat, receipt in rows])


def assert_only_labelled_doubles(api: BotApi, delivered: list[tuple[int, str]]) -> None:
    """Without those with a label, no text was shown more often than it was to be said."""
    wanted: Counter[tuple[int, str]] = Counter()
    for chat_id, receipt in delivered:
        shown = api.world.chats[chat_id].messages[int(receipt.rpartition(":")[2])]
        wanted[chat_id, as_sent(shown).removeprefix(LABEL)] += 1
    for chat in api.world.chats.values():
        sent = [as_sent(each) for each in chat.ours()]
        unlabelled = Counter((chat.id, each) for each in sent if not each.startswith(LABEL))
        for said, times in unlabelled.items():
            # A placeholder whose number was lost with its process stays, without a word of the answer.
            assert times <= wanted[said] or said[1] == "…", said


def as_sent(shown: Shown) -> str:
    """What a message said at first: a question before it was decided; a placeholder's answer."""
    before = shown.former[-1] if shown.former else ""
    decided = bool(before) and shown.text.startswith(f"{before.removeprefix(LABEL)}\n\n")
    return before if decided else shown.text


@pytest.mark.slow
async def test_sigterm_ends_it_soon_and_keeps_what_runs(tmp_path: Path, forks: Forks) -> None:
    async with BotApi() as api:
        alice = Talker(api.world, api.world.person("Alice"))
        chat = alice.chat
        life = RunningRandebu(tmp_path, api, forks)
        await life.start()
        talking = asyncio.ensure_future(
            alice.makes_and_tests("backtest it on 1m candles for the last 60 days")
        )
        while not (alice.tested and "running" in states(tmp_path, "turns")):
            await pause(api)
        assert (tmp_path / "heartbeat").exists()
        told = time.monotonic()
        assert await life.end() == 0
        took = time.monotonic() - told
        assert took < 10
        print(f"SIGTERM took {took:.2f} s")
        assert not (tmp_path / "heartbeat").exists()
        assert states(tmp_path, "turns") == ["done", "running"]
        life = RunningRandebu(tmp_path, api, forks)
        await life.start()
        await talking
        assert await life.end() == 0
        assert states(tmp_path, "turns") == ["done"]
        assert not any(each.text.startswith(LABEL) for each in chat.ours())
        assert "Traceback" not in life.log


@pytest.mark.slow
async def test_sigterm_ends_it_soon_although_telegram_hangs(tmp_path: Path, forks: Forks) -> None:
    async with BotApi() as api:
        alice = api.world.person("Alice")
        life = RunningRandebu(tmp_path, api, forks)
        await life.start()
        await life.here()
        api.fault = lambda method, parameters: "hang" if method == "sendMessage" else None
        api.world.says(alice, "/help")
        await life.busy(1)
        told = time.monotonic()
        assert await life.end() == 0
        took = time.monotonic() - told
        assert took < 10
        print(f"SIGTERM took {took:.2f} s while a call hung")
        assert states(tmp_path, "deliveries") == ["attempting"]


@pytest.mark.slow
@pytest.mark.parametrize("token", ["9999:not-a-token-that-anybody-has", "none at all"])
async def test_a_wrong_token_alone_ends_it_with_one_sentence(
    tmp_path: Path, forks: Forks, token: str
) -> None:
    async with BotApi() as api:
        life = RunningRandebu(tmp_path, api, forks, TELEGRAM_TOKEN=token)
        await life.start()
        assert await life.ends() == 2
        assert life.log.splitlines()[-1].startswith("TELEGRAM_TOKEN is not a token that Telegram knows")
        assert "Traceback" not in life.log
        assert token not in life.log


async def pause(api: BotApi) -> None:
    """Wait for news, but not for long, before something is looked at again."""
    with suppress(TimeoutError):
        await asyncio.wait_for(api.world.news.wait(), 0.05)


def states(folder: Path, table: str) -> list[str]:
    """Every state that rows of a table have."""
    engine = create_engine(f"sqlite:///{folder / 'randebu.db'}")
    with engine.connect() as connection:
        query = f"SELECT DISTINCT state FROM {table} ORDER BY state"  # noqa: S608
        found = list(connection.execute(text(query)).scalars())
    engine.dispose()
    return found
