"""Backtests: a strategy folded over past candles, with its figures; a pure function for a worker process.

The engine, and with it numba, is loaded where a backtest runs; whoever only reads results never loads it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bot.trading.candles import Candles
from bot.trading.document import Strategy
from bot.trading.events import read_queue
from bot.trading.layout import Floats, Record, Records
from bot.trading.metrics import Metrics, buy_and_hold, day_ends, measure
from bot.trading.program import Execution, compile_program, warm_up_candles, with_doubled_costs
from bot.trading.result import BacktestResult, Holding, OpenPosition

if TYPE_CHECKING:
    from bot.trading.portfolio import Portfolio

__all__ = ["INITIAL_BALANCE", "BacktestResult", "run_backtest", "warm_up_candles"]

INITIAL_BALANCE = 10_000.0
"""In quote currency, unless told otherwise."""


def run_backtest(
    strategy: Strategy,
    candles: Candles,
    *,
    first: int,
    initial_balance: float = INITIAL_BALANCE,
    execution: Execution = "next_open",
    volume_known: bool | None = None,
) -> BacktestResult:
    """Run a strategy on the candles from index `first` on; those before it warm the indicators up.

    The run's timeframe is that of the candles. Raises `StrategyInvalid` when a time in a condition is no whole
    multiple of it, and `ValueError` when there is nothing to test. `volume_known` says what was known of volumes when
    the run began; None looks whether any candle has one.
    """
    if not 0 <= first < len(candles):
        raise ValueError(f"The tested stretch begins at candle {first}, but there are {len(candles)}.")
    if not initial_balance > 0.0:
        raise ValueError("The initial balance must be above 0.")
    wanted = warm_up_candles(strategy, candles.timeframe)
    warm_up = min(first, wanted)
    used = _from(candles, first - warm_up)
    tested = _tested(candles, first)
    if volume_known is None:
        # Looking at the first few is nearly always enough.
        volume_known = bool(used.volume[:100].any() or used.volume.any())
    program = compile_program(strategy, candles.timeframe, execution)
    # With execution "close" there are no costs, and doubling them changes nothing.
    programs = [program] if execution == "close" else [program, with_doubled_costs(program)]
    portfolios, equity, closing = _fold(programs, used, warm_up, initial_balance, volume_known)
    bought = _first_fill(tested, volume_known, execution)
    holdings = [_hold(tested, bought, initial_balance, one[0]) for one in programs]
    figures = [
        _figures(portfolio, closes, holding, tested)
        for portfolio, closes, holding in zip(portfolios, closing, holdings, strict=True)
    ]
    book = portfolios[0].book
    return BacktestResult(
        strategy=strategy,
        timeframe=candles.timeframe,
        execution=execution,
        initial_balance=initial_balance,
        candles=tested,
        warm_up=warm_up,
        warm_up_wanted=wanted,
        volume_known=volume_known,
        equity=equity,
        holding=holdings[0],
        metrics=figures[0],
        metrics_double_costs=figures[-1],
        cash=float(book["cash"]),
        open_position=_open_position(book, float(tested.close[-1])),
        dropped_orders=read_queue(strategy, program[0], book),
        records=portfolios[0].take_events(),
    )


def _from(candles: Candles, first: int) -> Candles:
    """The candles from `first` on, as views."""
    columns = ("start", "open", "high", "low", "close", "volume")
    return replace(candles, **{column: getattr(candles, column)[first:] for column in columns})


def _tested(candles: Candles, first: int) -> Candles:
    """The candles from `first` on, whose `missing` counts only the filled ones among them."""
    tested = _from(candles, first)
    if not candles.missing:
        return tested
    before = np.append(candles.close[max(0, first - 1)], tested.close[:-1])
    prices = (tested.open, tested.high, tested.low, tested.close)
    filled = (tested.volume == 0.0) & np.logical_and.reduce([column == before for column in prices])
    return replace(tested, missing=min(candles.missing, int(np.count_nonzero(filled))))


def _fold(
    programs: list[Records], used: Candles, warm_up: int, initial_balance: float, volume_known: bool
) -> tuple[list[Portfolio], Floats, Floats]:
    """Run several programs of one strategy, which judge the candles alike.

    Gives their portfolios, the first one's equity at every tested close, and everyone's at the end of every day.
    """
    from bot.trading.portfolio import LONGEST_STRETCH, CandleWatch, Portfolio, columns_of, cut

    watch = CandleWatch(programs[0], volume_known)
    portfolios = [Portfolio(program, initial_balance, volume_known) for program in programs]
    whole, count = columns_of(used), len(used)
    ends = warm_up + day_ends(int(used.start[warm_up]), len(used) - warm_up, used.timeframe)
    equity, closing = np.empty(count), np.empty((len(programs), len(ends)))
    room = np.empty(min(count, LONGEST_STRETCH))
    begin = 0
    while begin < count:
        if begin == warm_up:
            for portfolio in portfolios:
                portfolio.start_firing(int(used.start[begin]))
        end = min(warm_up if begin < warm_up else count, begin + LONGEST_STRETCH)
        columns = cut(whole, begin, end)
        signals = watch.observe(whole, begin, end)
        first, last = np.searchsorted(ends, (begin, end))
        for which, portfolio in enumerate(portfolios):
            out = room[: end - begin] if which else equity[begin:end]
            portfolio.trade(columns, signals, out)
            closing[which, first:last] = out[ends[first:last] - begin]
        begin = end
    return portfolios, equity[warm_up:], closing


def _first_fill(tested: Candles, volume_known: bool, execution: Execution) -> int:
    """The first candle on which an order could fill; one past the last when there is none."""
    if not volume_known or execution == "close" or tested.volume[0] > 0.0:
        return 0
    traded = np.flatnonzero(tested.volume > 0.0)
    return int(traded[0]) if len(traded) else len(tested.volume)


def _hold(tested: Candles, bought: int, initial_balance: float, program: Record) -> Holding:
    """Buy and hold from candle `bought` on; what never fills is kept in cash."""
    if bought == len(tested):
        return Holding(bought, initial_balance, initial_balance, 0.0)
    prices = tested.close if program["at_close"] else tested.open
    cash, quantity = buy_and_hold(float(prices[bought]), initial_balance, program)
    return Holding(bought, initial_balance, cash, quantity)


def _figures(portfolio: Portfolio, closing: Floats, holding: Holding, tested: Candles) -> Metrics:
    return measure(
        portfolio.book,
        closing,
        int(tested.start[-1]),
        len(tested),
        tested.timeframe,
        holding.initial_balance,
        holding.cash + holding.quantity * float(tested.close[-1]),
        tested.missing,
    )


def _open_position(book: Record, close: float) -> OpenPosition | None:
    quantity, cost = float(book["quantity"]), float(book["cost"])
    if quantity == 0.0:
        return None
    value = quantity * close
    return OpenPosition(
        quantity=quantity,
        average_price=float(book["average"]),
        cost=cost,
        value=value,
        unrealised_profit=value - cost,
        since=int(book["entry_time"]),
    )
