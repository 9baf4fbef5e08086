"""The figures of a result, each by the formula in its docstring; what a figure cannot say is None, never infinite."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bot.trading.candles import Seconds
from bot.trading.layout import Floats, Integers, Record
from bot.trading.timeframe import DAY

YEAR_DAYS = 365
"""Days in the year of every yearly figure; markets for tokens never close."""

FEWEST_DAYS_SHARPE = 10
FEWEST_DAYS_CALMAR = 30


@dataclass(frozen=True, slots=True)
class Metrics:
    """The figures of one run; percentages in percent, money in quote currency, times in seconds.

    Trades are closed round trips; the position that is still open counts in no figure but those of equity.
    Under 10 days there is no Sharpe and no Sortino, under 30 days no Calmar.
    """

    initial_balance: float
    final_equity: float
    total_return_percent: float
    buy_and_hold_return_percent: float
    trades: int
    wins: int
    losses: int
    win_rate_percent: float | None
    max_drawdown_percent: float
    max_drawdown_seconds: Seconds
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    profit_factor: float | None
    expectancy_percent: float | None
    expectancy_money: float | None
    exposure_percent: float
    fees_paid: float
    gas_paid: float
    taxes_paid: float
    ambiguous_candles: int
    missing_candles: int
    skipped_orders: int


def measure(
    book: Record,
    closing: Floats,
    last_start: int,
    candles: int,
    timeframe: Seconds,
    initial_balance: float,
    hold_final: float,
    missing: int,
) -> Metrics:
    """The figures of a run from what the engine counted on the tested stretch.

    `closing` is the equity at the end of every UTC day, `last_start` the start of the last candle (epoch seconds),
    `hold_final` what buying and holding ends with.
    """
    days = candles * timeframe / DAY
    daily = timeframe <= DAY and days >= FEWEST_DAYS_SHARPE
    returns = daily_returns(closing, initial_balance)
    final = float(book["equity"])
    growth = final / initial_balance
    drawdown = float(book["drawdown"]) * 100.0
    trades, wins = int(book["trades"]), int(book["wins"])
    won, lost = float(book["won"]), float(book["lost"])
    under_water = last_start - int(book["equity_peak_time"]) if final < book["equity_peak"] else 0
    return Metrics(
        initial_balance=initial_balance,
        final_equity=final,
        total_return_percent=(growth - 1.0) * 100.0,
        buy_and_hold_return_percent=(hold_final / initial_balance - 1.0) * 100.0,
        trades=trades,
        wins=wins,
        losses=int(book["losses"]),
        win_rate_percent=wins / trades * 100.0 if trades else None,
        max_drawdown_percent=drawdown,
        max_drawdown_seconds=max(int(book["drawdown_seconds"]), under_water),
        sharpe=sharpe(returns) if daily else None,
        sortino=sortino(returns) if daily else None,
        calmar=calmar(growth, days, drawdown) if days >= FEWEST_DAYS_CALMAR else None,
        profit_factor=won / lost if lost > 0.0 else None,
        expectancy_percent=float(book["trade_percents"]) / trades if trades else None,
        expectancy_money=(won - lost) / trades if trades else None,
        exposure_percent=int(book["exposed"]) / candles * 100.0,
        fees_paid=float(book["fees"]),
        gas_paid=float(book["gas"]),
        taxes_paid=float(book["taxes"]),
        ambiguous_candles=int(book["ambiguous"]),
        missing_candles=missing,
        skipped_orders=int(book["skipped"]),
    )


def day_ends(start: int, candles: int, timeframe: Seconds) -> Integers:
    """The places of the last candles of all UTC days, in order; the days at both ends may be parts of days.

    `start` is the start of the first candle (epoch seconds). Of a day on which no candle starts nothing is given.
    """
    last = start + (candles - 1) * timeframe
    midnights = np.arange(start // DAY + 1, last // DAY + 1) * DAY
    ends = (midnights - start - 1) // timeframe
    if timeframe > DAY:
        ends = np.unique(ends)
    return np.append(ends, candles - 1)


def daily_returns(closing: Floats, initial_balance: float) -> Floats:
    """The return of every day as a fraction, from the equity at its end; that of the first is against the balance."""
    ends = np.append(initial_balance, closing)
    before, after = ends[:-1], ends[1:]
    # Nothing can be earned on nothing: once everything is lost, the days after it are flat.
    growth: Floats = np.divide(after, before, out=np.ones_like(after), where=before > 0.0)
    return growth - 1.0


def sharpe(returns: Floats) -> float | None:
    """Mean daily return over its sample standard deviation, times √365; None without any variation."""
    mean = float(returns.mean())
    variance = float(((returns - mean) ** 2).sum()) / (len(returns) - 1)
    return mean / math.sqrt(variance) * math.sqrt(YEAR_DAYS) if variance > 0.0 else None


def sortino(returns: Floats) -> float | None:
    """Mean daily return over √mean(min(return, 0)²), times √365; None without a losing day."""
    downside = float((np.minimum(returns, 0.0) ** 2).mean())
    mean = float(returns.mean())
    return mean / math.sqrt(downside) * math.sqrt(YEAR_DAYS) if downside > 0.0 else None


def calmar(growth: float, days: float, max_drawdown_percent: float) -> float | None:
    """Yearly growth (CAGR, percent) over the maximum drawdown (percent); None without a drawdown."""
    with np.errstate(over="ignore"):
        yearly = (float(np.power(np.float64(growth), YEAR_DAYS / days)) - 1.0) * 100.0
    if max_drawdown_percent == 0.0 or not math.isfinite(yearly):
        return None
    return yearly / max_drawdown_percent


def buy_and_hold(price: float, initial_balance: float, program: Record) -> tuple[float, float]:
    """What buying once with everything gives, with all costs: the cash that is kept, and the quantity.

    Where costs would eat all of it, the money is kept.
    """
    money = initial_balance * (1.0 - program["fee"]) - program["gas"]
    quantity = money * (1.0 - program["buy_tax"]) / (price * (1.0 + program["slippage"]))
    return (0.0, float(quantity)) if quantity > 0.0 else (initial_balance, 0.0)
