"""`randebu backtest`: runs a strategy document on the candles of a CSV file, without any chat or network.

What `--json` prints is one object; money is in the quote currency, times are ISO 8601 in UTC and name the start
of a candle, what means nothing is null:

- `name`, `market`, `timeframe`, `execution` (`next_open` or `close`), `initial_balance`, `costs` (per fill; null
  with `close`, which charges none): what was run
- `data`: `source` (the file), `first`, `last`, `candles` of the tested stretch; `warm_up_candles` before it, in which
  nothing was traded; `missing_candles` and `missing_percent`, which were filled; `volume_known`
- `metrics`: `initial_balance`, `final_equity`, `total_return_percent`, `buy_and_hold_return_percent`, `trades`
  (closed round trips), `wins`, `losses`, `win_rate_percent`, `profit_factor`, `expectancy_percent`,
  `expectancy_money`, `max_drawdown_percent`, `max_drawdown_seconds`, `sharpe`, `sortino`, `calmar`,
  `exposure_percent`, `fees_paid`, `gas_paid`, `taxes_paid`, `ambiguous_candles`, `missing_candles`, `skipped_orders`
- `metrics_at_double_costs`: the same for fee, slippage, taxes and gas twice as high
- `open_position`: null, or `quantity`, `average_price`, `cost`, `value`, `unrealised_profit`
- `dropped_orders`: rules (or `max_hold`, `max_drawdown`) whose orders still waited at the end
- `events`: each `time`, `kind` (buy, sell, notify, hold, skipped, entries_ended), `reason`, `rule`, `message`,
  `price` (before slippage), `filled_price`, `quantity`, `money`, `fee`, `gas`, `tax`, `profit`, `profit_percent`,
  `balance`, `equity`
- `warnings`: sentences about the document
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from bot.errors import Refused

if TYPE_CHECKING:
    from bot.trading.candles import Candles, Seconds
    from bot.trading.document import Strategy
    from bot.trading.result import BacktestResult

_OPTIONS = {
    "fee_percent": "--fee",
    "slippage_percent": "--slippage",
    "buy_tax_percent": "--buy-tax",
    "sell_tax_percent": "--sell-tax",
    "gas_usd": "--gas",
}


_SMALLEST_BALANCE = 1
_LARGEST_BALANCE = 1_000_000_000_000


def backtest(
    strategy: Annotated[Path, typer.Argument(metavar="STRATEGY.json", help="A strategy document.")],
    candles: Annotated[
        Path, typer.Option(metavar="FILE.csv", help="Columns time,open,high,low,close,volume.")
    ],
    execution: Annotated[
        Literal["next_open", "close"],
        typer.Option(help="Fill at the next open, or at the close and free of costs as version 1 did."),
    ] = "next_open",
    balance: Annotated[float, typer.Option(metavar="MONEY", help="Money at the start.")] = 10_000.0,
    timeframe: Annotated[
        str | None, typer.Option(metavar="LENGTH", help="Length of a candle, such as 15m.")
    ] = None,
    fee: Annotated[float | None, typer.Option(metavar="PERCENT", help="Fee of a fill.")] = None,
    slippage: Annotated[float | None, typer.Option(metavar="PERCENT", help="Slippage of a fill.")] = None,
    buy_tax: Annotated[float | None, typer.Option(metavar="PERCENT", help="Token tax on buys.")] = None,
    sell_tax: Annotated[float | None, typer.Option(metavar="PERCENT", help="Token tax on sales.")] = None,
    gas: Annotated[float | None, typer.Option(metavar="MONEY", help="Gas of a fill.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    chart: Annotated[Path | None, typer.Option(metavar="FILE.png", help="Draw the result as PNG.")] = None,
) -> None:
    """Test a strategy on the candles of a file; what is not told here is taken from the document.

    The first candles of the file warm up the indicators; the test begins after them.
    """
    from bot.trading.csv_candles import read_csv_candles
    from bot.trading.program import warm_up_candles

    if not (math.isfinite(balance) and _SMALLEST_BALANCE <= balance <= _LARGEST_BALANCE):
        raise Refused(
            f"--balance is {balance:g}; it must be an amount of money from {_SMALLEST_BALANCE:,} to "
            f"{_LARGEST_BALANCE:,}."
        )
    rates = dict(zip(_OPTIONS, (fee, slippage, buy_tax, sell_tax, gas), strict=True))
    given = {name: rate for name, rate in rates.items() if rate is not None}
    if given and execution == "close":
        raise Refused(f"--execution close knows no costs; leave out {_OPTIONS[next(iter(given))]}.")
    if chart is not None and chart.suffix.lower() != ".png":
        raise Refused(f"--chart draws a PNG; name the file {chart.with_suffix('.png')} instead of {chart}.")
    if chart is not None and not chart.parent.is_dir():
        raise Refused(f"{chart} cannot be written: there is no folder {chart.parent}.")
    document, warnings = _read_strategy(strategy)
    document = _with_costs(document, given)
    length = _length(timeframe or document.timeframe)
    first = warm_up_candles(document, length)
    series = read_csv_candles(candles, length)
    _check_length(candles.name, series, first)
    # It loads the compiler, which takes longer than to find that there is nothing to run.
    from bot.trading.backtest import run_backtest

    result = run_backtest(document, series, first=first, initial_balance=balance, execution=execution)
    told = result.to_json()
    told["data"]["source"] = candles.name
    if chart is not None:
        _draw(result, told, candles.name, chart)
    if as_json:
        told["costs"] = None if execution == "close" else told["costs"]
        typer.echo(json.dumps(told | {"warnings": warnings}, indent=2, allow_nan=False))
    else:
        _print(told, warnings, candles.name)


def _read_strategy(path: Path) -> tuple[Strategy, list[str]]:
    from bot.trading.strategy import StrategyInvalid, parse_strategy

    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror or error}.") from None
    except json.JSONDecodeError as error:
        raise Refused(f"{path.name}, line {error.lineno}, is not JSON: {error.msg}.") from None
    except (ValueError, RecursionError):
        raise Refused(f"{path.name} is not JSON in UTF-8 that can be read.") from None
    try:
        strategy, warnings = parse_strategy(document)
    except StrategyInvalid as error:
        raise Refused(f"{path.name}: {error}") from None
    return strategy, list(warnings)


def _with_costs(strategy: Strategy, given: Mapping[str, float]) -> Strategy:
    from pydantic import ValidationError

    from bot.trading.protection import Costs

    try:
        costs = Costs.model_validate({**strategy.costs.model_dump(), **given})
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        allowed = "an amount of money from 0" if name == "gas_usd" else "a percentage from 0 to under 100"
        raise Refused(f"{_OPTIONS[name]} is {given[name]:g}; it must be {allowed}.") from None
    return strategy.model_copy(update={"costs": costs})


def _length(timeframe: str) -> Seconds:
    from bot.trading.timeframe import parse_timeframe

    try:
        return parse_timeframe(timeframe)
    except ValueError as error:
        raise Refused(f"--timeframe: {error}.") from None


def _check_length(name: str, series: Candles, warm_up: int) -> None:
    if len(series) <= warm_up:
        held = "1 candle" if len(series) == 1 else f"{len(series):,} candles"
        raise Refused(
            f"{name} holds {held}, but this strategy needs {warm_up:,} to warm up and at least one more to trade on. "
            "Give a longer file."
        )


def _draw(result: BacktestResult, told: Mapping[str, Any], source: str, path: Path) -> None:
    from bot.trading.chart import draw_backtest
    from bot.trading.report import chart_titles

    title, subtitle = chart_titles(told, synthetic=False, source=source)
    try:
        path.write_bytes(draw_backtest(result, title=title, subtitle=subtitle))
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror or error}.") from None


def _print(told: Mapping[str, Any], warnings: list[str], source: str) -> None:
    from rich.console import Console
    from rich.markdown import Markdown

    from bot.trading.report import report_text

    for warning in warnings:
        typer.echo(f"Note: {warning}", err=True)
    Console(highlight=False).print(Markdown(report_text(told, synthetic=False, source=source)))
