"""Made-up prices as a pure function of the minute, the same on every machine.

The logarithm of a price is a Brownian path, built by moving midpoints: a point between two others is their
mean plus hashed noise in proportion to the root of their distance, so that any minute is reached in twenty
halvings. The noise is multiplied by a cascade that hands calm and unrest down from days to minutes. Only
operations that IEEE 754 defines exactly are used, not the exponential of the C library.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.trading.candles import Candles

MINUTE = 60
"""The timeframe, in seconds, that all larger ones are joined from."""

_TOP_LEVEL = 20
_MINUTES_PER_YEAR = 525_600.0
_CALM_FROM_LEVEL = 13
_CALM_TO_LEVEL = 3
_BURST_MINUTES_LOG2 = 4
_MASK = (1 << 64) - 1
# (ln 2)^k / k! for k = 12 … 0: the Taylor series of 2^x, exact to the last bits for |x| ≤ 1/2.
_EXP2_SERIES = (
    2.5678435993488206e-11,
    4.4455382718708116e-10,
    7.0549116208011234e-09,
    1.0178086009239699e-07,
    1.3215486790144310e-06,
    1.5252733804059841e-05,
    1.5403530393381610e-04,
    1.3333558146428443e-03,
    9.6181291076284772e-03,
    5.5504108664821580e-02,
    2.4022650695910072e-01,
    6.9314718055994531e-01,
    1.0,
)


@dataclass(frozen=True, slots=True)
class PriceProcess:
    """What makes one token's path: its own key, a price level, its yearly volatility and its daily volume.

    `yearly_volatility` is the standard deviation of a year's log2 return (1.0: a factor of two); `level` and
    `daily_volume` are in dollars.
    """

    key: int
    level: float
    yearly_volatility: float
    daily_volume: float

    @property
    def minute_volatility(self) -> float:
        """The standard deviation of a calm minute's log2 return."""
        return self.yearly_volatility / float(np.sqrt(_MINUTES_PER_YEAR))


def price_at(process: PriceProcess, minute: int) -> float:
    """The price in dollars at the very beginning of a minute, counted from the epoch."""
    path, _ = _log2_path(process, minute, minute)
    return float(process.level * _exp2(path[:1])[0])


def minute_candles(process: PriceProcess, first: int, end: int) -> Candles:
    """The one-minute candles of the minutes [first, end), counted from the epoch.

    A candle opens and closes at the price of its two ends, so neighbours join without a jump. Volumes are
    whole 64ths of a dollar, so that sums over them are exact in any order.
    """
    minutes = np.arange(first, end, dtype=np.int64)
    if first >= end:
        nothing = np.empty(0)
        return Candles(MINUTE, minutes, nothing, nothing, nothing, nothing, nothing)
    path, unrest = _log2_path(process, first, end - 1)
    price = process.level * _exp2(path)
    open_, close = price[:-1], price[1:]
    wick = process.minute_volatility * unrest
    above = np.minimum(wick * _square(_uniform(process.key, 1, minutes)), 0.5)
    below = np.minimum(wick * _square(_uniform(process.key, 2, minutes)), 0.5)
    moved = np.abs(path[1:] - path[:-1]) / process.minute_volatility
    burst = _uniform(process.key, 3, minutes >> _BURST_MINUTES_LOG2)
    # One stretch of sixteen minutes in 64 trades at five to twenty times the usual volume.
    burst = np.where(burst < 1 / 64, 5.0 + burst * (64 * 15.0), 1.0)
    liveliness = (0.4 + 0.5 * moved) * (0.3 + 1.4 * _uniform(process.key, 4, minutes)) * burst
    volume = (np.floor(process.daily_volume / 1440 * liveliness * 64) + 1) / 64
    return Candles(
        MINUTE,
        minutes * MINUTE,
        open_,
        np.maximum(open_, close) * (1 + above),
        np.minimum(open_, close) * (1 - below),
        close,
        volume,
    )


def key_of(seed: int, address: str) -> int:
    """The key of a token's path: another seed or another address gives another path."""
    key = _mix(seed & _MASK)
    number = int(address, 16)
    while number:
        key = _mix(key ^ (number & _MASK))
        number >>= 64
    return key


def _log2_path(
    process: PriceProcess, first: int, last: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The path at the minutes first … last + 1, and the unrest within the minutes first … last."""
    top_first, top_last = first >> _TOP_LEVEL, last >> _TOP_LEVEL
    anchors = _uniform(process.key, 5, np.arange(top_first, top_last + 2, dtype=np.int64))
    per_minute = process.minute_volatility
    points = (anchors * 2 - 1) * (per_minute * float(np.sqrt(2.0**_TOP_LEVEL)) * 0.5)
    unrest = np.ones(len(points) - 1)
    for level in range(_TOP_LEVEL, 0, -1):
        cells = np.arange(first >> level, (last >> level) + 1, dtype=np.int64)
        spread = per_minute * float(np.sqrt(2.0**level)) * 0.5
        halved = np.empty(2 * len(cells) + 1)
        halved[::2] = points
        halved[1::2] = (points[:-1] + points[1:]) * 0.5 + _bell(
            process.key, 16 + level, cells
        ) * unrest * spread
        skipped = (first >> (level - 1)) - 2 * (first >> level)
        halves = (last >> (level - 1)) - (first >> (level - 1)) + 1
        points = halved[skipped : skipped + halves + 1]
        unrest = np.repeat(unrest, 2)[skipped : skipped + halves]
        if _CALM_TO_LEVEL <= level <= _CALM_FROM_LEVEL:
            children = np.arange(first >> (level - 1), (last >> (level - 1)) + 1, dtype=np.int64)
            unrest = unrest * (0.65 + 0.7 * _uniform(process.key, 64 + level, children))
    return points, unrest


def _exp2(exponent: NDArray[np.float64]) -> NDArray[np.float64]:
    whole = np.rint(exponent)
    fraction = exponent - whole
    result = np.full_like(fraction, _EXP2_SERIES[0])
    for coefficient in _EXP2_SERIES[1:]:
        result = result * fraction + coefficient
    return np.ldexp(result, whole.astype(np.int32))


def _hash(key: int, stream: int, numbers: NDArray[np.int64]) -> NDArray[np.uint64]:
    """The splitmix64 finaliser (Steele, Lea, Flood 2014) over a stream of numbers."""
    mixed = numbers.astype(np.uint64) + np.uint64(_mix(key ^ _mix(stream)))
    mixed *= np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def _mix(number: int) -> int:
    """One step of splitmix64 on a single number."""
    number = (number + 0x9E3779B97F4A7C15) & _MASK
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & _MASK
    return number ^ (number >> 31)


def _uniform(key: int, stream: int, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Hashed noise, even over [0, 1)."""
    return (_hash(key, stream, numbers) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _bell(key: int, stream: int, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Hashed noise with mean 0 and deviation 1: the sum of four even ones, near enough to a normal one."""
    bits = _hash(key, stream, numbers)
    low = np.uint64(0xFFFF)
    total = (
        (bits & low)
        + ((bits >> np.uint64(16)) & low)
        + ((bits >> np.uint64(32)) & low)
        + (bits >> np.uint64(48))
    )
    # 37837.2269 is the deviation of such a sum, √((65536² - 1) / 3).
    noise: NDArray[np.float64] = (total.astype(np.float64) - 131070.0) / 37837.2269
    return noise


def _square(noise: NDArray[np.float64]) -> NDArray[np.float64]:
    return noise * noise
