"""Killed at any moment while simulations run: no candle is stepped twice or left out, and each message comes once."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import signal
import sqlite3
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.clock import system_clock
from bot.jobs.simulations.cards import moment
from bot.market.provider import Token
from bot.market.synthetic import SyntheticMarket
from bot.market.synthetic_tokens import TOKENS
from bot.trading.backtest import run_backtest
from bot.trading.live import part
from bot.trading.program import warm_up_candles
from bot.trading.strategy import parse_strategy
from tests.fakes.simulation_driver import PEOPLE

CARD = re.compile(
    r"^\*\*(Bought|Sold) .* · ([0-9]+ [A-Z][a-z]{2} [0-9:]{5} UTC) · synthetic prices$", re.DOTALL
)
LISTED = re.compile(r"^- ([0-9]+ [A-Z][a-z]{2} [0-9:]{5} UTC): (bought|sold) ", re.MULTILINE)


async def run(folder: Path, kill_after: float | None) -> None:
    """Start the driver, and kill it so many seconds after it has begun to run, if it is to be killed."""
    (folder / "running").unlink(missing_ok=True)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.fakes.simulation_driver", str(folder), start_new_session=True
    )
    if kill_after is None:
        assert await process.wait() == 0
        return
    await running(folder, process)
    await asyncio.sleep(kill_after)
    os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


async def running(folder: Path, process: asyncio.subprocess.Process) -> None:
    """Wait until the driver's simulations run."""
    while True:
        if (folder / "running").exists():
            return
        assert process.returncode is None
        await asyncio.sleep(0.02)


@pytest.mark.timeout(300)
async def test_killed_a_few_times(tmp_path: Path) -> None:
    await killed(tmp_path, 2)


@pytest.mark.faults
@pytest.mark.timeout(1800)
async def test_killed_at_thirty_moments(tmp_path: Path) -> None:
    await killed(tmp_path, 30)


async def killed(folder: Path, kills: int) -> None:
    moments = random.Random(20260722)
    for _ in range(kills):
        await run(folder, moments.uniform(0.05, 2.5))
    (folder / "finish").touch()
    await run(folder, None)
    delivered = [json.loads(line) for line in (folder / "outbox.jsonl").read_text().splitlines()]
    firsts = [line for line in delivered if line["attempt"] == 1]
    assert max(Counter(line["id"] for line in firsts).values()) == 1
    with closing(sqlite3.connect(folder / "randebu.db")) as connection:
        assert connection.execute("SELECT DISTINCT state FROM deliveries").fetchall() == [("delivered",)]
        for name in PEOPLE:
            await assert_undisturbed(connection, name, firsts)


async def assert_undisturbed(
    connection: sqlite3.Connection, name: str, delivered: list[dict[str, Any]]
) -> None:
    (row,) = connection.execute(
        "SELECT simulations.id, start, next_start, document FROM simulations JOIN strategy_versions USING (bot_id) "
        "WHERE name = ?",
        (name,),
    ).fetchall()
    simulation, start, end, document = row
    events = [
        json.loads(body)
        for (body,) in connection.execute(
            "SELECT body FROM simulation_events WHERE simulation_id = ? ORDER BY time, place", (simulation,)
        )
    ]
    assert events == await undisturbed(json.loads(document), start, end)
    happened = Counter(
        (moment(each["time"]), each["kind"]) for each in events if each["kind"] in ("buy", "sell")
    )
    told, left_out = told_in([line for line in delivered if line["chat"] == name])
    # Long lists leave the earlier ones out and say how many.
    assert told <= happened
    assert sum(told.values()) + left_out == sum(happened.values())


async def undisturbed(document: dict[str, Any], start: int, end: int) -> list[dict[str, Any]]:
    """The events of a run that nothing disturbs, on the market's own candles."""
    strategy, _ = parse_strategy(document)
    pepe = next(token for token in TOKENS if token.address == document["market"]["address"])
    warm_up = warm_up_candles(strategy, 60)
    market = SyntheticMarket(1, lambda: system_clock().replace(year=2036))
    token = Token("bsc", pepe.address, "PEPE", "PEPE")
    candles = await market.candles(token, 60, start - warm_up * 60, end)
    result = run_backtest(strategy, part(candles, 0, len(candles)), first=warm_up, initial_balance=500.0)
    assert np.all(np.diff(result.candles.start) == 60)
    return [event.to_json() for event in result.event_list()]


def told_in(lines: list[dict[str, Any]]) -> tuple[Counter[tuple[str, str]], int]:
    """What the delivered messages tell of, by candle and kind, and how much their lists leave out."""
    kinds = {"Bought": "buy", "bought": "buy", "Sold": "sell", "sold": "sell"}
    told: Counter[tuple[str, str]] = Counter()
    left_out = 0
    for line in lines:
        text = line["payload"].get("text", "")
        if (card := CARD.match(text)) is not None:
            told[card[2], kinds[card[1]]] += 1
        told.update((when, kinds[kind]) for when, kind in LISTED.findall(text))
        left_out += sum(int(count) for count in re.findall(r"^([0-9]+) earlier", text, re.MULTILINE))
    return told, left_out
