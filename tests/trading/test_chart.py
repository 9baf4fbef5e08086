"""The picture of a backtest: right in size, quick, and without a word of complaint from matplotlib."""

from __future__ import annotations

import struct
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.trading.backtest import run_backtest
from bot.trading.candles import Candles
from bot.trading.chart import HEIGHT, WIDTH, draw_backtest
from bot.trading.chart_scales import Scale, drawdown_scale, extremes, positive_scale, time_scale
from bot.trading.result import BacktestResult
from bot.trading.strategy import parse_strategy

START = 1_767_225_600


def wavy(count: int, level: float = 1.0, timeframe: int = 300) -> Candles:
    """A price that swings by a few percent, so that there is something to trade."""
    place = np.arange(count + 1)
    price = level * (1 + 0.05 * np.sin(place / 40) + 0.02 * np.sin(place / 7) + 0.1 * place / count)
    open_, close = price[:-1].copy(), price[1:].copy()
    high, low = np.maximum(open_, close) * 1.001, np.minimum(open_, close) * 0.999
    start = START + timeframe * np.arange(count, dtype=np.int64)
    return Candles(timeframe, start, open_, high, low, close, np.full(count, 1000.0))


def result_on(candles: Candles, threshold: float = 2.0) -> BacktestResult:
    document = {
        "version": "2.0",
        "name": "waves",
        "market": {"symbol": "WAVE"},
        "timeframe": "5m",
        "rules": [
            {
                "id": "dip",
                "only_if": "flat",
                "when": {"type": "price_drop", "threshold": threshold, "timeframe": "1h"},
                "then": [{"type": "buy", "amount_percent": 50}],
            }
        ],
        "risk_management": {"stop_loss_percent": 2, "take_profit_percent": 3},
    }
    return run_backtest(parse_strategy(document)[0], candles, first=12)


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


@pytest.mark.parametrize("level", [1e-9, 3.2e-5, 0.98, 97_000.0, 2e9])
def test_it_is_drawn_in_phone_size_for_any_price(level: float) -> None:
    result = result_on(wavy(3000, level))
    assert result.metrics.trades > 3
    assert size_of(draw_backtest(result, title="waves", subtitle="WAVE")) == (WIDTH, HEIGHT)


def test_the_same_result_gives_the_same_picture() -> None:
    result = result_on(wavy(500))
    pictures = {draw_backtest(result, title="a", subtitle="b") for _ in range(2)}
    assert len(pictures) == 1


def test_no_trades_one_candle_and_a_flat_price_can_be_drawn() -> None:
    for candles in (wavy(500), wavy(13)):
        result = result_on(candles, threshold=50)
        assert result.metrics.trades == 0
        assert size_of(draw_backtest(result, title="none", subtitle="")) == (WIDTH, HEIGHT)
    flat = np.ones(50)
    still = Candles(300, wavy(50).start, flat, flat, flat, flat, flat)
    assert size_of(draw_backtest(result_on(still), title="flat", subtitle="")) == (WIDTH, HEIGHT)


def test_a_crash_to_next_to_nothing_can_be_drawn() -> None:
    candles = wavy(800)
    fall = np.where(np.arange(800) > 500, 1e-4, 1.0)
    crashed = replace(
        candles,
        open=candles.open * fall,
        high=candles.high * fall,
        low=candles.low * fall,
        close=candles.close * fall,
    )
    assert size_of(draw_backtest(result_on(crashed), title="crash", subtitle="")) == (WIDTH, HEIGHT)


@pytest.mark.parametrize(
    "title",
    ["🐸 狗狗币", "$100 to $200 and $x^2$", "a_b {c} \\d", "مرحبا", "two\nlines\x00", "", "W" * 400],
)
def test_odd_names_are_drawn_without_a_warning(title: str) -> None:
    result = result_on(wavy(100))
    assert size_of(draw_backtest(result, title=title, subtitle=title)) == (WIDTH, HEIGHT)


def test_half_a_million_candles_are_drawn_in_two_seconds() -> None:
    result = result_on(wavy(500_000))
    draw_backtest(result_on(wavy(100)), title="loads matplotlib", subtitle="")
    begin = time.process_time()
    draw_backtest(result, title="long", subtitle="")
    assert time.process_time() - begin < 2


def are_distinct(scale: Scale) -> bool:
    return len(set(scale.labels)) == len(scale.labels) == len(scale.ticks)


@given(st.floats(1e-12, 1e12), st.floats(0, 1e6))
def test_prices_of_any_size_get_a_few_short_and_distinct_labels(lowest: float, spread: float) -> None:
    scale = positive_scale(lowest, lowest * (1 + spread))
    assert 1 <= len(scale.ticks) <= 7
    assert are_distinct(scale)
    assert all(len(label) <= 12 for label in scale.labels)
    low, high = scale.ends
    assert low < lowest
    assert lowest * (1 + spread) < high
    slack = (high - low) * 1e-6
    assert all(low - slack <= tick <= high + slack for tick in scale.ticks)


def test_tiny_prices_leave_their_power_of_ten_out() -> None:
    scale = positive_scale(1.1e-9, 1.9e-9)
    assert scale.left_out == "10⁻⁹ "
    assert scale.labels == ["1.2", "1.4", "1.6", "1.8"]


def test_a_wide_range_is_logarithmic() -> None:
    scale = positive_scale(1.0, 5000.0)
    assert scale.logarithmic
    assert "1,000" in scale.labels


@given(st.floats(-100, 0))
def test_drawdowns_are_labelled_from_zero_down(deepest: float) -> None:
    scale = drawdown_scale(deepest)
    assert scale.ends[1] == 0
    assert scale.ends[0] < deepest or deepest == 0
    assert are_distinct(scale)


@given(st.integers(0, 2_000_000_000), st.integers(60, 600_000_000))
def test_any_stretch_of_time_gets_a_few_ticks_inside_it(begin: int, length: int) -> None:
    scale = time_scale(begin, begin + length)
    assert len(scale.ticks) <= 8
    assert len(scale.labels) == len(scale.ticks)
    assert all(begin <= tick <= begin + length for tick in scale.ticks)


@pytest.mark.parametrize(
    ("days", "labels"),
    [
        (0.25, ["1 Jan", "01:00", "02:00", "03:00", "04:00", "05:00"]),
        (3, ["1 Jan", "12:00", "2 Jan", "12:00", "3 Jan", "12:00"]),
        (90, ["1 Jan", "15 Jan", "29 Jan", "12 Feb", "26 Feb", "12 Mar", "26 Mar"]),
        (365, ["Jan 2026", "Mar", "May", "Jul", "Sep", "Nov"]),
        (1500, ["2026", "2027", "2028", "2029"]),
    ],
)
def test_times_are_named_by_what_changes(days: float, labels: list[str]) -> None:
    assert time_scale(START, START + int(days * 86_400)).labels == labels


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=400), st.integers(1, 50))
def test_the_shape_of_a_long_line_keeps_its_extremes_and_ends(values: list[float], columns: int) -> None:
    line = np.array(values)
    places, shown = extremes(line, columns)
    assert shown.min() == line.min()
    assert shown.max() == line.max()
    assert (places[0], places[-1]) == (0, len(line) - 1)
    assert np.all(np.diff(places) > 0)
    assert np.array_equal(line[places], shown)
    assert len(places) <= 2 * columns + 2
