"""Several platforms side by side: one that is set up wrongly says so and the others go on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from adapters.serving import listen
from bot.errors import SettingsError
from tests.fakes.platform import FakePlatform


class Listener(FakePlatform):
    """A platform that listens until it is cancelled, or fails."""

    def __init__(self, fails: Callable[[], Exception] | None = None) -> None:
        super().__init__()
        self.fails = fails
        self.listening = asyncio.Event()
        self.ended = False

    async def run(self) -> None:
        """Listen."""
        self.listening.set()
        if self.fails is not None:
            raise self.fails()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended = True

    async def close(self) -> None:
        """There is nothing to hang up."""


def wrong() -> Exception:
    return SettingsError("TOKEN is wrong.")


async def test_a_platform_that_cannot_be_used_leaves_the_others_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    good = Listener()
    serving = asyncio.ensure_future(listen([Listener(wrong), good]))
    await good.listening.wait()
    await asyncio.sleep(0)
    assert not serving.done()
    assert not good.ended
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert good.ended
    said = capsys.readouterr().out
    assert said.count("TOKEN is wrong.") == 1
    assert "Traceback" not in said


async def test_when_none_is_left_it_ends_with_every_reason() -> None:
    with pytest.raises(SettingsError, match=r"^TOKEN is wrong.\nTOKEN is wrong.$"):
        await listen([Listener(wrong), Listener(wrong)])


async def test_a_fault_of_ours_ends_everything() -> None:
    good = Listener()
    with pytest.raises(ZeroDivisionError):
        await listen([Listener(ZeroDivisionError), good])
    assert good.ended
