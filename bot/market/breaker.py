"""A breaker: after three failures in a row a source is left alone for a while, then tried with one call."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from bot.market.budget import Monotonic

FAILURES = 3
OPEN_SECONDS = 30.0


class Open(Exception):
    """The source is left alone; it may be asked again in `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Open for {seconds:.0f} s.")
        self.seconds = seconds


class Breaker:
    """Counts failures in a row over everybody who asks."""

    def __init__(self, monotonic: Monotonic) -> None:
        self._monotonic = monotonic
        self._failures = 0
        self._open_until = -math.inf
        self._trying = False

    @property
    def state(self) -> Literal["closed", "open", "half-open"]:
        """Closed while the source is asked, open while it is not, half-open while one call may try."""
        if self._failures < FAILURES:
            return "closed"
        return "open" if self._monotonic() < self._open_until else "half-open"

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """One call; what it raises is left to the caller to judge with `failed` or `succeeded`.

        Raises `Open` when the source is left alone, or another call is just finding out whether it is back.
        """
        self.check()
        trial = self.state == "half-open"
        self._trying = self._trying or trial
        try:
            yield
        finally:
            if trial:
                self._trying = False

    def check(self) -> None:
        """Raise `Open` when no call may be made now."""
        if self.state == "open" or (self.state == "half-open" and self._trying):
            raise Open(max(1.0, self._open_until - self._monotonic()))

    def succeeded(self) -> None:
        """The source has answered."""
        self._failures = 0

    def failed(self) -> None:
        """The source was away or answered nonsense."""
        self._failures += 1
        if self._failures >= FAILURES:
            self._open_until = self._monotonic() + OPEN_SECONDS
