"""Version 1.0 is still read: any condition does all actions, and problems have the paths its author knows."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.trading.strategy import Any as AnyOf
from bot.trading.strategy import (
    Buy,
    PriceDrop,
    PriceLevel,
    PriceRise,
    Sell,
    Strategy,
    StrategyInvalid,
    VolumeSpike,
    parse_strategy,
)

DROP = {"type": "price_drop", "token": "PEPE", "token_address": None, "chain": "bsc", "threshold": 5}
BUY = {"type": "buy", "amount_percent": 10}


def version_1(**fields: Any) -> dict[str, Any]:
    document = {
        "conditions": [{**DROP, "timeframe": "1h"}],
        "actions": [dict(BUY)],
        "risk_management": {"stop_loss_percent": 3, "take_profit_percent": 10},
    }
    return document | fields


def refusal(document: dict[str, Any]) -> list[str]:
    with pytest.raises(StrategyInvalid) as caught:
        parse_strategy(document)
    return list(caught.value.problems)


def test_the_example_becomes_one_level_rule() -> None:
    strategy, warnings = parse_strategy(version_1())
    assert warnings == ()
    assert strategy.version == "2.0"
    assert strategy.name == "PEPE strategy"
    assert (strategy.market.source, strategy.market.chain, strategy.market.symbol) == ("dex", "bsc", "PEPE")
    assert strategy.market.address is None
    assert strategy.timeframe == "1h"
    (rule,) = strategy.rules
    assert (rule.trigger, rule.only_if, rule.cooldown, rule.max_fires) == ("level", None, None, None)
    assert rule.when == AnyOf(any=(PriceDrop(type="price_drop", threshold=5, timeframe="1h"),))
    assert rule.then == (Buy(type="buy", amount_percent=10),)
    assert strategy.risk_management.stop_loss_percent == 3
    assert strategy.risk_management.take_profit_percent == 10


@pytest.mark.parametrize(
    "document",
    [
        version_1(version="1.0"),
        version_1(version=1),
        {"params": version_1()},
        {"version": "1.0", "params": version_1()},
        version_1(conditions=[{"type": "price_drop", "params": {**DROP, "timeframe": "1h"}}]),
        version_1(actions=[{"type": "buy", "params": {"amount_percent": 10}}]),
        version_1(params=None),
        version_1(params={"risk_management": {"stop_loss_percent": 3, "take_profit_percent": 10}}),
    ],
)
def test_flat_and_nested_in_params_are_the_same(document: dict[str, Any]) -> None:
    before = copy.deepcopy(document)
    assert parse_strategy(document) == parse_strategy(version_1())
    assert document == before


@pytest.mark.parametrize(
    "document", [version_1(risk_management=None), {"conditions": [DROP], "actions": [BUY]}]
)
def test_no_risk_management_is_none_and_no_crash(document: dict[str, Any]) -> None:
    risk = parse_strategy(document)[0].risk_management
    assert (risk.stop_loss_percent, risk.take_profit_percent) == (None, None)


def test_every_kind_of_condition_and_action_is_carried_over() -> None:
    document = version_1(
        conditions=[
            {"type": "price_drop", "token": "pepe", "threshold": 5, "timeframe": "4h"},
            {"type": "price_rise", "token": "PEPE", "threshold": 7, "timeframe": "1h"},
            {"type": "volume_spike", "token": "PEPE", "threshold": 200, "timeframe": "1h"},
            {"type": "price_level", "token": None, "price": 1e-5, "direction": "above"},
        ],
        actions=[{"type": "sell", "amount_percent": 100}, {"type": "notify"}, {"type": "hold"}],
        name="old",
    )
    strategy, _ = parse_strategy(document)
    assert strategy.timeframe == "1h"
    assert strategy.rules[0].when == AnyOf(
        any=(
            PriceDrop(type="price_drop", threshold=5, timeframe="4h"),
            PriceRise(type="price_rise", threshold=7, timeframe="1h"),
            VolumeSpike(type="volume_spike", threshold=200),
            PriceLevel(type="price_level", price=1e-5, direction="above"),
        )
    )
    sell, notify, _ = strategy.rules[0].then
    assert sell == Sell(type="sell", amount_percent=100)
    assert notify.type == "notify"
    assert "pepe" in notify.message
    assert strategy.name == "old"


def test_mixed_buys_and_sells_are_kept_as_one_rule_and_asked_about() -> None:
    rise = {"type": "price_rise", "token": "PEPE", "threshold": 10, "timeframe": "1h"}
    document = version_1(
        conditions=[{**DROP, "timeframe": "1h"}, rise], actions=[BUY, {"type": "sell", "amount_percent": 100}]
    )
    strategy, warnings = parse_strategy(document)
    assert len(strategy.rules) == 1
    assert [action.type for action in strategy.rules[0].then] == ["buy", "sell"]
    assert any("which condition goes with which action" in warning for warning in warnings)


def test_a_timeframe_that_means_nothing_is_said_to() -> None:
    spike = {"type": "volume_spike", "token": "PEPE", "threshold": 200, "timeframe": "4h"}
    _, warnings = parse_strategy(version_1(conditions=[{**DROP, "timeframe": "1h"}, spike]))
    assert warnings == ("conditions[1].timeframe is not used: volume_spike looks at candles of 1h.",)


@pytest.mark.parametrize(
    ("first", "second", "problem"),
    [
        ({"token": "PEPE"}, {"token": "CAKE"}, "conditions[1].token: differs from conditions[0].token"),
        (
            {"token": "PEPE", "token_address": "0xaa"},
            {"token": "PEPE", "token_address": "0xbb"},
            "conditions[1].token_address: differs from conditions[0].token_address",
        ),
        (
            {"token": "PEPE", "chain": "bsc"},
            {"token": "PEPE", "chain": "base"},
            "conditions[1].chain: differs from conditions[0].chain",
        ),
    ],
)
def test_one_bot_has_one_token(first: dict[str, str], second: dict[str, str], problem: str) -> None:
    conditions = [{"type": "price_drop", "threshold": 5, **identity} for identity in (first, second)]
    assert refusal(version_1(conditions=conditions)) == [f"{problem}; one bot, one token"]


def test_an_action_on_another_token_is_refused_too() -> None:
    problems = refusal(version_1(actions=[{**BUY, "token": "CAKE"}]))
    assert problems == ["actions[0].token: differs from conditions[0].token; one bot, one token"]


def test_an_address_is_the_same_in_any_case() -> None:
    conditions = [{**DROP, "token_address": address} for address in ("0xAB", "0xab", None)]
    assert parse_strategy(version_1(conditions=conditions))[0].market.address == "0xAB"


NO_THRESHOLD = {"type": "price_drop", "token": "PEPE"}


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (version_1(conditions=[NO_THRESHOLD]), "conditions[0].threshold: is missing"),
        (version_1(conditions=[{**DROP, "threshold": None}]), "conditions[0].threshold: is missing"),
        (
            version_1(conditions=[{"type": "price_drop", "params": {"token": "PEPE"}}]),
            "conditions[0].params.threshold: is missing",
        ),
        ({"params": version_1(conditions=[NO_THRESHOLD])}, "params.conditions[0].threshold: is missing"),
        (
            version_1(conditions=[{**DROP, "threshold": 0}]),
            "conditions[0].threshold: should be greater than 0 (got 0)",
        ),
        (
            version_1(conditions=[DROP, {**DROP, "timeframe": "soon"}]),
            "conditions[1].timeframe: 'soon' is not a length of time; "
            "write minutes, hours, days or weeks as 5m, 1h, 3d, 1w",
        ),
        (version_1(conditions=[{"type": "price_drop", "threshold": 5}]), "conditions[0].token: is missing"),
        (version_1(conditions={}), "conditions: must be a list"),
        (version_1(actions=[]), "actions: must not be empty"),
        (version_1(actions=[{"type": "sell"}]), "actions[0].amount_percent: is missing"),
        (version_1(risk_management={"stop": 3}), "risk_management.stop: is not a known field"),
        (version_1(risk_management=5), "risk_management: "),
        (version_1(wallet="0x1"), "wallet: is not a known field"),
        (version_1(params=[1]), "params: must be an object"),
        (version_1(params={"name": "a"}, name="b"), "params.name: differs from name"),
        (version_1(conditions=[5]), "conditions[0]: must be a condition"),
    ],
)
def test_a_problem_is_named_where_version_1_has_it(document: dict[str, Any], problem: str) -> None:
    assert any(found.startswith(problem) for found in refusal(document)), refusal(document)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("1h"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "token", "chain", "params", "threshold", "timeframe", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
FIELDS = ["conditions", "actions", "risk_management", "params", "name", "timeframe", "version"]


@given(st.dictionaries(st.sampled_from(FIELDS), JSON, min_size=1, max_size=3))
def test_whatever_stands_in_an_old_document_is_taken_or_refused(fields: dict[str, Any]) -> None:
    try:
        strategy, _ = parse_strategy(version_1(**fields))
    except StrategyInvalid:
        return
    assert Strategy.model_validate(strategy.model_dump(mode="json")) == strategy
