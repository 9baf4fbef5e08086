"""What the candles alone say: conditions judged over a stretch, and the rules that they trigger."""

from __future__ import annotations

import numpy as np

from bot.trading.compiled import entry, inner
from bot.trading.indicators import (
    exponential_means,
    moving_deviation,
    moving_mean,
    relative_strength,
)
from bot.trading.layout import (
    ALL,
    BOLLINGER,
    EMA_CROSSOVER,
    NOT,
    POSITION_PROFIT,
    PRICE_DROP,
    PRICE_LEVEL,
    PRICE_RISE,
    PUSH,
    RSI,
    SCHEDULE,
    SMA_CROSSOVER,
    VOLUME_SPIKE,
    Flags,
    Floats,
    Integers,
    Record,
    Records,
    Signals,
)


@entry
def observe(
    programs: Records,
    watches: Records,
    memory: Floats,
    start: Integers,
    closes: Floats,
    volumes: Floats,
    signals: Signals,
    stack: Flags,
    columns: Floats,
) -> None:
    """Judge every condition on every candle of a stretch, and say which rules trigger.

    Program and watch are the first rows of their arrays. `closes` and `volumes` begin with the end of the previous
    stretch, as many candles as the program looks back. `signals` is filled; `stack` (rows of flags) and `columns`
    (2 rows of numbers, one longer than the stretch) are room to work in. Rows may be longer than needed.
    """
    program, watch = programs[0], watches[0]
    seen = watch["seen"]
    count = start.shape[0]
    lead = closes.shape[0] - count
    first, second = columns[0][: 1 + count], columns[1][: 1 + count]
    for index in range(program["leaf_count"]):
        leaf = program["leaves"][index]
        row = signals.truth[index][:count]
        kind = leaf["kind"]
        if kind in (PRICE_DROP, PRICE_RISE):
            _price_change(leaf, closes, lead, row)
        elif kind == PRICE_LEVEL:
            _crosses_level(leaf, closes, lead, row)
        elif kind == SCHEDULE:
            _on_schedule(start, program["timeframe"], leaf["every"], row)
        elif kind != POSITION_PROFIT:
            if not leaf["shares"]:
                _indicate(leaf, closes, volumes, lead, seen, memory[leaf["memory"] :], first, second)
            if kind == RSI:
                _beyond(first, leaf["level"], leaf["above"], row)
            elif kind == BOLLINGER:
                _beyond_band(leaf, closes, lead, first, second, row)
            elif kind == VOLUME_SPIKE:
                _volume_spike(leaf, volumes, lead, first, row)
            else:
                _crossover(first, second, leaf["above"], row)
    signals.triggered[:] = 0
    for index in range(program["rule_count"]):
        rule = program["rules"][index]
        if not rule["live"] and (watch["volume_known"] or not rule["needs_volume"]):
            _join(program, rule, signals.truth, stack, count)
            judged = max(rule["needed"] - seen - 1, 0)
            if judged < count:
                when = stack[0, judged:count]
                # What it was begins as 1, so that a first judgement triggers nothing.
                _trigger(when, watch["was"][index], rule["level"], index, signals.triggered[judged:])
                watch["was"][index] = when[when.shape[0] - 1]
    watch["seen"] += count


@inner
def _indicate(
    leaf: Record,
    closes: Floats,
    volumes: Floats,
    lead: int,
    seen: int,
    memory: Floats,
    first: Floats,
    second: Floats,
) -> None:
    """Write an indicator into one or two columns, after its values on the last candle of the previous stretch."""
    first[0], second[0] = memory[0], memory[1]
    rest = memory[2:]
    kind, span = leaf["kind"], leaf["span"]
    if kind == RSI:
        relative_strength(closes, lead, seen, span, rest, first[1:])
    elif kind == EMA_CROSSOVER:
        exponential_means(closes, lead, seen, span, leaf["slow"], rest, first[1:], second[1:])
    elif kind == SMA_CROSSOVER:
        moving_mean(closes, lead, seen, span, rest, first[1:])
        moving_mean(closes, lead, seen, leaf["slow"], rest[2 + span :], second[1:])
    elif kind == BOLLINGER:
        moving_deviation(closes, lead, seen, span, rest, first[1:], second[1:])
    elif kind == VOLUME_SPIKE:
        moving_mean(volumes, lead, seen, span, rest, first[1:])
    last = first.shape[0] - 1
    memory[0], memory[1] = first[last], second[last]


@inner
def _price_change(leaf: Record, closes: Floats, lead: int, row: Flags) -> None:
    level = leaf["level"]
    before, now = closes[lead - leaf["span"] :], closes[lead:]
    if leaf["kind"] == PRICE_DROP:
        for i in range(row.shape[0]):
            row[i] = now[i] * 100.0 <= before[i] * level
    else:
        for i in range(row.shape[0]):
            row[i] = now[i] * 100.0 >= before[i] * level


@inner
def _crosses_level(leaf: Record, closes: Floats, lead: int, row: Flags) -> None:
    level = leaf["level"]
    before, now = closes[lead - 1 :], closes[lead:]
    if leaf["above"]:
        for i in range(row.shape[0]):
            row[i] = (before[i] < level) & (level <= now[i])
    else:
        for i in range(row.shape[0]):
            row[i] = (before[i] > level) & (level >= now[i])


@inner
def _beyond(values: Floats, level: float, above: int, row: Flags) -> None:
    if above:
        for i in range(row.shape[0]):
            row[i] = values[1 + i] > level
    else:
        for i in range(row.shape[0]):
            row[i] = values[1 + i] < level


@inner
def _beyond_band(
    leaf: Record, closes: Floats, lead: int, mean: Floats, deviation: Floats, row: Flags
) -> None:
    deviations = leaf["level"] if leaf["upper"] else -leaf["level"]
    now = closes[lead:]
    if leaf["above"]:
        for i in range(row.shape[0]):
            row[i] = now[i] > mean[1 + i] + deviations * deviation[1 + i]
    else:
        for i in range(row.shape[0]):
            row[i] = now[i] < mean[1 + i] + deviations * deviation[1 + i]


@inner
def _crossover(fast: Floats, slow: Floats, above: int, row: Flags) -> None:
    if above:
        for i in range(row.shape[0]):
            row[i] = (fast[i] <= slow[i]) & (fast[1 + i] > slow[1 + i])
    else:
        for i in range(row.shape[0]):
            row[i] = (fast[i] >= slow[i]) & (fast[1 + i] < slow[1 + i])


@inner
def _volume_spike(leaf: Record, volumes: Floats, lead: int, mean: Floats, row: Flags) -> None:
    level = leaf["level"]
    now = volumes[lead:]
    for i in range(row.shape[0]):
        # After nothing but gaps the mean is 0, which everything is far above, but for another gap.
        row[i] = (now[i] * 100.0 >= mean[i] * level) & (now[i] > 0.0)


@inner
def _on_schedule(start: Integers, timeframe: int, every: int, row: Flags) -> None:
    phase = start[0] % every
    for i in range(row.shape[0]):
        phase += timeframe
        if phase >= every:
            phase -= every
        row[i] = phase == 0


@inner
def _join(program: Record, rule: Record, truth: Flags, stack: Flags, count: int) -> None:
    """Work a rule's tree off, whole columns at a time; the result is the first row of the stack."""
    depth = 0
    for place in range(rule["code_from"], rule["code_to"]):
        operation, argument = program["code"][place]["kind"], program["code"][place]["argument"]
        if operation == PUSH:
            _copy(truth[argument, :count], stack[depth, :count])
            depth += 1
        elif operation == NOT:
            _invert(stack[depth - 1, :count])
        else:
            depth -= argument - 1
            for other in range(depth, depth + argument - 1):
                if operation == ALL:
                    _and(stack[depth - 1, :count], stack[other, :count])
                else:
                    _or(stack[depth - 1, :count], stack[other, :count])


@inner
def _copy(row: Flags, target: Flags) -> None:
    for i in range(row.shape[0]):
        target[i] = row[i]


@inner
def _invert(row: Flags) -> None:
    for i in range(row.shape[0]):
        row[i] ^= 1


@inner
def _and(row: Flags, other: Flags) -> None:
    for i in range(row.shape[0]):
        row[i] &= other[i]


@inner
def _or(row: Flags, other: Flags) -> None:
    for i in range(row.shape[0]):
        row[i] |= other[i]


@inner
def _trigger(when: Flags, was: int, level: int, index: int, triggered: Integers) -> None:
    """Set a rule's bit where `when` turns true, or is true."""
    if level:
        for i in range(when.shape[0]):
            triggered[i] |= np.int64(when[i]) << index
    else:
        triggered[0] |= (np.int64(when[0]) & (was ^ 1)) << index
        before, now, later = when[:-1], when[1:], triggered[1:]
        for i in range(now.shape[0]):
            later[i] |= np.int64(now[i] & (before[i] ^ 1)) << index
