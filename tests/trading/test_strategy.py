"""A strategy document is taken exactly as written, or refused with the path of every field that is wrong."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import ToolFailed
from bot.trading.strategy import Rule, Schedule, Strategy, StrategyInvalid, check_timeframes, parse_strategy
from tests.trading.documents import strategies

PEPE_DIP = """
{"version": "2.0", "name": "PEPE dip",
 "market": {"source": "dex", "chain": "bsc", "symbol": "PEPE", "address": "0x25d8…", "pool": null,
  "quote": "USD", "exchange": null},
 "timeframe": "5m",
 "rules": [
  {"id": "dip", "only_if": "flat", "trigger": "edge", "cooldown": "1h", "max_fires": null,
   "when": {"all": [{"type": "price_drop", "threshold": 5, "timeframe": "1h"},
                    {"type": "rsi", "period": 14, "direction": "below", "value": 30}]},
   "then": [{"type": "buy", "amount_percent": 25}, {"type": "notify", "message": "bought the dip"}]},
  {"id": "out", "only_if": "in_position", "trigger": "edge",
   "when": {"any": [{"type": "ma_crossover", "ma_type": "ema", "fast": 9, "slow": 21, "direction": "below"},
                    {"type": "position_profit", "direction": "above", "value": 8}]},
   "then": [{"type": "sell", "amount_percent": 50}]}],
 "risk_management": {"stop_loss_percent": 5, "take_profit_percent": null,
  "take_profits": [{"percent": 10, "sell_percent": 50}, {"percent": 25, "sell_percent": 100}],
  "trailing_stop": {"percent": 4, "arm_percent": 6}, "break_even_at_percent": null,
  "max_hold": "3d", "max_entries": 3, "cooldown_after_stop": "4h", "max_drawdown_percent": 30},
 "costs": {"fee_percent": 0.25, "slippage_percent": 0.5, "buy_tax_percent": 0, "sell_tax_percent": 0,
  "gas_usd": 0.1}}
"""
RSI = {"type": "rsi", "direction": "below", "value": 30}
MISSING = object()


def pepe_dip() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(PEPE_DIP)
    return document


def changed(path: str, value: object) -> dict[str, Any]:
    """The example with one field changed, or taken away; `path` has dots, places in lists are numbers."""
    document = pepe_dip()
    *above, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place: Any = document
    for step in above:
        place = place[step]
    if value is MISSING:
        del place[last]
    else:
        place[last] = value
    return document


def refusal(document: object) -> str:
    with pytest.raises(StrategyInvalid) as caught:
        parse_strategy(document)
    return str(caught.value)


def test_the_example_is_read_as_it_stands() -> None:
    strategy, warnings = parse_strategy(pepe_dip())
    assert warnings == ()
    assert strategy.name == "PEPE dip"
    assert [rule.id for rule in strategy.rules] == ["dip", "out"]
    assert strategy.risk_management.max_hold == "3d"
    kept = strategy.model_dump(mode="json")
    assert kept["rules"][0]["when"]["all"][1] == {
        "type": "rsi",
        "period": 14,
        "direction": "below",
        "value": 30,
    }
    assert kept["market"] == pepe_dip()["market"]


@given(strategies())
def test_a_strategy_survives_being_stored(strategy: Strategy) -> None:
    stored = strategy.model_dump(mode="json")
    assert Strategy.model_validate(stored) == strategy
    assert Strategy.model_validate_json(json.dumps(stored)) == strategy
    assert parse_strategy(stored)[0] == strategy


WRONG: list[tuple[str, object, str]] = [
    ("rules.0.when.all.0.threshold", MISSING, "rules[0].when.all[0].threshold: is missing"),
    (
        "rules.0.when.all.0.threshold",
        None,
        "rules[0].when.all[0].threshold: should be a valid number (got null)",
    ),
    ("rules.0.when.all.0.threshold", 0, "rules[0].when.all[0].threshold: should be greater than 0 (got 0)"),
    (
        "rules.0.when.all.0.threshold",
        "5",
        'rules[0].when.all[0].threshold: should be a valid number (got "5")',
    ),
    (
        "rules.0.when.all.0.threshold",
        True,
        "rules[0].when.all[0].threshold: should be a valid number (got true)",
    ),
    (
        "rules.0.when.all.0.threshold",
        float("nan"),
        "rules[0].when.all[0].threshold: should be a finite number",
    ),
    ("rules.0.when.all.0.threshold", 100, "rules[0].when.all[0].threshold: should be less than 100"),
    ("rules.0.when.all.0.timeframe", "1M", "rules[0].when.all[0].timeframe: '1M' is not a length of time"),
    ("rules.0.when.all.0.timeframe", "400d", "rules[0].when.all[0].timeframe: '400d' is out of range"),
    ("rules.0.when.all.1.value", float("inf"), "rules[0].when.all[1].value: should be a finite number"),
    ("rules.0.when.all.1.period", 14.5, "rules[0].when.all[1].period: should be a valid integer"),
    ("rules.0.when.all.1.perid", 14, "rules[0].when.all[1].perid: is not a known field"),
    ("rules.0.when.all.1.type", "macd", "rules[0].when.all[1]: must be a condition with a type (price_drop,"),
    ("rules.0.when", {"all": []}, "rules[0].when.all: must not be empty"),
    ("rules.0.when", {"not": {"not": {}}}, "rules[0].when.not.not: must be a condition with a type"),
    (
        "rules.0.when",
        {"not": {"not": {"not": {"not": RSI}}}},
        "rules[0].when: all, any and not may be nested",
    ),
    ("rules.0.when", {"all": [{"any": [RSI] * 11}] * 2}, "rules[0].when: holds 22 conditions; at most 20"),
    ("rules.1.when.any.0.fast", 21, "rules[1].when.any[0]: fast (21) must be smaller than slow (21)"),
    ("rules.1.when.any.0.direction", "up", "rules[1].when.any[0].direction: should be 'above' or 'below'"),
    ("rules.1.id", "dip", 'rules: two rules have the id "dip"'),
    ("rules.1.id", "a b", "rules[1].id: should match pattern"),
    ("rules.0.then", [], "rules[0].then: must not be empty"),
    (
        "rules.0.then.0",
        {"type": "buy"},
        "rules[0].then[0]: needs exactly one of amount_percent, equity_percent",
    ),
    ("rules.0.then.0.amount_usd", 50, "rules[0].then[0]: needs exactly one of"),
    (
        "rules.0.then.0.amount_percent",
        100.5,
        "rules[0].then[0].amount_percent: should be less than or equal to 100",
    ),
    (
        "rules.0.then.0",
        {"type": "buy", "amount_usd": 0.5},
        "rules[0].then[0].amount_usd: should be greater than",
    ),
    (
        "rules.0.then.0",
        {"type": "short"},
        "rules[0].then[0]: must be an action with a type (buy, sell, hold, notify)",
    ),
    ("rules.1.then.0.amount_percent", MISSING, "rules[1].then[0].amount_percent: is missing"),
    ("rules.0.then.1.message", "x" * 501, "rules[0].then[1].message: should have at most 500 characters"),
    ("rules.0.then.1.message", " \n ", "rules[0].then[1].message: must not be empty"),
    ("rules.0.max_fires", 0, "rules[0].max_fires: should be greater than or equal to 1 (got 0)"),
    ("rules", [], "rules: must not be empty"),
    (
        "risk_management.take_profit_percent",
        10,
        "risk_management: give either take_profit_percent or take_profits",
    ),
    ("risk_management.take_profits.1.percent", 10, "risk_management.take_profits: percent must ascend"),
    (
        "risk_management.take_profits.0.sell_percent",
        100,
        "risk_management.take_profits: the step at 10 % sells",
    ),
    ("risk_management.stop_loss_percent", 100, "risk_management.stop_loss_percent: should be less than 100"),
    (
        "risk_management.trailing_stop",
        {"arm_percent": 3},
        "risk_management.trailing_stop.percent: is missing",
    ),
    ("costs.fee_percent", -1, "costs.fee_percent: should be greater than or equal to 0 (got -1)"),
    ("timeframe", "2w", "timeframe: a candle is at most 1w long"),
    ("timeframe", "45m", "rules[0].when.all[0].timeframe: 1h is not a whole multiple of candles of 45m"),
    ("name", "", "name: must not be empty"),
    ("name", "x" * 81, "name: should have at most 80 characters"),
    ("name", "a\x00b", "name: must not contain control characters"),
    ("name", "a\u202eb", "name: must not contain control characters"),
    ("name", "a\ud800b", "name: "),
    ("version", "3.0", "version: should be '2.0' (got \"3.0\")"),
    ("market.symbol", "x" * 41, "market.symbol: should have at most 40 characters"),
    ("market.address", "0x 25", "market.address: must not contain spaces"),
    ("market.exchange", "binance", 'market: exchange must be null for source "dex"'),
    ("market.source", "exchange", "market: exchange is missing"),
    ("stop", 1, "stop: is not a known field"),
]


@pytest.mark.parametrize(("path", "value", "problem"), WRONG)
def test_a_wrong_field_is_named_with_its_path(path: str, value: object, problem: str) -> None:
    assert f"\n- {problem}" in refusal(changed(path, value))


def test_every_problem_is_listed_at_once() -> None:
    document = changed("rules.0.when.all.0.threshold", MISSING)
    document["costs"]["gas_usd"] = -1
    document["extra"] = 1
    text = refusal(document)
    assert text.splitlines() == [
        "The strategy is not valid:",
        "- rules[0].when.all[0].threshold: is missing",
        "- costs.gas_usd: should be greater than or equal to 0 (got -1)",
        "- extra: is not a known field",
    ]


def test_a_refusal_goes_back_to_the_model() -> None:
    with pytest.raises(ToolFailed):
        parse_strategy({})


def test_hundreds_of_problems_do_not_flood_the_answer() -> None:
    document = pepe_dip() | {f"field{index}": index for index in range(500)}
    lines = refusal(document).splitlines()
    assert len(lines) == 32
    assert lines[-1] == "- and 470 more"


@pytest.mark.parametrize("document", [None, 5, "{}", [], [{}]])
def test_what_is_no_object_is_no_strategy(document: object) -> None:
    assert refusal(document).endswith("- document: must be an object")


def test_absurd_nesting_is_refused_and_not_walked() -> None:
    when: dict[str, Any] = dict(RSI)
    for _ in range(50_000):
        when = {"not": when}
    assert refusal(changed("rules.0.when", when)).endswith("- document: is nested too deeply")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def places(value: object, path: str = "") -> list[str]:
    """The path of every field in a document."""
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    below = [(f"{path}.{key}".removeprefix("."), child) for key, child in entries]
    return [place for step, child in below for place in (step, *places(child, step))]


@settings(max_examples=300)
@given(st.sampled_from(places(pepe_dip())), JSON)
def test_whatever_a_model_writes_is_taken_or_refused(path: str, value: object) -> None:
    try:
        strategy, _ = parse_strategy(changed(path, value))
    except StrategyInvalid:
        return
    assert Strategy.model_validate(strategy.model_dump(mode="json")) == strategy


def test_what_is_left_out_has_its_default() -> None:
    document = {
        "name": "dip",
        "market": {"symbol": "PEPE"},
        "rules": [{"id": "a", "when": RSI, "then": [{"type": "buy", "amount_usd": 50}]}],
        "risk_management": None,
        "costs": None,
    }
    strategy, _ = parse_strategy(document)
    assert strategy.market.chain == "bsc"
    assert strategy.timeframe == "5m"
    assert strategy.rules[0].trigger == "edge"
    assert strategy.risk_management.stop_loss_percent is None
    assert strategy.risk_management.take_profits == ()
    costs = strategy.costs
    assert (costs.fee_percent, costs.slippage_percent, costs.gas_usd) == (0.25, 0.5, 0.1)


def test_an_exchange_is_cheaper_and_has_no_gas() -> None:
    document = pepe_dip()
    document["market"] = {"source": "exchange", "exchange": "binance", "symbol": "PEPE", "quote": "USDT"}
    document["costs"] = {"slippage_percent": 0.05}
    costs = parse_strategy(document)[0].costs
    assert (costs.fee_percent, costs.slippage_percent, costs.gas_usd) == (0.1, 0.05, 0)


def test_times_and_texts_are_kept_in_one_spelling() -> None:
    document = changed("rules.0.cooldown", "60 minutes")
    document["name"] = "  PEPE \n dip "
    strategy, _ = parse_strategy(document)
    assert strategy.rules[0].cooldown == "1h"
    assert strategy.name == "PEPE dip"


def test_reading_a_document_does_not_change_it() -> None:
    document = pepe_dip()
    before = copy.deepcopy(document)
    parse_strategy(document)
    assert document == before


class TestSchedules:
    DAILY: dict[str, Any] = {"type": "schedule", "every": "1d"}  # noqa: RUF012 - read only
    BUY: dict[str, Any] = {"type": "buy", "amount_usd": 50}  # noqa: RUF012 - read only

    @pytest.mark.parametrize(
        "when", [DAILY, {"any": [RSI, {"not": DAILY}]}, Schedule(type="schedule", every="1d")]
    )
    def test_a_rule_with_a_schedule_is_level(self, when: object) -> None:
        rule = Rule.model_validate({"id": "dca", "when": when, "then": [self.BUY]})
        assert rule.trigger == "level"

    def test_an_edge_of_a_schedule_makes_no_sense(self) -> None:
        rule = {"id": "dca", "trigger": "edge", "when": self.DAILY, "then": [self.BUY]}
        assert 'rules[0]: a rule with a schedule must have trigger "level"' in refusal(
            changed("rules", [rule])
        )


class TestTimeframesOfARun:
    def test_a_run_may_use_smaller_candles(self) -> None:
        strategy, _ = parse_strategy(pepe_dip())
        for seconds in (60, 300, 900, 1_800, 3_600):
            check_timeframes(strategy, seconds)

    @pytest.mark.parametrize("seconds", [7, 420, 7_200, 86_400])
    def test_candles_that_do_not_fit_a_condition_are_refused(self, seconds: int) -> None:
        strategy, _ = parse_strategy(pepe_dip())
        with pytest.raises(
            StrategyInvalid, match=r"rules\[0\]\.when\.all\[0\]\.timeframe: 1h is not a whole"
        ):
            check_timeframes(strategy, seconds)

    def test_the_refusal_says_which_candles_would_fit(self) -> None:
        document = changed("rules.1.when", {"not": {"type": "schedule", "every": "90m"}})
        document["rules"][1]["trigger"] = "level"
        strategy, _ = parse_strategy(document)
        with pytest.raises(
            StrategyInvalid, match=r"rules\[1\]\.when\.not\.every: 90m .* candles of 30m would fit"
        ):
            check_timeframes(strategy, 3_600)


def test_the_schema_explains_every_field_to_a_language_model() -> None:
    schema = Strategy.model_json_schema()
    parts = [schema, *schema["$defs"].values()]
    fields = [
        (part.get("description"), name, field)
        for part in parts
        for name, field in part.get("properties", {}).items()
    ]
    assert len(fields) > 50
    for part, name, field in fields:
        described = "description" in field or "$ref" in field or "const" in field
        assert described, f"{part} {name}"
    assert '"not"' in json.dumps(schema)
    assert "condition" not in schema["$defs"]["Not"]["properties"]
