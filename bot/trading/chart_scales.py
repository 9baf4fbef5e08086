"""Scales of a chart that people can read on a phone: few round ticks, whatever the size of the numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil, floor, log10

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_MOST_TICKS = 6
_MOST_TIMES = 7
_LOGARITHMIC_FROM = 4.0
_DAY = 86_400
_TIME_STEPS = (
    60,
    300,
    900,
    1800,
    3600,
    7200,
    10_800,
    21_600,
    43_200,
    *(_DAY * days for days in (1, 2, 4, 7, 14)),
)
_MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120, 240)
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True)
class Scale:
    """The ticks of an axis with their labels, its two ends, and what the labels leave out, such as "10⁻⁹ "."""

    ticks: list[float]
    labels: list[str]
    ends: tuple[float, float]
    logarithmic: bool = False
    left_out: str = ""


def positive_scale(lowest: float, highest: float) -> Scale:
    """The scale of prices or money: logarithmic when the highest is over four times the lowest."""
    exponent = _left_out(highest)
    left_out = f"10{str(exponent).translate(_SUPERSCRIPTS)} " if exponent else ""
    if highest > _LOGARITHMIC_FROM * lowest > 0:
        margin = (highest / lowest) ** 0.06
        ends = lowest / margin, highest * margin
        ticks = _logarithmic_ticks(*ends)
        return Scale(ticks, [f"{tick / 10.0**exponent:,.6g}" for tick in ticks], ends, True, left_out)
    # A flat line still needs some room above and below it.
    margin = max((highest - lowest) * 0.08, highest * 1e-3)
    ends = lowest - margin, highest + margin
    ticks, step = _even_ticks(*ends)
    decimals = max(0, -floor(log10(step / 10.0**exponent) + 1e-9))
    labels = [f"{tick / 10.0**exponent:,.{decimals}f}" for tick in ticks]
    return Scale(ticks, labels, ends, left_out=left_out)


def drawdown_scale(deepest: float) -> Scale:
    """The scale of a drawdown from zero down to `deepest`, which is a negative percentage or zero."""
    ends = deepest * 1.1 if deepest < -0.01 else -11.0, 0.0
    ticks, step = _even_ticks(*ends)
    decimals = max(0, -floor(log10(step) + 1e-9))
    return Scale(ticks, [f"{tick:.{decimals}f} %".replace("-0 %", "0 %") for tick in ticks], ends)


def time_scale(begin: int, end: int) -> Scale:
    """The scale of a stretch of time (epoch seconds): times of day, days, months or years, in UTC."""
    length = end - begin
    for step in _TIME_STEPS:
        if length / step <= _MOST_TIMES:
            ticks = list(range(-(-begin // step) * step, end - length // 25, step))
            return Scale(
                [float(tick) for tick in ticks], [_moment(tick, step) for tick in ticks], (begin, end)
            )
    months = next(count for count in _MONTH_STEPS if length / (count * 30.4 * _DAY) <= _MOST_TIMES)
    first = datetime.fromtimestamp(begin, UTC)
    moments = [
        datetime(year, month, 1, tzinfo=UTC)
        for year in range(first.year, datetime.fromtimestamp(end, UTC).year + 1)
        for month in range(1, 13)
        if (year * 12 + month - 1) % months == 0
    ]
    shown = [moment for moment in moments if begin <= moment.timestamp() <= end - length // 25]
    labels = [f"{moment:%b %Y}" if moment.month == 1 and months < 12 else f"{moment:%b}" for moment in shown]
    if months >= 12:
        labels = [f"{moment:%Y}" for moment in shown]
    return Scale([moment.timestamp() for moment in shown], labels, (begin, end))


def extremes(values: Floats, columns: int) -> tuple[NDArray[np.int64], Floats]:
    """The lowest and the highest point of each of `columns` stretches, and the two ends, in the order of time.

    Gives their places in `values` and what stands there: the line looks the same as with all points.
    """
    if len(values) <= 2 * columns:
        return np.arange(len(values)), values
    width = -(-len(values) // columns)
    padded = np.concatenate([values, np.full(-len(values) % width, values[-1])]).reshape(-1, width)
    begin = np.arange(len(padded)) * width
    found = [begin + padded.argmin(axis=1), begin + padded.argmax(axis=1), [0, len(values) - 1]]
    places = np.unique(np.minimum(np.concatenate(found), len(values) - 1))
    return places, values[places]


def _moment(tick: int, step: int) -> str:
    moment = datetime.fromtimestamp(tick, UTC)
    return f"{moment:%H:%M}" if step < _DAY and tick % _DAY else f"{moment.day} {moment:%b}"


def _left_out(highest: float) -> int:
    """The power of ten that the labels leave out, 0 for numbers that are read easily as they are."""
    exponent = floor(log10(highest))
    return exponent if exponent < -3 else exponent // 3 * 3 if exponent > 6 else 0


def _even_ticks(low: float, high: float) -> tuple[list[float], float]:
    raw = (high - low) / _MOST_TICKS
    power = 10.0 ** floor(log10(raw))
    step = next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= raw * (1 - 1e-9))
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)], step


def _logarithmic_ticks(low: float, high: float) -> list[float]:
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    ticks: list[float] = []
    for factors in ((1, 2, 3, 4, 5, 6, 8), (1, 2, 4, 6), (1, 2, 5), (1, 3), (1,)):
        candidates = [factor * 10.0**power for power in powers for factor in factors]
        ticks = [tick for tick in candidates if low <= tick <= high]
        if len(ticks) <= _MOST_TICKS:
            return ticks
    return ticks[:: -(-len(ticks) // _MOST_TICKS)]
