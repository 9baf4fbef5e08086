"""How whoever asks a market hears that it has to wait for a source, without every call carrying a listener."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

OnWait = Callable[[str, float], None]
"""Called with the name of a source and about how many seconds its next answer has to wait; must not block."""

_listener: ContextVar[OnWait | None] = ContextVar("on_wait", default=None)


@contextmanager
def hearing_waits(on_wait: OnWait) -> Iterator[None]:
    """Tell `on_wait` about every wait that the calls inside run into."""
    before = _listener.set(on_wait)
    try:
        yield
    finally:
        _listener.reset(before)


def current_listener() -> OnWait | None:
    """Who listens where this is called, if anybody."""
    return _listener.get()
