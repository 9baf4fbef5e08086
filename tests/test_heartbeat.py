"""A container's health check can rely on the sign of life."""

from __future__ import annotations

import asyncio
from pathlib import Path

from adapters.heartbeat import STALE_AFTER_SECONDS, beat, heartbeat_file, is_alive


async def test_a_running_process_is_alive_and_one_that_ended_is_not(tmp_path: Path) -> None:
    assert not is_alive(tmp_path)
    beating = asyncio.ensure_future(beat(tmp_path))
    await asyncio.sleep(0)
    assert is_alive(tmp_path)
    beating.cancel()
    await asyncio.wait([beating])
    assert not is_alive(tmp_path)


def test_a_sign_that_is_too_old_does_not_count(tmp_path: Path) -> None:
    file = heartbeat_file(tmp_path)
    file.touch()
    touched = file.stat().st_mtime
    assert is_alive(tmp_path, now=touched + STALE_AFTER_SECONDS - 1)
    assert not is_alive(tmp_path, now=touched + STALE_AFTER_SECONDS)
