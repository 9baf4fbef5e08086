"""How programs, states and events lie in memory: the records that compiled code and Python share.

Times are epoch seconds, lengths of time are seconds, windows are candles. Percentages are kept as
"percent of the whole" (a stop of 5 % is 95) and compared by multiplying, so that round numbers stay exact and
prices times a power of two change no decision.
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.uint8]
Records = NDArray[Any]
Record = Any
"""One row of a structured array, by reference."""


def _numbers(begin: int, end: int) -> list[int]:
    """Numbers of numpy's, since numba compiles a function anew for every combination of plain ones it is given."""
    return cast(list[int], list(np.arange(begin, end)))


NONE = _numbers(-1, 0)[0]
NO = cast(bool, np.bool_(False))

NEVER = cast(int, np.int64(-(2**62)))
"""A time before every candle."""

FOREVER = cast(int, np.int64(2**62))
"""A time after every candle."""

NO_PRICE = np.inf
"""The level that no price reaches."""

# Kinds of conditions.
(
    PRICE_DROP,
    PRICE_RISE,
    VOLUME_SPIKE,
    PRICE_LEVEL,
    RSI,
    SMA_CROSSOVER,
    EMA_CROSSOVER,
    BOLLINGER,
    POSITION_PROFIT,
    SCHEDULE,
) = _numbers(0, 10)

# Operations of a rule's tree in postfix order: push a condition, or join the last ones.
PUSH, ALL, ANY, NOT = _numbers(0, 4)

# `only_if` of a rule.
ALWAYS, FLAT, IN_POSITION = _numbers(0, 3)

# Kinds of actions.
BUY_CASH_PERCENT, BUY_EQUITY_PERCENT, BUY_MONEY, SELL, HOLD, NOTIFY = _numbers(0, 6)

# Kinds of events.
BOUGHT, SOLD, NOTIFIED, HELD, SKIPPED, ENTRIES_ENDED = _numbers(0, 6)
EVENT_KINDS = ("buy", "sell", "notify", "hold", "skipped", "entries_ended")

# Why something was sold; a stop at a gap is one more than the same stop inside a candle.
(
    BY_RULE,
    STOP,
    STOP_GAP,
    BREAK_EVEN,
    BREAK_EVEN_GAP,
    TRAILING,
    TRAILING_GAP,
    TAKE_PROFIT,
    TAKE_PROFIT_GAP,
    MAX_HOLD,
    MAX_DRAWDOWN,
) = _numbers(0, 11)

# Why an order was skipped.
(
    NO_CASH,
    UNDER_ONE,
    EATEN_BY_COSTS,
    NO_POSITION,
    JUST_STOPPED,
    EXIT_WAITS,
    NO_MORE_ENTRIES,
) = _numbers(11, 18)

REASONS = (
    "rule",
    "stop",
    "stop_gap",
    "break_even",
    "break_even_gap",
    "trailing_stop",
    "trailing_stop_gap",
    "take_profit",
    "take_profit_gap",
    "max_hold",
    "max_drawdown",
    "no_cash",
    "under_1_usd",
    "eaten_by_costs",
    "no_position",
    "just_stopped_out",
    "exit_waits",
    "entries_ended",
)

MOST_RULES, MOST_ACTIONS, MOST_STEPS = 20, 200, 10
MOST_LEAVES, MOST_CODE = 400, 1_600
"""What the largest valid document needs: 20 rules of 10 actions, and 20 conditions in 3 levels for each rule."""

LEAF = np.dtype(
    [
        ("kind", "<i4"),
        ("needed", "<i4"),  # candles, this one included, until it can be judged
        ("memory", "<i4"),  # where its part of the memory begins
        ("shares", "<i4"),  # looks at the same indicator as the condition before it
        ("above", "<i4"),
        ("upper", "<i4"),
        ("span", "<i4"),  # candles: look-back, period, or the fast average
        ("slow", "<i4"),  # candles
        ("every", "<i4"),  # seconds
        ("level", "<f8"),  # percent of the whole, price, index value or deviations, by kind
    ]
)

RULE = np.dtype(
    [
        ("code_from", "<i4"),
        ("code_to", "<i4"),
        ("needed", "<i4"),
        ("needs_volume", "<i4"),
        ("live", "<i4"),  # looks at the position, so only a portfolio can judge it
        ("level", "<i4"),  # fires while true, not only when it turns true
        ("only_if", "<i4"),
        ("cooldown", "<i4"),
        ("max_fires", "<i4"),
        ("action_from", "<i4"),
        ("action_to", "<i4"),
        ("buys", "<i4"),
    ]
)

ACTION = np.dtype([("kind", "<i4"), ("amount", "<f8"), ("rule", "<i4")])

TAKE_PROFIT_STEP = np.dtype([("level", "<f8"), ("sell_percent", "<f8")])

OPERATION = np.dtype([("kind", "<i2"), ("argument", "<i2")])

PROGRAM = np.dtype(
    [
        ("timeframe", "<i8"),
        ("at_close", "<i8"),  # execution "close": everything is judged and filled at the close
        ("stop", "<f8"),  # percent of the average price; 0 is none, also below
        ("trailing", "<f8"),  # percent of the peak
        ("trailing_arms", "<f8"),  # percent of the average price; 100 arms from the entry on
        ("break_even_arms", "<f8"),
        ("max_drawdown", "<f8"),  # percent of the peak of equity
        ("max_hold", "<i8"),
        ("max_entries", "<i8"),
        ("cooldown_after_stop", "<i8"),
        ("fee", "<f8"),  # fractions from here on
        ("slippage", "<f8"),
        ("buy_tax", "<f8"),
        ("sell_tax", "<f8"),
        ("gas", "<f8"),  # money
        ("leaf_count", "<i8"),
        ("rule_count", "<i8"),
        ("live_rules", "<i8"),  # how many rules look at the position
        ("action_count", "<i8"),
        ("step_count", "<i8"),
        ("memory", "<i8"),  # how many numbers the indicators remember
        ("look_back", "<i8"),  # how many candles before a stretch are read again
        ("steps", TAKE_PROFIT_STEP, (MOST_STEPS,)),
        ("rules", RULE, (MOST_RULES,)),
        ("actions", ACTION, (MOST_ACTIONS,)),
        ("code", OPERATION, (MOST_CODE,)),  # every rule's tree in postfix order
        ("leaves", LEAF, (MOST_LEAVES,)),
    ]
)
"""A strategy as numbers, for one timeframe and one way of execution."""

WATCH = np.dtype(
    [
        ("seen", "<i8"),  # candles
        ("volume_known", "<i8"),
        ("was", "<i8", (MOST_RULES,)),  # every rule's `when` on the last candle
    ]
)
"""What is remembered of the candles, besides the indicators' memory."""

RULE_STATE = np.dtype([("was", "<i8"), ("fires", "<i8"), ("last_fire", "<i8"), ("waiting", "<i8")])

BOOK = np.dtype(
    [
        ("seen", "<i8"),  # candles
        ("volume_known", "<i8"),
        ("firing", "<i8"),  # 0 while warming up
        ("cash", "<f8"),
        ("quantity", "<f8"),
        ("average", "<f8"),
        ("cost", "<f8"),  # money spent on what is held, costs included
        ("entry_time", "<i8"),
        ("entries", "<i8"),
        ("peak", "<f8"),
        ("trailing_armed", "<i8"),
        ("break_even_armed", "<i8"),
        ("stop", "<f8"),  # price; 0 is none
        ("stop_reason", "<i8"),
        ("take_profit", "<f8"),  # price of the lowest open step
        ("steps_done", "<i8"),  # one bit for each step
        ("alert", "<f8"),  # the high from which on the peak moves, or something arms
        ("exit", "<i8"),  # reason of the queued full sale; 0 is none
        ("queued", "<i8"),
        ("entries_ended", "<i8"),
        ("last_stop", "<i8"),
        ("unsellable_said", "<i8"),
        ("equity", "<f8"),
        ("equity_peak", "<f8"),
        ("equity_trough", "<f8"),  # since that peak
        ("equity_peak_time", "<i8"),
        ("drawdown", "<f8"),  # fraction, the deepest
        ("drawdown_seconds", "<i8"),  # the longest that has ended
        ("trades", "<i8"),
        ("wins", "<i8"),
        ("losses", "<i8"),
        ("won", "<f8"),
        ("lost", "<f8"),
        ("trade_percents", "<f8"),  # their sum
        ("trip_profit", "<f8"),  # of the position that is open
        ("trip_cost", "<f8"),
        ("fees", "<f8"),
        ("gas", "<f8"),
        ("taxes", "<f8"),
        ("exposed", "<i8"),  # candles
        ("ambiguous", "<i8"),  # candles
        ("skipped", "<i8"),
        ("rules", RULE_STATE, (MOST_RULES,)),
        ("queue", "<i8", (MOST_ACTIONS,)),
        ("said", "<i8", (MOST_ACTIONS,)),  # why each action was skipped last
    ]
)
"""What is remembered of the trading: one account, its position and orders, and the rules' counters."""

EVENT = np.dtype(
    [
        ("time", "<i8"),
        ("kind", "<i8"),
        ("reason", "<i8"),
        ("rule", "<i8"),  # -1 is none
        ("action", "<i8"),  # -1 is none
        ("price", "<f8"),
        ("filled_price", "<f8"),
        ("quantity", "<f8"),
        ("money", "<f8"),
        ("fee", "<f8"),
        ("gas", "<f8"),
        ("tax", "<f8"),
        ("profit", "<f8"),
        ("profit_percent", "<f8"),
        ("balance", "<f8"),
        ("equity", "<f8"),
    ]
)


PAGE = np.dtype([("count", "<i8"), ("rows", EVENT, (2_048,))])
"""Room for events; one candle never fills half of it."""

SIGHT = np.dtype([("truth", "u1", (MOST_LEAVES,))])
"""What the conditions say about one candle."""


class Columns(NamedTuple):
    """Some candles in a row, as columns of equal length."""

    start: Integers
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats


class Signals(NamedTuple):
    """What the conditions said: `truth[condition, candle]`, and per candle one bit for every rule that triggers."""

    truth: Flags
    triggered: Integers
