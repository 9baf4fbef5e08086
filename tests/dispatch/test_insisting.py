"""Doing again what has failed, until it has not."""

from __future__ import annotations

from bot.dispatch.insisting import PATIENCE, insist


class Flaky:
    """Fails so many times, then works."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.calls = 0

    async def __call__(self) -> None:
        self.calls += 1
        if self.calls <= self.failures:
            raise OSError("not now")


async def test_it_is_tried_until_it_works() -> None:
    work = Flaky(2)
    await insist(work)
    assert work.calls == 3


async def test_after_some_patience_the_other_way_is_tried() -> None:
    work, otherwise = Flaky(100), Flaky(0)
    await insist(work, otherwise)
    assert (work.calls, otherwise.calls) == (PATIENCE, 1)


async def test_the_first_way_is_not_given_up() -> None:
    work, otherwise = Flaky(PATIENCE), Flaky(100)
    await insist(work, otherwise)
    assert (work.calls, otherwise.calls) == (PATIENCE + 1, 1)
