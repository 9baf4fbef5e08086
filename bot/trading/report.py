"""What a backtest came to: Markdown for people, with tables at most 44 columns wide, and a CSV of the fills.

Everything here reads the JSON of a result, so that a stored one is told the same way years later.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from io import StringIO
from typing import Any

from bot.numbers import exact, money, percent, readable, signed_percent
from bot.trading.candles import WARNED_SHARE_MISSING
from bot.trading.paraphrase import literal
from bot.trading.timeframe import in_words, parse_timeframe

Result = Mapping[str, Any]
"""What `BacktestResult.to_json` gives."""

FEWEST_TRADES = 20
"""With fewer closed trades a result is called too thin to judge."""

LONGEST_CAPTION = 900

_WIDTH = 44
_NONE = "-"
_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60
_EXITS = {
    "rule": "sell",
    "stop": "stop",
    "stop_gap": "stop gap",
    "break_even": "even",
    "break_even_gap": "even gap",
    "trailing_stop": "trail",
    "trailing_stop_gap": "trailgap",
    "take_profit": "target",
    "take_profit_gap": "targ.gap",
    "max_hold": "max hold",
    "max_drawdown": "drawdown",
}
_KEY_FIGURES = frozenset(
    {
        "Return",
        "Buy & hold",
        "At doubled costs",
        "Closed trades",
        "Win rate",
        "Max drawdown",
        "Sharpe",
        "Profit factor",
        "Exposure",
    }
)
_FILL_COLUMNS = (
    "time",
    "kind",
    "reason",
    "rule",
    "price",
    "filled_price",
    "quantity",
    "money",
    "fee",
    "gas",
    "tax",
    "profit",
    "profit_percent",
    "balance",
    "equity",
)


BACKTEST_SAYS = "A backtest says how these rules did on these prices, not how they do on the next ones."


def report_text(result: Result, *, synthetic: bool, source: str, last: str = BACKTEST_SAYS) -> str:
    """The whole result in Markdown: a sentence, the table, and what has to be known to judge it.

    `source` names where the candles are from, such as "geckoterminal" or a file; `last` is the last paragraph.
    """
    paragraphs = [
        _headline(result),
        _block(_table(result) if any(_fills(result["events"])) else _table_without_trades(result)),
        "\n".join(_caveats(result, synthetic)),
        _costs(result) if any(_fills(result["events"])) else "",
        _data(result, synthetic, source),
        last,
    ]
    return "\n\n".join(part for part in paragraphs if part)


def caption(result: Result, *, synthetic: bool, source: str) -> str:
    """The same in a few lines for under the picture, at most 900 characters."""
    metrics = result["metrics"]
    doubled = result["metrics_at_double_costs"]["total_return_percent"]
    figures = (
        f"{_trades(metrics['trades'])}, max drawdown {percent(metrics['max_drawdown_percent'])}, "
        f"at doubled costs {signed_percent(doubled)}."
    )
    lines = [
        _headline(result),
        figures if any(_fills(result["events"])) else "",
        *_caveats(result, synthetic),
        "" if synthetic else f"Prices: {literal(source)}.",
    ]
    text = "\n".join(line for line in lines if line)
    return text if len(text) <= LONGEST_CAPTION else text[: LONGEST_CAPTION - 1].rstrip("\\") + "…"


def key_figures(result: Result) -> list[tuple[str, str]]:
    """The figures that are looked at first, each with its name."""
    return [(name, value) for name, value in _rows(result) if name in _KEY_FIGURES]


def is_gain(result: Result) -> bool | None:
    """Whether the result is a gain; None when nothing was won or lost."""
    change = result["metrics"]["total_return_percent"]
    return None if change == 0 else change > 0


def chart_titles(result: Result, *, synthetic: bool, source: str) -> tuple[str, str]:
    """Title and subtitle of the picture, without any Markdown."""
    prices = "synthetic prices" if synthetic else source
    days = f"{_day(result['data']['first'])} to {_day(result['data']['last'])}"
    return result["name"], f"{result['market']['symbol']} · {result['timeframe']} · {days} · {prices}"


def details_text(result: Result, *, most: int = 30) -> str:
    """The last fills, one on a line; `events_left_out` in a result says that it does not hold all of them."""
    fills = list(_fills(result["events"]))
    if not fills:
        return f"{literal(result['name'])} bought and sold nothing."
    shown = fills[-most:]
    of_all = f"All {len(fills):,}" if len(shown) == len(fills) else f"The last {len(shown)} of {len(fills):,}"
    which = f"The last {len(shown)}" if result.get("events_left_out") else of_all
    rows = [f"{'UTC':<12} {'':<8} {'price':>10} {'profit':>11}"]
    for fill in shown:
        name = "buy" if fill["kind"] == "buy" else _EXITS[fill["reason"]]
        profit = "" if fill["kind"] == "buy" else signed_percent(fill["profit_percent"])
        at = f"{datetime.fromisoformat(fill['time']):%d %b %H:%M}"
        rows.append(f"{at:<12} {name:<8} {readable(fill['price']):>10} {profit:>11}".rstrip())
    return f"{which} fills of {literal(result['name'])}:\n\n{_block(rows)}"


def trades_csv(events: Sequence[Mapping[str, Any]]) -> bytes:
    """The fills among a result's events as CSV in UTF-8, numbers in full; times are the starts of candles, UTC."""
    text = StringIO()
    writer = csv.DictWriter(text, _FILL_COLUMNS, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(_fills(events))
    return text.getvalue().encode()


def _fills(events: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    return (event for event in events if event["kind"] in ("buy", "sell"))


def _headline(result: Result) -> str:
    metrics, data = result["metrics"], result["data"]
    name, symbol = literal(result["name"]), literal(result["market"]["symbol"])
    stretch = f"from {_day(data['first'])} to {_day(data['last'])}"
    held = f"buying and holding {symbol} made {signed_percent(metrics['buy_and_hold_return_percent'])}"
    if not any(_fills(result["events"])):
        told = _messages(result)
        done = f"would have sent {_count(told, 'message')} and traded nothing" if told else "made no trade"
        return f"{name} {done} {stretch}; {held}."
    initial, final = (_money(result, metrics[key]) for key in ("initial_balance", "final_equity"))
    change = signed_percent(metrics["total_return_percent"])
    return f"{name} turned {initial} into {final} ({change}) {stretch}; {held}."


def _table(result: Result) -> list[str]:
    return [f"{label} {value:>{_WIDTH - len(label) - 1}}" for label, value in _rows(result)]


def _rows(result: Result) -> list[tuple[str, str]]:
    metrics, data = result["metrics"], result["data"]
    doubled = result["metrics_at_double_costs"]
    expectancy = _NONE
    if metrics["expectancy_percent"] is not None:
        mean = signed_percent(metrics["expectancy_percent"])
        expectancy = f"{mean}, {_money(result, metrics['expectancy_money'])}"
    rows = [
        ("Return", signed_percent(metrics["total_return_percent"])),
        ("Buy & hold", signed_percent(metrics["buy_and_hold_return_percent"])),
        ("At doubled costs", signed_percent(doubled["total_return_percent"])),
        ("Closed trades", f"{metrics['trades']:,} ({metrics['wins']:,} won, {metrics['losses']:,} lost)"),
        ("Win rate", _or_none(metrics["win_rate_percent"], percent)),
        ("Max drawdown", percent(metrics["max_drawdown_percent"])),
        ("Longest drawdown", _length(metrics["max_drawdown_seconds"])),
        ("Sharpe", _or_none(metrics["sharpe"], _ratio)),
        ("Sortino", _or_none(metrics["sortino"], _ratio)),
        ("Calmar", _or_none(metrics["calmar"], _ratio)),
        ("Profit factor", _or_none(metrics["profit_factor"], _ratio)),
        ("Expectancy", expectancy),
        ("Exposure", percent(metrics["exposure_percent"])),
        ("Fees paid", _money(result, metrics["fees_paid"])),
        ("Gas paid", _money(result, metrics["gas_paid"])),
        ("Token taxes paid", _money(result, metrics["taxes_paid"]) if metrics["taxes_paid"] else ""),
        ("Skipped orders", f"{metrics['skipped_orders']:,}" if metrics["skipped_orders"] else ""),
        ("Ambiguous candles", f"{metrics['ambiguous_candles']:,}"),
        ("Missing candles", f"{data['missing_candles']:,} ({percent(data['missing_percent'])})"),
    ]
    return [(label, value) for label, value in rows if value]


def _table_without_trades(result: Result) -> list[str]:
    """The few figures that mean something where nothing was bought or sold."""
    metrics, data = result["metrics"], result["data"]
    rows = [
        ("Messages", f"{_messages(result):,}" if _messages(result) else ""),
        ("Buy & hold", signed_percent(metrics["buy_and_hold_return_percent"])),
        ("Skipped orders", f"{metrics['skipped_orders']:,}" if metrics["skipped_orders"] else ""),
        ("Missing candles", f"{data['missing_candles']:,} ({percent(data['missing_percent'])})"),
    ]
    return [f"{label} {value:>{_WIDTH - len(label) - 1}}" for label, value in rows if value]


def _messages(result: Result) -> int:
    return sum(event["kind"] == "notify" for event in result["events"])


def _caveats(result: Result, synthetic: bool) -> Iterator[str]:
    """What nobody may overlook."""
    trades, position = result["metrics"]["trades"], result["open_position"]
    symbol = literal(result["market"]["symbol"])
    if synthetic:
        yield f"The prices are synthetic: made up for trying things out, and not those of the real {symbol}."
    yield from _uncovered(result)
    if result["execution"] == "close":
        yield "Filled at the close and without costs, as version 1 did: real trading does worse."
    if not any(_fills(result["events"])):
        yield "Nothing was bought or sold, so there is no trading to judge."
    elif trades < FEWEST_TRADES:
        yield f"{_trades(trades)}: too few trades to judge."
    if position is not None:
        profit = position["unrealised_profit"]
        yield (
            "One position is still open and not among the closed trades: "
            f"{readable(position['quantity'])} {symbol} worth {_money(result, position['value'])} at the last close "
            f"({'+' if profit > 0 else ''}{_money(result, profit)})."
        )


def _uncovered(result: Result) -> Iterator[str]:
    """What of the period that was asked for has no candles; a file is not asked for a period."""
    data = result["data"]
    if "asked_first" not in data:
        return
    first, last = (datetime.fromisoformat(data[key]) for key in ("asked_first", "asked_last"))
    asked = (last - first).total_seconds() / parse_timeframe(result["timeframe"]) + 1
    if data["candles"] < (1 - WARNED_SHARE_MISSING) * asked:
        yield (
            f"Asked for: {_minute(data['asked_first'])} to {_minute(data['asked_last'])} UTC. Prices there are only "
            f"from {_minute(data['first'])} to {_minute(data['last'])}, so this is the result of a shorter time."
        )


def _remarks(result: Result) -> Iterator[str]:
    metrics, data = result["metrics"], result["data"]
    wanted = data.get("warm_up_wanted", 0)
    if data["warm_up_candles"] < wanted:
        yield (
            f"The indicators wanted {_count(wanted, 'candle')} before the start and there were "
            f"{data['warm_up_candles']:,}; rules are not judged until theirs are warm."
        )
    if data["missing_percent"] > WARNED_SHARE_MISSING * 100:
        yield (
            f"{percent(data['missing_percent'])} of the candles were missing and are taken as unchanged prices "
            "without trading, so the result is less certain."
        )
    if not data["volume_known"]:
        yield "The candles tell no volume, so rules that look at volume were not judged."
    if metrics["ambiguous_candles"]:
        yield (
            f"In {_count(metrics['ambiguous_candles'], 'candle')} both the stop and a take profit were reached; "
            "the stop is assumed to have come first."
        )
    if result["dropped_orders"]:
        waiting = ", ".join(literal(order) for order in result["dropped_orders"])
        yield f"Orders that still waited at the end were dropped: {waiting}."


def _costs(result: Result) -> str:
    doubled = result["metrics_at_double_costs"]
    if result["execution"] == "close":
        return "Costs: none."
    costs = result["costs"]
    fee, slippage = exact(costs["fee_percent"]), exact(costs["slippage_percent"])
    buy_tax, sell_tax = exact(costs["buy_tax_percent"]), exact(costs["sell_tax_percent"])
    return (
        f"Costs of every fill: {fee} % fee, {slippage} % slippage, {_money(result, costs['gas_usd'])} gas, token "
        f"tax of {buy_tax} % on buys and {sell_tax} % on sales. At doubled costs the same rules end at "
        f"{_money(result, doubled['final_equity'])} ({signed_percent(doubled['total_return_percent'])})."
    )


def _data(result: Result, synthetic: bool, source: str) -> str:
    data, market = result["data"], result["market"]
    pool = f", pool `{market['pool']}`" if market["pool"] else ""
    origin = "synthetic prices" if synthetic else literal(source)
    candles = f"{_count(data['candles'], 'candle')} of {in_words(parse_timeframe(result['timeframe']))}"
    used = (
        f"Data: {origin}{pool}; {candles} from {_minute(data['first'])} to {_minute(data['last'])} UTC, "
        f"{percent(data['missing_percent'])} missing; {_count(data['warm_up_candles'], 'candle')} before that "
        "only warmed up."
    )
    if "asked_first" in data:
        used += f" Asked for: {_minute(data['asked_first'])} to {_minute(data['asked_last'])} UTC."
    return "\n".join([used, *_remarks(result)])


def _block(rows: Sequence[str]) -> str:
    return "\n".join(["```", *rows, "```"])


def _money(result: Result, amount: float) -> str:
    quote = result["market"]["quote"]
    return money(amount) if quote == "USD" else f"{amount:,.2f} {quote}"


def _or_none(value: float | None, written: Callable[[float], str]) -> str:
    return _NONE if value is None else written(value)


def _ratio(value: float) -> str:
    return f"{value:,.2f}"


def _trades(count: int) -> str:
    return _count(count, "closed trade")


def _count(count: int, thing: str) -> str:
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def _length(seconds: int) -> str:
    if seconds >= _DAY:
        return f"{seconds // _DAY:,} d {seconds % _DAY // _HOUR} h"
    return f"{seconds // _HOUR} h {seconds % _HOUR // _MINUTE} min" if seconds else _NONE


def _day(moment: str) -> str:
    return f"{datetime.fromisoformat(moment):%d %b %Y}".removeprefix("0")


def _minute(moment: str) -> str:
    return f"{_day(moment)} {datetime.fromisoformat(moment):%H:%M}"
