"""The compiled engine and its own text as plain Python are the same, to the last digit."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bot.trading import compiled
from bot.trading.backtest import run_backtest
from bot.trading.strategy import parse_strategy
from tests.trading.series import wild
from tests.trading.test_against_reference import EXECUTIONS

ROOT = Path(__file__).parents[2]

EVERYTHING: dict[str, Any] = {
    "version": "2.0",
    "name": "everything",
    "market": {"symbol": "PEPE"},
    "timeframe": "5m",
    "rules": [
        {
            "id": "dip",
            "only_if": "flat",
            "cooldown": "10m",
            "when": {
                "any": [
                    {"type": "price_drop", "threshold": 1, "timeframe": "15m"},
                    {"all": [{"type": "rsi", "period": 5, "direction": "below", "value": 40}]},
                    {"type": "bollinger", "period": 8, "std": 1, "band": "lower", "direction": "below"},
                    {"type": "volume_spike", "threshold": 200, "lookback": 5},
                ]
            },
            "then": [{"type": "buy", "amount_percent": 40}, {"type": "notify", "message": "dip"}],
        },
        {
            "id": "more",
            "only_if": "in_position",
            "trigger": "level",
            "when": {
                "all": [{"type": "schedule", "every": "20m"}, {"not": {"type": "price_rise", "threshold": 2}}]
            },
            "then": [{"type": "buy", "equity_percent": 5}, {"type": "buy", "amount_usd": 20}],
        },
        {
            "id": "out",
            "when": {
                "any": [
                    {"type": "ma_crossover", "ma_type": "sma", "fast": 2, "slow": 5, "direction": "below"},
                    {"type": "ma_crossover", "ma_type": "ema", "fast": 3, "slow": 9, "direction": "above"},
                    {"type": "position_profit", "direction": "above", "value": 1.5},
                    {"type": "price_level", "price": 1.01, "direction": "above"},
                ]
            },
            "then": [{"type": "sell", "amount_percent": 60}, {"type": "hold"}],
        },
    ],
    "risk_management": {
        "stop_loss_percent": 4,
        "take_profits": [{"percent": 2, "sell_percent": 50}, {"percent": 5, "sell_percent": 100}],
        "trailing_stop": {"percent": 2, "arm_percent": 1},
        "break_even_at_percent": 1.5,
        "max_hold": "2h",
        "max_entries": 6,
        "cooldown_after_stop": "15m",
        "max_drawdown_percent": 60,
    },
}


def outcome() -> str:
    """What some small runs give, with every digit."""
    strategy, _ = parse_strategy(EVERYTHING)
    found = []
    for seed in range(8):
        candles = wild(seed, 180, 300, 1.0)
        for execution in EXECUTIONS:
            result = run_backtest(strategy, candles, first=30, execution=execution)
            found.append(result.to_json() | {"equity": result.equity.tolist(), "hold": result.hold.tolist()})
            found.append(asdict(result.metrics_double_costs))
    return json.dumps(found)


def test_compiled_and_plain_python_agree_to_the_last_digit() -> None:
    plain = subprocess.run(
        [sys.executable, "-c", "from tests.trading.test_compiled import outcome; print(outcome())"],
        cwd=ROOT,
        env=os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=110,
    )
    expected = outcome()
    assert plain.stdout.strip() == expected
    kinds = {(event["kind"], event["reason"]) for run in json.loads(expected)[::2] for event in run["events"]}
    assert len(kinds) > 10


def test_every_file_of_the_engine_names_the_machine_code_on_disk() -> None:
    """Else numba would run the old machine code after a change in a file that is left out."""
    folder = Path(compiled.__file__).parent
    needed = {"compiled", "layout"}
    for file in folder.glob("*.py"):
        imported = {
            node.module for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ImportFrom)
        }
        if "bot.trading.compiled" in imported:
            needed.add(file.stem)
    assert needed == set(compiled.COMPILED_FILES)
