"""Killed at any moment and started again: nothing accepted is lost, and nothing is done twice."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.stories.test_first_bot import DIP

KILLS = int(os.environ.get("RANDEBU_KILLS", "6"))
"""How often the process is killed; `make faults` sets more."""

PEOPLE = ("ann", "ben", "cid")
SCRIPT = (DIP, "yes", "backtest it on 1h candles for the last 30 days", "what is the price of CAKE?", "/bots")


def write_inbox(folder: Path) -> None:
    lines = []
    for step, line in enumerate(SCRIPT):
        for person in PEOPLE:
            body: dict[str, Any] = {"kind": "Text", "text": line}
            if line.startswith("/"):
                body = {"kind": "Command", "name": line[1:], "arguments": ""}
            lines.append(json.dumps({"id": f"{person}-{step}", "chat": person, "body": body}))
    (folder / "inbox.jsonl").write_text("\n".join(lines), encoding="utf-8")


async def run_until(folder: Path, kill_after: float | None) -> bool:
    """Start the driver, kill it after so many seconds; True when it had finished before."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.fakes.kill_driver", str(folder), start_new_session=True
    )
    try:
        await asyncio.wait_for(process.wait(), kill_after)
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        return False
    assert process.returncode == 0
    return True


@pytest.mark.timeout(900)
async def test_killed_at_random_moments(tmp_path: Path) -> None:
    moments = random.Random(20260601)
    write_inbox(tmp_path)
    kills = 0
    while kills < KILLS:
        if await run_until(tmp_path, moments.uniform(1.2, 6.0)):
            break
        kills += 1
    assert await run_until(tmp_path, None)
    assert (tmp_path / "done").exists()

    delivered = [json.loads(line) for line in (tmp_path / "outbox.jsonl").read_text().splitlines()]
    assert_everything_answered_once(tmp_path, delivered)


def assert_everything_answered_once(folder: Path, delivered: list[dict[str, Any]]) -> None:
    engine = create_engine(f"sqlite:///{folder / 'randebu.db'}")
    with engine.connect() as connection:

        def column(query: str) -> list[Any]:
            return list(connection.execute(text(query)).scalars())

        assert column("SELECT DISTINCT state FROM incoming") == ["done"]
        assert column("SELECT count(*) FROM incoming") == [len(PEOPLE) * len(SCRIPT)]
        assert column("SELECT count(*) FROM bots") == [len(PEOPLE)]
        assert column("SELECT count(*) FROM backtests") == [len(PEOPLE)]
        assert column("SELECT DISTINCT state FROM backtests") == ["done"]
        assert column("SELECT max(backtest_count) FROM anonymous_users") == [1]
        assert column("SELECT DISTINCT state FROM deliveries") == ["delivered"]
        assert column("SELECT count(*) FROM deliveries") == [len({line["id"] for line in delivered})]
    engine.dispose()
    # A piece may leave twice only when its acknowledgement was lost, and then it says so by its attempt.
    firsts = Counter(line["id"] for line in delivered if line["attempt"] == 1)
    assert max(firsts.values()) == 1
    for person in PEOPLE:
        kinds = [line["kind"] for line in delivered if line["chat"] == person and line["attempt"] == 1]
        assert kinds.count("Picture") == 1
