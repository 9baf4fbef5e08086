"""The pace of calls: what leaves through the gate would keep every limit of Telegram."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.telegram.gate import GROUP_CALLS, GROUP_PASSING, Gate, Limits, Pace

LIMITS = Limits()
WISHES = st.lists(st.tuples(st.floats(0, 5), st.booleans()), min_size=1, max_size=120)


def left(pace: Pace, wishes: list[tuple[float, bool]]) -> list[tuple[float, bool]]:
    """When each call leaves, if lasting ones wait and passing ones are dropped when there is no slot."""
    now, calls = 0.0, []
    for later, passing in wishes:
        now += later
        free = pace.free_at(passing=passing)
        if passing and free > now:
            continue
        now = max(now, free)
        pace.left(now, passing=passing)
        calls.append((now, passing))
    return calls


def most_within(times: list[float], seconds: float) -> int:
    return max((sum(start <= time < start + seconds for time in times) for start in times), default=0)


@settings(deadline=None)
@given(WISHES)
def test_one_a_second_in_a_private_chat(wishes: list[tuple[float, bool]]) -> None:
    times = [time for time, _ in left(Pace(LIMITS, group=False), wishes)]
    assert most_within(times, 1.0) <= 1


@settings(deadline=None)
@given(WISHES)
def test_twenty_a_minute_in_a_group_of_which_eight_pass(wishes: list[tuple[float, bool]]) -> None:
    calls = left(Pace(LIMITS, group=True), wishes)
    assert most_within([time for time, _ in calls], 60.0) <= GROUP_CALLS
    assert most_within([time for time, passing in calls if passing], 60.0) <= GROUP_PASSING


def test_a_closed_chat_lets_nothing_through() -> None:
    pace = Pace(LIMITS, group=False)
    pace.close(7.0)
    assert pace.free_at() == 7.0
    pace.close(3.0)
    assert pace.free_at(passing=True) == 7.0


def test_the_next_call_waits_from_the_arrival_of_the_one_before() -> None:
    pace = Pace(LIMITS, group=False)
    pace.arrived(1.0)
    assert pace.free_at() < 0
    pace.left(2.0)
    pace.arrived(2.9)
    assert pace.free_at() == 2.9 + LIMITS.second


async def test_lasting_calls_wait_in_order_and_passing_ones_give_way() -> None:
    gate = Gate(Limits(second=0.05, minute=1.0, calls_per_second=1e6))
    order = []

    async def lasting(number: int) -> None:
        await gate.wait("1")
        order.append(number)

    assert await gate.take("1")
    assert not await gate.take("1")
    waiting = [asyncio.ensure_future(lasting(number)) for number in range(3)]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    assert not await gate.take("1")
    assert await gate.take("2")
    await asyncio.gather(*waiting)
    assert order == [0, 1, 2]


async def test_everything_together_keeps_the_overall_pace() -> None:
    gate = Gate(Limits(second=0.01, minute=1.0, calls_per_second=100))
    loop = asyncio.get_running_loop()
    times = []

    async def call(chat: int) -> None:
        await gate.wait(str(chat))
        times.append(loop.time())

    await asyncio.gather(*(call(chat) for chat in range(40)))
    assert most_within(sorted(times), 0.1) <= 12
