"""The engine: one step for one closed candle, folded over history by a backtest and called live by a simulation."""

from __future__ import annotations

from typing import Any

import numpy as np

from bot.trading.compiled import entry, inlined, inner
from bot.trading.fills import raise_peak, sell, take_profits, write_event
from bot.trading.judging import drop_entries, fill_queue, judge
from bot.trading.layout import (
    ENTRIES_ENDED,
    FOREVER,
    MAX_DRAWDOWN,
    MAX_HOLD,
    NO,
    NONE,
    TAKE_PROFIT,
    Columns,
    Floats,
    Record,
    Records,
    Signals,
)


@entry
def fold(
    programs: Records,
    books: Records,
    pages: Records,
    sights: Records,
    signals: Signals,
    candles: Columns,
    begin: int,
    equity: Floats,
) -> int:
    """Step through a stretch from candle `begin` on, writing the equity at every close; gives where it stopped.

    Program, book, page and sight are the first rows of their arrays. It stops before the end when the page may not
    hold the events of another candle; with an empty page it goes on from there.
    """
    program, book, page, sight = programs[0], books[0], pages[0], sights[0]
    truth, triggered, equity = signals.truth, signals.triggered[begin:], equity[begin:]
    start, opens, highs = candles.start[begin:], candles.open[begin:], candles.high[begin:]
    lows, closes, volumes = candles.low[begin:], candles.close[begin:], candles.volume[begin:]
    room = page["rows"].shape[0] // 2
    live = program["live_rules"] > 0
    # Unsigned, so that no index has to be looked at for a negative one.
    one, count = np.uint64(1), np.uint64(start.shape[0])
    i: Any = np.uint64(0)
    while i < count and page["count"] <= room:
        if not live and book["queued"] + book["exit"] == 0:
            cash, quantity, floor, ceiling, lowest, highest, until = _outlook(program, book)
            quiet = count
            if until <= start[i]:
                quiet = i
            elif until < FOREVER:
                quiet = min(count, i + np.uint64((until - start[i]) // program["timeframe"]))
            first, least = i, highest
            while i < quiet:
                marked = cash + quantity * closes[i]
                if (
                    triggered[i] != 0
                    or lows[i] <= floor
                    or highs[i] >= ceiling
                    or marked < lowest
                    or marked > highest
                ):
                    break
                least = min(least, marked)
                equity[i] = marked
                i += one
            if i > first:
                _pass(book, i - first, start[i - one], equity[i - one], least)
            if i == count:
                break
        if live:
            for leaf in range(truth.shape[0]):
                sight["truth"][leaf] = truth[leaf, begin + np.int64(i)]
        equity[i] = step(
            program, book, page, sight, triggered[i],
            start[i], opens[i], highs[i], lows[i], closes[i], volumes[i],
        )  # fmt: skip
        i += one
    return int(begin + np.int64(i))


@inlined
def _outlook(program: Record, book: Record) -> tuple[float, float, float, float, float, float, int]:
    """Within which bounds a step would do nothing but count and mark, while nothing waits and no rule triggers.

    Gives cash and quantity, the price that no low and the one that no high may reach, the lowest and the highest
    equity, and the time from which on nothing is certain. Where a bound is not exact it is a little narrow.
    """
    quantity = book["quantity"]
    ceiling = min(book["take_profit"], book["alert"])
    lowest, highest, until = -1.0, book["equity_peak"], FOREVER
    if program["max_drawdown"] > 0.0 and not book["entries_ended"]:
        lowest = highest * program["max_drawdown"] * 0.010000001
    if quantity > 0.0:
        # A mark at the peak itself is one for the step, but for the cash that stays there.
        highest *= 0.999999999
        if program["max_hold"] > 0:
            until = book["entry_time"] + program["max_hold"] - program["timeframe"]
    return book["cash"], quantity, book["stop"], ceiling, lowest, highest, until


@inlined
def _pass(book: Record, count: Any, time: int, equity: float, least: float) -> None:
    """Take note of candles that passed within the outlook: the last one's start and equity, and the least equity."""
    book["seen"] += np.int64(count)
    book["equity"] = equity
    if book["quantity"] > 0.0:
        book["exposed"] += np.int64(count)
    elif equity == book["equity_peak"]:
        book["equity_peak_time"] = time
    if least < book["equity_trough"]:
        _deepen(book, least)


@inlined
def _deepen(book: Record, equity: float) -> None:
    book["equity_trough"] = equity
    peak = book["equity_peak"]
    book["drawdown"] = max(book["drawdown"], (peak - equity) / peak)


@inlined
def step(
    program: Record,
    book: Record,
    page: Record,
    sight: Record,
    triggered: int,
    time: int,
    open_price: float,
    high: float,
    low: float,
    close: float,
    volume: float,
) -> float:
    """Take one closed candle: `book` becomes the next state, events are added; gives the equity at the close.

    `sight` is what the conditions said about it, `triggered` has one bit for every rule that triggers.
    """
    book["seen"] += 1
    at_close = program["at_close"] != 0
    if at_close:
        open_price, high, low = close, close, close
    waits = book["queued"] + book["exit"] > 0
    if not waits and book["quantity"] == 0.0:
        pass
    elif volume > 0.0 or at_close or not book["volume_known"]:
        if waits or low <= book["stop"] or high >= book["take_profit"]:
            _trade(program, book, page, time, open_price, high, low)
        elif book["quantity"] > 0.0:
            book["exposed"] += 1
        if high >= book["alert"]:
            raise_peak(program, book, high)
    elif book["quantity"] > 0.0:
        book["exposed"] += 1
    equity: float = book["cash"] + book["quantity"] * close
    _mark(program, book, page, time, close, equity)
    if triggered != 0 or program["live_rules"] > 0:
        judge(program, book, page, sight, triggered, time, close)
    if book["queued"] > 0:
        drop_entries(program, book, page, time, close)
    if at_close and book["queued"] + book["exit"] > 0:
        fill_queue(program, book, page, time, close, NO)
        if close >= book["alert"]:
            raise_peak(program, book, close)
    return equity


@inner
def _trade(
    program: Record, book: Record, page: Record, time: int, open_price: float, high: float, low: float
) -> None:
    """What happens inside a candle before the peak rises: gaps at the open, queued orders, protective levels."""
    exposed = book["quantity"] > 0.0
    just_stopped = NO
    if exposed:
        gap = 0 if program["at_close"] else 1
        if open_price <= book["stop"]:
            reason = book["stop_reason"] + gap
            just_stopped = _stop_out(program, book, page, time, reason, open_price)
        elif open_price >= book["take_profit"]:
            take_profits(program, book, page, time, TAKE_PROFIT + gap, open_price, open_price)
    if book["queued"] + book["exit"] > 0:
        fill_queue(program, book, page, time, open_price, just_stopped)
    if book["quantity"] > 0.0:
        exposed = True
        # With execution "close" nothing lies inside a candle; a sale that was skipped is not tried twice.
        if program["at_close"]:
            pass
        elif low <= book["stop"]:
            both = high >= book["take_profit"]
            # Above the open only on an entry candle, whose stop did not exist at the open.
            price = min(book["stop"], open_price)
            if _stop_out(program, book, page, time, book["stop_reason"], price) and both:
                book["ambiguous"] += 1
        elif high >= book["take_profit"]:
            take_profits(program, book, page, time, TAKE_PROFIT, open_price, high)
    if exposed:
        book["exposed"] += 1


@inner
def _stop_out(program: Record, book: Record, page: Record, time: int, reason: int, price: float) -> bool:
    sold = sell(program, book, page, time, reason, NONE, 100.0, price)
    if sold:
        book["last_stop"] = time
    return sold


@inlined
def _mark(program: Record, book: Record, page: Record, time: int, close: float, equity: float) -> None:
    """Follow the peak of equity and the fall from it, and queue the sale that drawdown or time demands."""
    book["equity"] = equity
    peak = book["equity_peak"]
    if equity >= peak:
        if book["equity_trough"] < peak:
            lasted = time - book["equity_peak_time"]
            book["drawdown_seconds"] = max(book["drawdown_seconds"], lasted)
        book["equity_peak"] = equity
        book["equity_trough"] = equity
        book["equity_peak_time"] = time
    elif equity < book["equity_trough"]:
        _deepen(book, equity)
        limit = peak * program["max_drawdown"]
        if equity * 100.0 <= limit and not book["entries_ended"]:
            _end_entries(book, page, time, close)
    if book["quantity"] > 0.0 and program["max_hold"] > 0:
        held = time + program["timeframe"] - book["entry_time"]
        if held >= program["max_hold"] and book["exit"] == 0:
            book["exit"] = MAX_HOLD


@inner
def _end_entries(book: Record, page: Record, time: int, close: float) -> None:
    book["entries_ended"] = 1
    write_event(book, page, time, ENTRIES_ENDED, MAX_DRAWDOWN, NONE, NONE, close)
    if book["quantity"] > 0.0:
        book["exit"] = MAX_DRAWDOWN
