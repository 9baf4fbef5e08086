"""A sign of life for whoever watches the process: a file that a living event loop touches."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

EVERY_SECONDS = 10.0
STALE_AFTER_SECONDS = 60.0


def heartbeat_file(data_dir: Path) -> Path:
    """Where the sign of life is."""
    return data_dir / "heartbeat"


async def beat(data_dir: Path) -> None:
    """Touch the file again and again until cancelled, and remove it at the end."""
    file = heartbeat_file(data_dir)
    try:
        while True:
            file.touch()
            await asyncio.sleep(EVERY_SECONDS)
    finally:
        file.unlink(missing_ok=True)


def is_alive(data_dir: Path, now: float | None = None) -> bool:
    """True when the file was touched within the last minute; `now` is in epoch seconds."""
    try:
        touched = heartbeat_file(data_dir).stat().st_mtime
    except OSError:
        return False
    return (time.time() if now is None else now) - touched < STALE_AFTER_SECONDS
