"""What a series of candles promises, however its rows came in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import NoData
from bot.trading.candles import Candles, assemble, missing_warning, resample, share_missing

MIDNIGHT = 1_767_225_600


def rows(places: list[int], timeframe: int = 60, begin: int = MIDNIGHT) -> Candles:
    """Candles at the given places of a grid, each with prices of its own."""
    place = np.array(places, dtype=np.int64)
    price = (10 + place).astype(np.float64)
    return assemble(timeframe, begin + timeframe * place, price, price + 3, price - 2, price + 1, price + 90)


def test_rows_in_any_order_come_out_ascending_with_their_own_values() -> None:
    candles = rows([2, 0, 1])
    assert list(candles.start) == [MIDNIGHT, MIDNIGHT + 60, MIDNIGHT + 120]
    assert list(candles.open) == [10, 11, 12]
    assert list(candles.volume) == [100, 101, 102]
    assert candles.missing == 0


def test_of_two_rows_with_the_same_start_the_later_one_counts() -> None:
    start = np.array([MIDNIGHT, MIDNIGHT + 60, MIDNIGHT])
    price = np.array([1.0, 2.0, 3.0])
    candles = assemble(60, start, price, price, price, price, price)
    assert list(candles.close) == [3, 2]
    assert candles.missing == 0


def test_a_missing_interval_is_the_previous_close_without_volume_and_is_counted() -> None:
    candles = rows([0, 1, 2, 3, 4, 5, 6, 8, 9])
    assert len(candles) == 10
    assert candles.missing == 1
    hole = [float(column[7]) for column in (candles.open, candles.high, candles.low, candles.close)]
    assert hole == [17.0] * 4
    assert candles.volume[7] == 0
    assert share_missing(candles) == 0.1


def test_no_rows_are_no_candles() -> None:
    assert len(rows([])) == 0
    assert share_missing(rows([])) == 0


def test_more_than_a_fifth_missing_is_refused_with_the_numbers_and_a_way_out() -> None:
    assert rows([0, 1, 2, 4]).missing == 1
    with pytest.raises(NoData, match=r"2 of 5 candles are missing.*larger timeframe") as refused:
        rows([0, 2, 4])
    assert "20%" in str(refused.value)


def test_a_hole_of_half_a_century_is_refused_before_it_is_filled() -> None:
    with pytest.raises(NoData):
        rows([0, 2_000_000_000], timeframe=1)


def test_over_three_percent_missing_is_warned_of_and_less_is_not() -> None:
    assert missing_warning(rows([n for n in range(100) if n not in (5, 6, 7)])) is None
    warning = missing_warning(rows([n for n in range(100) if n not in (5, 6, 7, 8)]))
    assert warning is not None
    assert "4 of 100" in warning


def test_rows_off_the_grid_are_a_fault_of_the_reader() -> None:
    price = np.ones(2)
    with pytest.raises(ValueError, match="60 s apart"):
        assemble(60, np.array([0, 90]), price, price, price, price, price)


def test_larger_candles_begin_on_utc_boundaries_and_broken_ends_are_left_out() -> None:
    candles = resample(rows(list(range(13)), begin=MIDNIGHT + 180), 300)
    assert list(candles.start) == [MIDNIGHT + 300, MIDNIGHT + 600]
    assert list(candles.open) == [12, 17]
    assert list(candles.close) == [17, 22]
    assert list(candles.high) == [19, 24]
    assert list(candles.low) == [10, 15]
    assert list(candles.volume) == [102 + 103 + 104 + 105 + 106, 107 + 108 + 109 + 110 + 111]


def test_a_larger_candle_is_missing_only_when_all_of_it_was() -> None:
    places = [n for n in range(30) if n not in (3, 4, 10, 11)]
    candles = rows(places)
    assert candles.missing == 4
    assert resample(candles, 120).missing == 1
    assert resample(candles, 300).missing == 0


@pytest.mark.parametrize("timeframe", [30, 90, 100])
def test_only_whole_multiples_can_be_joined(timeframe: int) -> None:
    with pytest.raises(ValueError, match="cannot be joined"):
        resample(rows([0, 1, 2]), timeframe)


def test_candles_that_do_not_start_on_their_own_boundary_cannot_be_joined() -> None:
    with pytest.raises(ValueError, match="cannot be joined"):
        resample(rows([0, 1, 2], begin=MIDNIGHT + 30), 120)


def test_too_few_candles_for_one_larger_one_give_none() -> None:
    assert len(resample(rows([0, 1]), 300)) == 0
    assert len(resample(rows([]), 300)) == 0


@given(st.sets(st.integers(1, 60), max_size=9), st.permutations(range(61)))
def test_the_order_of_rows_never_matters(holes: set[int], order: list[int]) -> None:
    kept = [place for place in order if place not in holes]
    shuffled, ascending = rows(kept), rows(sorted(kept))
    for name in ("start", "open", "high", "low", "close", "volume"):
        assert np.array_equal(getattr(shuffled, name), getattr(ascending, name))
    assert shuffled.missing == ascending.missing == len(holes & set(range(1, max(kept) + 1)))
    assert np.all(np.diff(shuffled.start) == 60)


@given(st.integers(0, 40), st.integers(1, 130), st.sampled_from([120, 180, 300, 600]))
def test_joining_in_two_steps_is_joining_in_one(first: int, length: int, middle: int) -> None:
    minutes = rows(list(range(length)), begin=MIDNIGHT + 60 * first)
    at_once, by_steps = resample(minutes, 3600), resample(resample(minutes, middle), 3600)
    for name in ("start", "open", "high", "low", "close", "volume"):
        assert np.array_equal(getattr(at_once, name), getattr(by_steps, name))
