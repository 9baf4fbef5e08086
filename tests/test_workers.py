"""Worker processes: they answer, survive deaths, refuse when there is too much, and never outlive their parent."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from bot.errors import Refused
from bot.workers import Workers

PATIENCE = 60.0
warmed = "cold"


def warm() -> None:
    global warmed
    warmed = "warm"


def how_warm() -> str:
    return warmed


def halve(number: int, *, by: int = 2) -> int:
    if number % by:
        raise ValueError(f"{number} cannot be divided by {by}")
    return number // by


def hang(pid_file: Path) -> None:
    pid_file.write_text(str(os.getpid()))
    time.sleep(600)


def die_unless(witness: Path) -> str:
    """Kill this worker, but not when it has been done before."""
    if witness.exists():
        return "lived"
    witness.touch()
    os.kill(os.getpid(), signal.SIGKILL)
    return "never said"


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for another process, in a thread; fails after a minute."""
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end, "it did not happen within a minute"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_for_pid(file: Path) -> int:
    wait_until(lambda: file.exists() and file.read_text() != "")
    return int(file.read_text())


async def pid_in(file: Path) -> int:
    return await asyncio.to_thread(wait_for_pid, file)


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    opened = Workers(1, most_waiting=2)
    await opened.start()
    yield opened
    await opened.close()


async def test_a_function_runs_elsewhere_and_its_error_comes_back(workers: Workers) -> None:
    assert await workers.run(os.getpid) != os.getpid()
    assert await workers.run(halve, 84, by=2) == 42
    with pytest.raises(ValueError, match="7 cannot be divided by 2"):
        await workers.run(halve, 7)


async def test_every_worker_is_warmed_up_before_it_works() -> None:
    warm_workers = Workers(1, warm_up=("tests.test_workers:warm",))
    await warm_workers.start()
    try:
        assert await warm_workers.run(how_warm) == "warm"
    finally:
        await warm_workers.close()


async def test_a_call_whose_worker_dies_is_made_once_more(workers: Workers, tmp_path: Path) -> None:
    assert await workers.run(die_unless, tmp_path / "died") == "lived"
    assert await workers.run(halve, 8) == 4


async def test_a_worker_that_died_of_nothing_we_did_is_not_noticed(workers: Workers) -> None:
    pid = await workers.run(os.getpid)
    os.kill(pid, signal.SIGKILL)
    assert await workers.run(os.getpid) != pid


async def test_calls_that_shared_the_dead_worker_are_answered_too(workers: Workers, tmp_path: Path) -> None:
    dying = asyncio.ensure_future(workers.run(die_unless, tmp_path / "died"))
    five, six = await asyncio.gather(workers.run(halve, 10), workers.run(halve, 12))
    assert (five, six) == (5, 6)
    assert await dying == "lived"


async def test_what_kills_two_workers_fails_and_harms_nothing_else(workers: Workers) -> None:
    with pytest.raises(BrokenProcessPool):
        await workers.run(die)
    assert await workers.run(halve, 8) == 4


async def test_too_many_waiting_calls_are_refused_until_there_is_room(
    workers: Workers, tmp_path: Path
) -> None:
    running = asyncio.ensure_future(workers.run(hang, tmp_path / "pid"))
    await pid_in(tmp_path / "pid")
    waiting = [asyncio.ensure_future(workers.run(halve, 2)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Refused, match="busy"):
        await workers.run(halve, 2)
    for call in waiting:
        call.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert all(call.cancelled() for call in waiting)
    # Those that were stopped never run, and when the worker dies now they are in nobody's way.
    last = asyncio.ensure_future(workers.run(halve, 6))
    os.kill(await pid_in(tmp_path / "pid"), signal.SIGKILL)
    await asyncio.to_thread((tmp_path / "pid").unlink)
    os.kill(await pid_in(tmp_path / "pid"), signal.SIGKILL)
    with pytest.raises(BrokenProcessPool):
        await running
    assert await last == 3


async def test_a_stopped_call_leaves_the_worker_to_others(workers: Workers) -> None:
    call = asyncio.ensure_future(workers.run(time.sleep, 0.05))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert await workers.run(halve, 8) == 4


async def test_closing_is_prompt_and_leaves_no_process(tmp_path: Path) -> None:
    opened = Workers(1)
    call = asyncio.ensure_future(opened.run(hang, tmp_path / "pid"))
    pid = await pid_in(tmp_path / "pid")
    begin = time.monotonic()
    await opened.close()
    assert time.monotonic() - begin < 5
    assert not is_alive(pid)
    with pytest.raises(RuntimeError, match="closed"):
        await call
    with pytest.raises(RuntimeError, match="closed"):
        await opened.run(halve, 2)
    await opened.close()


async def test_what_waits_when_the_workers_close_fails_instead_of_hanging(
    workers: Workers, tmp_path: Path
) -> None:
    running = asyncio.ensure_future(workers.run(hang, tmp_path / "pid"))
    await pid_in(tmp_path / "pid")
    waiting = asyncio.ensure_future(workers.run(halve, 2))
    await asyncio.sleep(0)
    await workers.close()
    ends = await asyncio.gather(running, waiting, return_exceptions=True)
    assert [type(end) for end in ends] == [RuntimeError, RuntimeError]


async def test_ctrl_c_is_none_of_a_workers_business(workers: Workers) -> None:
    pid = await workers.run(os.getpid)
    os.kill(pid, signal.SIGINT)
    assert await workers.run(os.getpid) == pid


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    program = f"""
import asyncio, pathlib
from bot.workers import Workers
from tests.test_workers import hang
if __name__ == "__main__":
    asyncio.run(Workers(1).run(hang, pathlib.Path({str(pid_file)!r})))
"""
    script = tmp_path / "parent.py"
    script.write_text(program)
    root = Path(__file__).parents[1]
    environment = os.environ | {"PYTHONPATH": str(root)}
    with subprocess.Popen([sys.executable, str(script)], cwd=root, env=environment) as parent:
        pid = wait_for_pid(pid_file)
        assert is_alive(pid)
        parent.kill()
    wait_until(lambda: not is_alive(pid))


def test_a_killed_process_leaves_no_warning_behind(tmp_path: Path) -> None:
    """A `kill -9` leaves semaphores that Python's resource tracker takes away, which nobody needs to read about."""
    ready = tmp_path / "ready"
    script = (
        "import asyncio, pathlib, sys\n"
        "from bot.workers import Workers\n"
        "async def main():\n"
        "    workers = Workers(1)\n"
        "    await workers.start()\n"
        "    await workers.run(abs, -1)\n"
        "    pathlib.Path(sys.argv[1]).write_text('yes')\n"
        "    await asyncio.sleep(60)\n"
        "if __name__ == '__main__':\n"
        "    asyncio.run(main())\n"
    )
    program = tmp_path / "program.py"
    program.write_text(script)
    process = subprocess.Popen(
        [sys.executable, str(program), str(ready)],
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    try:
        deadline = time.monotonic() + 30
        while not ready.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        assert ready.exists()
    finally:
        process.kill()
    # The tracker holds the pipe open until it is done, so this waits for it.
    assert process.communicate(timeout=30)[1] == b""
