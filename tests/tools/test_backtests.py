"""Backtests: counted once, given back when they come to nothing, and shown with what they cannot tell."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.accounts.limits import LIMIT_REACHED
from bot.errors import ProviderDown, Refused, ToolFailed
from bot.market.provider import OnProgress, Token
from bot.market.synthetic import SyntheticMarket
from bot.messages import Notice, Picture, Progress
from bot.tools.backtest_job import MOST_EVENTS, Job, prepare, read_candles, run, write_candles
from bot.trading.candles import Candles
from bot.workers import Workers
from tests.fakes.clock import StoppedClock
from tests.tools.desk import Desk, Person, open_desk
from tests.tools.documents import dip

WEEK: dict[str, Any] = {"days": 7.0}


class Closed(SyntheticMarket):
    """A market whose candles cannot be had."""

    async def candles(
        self, token: Token, timeframe: int, start: int, end: int, on_progress: OnProgress | None = None
    ) -> Candles:
        raise ProviderDown("The market does not answer.")


class Patient(SyntheticMarket):
    """A market that takes for ever to give its candles; `asked` tells that it was asked."""

    def __init__(self, clock: StoppedClock) -> None:
        super().__init__(1, clock)
        self.asked = asyncio.Event()

    async def candles(
        self, token: Token, timeframe: int, start: int, end: int, on_progress: OnProgress | None = None
    ) -> Candles:
        self.asked.set()
        await asyncio.Event().wait()
        raise AssertionError


class Young(SyntheticMarket):
    """A market that has but one candle."""

    async def candles(
        self, token: Token, timeframe: int, start: int, end: int, on_progress: OnProgress | None = None
    ) -> Candles:
        whole = await super().candles(token, timeframe, start, end, on_progress)
        last = slice(-1, None)
        return Candles(
            timeframe,
            whole.start[last],
            whole.open[last],
            whole.high[last],
            whole.low[last],
            whole.close[last],
            whole.volume[last],
        )


@pytest.fixture
async def limited(tmp_path: Path, workers: Workers) -> AsyncIterator[Desk]:
    """A desk with the usual limits."""
    async with open_desk(tmp_path, workers) as desk:
        yield desk


async def trader(desk: Desk, name: str = "alice") -> Person:
    """Somebody with a bot."""
    person = await desk.person(name)
    await person.call("create_bot", strategy=dip())
    return person


async def used(desk: Desk, person: Person) -> int:
    async with desk.services.database.view() as view:
        counters = await view.people.anonymous(person.owner.anonymous_token or "")
        assert counters is not None
        return counters.backtest_count


async def states(desk: Desk, person: Person) -> list[str]:
    async with desk.services.database.view() as view:
        return [row.state for row in await view.trading.backtests(person.owner)]


async def test_a_backtest_is_reported_drawn_and_kept(limited: Desk) -> None:
    alice = await trader(limited)
    outcome = await alice.call("run_backtest", timeframe="15m", days=30)

    report, picture = outcome.replies
    assert isinstance(report, Notice)
    assert "synthetic" in report.text
    assert max(map(len, report.text.split("```")[1].splitlines())) <= 44
    assert isinstance(picture, Picture)
    assert picture.content.startswith(b"\x89PNG")
    backtest_id = outcome.result["backtest"]
    assert [action.line for action in picture.actions] == [
        f"/backtest {what} {backtest_id}" for what in ("details", "trades", "again")
    ]
    assert outcome.result["synthetic"] is True
    assert outcome.result["data"]["candles"] == 30 * 96
    assert outcome.result["data"]["warm_up_candles"] > 0
    assert await states(limited, alice) == ["done"]
    assert await used(limited, alice) == 1
    assert any(isinstance(reply, Progress) and reply.done == 1.0 for reply in alice.shown)


async def test_a_second_one_is_refused_before_anything_is_loaded(limited: Desk) -> None:
    alice = await trader(limited)
    await alice.call("run_backtest", **WEEK)
    alice.shown.clear()
    with pytest.raises(Refused) as refused:
        await alice.call("run_backtest", **WEEK)
    assert str(refused.value) == LIMIT_REACHED
    assert alice.shown == []
    assert await states(limited, alice) == ["done"]


async def test_two_at_once_share_one_reservation(limited: Desk) -> None:
    alice = await trader(limited)
    results = await asyncio.gather(
        *(alice.call("run_backtest", **WEEK) for _ in range(3)), return_exceptions=True
    )
    assert sum(isinstance(result, Refused) for result in results) == 2
    assert await used(limited, alice) == 1


async def test_a_repeated_call_shows_the_same_result(limited: Desk) -> None:
    alice = await trader(limited)
    first = await alice.call("run_backtest", key="turn:call", **WEEK)
    again = await alice.call("run_backtest", key="turn:call", **WEEK)
    assert again == first
    assert await used(limited, alice) == 1


async def test_after_a_restart_the_same_call_goes_on_with_its_own_period(
    tmp_path: Path, workers: Workers
) -> None:
    async with open_desk(tmp_path, workers) as desk:
        alice = await trader(desk)
        async with desk.services.database.unit() as unit:
            trading_bot = (await unit.trading.bots(alice.owner))[0]
            end = int(desk.clock().timestamp())
            request = {"timeframe": 3600, "start": end - 86_400 * 7, "end": end, "initial_balance": 500.0}
            await desk.services.limits.reserve_backtest(unit, alice.owner)
            await unit.trading.begin_backtest(
                alice.owner, trading_bot, 1, {**request, "asked": WEEK}, "turn:call", desk.clock()
            )
    async with open_desk(tmp_path, workers) as desk:
        alice = await desk.person("alice")
        desk.clock.move(days=3)
        result = (await alice.call("run_backtest", key="turn:call", **WEEK)).result
        assert result["data"]["candles"] == 7 * 24
        assert result["initial_balance"] == 500
        assert await used(desk, alice) == 1
        assert await states(desk, alice) == ["done"]


async def test_what_fails_gives_the_backtest_back(tmp_path: Path, workers: Workers) -> None:
    clock = StoppedClock()
    async with open_desk(tmp_path, workers, market=Closed(1, clock)) as desk:
        alice = await trader(desk)
        with pytest.raises(ProviderDown):
            await alice.call("run_backtest", key="turn:call", **WEEK)
        assert await states(desk, alice) == ["failed"]
        assert await used(desk, alice) == 0
    async with open_desk(tmp_path, workers) as desk:
        alice = await desk.person("alice")
        await alice.call("run_backtest", key="turn:call", **WEEK)
        assert await states(desk, alice) == ["done"]
        assert await used(desk, alice) == 1


async def test_what_is_stopped_gives_the_backtest_back(tmp_path: Path, workers: Workers) -> None:
    market = Patient(StoppedClock())
    async with open_desk(tmp_path, workers, market=market) as desk:
        alice = await trader(desk)
        running = asyncio.ensure_future(alice.call("run_backtest", **WEEK))
        await market.asked.wait()
        assert await used(desk, alice) == 1
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert await states(desk, alice) == ["stopped"]
        assert await used(desk, alice) == 0


async def test_too_little_data_is_refused_with_what_there_is(tmp_path: Path, workers: Workers) -> None:
    async with open_desk(tmp_path, workers, market=Young(1, StoppedClock())) as desk:
        alice = await trader(desk)
        with pytest.raises(
            ToolFailed, match=r"only 1 of 672 candles of 15m for PEPE .* What there is runs from"
        ):
            await alice.call("run_backtest", **WEEK)
        assert await used(desk, alice) == 0


async def test_impossible_wishes_cost_nothing(limited: Desk) -> None:
    alice = await trader(limited)
    for wish in (
        {"timeframe": "7m"},
        {"start": "2031-01-01"},
        {"days": 3650, "timeframe": "1m"},
        {"bot": "moon"},
    ):
        with pytest.raises(ToolFailed):
            await alice.call("run_backtest", **wish)
    assert await used(limited, alice) == 0
    assert await states(limited, alice) == []


def a_walk(count: int) -> Candles:
    """A made-up series of minutes."""
    close = 100 + np.cumsum(np.where(np.arange(count) % 2, 1.0, -1.0))
    start = np.arange(count, dtype=np.int64) * 60
    return Candles(60, start, close, close + 1, close - 1, close, np.ones(count))


def a_job(candles: Candles, folder: Path, **changes: Any) -> Job:
    """A job on candles that lie in a folder."""
    write_candles(candles, folder)
    document = dip(timeframe="1m", market={"symbol": "PEPE", "address": "0x1"}, **changes)
    return Job(document, folder, 60, candles.missing, 120, 10_000.0, "synthetic", synthetic=True)


def test_candles_survive_the_way_to_another_process(tmp_path: Path) -> None:
    candles = a_walk(500)
    back = read_candles(a_job(candles, tmp_path))
    for column in ("start", "open", "high", "low", "close", "volume"):
        assert np.array_equal(getattr(back, column), getattr(candles, column))


def test_the_rehearsal_runs() -> None:
    prepare()


def test_of_too_many_events_the_latest_fills_are_kept(tmp_path: Path) -> None:
    rule = {"id": "dca", "when": {"type": "schedule", "every": "1m"}, "only_if": None}
    rules = [{**rule, "then": [{"type": "buy", "amount_usd": 1}, {"type": "hold"}]}]
    job = a_job(a_walk(MOST_EVENTS), tmp_path, rules=rules, risk_management=None)
    result, chart = run(job)
    events = result["events"]
    assert len(events) == MOST_EVENTS
    assert result["events_left_out"] > 0
    assert [event["time"] for event in events] == sorted(event["time"] for event in events)
    assert sum(event["kind"] == "buy" for event in events) > sum(event["kind"] == "hold" for event in events)
    assert chart.startswith(b"\x89PNG")
