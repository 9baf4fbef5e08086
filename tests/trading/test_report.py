"""What a person is told of a backtest: plain, complete, narrow enough for a phone, and never more than is known."""

from __future__ import annotations

import csv
from copy import deepcopy
from io import StringIO
from typing import Any

import pytest

from bot.trading.report import caption, chart_titles, details_text, report_text, trades_csv

METRICS: dict[str, Any] = {
    "initial_balance": 10_000.0,
    "final_equity": 10_871.5,
    "total_return_percent": 8.715,
    "buy_and_hold_return_percent": -12.34,
    "trades": 24,
    "wins": 15,
    "losses": 9,
    "win_rate_percent": 62.5,
    "profit_factor": 1.87,
    "expectancy_percent": 0.82,
    "expectancy_money": 36.31,
    "max_drawdown_percent": 6.2,
    "max_drawdown_seconds": 12 * 86_400 + 5 * 3600,
    "sharpe": 1.234,
    "sortino": 2.5,
    "calmar": None,
    "exposure_percent": 31.4,
    "fees_paid": 245.1,
    "gas_paid": 4.8,
    "taxes_paid": 0.0,
    "ambiguous_candles": 0,
    "missing_candles": 3,
    "skipped_orders": 0,
}
BUY: dict[str, Any] = {
    "time": "2026-03-05T10:15:00Z",
    "kind": "buy",
    "reason": "rule",
    "rule": "dip",
    "message": None,
    "price": 1.234567e-9,
    "filled_price": 1.24e-9,
    "quantity": 2e12,
    "money": 2500.0,
    "fee": 6.25,
    "gas": 0.1,
    "tax": 0.0,
    "profit": None,
    "profit_percent": None,
    "balance": 7500.0,
    "equity": 9990.0,
}
NOTE = BUY | {"kind": "notify", "message": "bought", "time": "2026-03-05T10:00:00Z"}
STOP = BUY | {
    "time": "2026-03-06T00:00:00Z",
    "kind": "sell",
    "reason": "stop_gap",
    "rule": None,
    "profit": -100.0,
    "profit_percent": -4.0,
}
RESULT: dict[str, Any] = {
    "name": "PEPE dip",
    "market": {
        "source": "dex",
        "chain": "bsc",
        "symbol": "PEPE",
        "address": "0xfa4e",
        "pool": "0xfa4e90f20af44d01f0b02287e7b1445eb1298993",
        "quote": "USD",
        "exchange": None,
    },
    "timeframe": "15m",
    "execution": "next_open",
    "initial_balance": 10_000.0,
    "costs": {
        "fee_percent": 0.25,
        "slippage_percent": 0.5,
        "buy_tax_percent": 1.0,
        "sell_tax_percent": 2.0,
        "gas_usd": 0.1,
    },
    "data": {
        "first": "2026-03-02T14:45:00Z",
        "last": "2026-05-31T09:00:00Z",
        "candles": 8618,
        "warm_up_candles": 155,
        "missing_candles": 3,
        "missing_percent": 0.0348,
        "volume_known": True,
    },
    "metrics": METRICS,
    "metrics_at_double_costs": METRICS | {"final_equity": 9_310.0, "total_return_percent": -6.9},
    "open_position": None,
    "dropped_orders": [],
    "events": [NOTE, BUY, STOP],
}


def changed(**changes: Any) -> dict[str, Any]:
    """The result with some of its parts, or of its metrics or data, replaced."""
    result = deepcopy(RESULT)
    for name, value in changes.items():
        owner = next(part for part in (result, result["metrics"], result["data"]) if name in part)
        owner[name] = value
    return result


def told(result: dict[str, Any], *, synthetic: bool = False) -> str:
    return report_text(result, synthetic=synthetic, source="geckoterminal")


def table_of(text: str) -> list[str]:
    return text.split("```")[1].strip("\n").splitlines()


def value_of(text: str, label: str) -> str:
    return next(row.removeprefix(label).strip() for row in table_of(text) if row.startswith(label))


def test_the_first_sentence_says_what_came_of_it() -> None:
    assert told(RESULT).split("\n")[0] == (
        "PEPE dip turned $10,000.00 into $10,871.50 (+8.71 %) from 2 Mar 2026 to 31 May 2026; "
        "buying and holding PEPE made -12.34 %."
    )


def test_without_trades_nothing_was_turned_into_anything() -> None:
    text = told(changed(events=[], trades=0, wins=0, losses=0))
    assert "PEPE dip made no trade from 2 Mar 2026 to 31 May 2026" in text
    assert "Nothing was bought or sold, so there is no trading to judge." in text
    assert "Sharpe" not in text


def test_an_alert_is_reported_by_its_messages() -> None:
    text = told(changed(events=[NOTE], trades=0, wins=0, losses=0))
    assert "PEPE dip would have sent 1 message and traded nothing from 2 Mar 2026" in text
    assert "Win rate" not in text
    assert "turned" not in text


def test_the_table_has_every_figure_and_fits_a_phone() -> None:
    text = told(RESULT)
    expected = {
        "Return": "+8.71 %",
        "Buy & hold": "-12.34 %",
        "At doubled costs": "-6.9 %",
        "Closed trades": "24 (15 won, 9 lost)",
        "Win rate": "62.5 %",
        "Max drawdown": "6.2 %",
        "Longest drawdown": "12 d 5 h",
        "Sharpe": "1.23",
        "Sortino": "2.50",
        "Calmar": "-",
        "Profit factor": "1.87",
        "Expectancy": "+0.82 %, $36.31",
        "Exposure": "31.4 %",
        "Fees paid": "$245.10",
        "Gas paid": "$4.80",
        "Ambiguous candles": "0",
        "Missing candles": "3 (0.03 %)",
    }
    assert {label: value_of(text, label) for label in expected} == expected
    assert all(len(row) <= 44 for row in table_of(text))


def test_unknown_figures_are_dashes_and_never_numbers() -> None:
    names = (
        "win_rate_percent",
        "profit_factor",
        "expectancy_percent",
        "expectancy_money",
        "sharpe",
        "sortino",
    )
    text = told(changed(**dict.fromkeys(names)))
    for label in ("Win rate", "Profit factor", "Expectancy", "Sharpe", "Sortino", "Calmar"):
        assert value_of(text, label) == "-"


def test_large_numbers_still_fit() -> None:
    text = told(
        changed(expectancy_percent=12_345.6, expectancy_money=1_234_567.8, trades=123_456, wins=61_728)
    )
    assert all(len(row) <= 44 for row in table_of(text))


def test_costs_are_said_and_doubled() -> None:
    text = told(RESULT)
    assert "0.25 % fee, 0.5 % slippage, $0.10 gas" in text
    assert "1 % on buys and 2 % on sales" in text
    assert "At doubled costs the same rules end at $9,310.00 (-6.9 %)." in text


def test_the_data_that_was_really_used_is_named() -> None:
    text = told(RESULT)
    assert "Data: geckoterminal, pool `0xfa4e90f20af44d01f0b02287e7b1445eb1298993`" in text
    assert "8,618 candles of 15 minutes from 2 Mar 2026 14:45 to 31 May 2026 09:00 UTC" in text
    assert "0.03 % missing" in text
    assert "155 candles before that only warmed up" in text


@pytest.mark.parametrize(("trades", "thin"), [(0, True), (1, True), (19, True), (20, False), (24, False)])
def test_under_twenty_trades_are_too_few_to_judge(trades: int, thin: bool) -> None:
    for text in (told(changed(trades=trades)), caption(changed(trades=trades), synthetic=False, source="x")):
        assert ("too few trades to judge" in text) == thin


def test_whatever_shows_synthetic_prices_says_so() -> None:
    text = told(RESULT, synthetic=True)
    assert "prices are synthetic" in text
    assert "geckoterminal" not in text
    assert "synthetic" in caption(RESULT, synthetic=True, source="synthetic")
    assert chart_titles(RESULT, synthetic=True, source="synthetic")[1].endswith("synthetic prices")
    assert "synthetic" not in told(RESULT)


def test_an_open_position_stands_apart_from_the_trades() -> None:
    position = {
        "quantity": 1.5e9,
        "average_price": 1e-6,
        "cost": 1500.0,
        "value": 1600.0,
        "unrealised_profit": 100.0,
    }
    text = told(changed(open_position=position))
    assert (
        "One position is still open and not among the closed trades: 1,500,000,000 PEPE worth $1,600.00 at the "
        "last close (+$100.00)." in text
    )
    assert "still open" not in told(RESULT)


def test_what_makes_a_result_less_certain_is_said() -> None:
    text = told(
        changed(
            missing_percent=4.2, volume_known=False, ambiguous_candles=1, dropped_orders=["dip", "max_hold"]
        )
    )
    assert "4.2 % of the candles were missing" in text
    assert "no volume" in text
    assert "In 1 candle both the stop and a take profit were reached; the stop is assumed" in text
    assert "dropped: dip, max\\_hold" in text


def test_the_rules_of_version_1_are_called_what_they_are() -> None:
    text = told(changed(execution="close"))
    assert "without costs, as version 1 did: real trading does worse" in text
    assert "Costs: none." in text


def test_names_cannot_play_with_the_formatting() -> None:
    text = told(changed(name="*bold* `code` [x](http://x) _y_"))
    assert text.startswith("\\*bold\\* \\`code\\` \\[x\\](http://x) \\_y\\_ turned")


def test_another_currency_than_dollars_is_named() -> None:
    result = deepcopy(RESULT)
    result["market"]["quote"] = "EUR"
    assert "10,000.00 EUR into 10,871.50 EUR" in told(result)


@pytest.mark.parametrize("result", [RESULT, changed(trades=3), changed(execution="close")])
def test_nothing_is_promised(result: dict[str, Any]) -> None:
    for text in (told(result), told(result, synthetic=True), caption(result, synthetic=False, source="x")):
        words = text.lower().replace(".", " ").replace(",", " ").split()
        assert not {"safe", "will", "guaranteed"} & set(words)


def test_a_caption_is_short_even_for_the_longest_names() -> None:
    long = changed(name="[" * 80, execution="close", trades=0)
    long["market"]["symbol"] = "_" * 40
    text = caption(long, synthetic=True, source="synthetic")
    assert len(text) <= 900
    text = caption(RESULT, synthetic=False, source="geckoterminal")
    assert text.splitlines()[1] == "24 closed trades, max drawdown 6.2 %, at doubled costs -6.9 %."
    assert "geckoterminal" in text


def test_titles_are_plain_text() -> None:
    assert chart_titles(RESULT, synthetic=False, source="candles.csv") == (
        "PEPE dip",
        "PEPE · 15m · 2 Mar 2026 to 31 May 2026 · candles.csv",
    )


def test_details_list_the_fills_with_readable_tiny_prices() -> None:
    text = details_text(RESULT)
    assert text.startswith("All 2 fills of PEPE dip:")
    assert table_of(text)[1:] == [
        "05 Mar 10:15 buy        1.235e-9",
        "06 Mar 00:00 stop gap   1.235e-9        -4 %",
    ]
    assert "The last 1 of 2 fills" in details_text(RESULT, most=1)
    assert details_text(RESULT | {"events_left_out": 7}).startswith("The last 2 fills of PEPE dip:")
    assert details_text(changed(events=[NOTE])) == "PEPE dip bought and sold nothing."


def test_the_fills_are_a_csv_with_numbers_in_full() -> None:
    rows = list(csv.DictReader(StringIO(trades_csv(RESULT["events"]).decode())))
    assert [row["kind"] for row in rows] == ["buy", "sell"]
    assert float(rows[0]["price"]) == 1.234567e-9
    assert rows[1]["rule"] == ""
    assert rows[1]["reason"] == "stop_gap"
    assert trades_csv([]).decode().startswith("time,kind,reason,rule,price")
