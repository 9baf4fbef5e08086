"""`randebu backtest` from the outside: a strategy and a CSV go in, a report, JSON or a picture come out."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from adapters.cli import app
from bot.errors import RandebuError

DATA = Path(__file__).parents[1] / "data"
STRATEGY, CANDLES = DATA / "pepe_dip.json", DATA / "pepe_15m.csv"

METRICS = {
    "initial_balance",
    "final_equity",
    "total_return_percent",
    "buy_and_hold_return_percent",
    "trades",
    "wins",
    "losses",
    "win_rate_percent",
    "profit_factor",
    "expectancy_percent",
    "expectancy_money",
    "max_drawdown_percent",
    "max_drawdown_seconds",
    "sharpe",
    "sortino",
    "calmar",
    "exposure_percent",
    "fees_paid",
    "gas_paid",
    "taxes_paid",
    "ambiguous_candles",
    "missing_candles",
    "skipped_orders",
}


def randebu(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "adapters.cli", "backtest", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=110,
        check=False,
        cwd=Path(__file__).parents[2],
    )


def result_of(*arguments: str | Path) -> dict[str, Any]:
    done = randebu(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert isinstance(result, dict)
    return result


def refusal(*arguments: str | Path) -> str:
    """What the command says to something that it cannot run; in this process, since starting one takes time."""
    done = CliRunner().invoke(app, ["backtest", *map(str, arguments)])
    assert done.stdout == ""
    if isinstance(done.exception, RandebuError):
        return str(done.exception)
    assert done.exit_code == 2, done.exception
    return done.stderr


@pytest.fixture(scope="module")
def plain() -> dict[str, Any]:
    """The result of the shipped example."""
    return result_of(STRATEGY, "--candles", CANDLES)


def test_the_report_is_text_for_people() -> None:
    done = randebu(STRATEGY, "--candles", CANDLES)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("PEPE dip turned $10,000.00 into ")
    for words in ("Max drawdown", "At doubled costs", "too few trades to judge", "Data: pepe_15m.csv"):
        assert words in done.stdout
    assert "synthetic" not in done.stdout
    assert "```" not in done.stdout


def test_the_json_has_the_documented_keys(plain: dict[str, Any]) -> None:
    assert set(plain) == {
        *("name", "market", "timeframe", "execution", "initial_balance", "costs", "data", "metrics"),
        *("metrics_at_double_costs", "open_position", "dropped_orders", "events", "warnings"),
    }
    assert set(plain["data"]) == {
        *("source", "first", "last", "candles", "warm_up_candles", "missing_candles", "missing_percent"),
        "volume_known",
    }
    assert set(plain["metrics"]) == set(plain["metrics_at_double_costs"]) == METRICS
    assert set(plain["events"][0]) == {
        *("time", "kind", "reason", "rule", "message", "price", "filled_price", "quantity", "money", "fee"),
        *("gas", "tax", "profit", "profit_percent", "balance", "equity"),
    }


def test_the_first_candles_only_warm_up(plain: dict[str, Any]) -> None:
    data = plain["data"]
    in_file = len(CANDLES.read_text().splitlines()) - 1
    assert data["warm_up_candles"] > 100
    assert data["candles"] + data["warm_up_candles"] == in_file
    begin = datetime.fromisoformat("2026-03-01T00:00:00Z")
    first = datetime.fromisoformat(data["first"])
    assert first - begin == timedelta(minutes=15) * data["warm_up_candles"]
    assert all(datetime.fromisoformat(event["time"]) >= first for event in plain["events"])
    assert data["last"] == "2026-03-21T23:45:00Z"


def test_the_money_adds_up(plain: dict[str, Any]) -> None:
    fills = [event for event in plain["events"] if event["kind"] in ("buy", "sell")]
    balance = plain["initial_balance"]
    for fill in fills:
        balance += fill["money"] if fill["kind"] == "sell" else -fill["money"]
        assert fill["balance"] == pytest.approx(balance)
    assert plain["metrics"]["fees_paid"] == pytest.approx(sum(fill["fee"] for fill in fills))


def test_the_run_can_differ_from_the_document(plain: dict[str, Any]) -> None:
    costs = ("--fee", "0", "--slippage", "0", "--gas", "0")
    cheap = result_of(STRATEGY, "--candles", CANDLES, "--balance", "500", *costs)
    assert cheap["initial_balance"] == cheap["metrics"]["initial_balance"] == 500
    assert cheap["metrics"]["fees_paid"] == 0
    assert cheap["costs"]["fee_percent"] == cheap["costs"]["gas_usd"] == 0
    assert cheap["metrics"]["total_return_percent"] > plain["metrics"]["total_return_percent"]


def test_version_1_fills_at_the_close_without_costs() -> None:
    result = result_of(STRATEGY, "--candles", CANDLES, "--execution", "close")
    assert result["execution"] == "close"
    assert result["costs"] is None
    assert result["metrics"]["fees_paid"] == 0


def test_a_picture_is_drawn_beside_the_report(tmp_path: Path) -> None:
    picture = tmp_path / "chart.png"
    done = randebu(STRATEGY, "--candles", CANDLES, "--chart", picture)
    assert done.returncode == 0, done.stderr
    assert picture.read_bytes().startswith(b"\x89PNG\r\n")


def test_a_gap_is_filled_and_counted(tmp_path: Path) -> None:
    lines = CANDLES.read_text().splitlines()
    file = tmp_path / "gap.csv"
    file.write_text("\n".join([*lines[:500], *lines[520:]]))
    data = result_of(STRATEGY, "--candles", file)["data"]
    assert data["missing_candles"] == 20
    assert data["missing_percent"] > 1


@pytest.mark.parametrize(
    ("line", "broken", "words"),
    [
        (42, "2026-03-01T10:00:00Z,oops,1,1,1,1", 'line 42: open "oops" is not a number'),
        (42, "2026-03-01T10:00:00Z,1,1,2,1,1", "line 42: high 1 is below low 2"),
        (42, "2026-03-01T10:00:00Z,nan,1,1,1,1", "line 42: open is nan"),
        (42, "2026-03-01T09:45:00Z,1,1,1,1,1", "line 42: the time 2026-03-01 09:45:00 UTC is there twice"),
        (42, "2026-03-01T09:00:00Z,1,1,1,1,1", "line 42: the time 2026-03-01 09:00:00 UTC is before"),
    ],
)
def test_a_broken_line_is_named_with_its_number(tmp_path: Path, line: int, broken: str, words: str) -> None:
    lines = CANDLES.read_text().splitlines()
    lines[line - 1] = broken
    file = tmp_path / "broken.csv"
    file.write_text("\n".join(lines))
    assert f"broken.csv, {words}" in refusal(STRATEGY, "--candles", file, "--json")


def test_a_refusal_is_one_sentence_and_status_2(tmp_path: Path) -> None:
    file = tmp_path / "broken.csv"
    file.write_text("time,open,high,low,close,volume\n1,2,3\n")
    broken = (STRATEGY, "--candles", file, "--json"), (tmp_path, "--candles", CANDLES), (STRATEGY,)
    for arguments in broken:
        done = randebu(*arguments)
        assert done.returncode == 2
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
        assert done.stderr.strip()
    assert randebu(*broken[0]).stderr == "broken.csv, line 2: it has 3 fields, but the header has 6.\n"


def test_what_cannot_be_run_is_said_in_a_sentence(tmp_path: Path) -> None:
    short = tmp_path / "short.csv"
    short.write_text("\n".join(CANDLES.read_text().splitlines()[:50]))
    assert "short.csv holds 49 candles, but this strategy needs" in refusal(STRATEGY, "--candles", short)
    assert "nowhere.csv cannot be read" in refusal(STRATEGY, "--candles", "nowhere.csv")
    nowhere = tmp_path / "missing" / "chart.png"
    assert "cannot be written" in refusal(STRATEGY, "--candles", CANDLES, "--chart", nowhere)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--balance", "0"), "--balance is 0; it must be an amount of money from 1 to 1,000,000,000,000"),
        (("--balance", "-5"), "--balance is -5"),
        (("--balance", "1e300"), "--balance is 1e+300"),
        (("--chart", "c.jpg"), "--chart draws a PNG; name the file c.png instead of c.jpg"),
        (("--balance", "nan"), "--balance is nan"),
        (("--fee", "100"), "--fee is 100; it must be a percentage from 0 to under 100"),
        (("--gas", "-1"), "--gas is -1; it must be an amount of money from 0"),
        (("--slippage", "inf"), "--slippage is inf"),
        (("--fee", "1", "--execution", "close"), "--execution close knows no costs; leave out --fee"),
        (("--timeframe", "soon"), "--timeframe: 'soon' is not a length of time"),
        (("--timeframe", "7m"), "not a whole multiple"),
        (("--timeframe", "5m"), "15m apart, but the timeframe of the run is 5m"),
        (("--execution", "magic"), "magic"),
    ],
)
def test_wrong_options_are_named(options: tuple[str, ...], words: str) -> None:
    assert words in refusal(STRATEGY, "--candles", CANDLES, *options)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("", "line 1, is not JSON"),
        ('{"version": "2.0",\n oops}', "line 2, is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "must be an object"),
        ('{"version": "2.0", "name": "x"}', "market"),
        (STRATEGY.read_text().replace('"threshold": 3', '"threshold": NaN'), "threshold"),
    ],
)
def test_a_broken_document_is_named_with_what_is_wrong(tmp_path: Path, document: str, words: str) -> None:
    file = tmp_path / "strategy.json"
    file.write_text(document)
    sentence = refusal(file, "--candles", CANDLES)
    assert "strategy.json" in sentence
    assert words in sentence


def test_a_document_of_version_1_is_still_run(tmp_path: Path) -> None:
    file = tmp_path / "old.json"
    condition = {"type": "price_drop", "token": "PEPE", "chain": "bsc", "threshold": 3, "timeframe": "1h"}
    file.write_text(
        json.dumps(
            {
                "conditions": [condition],
                "actions": [{"type": "buy", "amount_percent": 10}],
                "risk_management": {"stop_loss_percent": 3, "take_profit_percent": 10},
            }
        )
    )
    result = result_of(file, "--candles", CANDLES, "--timeframe", "15m")
    assert result["timeframe"] == "15m"
    assert result["metrics"]["trades"] > 0
