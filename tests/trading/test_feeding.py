"""Whatever a provider repeats, skips and revises: a feed's candles are in a row, final, and lead to the backtest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.trading.backtest import run_backtest
from bot.trading.candles import Candles
from bot.trading.events import read_events
from bot.trading.feeding import (
    BLOCK,
    Block,
    from_blocks,
    joined,
    last_in_a_row,
    missing_in,
    news_in,
    no_candles,
    not_in,
    to_blocks,
)
from bot.trading.live import Running, begin, part, records_of, step_all
from bot.trading.packing import pack_program
from bot.trading.program import compile_program, warm_up_candles
from tests.trading.series import wild
from tests.trading.test_against_reference import Run, runs
from tests.trading.test_stepper import LAW

MINUTE = 60


def chosen(candles: Candles, places: list[int]) -> Candles:
    """Some candles, in any order and as often as wanted."""
    columns = ("start", "open", "high", "low", "close", "volume")
    return replace(candles, **{column: getattr(candles, column)[places] for column in columns})


def same(one: Candles, other: Candles) -> bool:
    columns = ("start", "open", "high", "low", "close", "volume")
    return all(np.array_equal(getattr(one, column), getattr(other, column)) for column in columns)


@settings(LAW, max_examples=60)
@given(seed=st.integers(0, 10_000), data=st.data())
def test_a_troublesome_provider_gives_candles_in_a_row(seed: int, data: st.DataObject) -> None:
    true = wild(seed, 60, MINUTE, 1.0)
    random = np.random.default_rng(seed)
    skipped = set(random.choice(np.arange(2, 59), random.integers(0, 12), replace=False).tolist())
    known, revised = part(true, 0, 2), 0
    at = int(true.start[2])
    for end in sorted({*random.integers(3, 60, 12).tolist(), 60}):
        first = max(0, end - int(random.integers(1, 40)) - 10)
        first = min(first, (at - int(true.start[0])) // MINUTE - 1)
        places = [place for place in range(first, end) if place not in skipped]
        places += data.draw(st.lists(st.sampled_from(places), max_size=4))
        answer = chosen(true, places)
        if data.draw(st.booleans()):
            answer = replace(answer, close=np.where(answer.start < at, answer.close * 1.5, answer.close))
        now = float(true.start[0]) + end * MINUTE
        last = part(known, len(known) - 1, len(known))
        found = news_in(answer, last, at, now, patient=True)
        revised += found.revised
        known = joined(known, found.candles)
        at += len(found.candles) * MINUTE
    assert not missing_in(known, int(true.start[0]), at)
    assert np.all(np.diff(known.start) == MINUTE)
    for place, start in enumerate(known.start.tolist()):
        own = (start - int(true.start[0])) // MINUTE
        if own in skipped:
            before = known.close[place - 1]
            assert (known.open[place], known.close[place], known.volume[place]) == (before, before, 0.0)
        else:
            assert known.close[place] == true.close[own]


def test_a_gap_at_the_end_waits_for_three_intervals() -> None:
    true = wild(1, 20, MINUTE, 1.0)
    begun = float(true.start[10])
    for minutes, gaps in ((1, 0), (3, 0), (4, 1), (9, 6)):
        found = news_in(
            no_candles(MINUTE), part(true, 9, 10), int(begun), begun + minutes * MINUTE, patient=False
        )
        assert len(found.candles) == gaps
        assert found.candles.missing == gaps
        assert np.all(found.candles.close == true.close[9])
    nothing = news_in(no_candles(MINUTE), part(true, 9, 10), int(begun), begun + 900.0, patient=True)
    assert len(nothing.candles) == 0


def test_what_has_not_closed_is_no_candle_yet() -> None:
    true = wild(1, 20, MINUTE, 1.0)
    now = float(true.start[15]) + 59.0
    found = news_in(true, part(true, 9, 10), int(true.start[10]), now, patient=True)
    assert len(found.candles) == 5


def test_blocks_give_back_what_was_put_in() -> None:
    true = wild(5, 500, MINUTE, 1.0)
    blocks: dict[int, Block] = {}
    for begin_ in range(0, 500, 7):
        last = blocks[max(blocks)] if blocks else None
        for block in to_blocks(part(true, begin_, min(begin_ + 7, 500)), last):
            blocks[block.start] = block
    assert all(block.count <= BLOCK for block in blocks.values())
    assert len(blocks) == -(-500 // BLOCK)
    ordered = [blocks[start] for start in sorted(blocks)]
    assert same(from_blocks(ordered, MINUTE, 0, 2**40), part(true, 0, 500))
    middle = from_blocks(ordered, MINUTE, int(true.start[100]), int(true.start[300]))
    assert same(middle, part(true, 100, 300))
    holey = joined(part(true, 0, 100), part(true, 200, 300))
    assert same(last_in_a_row(holey), part(true, 200, 300))
    (between,) = not_in(part(true, 50, 250), holey)
    assert same(between, part(true, 100, 200))


@given(run=runs(), seed=st.integers(0, 2**32 - 1))
@LAW
def test_many_runs_stepped_live_are_the_backtest_byte_for_byte(run: Run, seed: int) -> None:
    candles = run.candles()
    begun = run.first - min(run.first, warm_up_candles(run.strategy, candles.timeframe))
    whole = part(candles, begun, len(candles))
    known = bool(whole.volume.any())
    program = pack_program(compile_program(run.strategy, candles.timeframe, "next_open"))
    look_back = int(compile_program(run.strategy, candles.timeframe, "next_open")[0]["look_back"])
    first = run.first - begun
    state = begin(program, 10_000.0, known, part(whole, 0, first), first)
    start = int(candles.start[run.first])
    running, events, at = Running(program, state, start, start), b"", first
    edges = np.random.default_rng(seed).integers(first, len(whole), 8).tolist()
    for end in sorted({*edges, len(whole)} - {first}):
        if running.next_start < start + (at - first) * candles.timeframe:
            break
        stretch = part(whole, max(0, at - look_back), end)
        (stepped, _) = step_all([running, running], stretch)
        events += stepped.events
        running = Running(program, stepped.state, stepped.next_start, start)
        at = end
    result = run_backtest(run.strategy, candles, first=run.first, volume_known=known)
    told = read_events(run.strategy, records_of(events))
    ended = running.next_start
    assert told == tuple(event for event in result.event_list() if event.time < ended)
    assert records_of(events).tobytes() == result.records[result.records["time"] < ended].tobytes()
