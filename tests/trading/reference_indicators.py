"""What conditions say, computed plainly from the definition on whole windows; for the reference engine."""

from __future__ import annotations

from math import fsum, sqrt

from bot.trading.candles import Candles
from bot.trading.conditions import (
    Bollinger,
    Leaf,
    MaCrossover,
    PositionProfit,
    PriceDrop,
    PriceLevel,
    PriceRise,
    Rsi,
    Schedule,
    VolumeSpike,
)
from bot.trading.timeframe import parse_timeframe

NEAR = 1e-9


class Sight:
    """The closes and volumes up to now, and what the conditions say about them: (truth, sure)."""

    def __init__(self, candles: Candles, begin: int) -> None:
        self.candles, self.begin = candles, begin
        self.timeframe = candles.timeframe
        self.closes: list[float] = []
        self.volumes: list[float] = []

    def see(self, index: int) -> None:
        self.closes.append(float(self.candles.close[index]))
        self.volumes.append(float(self.candles.volume[index]))

    def is_warm(self, leaf: Leaf) -> bool:
        return len(self.closes) >= self.needed(leaf)

    def needed(self, leaf: Leaf) -> int:
        """Candles, this one included, that the condition looks at."""
        match leaf:
            case PriceDrop() | PriceRise():
                return self.window(leaf) + 1
            case VolumeSpike():
                return leaf.lookback + 1
            case PriceLevel():
                return 2
            case Rsi():
                return leaf.period + 1
            case MaCrossover():
                return leaf.slow + 1
            case Bollinger():
                return leaf.period
            case PositionProfit() | Schedule():
                return 1

    def window(self, leaf: PriceDrop | PriceRise) -> int:
        return 1 if leaf.timeframe is None else parse_timeframe(leaf.timeframe) // self.timeframe

    def judge(self, leaf: Leaf) -> tuple[bool, bool]:
        close = self.closes[-1]
        match leaf:
            case PriceDrop():
                then = self.closes[-1 - self.window(leaf)]
                return at_most(close, then * (1.0 - leaf.threshold / 100.0))
            case PriceRise():
                then = self.closes[-1 - self.window(leaf)]
                return at_most(then * (1.0 + leaf.threshold / 100.0), close)
            case VolumeSpike():
                mean = fsum(self.volumes[-1 - leaf.lookback : -1]) / leaf.lookback
                if self.volumes[-1] == 0.0:
                    return False, True
                return at_most(mean * (1.0 + leaf.threshold / 100.0), self.volumes[-1])
            case PriceLevel():
                before = self.closes[-2]
                if leaf.direction == "above":
                    return before < leaf.price <= close, True
                return before > leaf.price >= close, True
            case Rsi():
                return self.beyond(self.rsi(leaf.period), leaf.value, leaf.direction)
            case Bollinger():
                window = self.closes[-leaf.period :]
                mean = fsum(window) / leaf.period
                deviation = sqrt(fsum((price - mean) ** 2 for price in window) / leaf.period)
                band = mean + (leaf.std if leaf.band == "upper" else -leaf.std) * deviation
                return self.beyond(close, band, leaf.direction)
            case MaCrossover():
                return self.crossover(leaf)
        raise AssertionError(leaf)

    def beyond(self, value: float, limit: float, direction: str) -> tuple[bool, bool]:
        truth = value > limit if direction == "above" else value < limit
        return truth, not near(value, limit)

    def crossover(self, leaf: MaCrossover) -> tuple[bool, bool]:
        average = self.ema if leaf.ma_type == "ema" else self.sma
        fast_before, slow_before = average(leaf.fast, 1), average(leaf.slow, 1)
        fast, slow = average(leaf.fast, 0), average(leaf.slow, 0)
        sure = not near(fast_before, slow_before) and not near(fast, slow)
        if leaf.direction == "above":
            return fast_before <= slow_before and fast > slow, sure
        return fast_before >= slow_before and fast < slow, sure

    def sma(self, period: int, ago: int) -> float:
        end = len(self.closes) - ago
        return fsum(self.closes[end - period : end]) / period

    def ema(self, period: int, ago: int) -> float:
        """Begins with the mean of the first `period` closes."""
        value = fsum(self.closes[:period]) / period
        for close in self.closes[period : len(self.closes) - ago]:
            value += (close - value) * 2.0 / (period + 1.0)
        return value

    def rsi(self, period: int) -> float:
        """Wilder's: the first averages are plain means; without any change it is 50."""
        changes = [after - before for before, after in zip(self.closes, self.closes[1:], strict=False)]
        gain = fsum(max(change, 0.0) for change in changes[:period]) / period
        loss = fsum(max(-change, 0.0) for change in changes[:period]) / period
        for change in changes[period:]:
            gain = (gain * (period - 1) + max(change, 0.0)) / period
            loss = (loss * (period - 1) + max(-change, 0.0)) / period
        return 50.0 if gain + loss == 0.0 else 100.0 * gain / (gain + loss)


def near(one: float, other: float) -> bool:
    return abs(one - other) <= NEAR * max(abs(one), abs(other))


def at_most(low: float, high: float) -> tuple[bool, bool]:
    return low <= high, not near(low, high)
