"""Indicators as functions over a stretch of candles that carry their memory: cut anywhere, the values stay the same.

Every function reads `values[lead + i]` for the candle `i` of the stretch; the `lead` values before it are the end
of the previous stretch. `seen` counts the candles before this stretch since the very first one. An index below
its window gives values that mean nothing yet.

Window sums are never updated by subtracting what leaves, which would drift: a window is the end of one block of
`span` candles (whose sums are kept for every ending) and the beginning of the next. All terms are differences to an
anchor inside the window, so a constant price gives exactly that price and a deviation of exactly 0.
"""

from __future__ import annotations

import numpy as np

from bot.trading.compiled import inner
from bot.trading.layout import Floats

NO_CHANGE = 2.0**-50
"""Mean changes below this fraction of the price count as none; the RSI of a token that died becomes 50 again."""

FORGETS = 256
"""After so many candles, and their multiples, mean changes that count as none are set to 0."""


@inner
def moving_mean(values: Floats, lead: int, seen: int, span: int, memory: Floats, out: Floats) -> None:
    """The mean of the last `span` values (SMA); means something from the `span`-th candle on."""
    anchor, total = memory[0], memory[1]
    endings = memory[2:]
    phase = seen % span
    if seen == 0:
        anchor = values[lead]
    now = values[lead:]
    for i in range(out.shape[0]):
        value = now[i]
        phase += 1
        if phase < span:
            total += value - anchor
            out[i] = anchor + (endings[phase] + total) / span
        else:
            anchor = value
            ending = 0.0
            for back in range(span):
                ending += values[lead + i - back] - anchor
                endings[span - 1 - back] = ending
            out[i] = anchor + ending / span
            total = 0.0
            phase = 0
    memory[0], memory[1] = anchor, total


@inner
def moving_deviation(
    values: Floats, lead: int, seen: int, span: int, memory: Floats, mean: Floats, deviation: Floats
) -> None:
    """Mean and population standard deviation of the last `span` values; from the `span`-th candle on."""
    anchor, total, squares = memory[0], memory[1], memory[2]
    endings = memory[3 : 3 + span]
    square_endings = memory[3 + span :]
    phase = seen % span
    if seen == 0:
        anchor = values[lead]
    now = values[lead:]
    for i in range(mean.shape[0]):
        difference = now[i] - anchor
        phase += 1
        if phase < span:
            total += difference
            squares += difference * difference
            first = (endings[phase] + total) / span
            second = (square_endings[phase] + squares) / span
        else:
            anchor = now[i]
            total = 0.0
            squares = 0.0
            for back in range(span):
                difference = values[lead + i - back] - anchor
                total += difference
                squares += difference * difference
                endings[span - 1 - back] = total
                square_endings[span - 1 - back] = squares
            first = total / span
            second = squares / span
            total = 0.0
            squares = 0.0
            phase = 0
        mean[i] = anchor + first
        deviation[i] = np.sqrt(max(second - first * first, 0.0))
    memory[0], memory[1], memory[2] = anchor, total, squares


@inner
def exponential_means(
    values: Floats,
    lead: int,
    seen: int,
    fast_span: int,
    slow_span: int,
    memory: Floats,
    fast_out: Floats,
    slow_out: Floats,
) -> None:
    """Two exponential means (EMA) at once, each begun with the mean of its first `span` values, as TA-Lib does."""
    fast, slow = memory[0], memory[1]
    fast_weight = 2.0 / (fast_span + 1)
    slow_weight = 2.0 / (slow_span + 1)
    count = fast_out.shape[0]
    now = values[lead:]
    beginning = min(max(slow_span - seen, 0), count)
    for i in range(beginning):
        value = now[i]
        nth = seen + i + 1
        fast += (value - fast) * (1.0 / nth if nth <= fast_span else fast_weight)
        slow += (value - slow) * (1.0 / nth if nth <= slow_span else slow_weight)
        fast_out[i], slow_out[i] = fast, slow
    now, fast_out, slow_out = now[beginning:], fast_out[beginning:], slow_out[beginning:]
    for i in range(count - beginning):
        value = now[i]
        # As differences, never as two products: so an average comes near a constant price and cannot pass it.
        fast += (value - fast) * fast_weight
        slow += (value - slow) * slow_weight
        fast_out[i], slow_out[i] = fast, slow
    memory[0], memory[1] = fast, slow


@inner
def relative_strength(values: Floats, lead: int, seen: int, span: int, memory: Floats, out: Floats) -> None:
    """Wilder's relative strength index, 0 to 100; from candle `span` + 1 on, and 50 where nothing changes."""
    gain, loss = memory[0], memory[1]
    share = 1.0 / span
    keep = 1.0 - share
    before, now = values[lead - 1 :], values[lead:]
    count = out.shape[0]
    begin = min(max(span + 1 - seen, 0), count)
    for i in range(begin):
        # The first `span` changes are averaged plainly, the later ones exponentially.
        change = now[i] - before[i] if seen + i > 0 else 0.0
        gain += max(change, 0.0) * share
        loss += max(-change, 0.0) * share
        out[i] = 100.0 * gain / (gain + loss) if gain + loss > now[i] * NO_CHANGE else 50.0
    while begin < count:
        end = min(count, begin + FORGETS - (seen + begin) % FORGETS)
        for i in range(begin, end):
            change = now[i] - before[i]
            up = max(change, 0.0)
            gain = gain * keep + up * share
            loss = loss * keep + (up - change) * share
            both = gain + loss
            out[i] = 100.0 * gain / both if both > now[i] * NO_CHANGE else 50.0
        # Else they would shrink until the processor slows down, and stop being exact under scaling.
        if (seen + end) % FORGETS == 0 and gain + loss <= now[end - 1] * NO_CHANGE:
            gain = 0.0
            loss = 0.0
        begin = end
    memory[0], memory[1] = gain, loss
