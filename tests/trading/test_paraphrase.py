"""The plain words say everything: no two strategies that act differently read the same."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.trading.paraphrase import literal, paraphrase
from bot.trading.strategy import Strategy, parse_strategy
from tests.trading.documents import strategies
from tests.trading.test_strategy import PEPE_DIP

WORDS = [
    *("above", "below", "upper", "lower", "sma", "ema", "flat", "in_position", "edge", "level"),
    *("price_drop", "price_rise", "buy", "sell", "1d", "2w", "binance", "base", "EUR", "other"),
]
ONLY_IF = ["flat", "in_position"]
EVERY_CONDITION: list[dict[str, Any]] = [
    {"type": "price_drop", "threshold": 5, "timeframe": "1h"},
    {"type": "price_rise", "threshold": 5},
    {"type": "volume_spike", "threshold": 100, "lookback": 10},
    {"type": "price_level", "price": 1.5, "direction": "above"},
    {"type": "rsi", "direction": "below", "value": 30},
    {"type": "ma_crossover", "fast": 9, "slow": 21, "direction": "below"},
    {"type": "bollinger", "band": "lower", "direction": "below"},
    {"type": "position_profit", "direction": "above", "value": 8},
    {"type": "schedule", "every": "1d"},
]
EVERY_TREE = {"all": [{"any": EVERY_CONDITION[:2]}, {"not": {"any": EVERY_CONDITION[3:5]}}]}
EVERY_ACTION = [
    {"type": "buy", "amount_percent": 25},
    {"type": "buy", "equity_percent": 25},
    {"type": "buy", "amount_usd": 25},
    {"type": "sell", "amount_percent": 100},
    {"type": "hold"},
    {"type": "notify", "message": "look"},
]
EVERY_PROTECTION = {
    "stop_loss_percent": 5,
    "take_profits": [{"percent": 10, "sell_percent": 50}, {"percent": 25, "sell_percent": 60}],
    "trailing_stop": {"percent": 4, "arm_percent": 6},
    "break_even_at_percent": 7,
    "max_hold": "3d",
    "max_entries": 3,
    "cooldown_after_stop": "4h",
    "max_drawdown_percent": 30,
}
FOR_NULL: list[object] = [3, "flat", "in_position", "2w", "0xab", {"percent": 1.5}]


def test_the_example_in_plain_words() -> None:
    strategy, _ = parse_strategy(json.loads(PEPE_DIP))
    assert (
        paraphrase(strategy)
        == """\
**PEPE dip**: PEPE on bsc, priced in USD, on candles of 5 minutes.
- Token address: 0x25d8…

**Rule dip**
- **Buy** for 25 % of the cash
- **Say** "bought the dip"
- when the price falls 5 % or more within 1 hour and RSI(14) is below 30
- only while nothing is held
- once each time this turns true
- then rests 1 hour

**Rule out**
- **Sell** 50 % of the position
- when EMA(9) crosses below EMA(21) or the position's profit is above 8 %
- only while in position
- once each time this turns true

**Protection**
- Stop loss: sell all 5 % below the average price
- Take profit: sell 50 % of what is left 10 % above the average price
- Take profit: sell 100 % of what is left 25 % above the average price
- Trailing stop: sell all 4 % below the highest price, once 6 % above the average price
- Sell all after holding for 3 days
- Buy at most 3 times into one position
- No buying for 4 hours after a stop
- When equity is 30 % under its peak: sell all and buy no more

**Costs** of each trade
- Fee 0.25 %, slippage 0.5 %, gas $0.10"""
    )


def test_a_tree_is_said_as_a_nested_list() -> None:
    drop = {"type": "price_drop", "threshold": 5}
    level = {"type": "price_level", "price": 1.5e-6, "direction": "below"}
    band = {"type": "bollinger", "band": "lower", "direction": "below"}
    spike = {"type": "volume_spike", "threshold": 100, "lookback": 1}
    daily = {"type": "schedule", "every": "1d"}
    when = {"all": [drop, {"any": [level, {"all": [band, spike]}]}, {"not": daily}]}
    document = {
        "name": "tree",
        "market": {"source": "exchange", "exchange": "binance", "symbol": "PEPE", "quote": "USDT"},
        "rules": [
            {"id": "a", "max_fires": 1, "when": when, "then": [{"type": "buy", "amount_usd": 50}]},
            {"id": "b", "when": {"not": {"any": [level, spike]}}, "then": [{"type": "hold"}]},
        ],
    }
    text = paraphrase(parse_strategy(document)[0])
    assert (
        text
        == """\
**tree**: PEPE on the exchange binance, priced in USDT, on candles of 5 minutes.

**Rule a**
- **Buy** for $50
- when all of these are true:
  - the price falls 5 % or more from one candle to the next
  - at least one of these is true:
    - the price falls to 1.5e-6 USDT
    - all of these are true:
      - the price is below the lower Bollinger band (20 candles, 2 deviations)
      - the volume is 100 % or more above the mean of the candle before
  - not (it is time (every day, by UTC))
- on every candle while this is true
- at most once in all

**Rule b**
- **Hold**: do nothing, only write it down
- when this is not true:
  - at least one of these is true:
    - the price falls to 1.5e-6 USDT
    - the volume is 100 % or more above the mean of the candle before
- once each time this turns true

**Protection**
- There is no stop loss

**Costs** of each trade
- Fee 0.1 %, slippage 0.5 %, gas $0.00"""
    )


def in_words(*rules: dict[str, Any], **more: Any) -> str:
    """The plain words of rules about PEPE."""
    numbered = [{"id": f"r{number}", **rule} for number, rule in enumerate(rules)]
    return paraphrase(
        parse_strategy({"name": "n", "market": {"symbol": "PEPE"}, "rules": numbered, **more})[0]
    )


def test_an_alert_is_not_dressed_up_as_trading() -> None:
    text = in_words({"when": EVERY_CONDITION[4], "then": [{"type": "notify", "message": "look"}]})

    assert "It buys and sells nothing." in text
    assert "stop loss" not in text
    assert "Fee" not in text


def test_buying_by_the_clock_happens_every_time_and_not_candle_after_candle() -> None:
    text = in_words({"when": EVERY_CONDITION[8], "then": [{"type": "buy", "amount_usd": 2.4}]})

    assert "for $2.40" in text
    assert "every time" in text
    assert "while this is true" not in text


def test_a_fast_average_of_one_candle_is_called_the_price() -> None:
    when = {"type": "ma_crossover", "ma_type": "ema", "fast": 1, "slow": 200, "direction": "above"}

    assert "when the price crosses above EMA(200)" in in_words({"when": when, "then": [EVERY_ACTION[0]]})


def alternatives(value: object) -> list[object]:
    """What else could stand in the place of a value; most of it will not be valid there."""
    match value:
        case bool() | None:
            return FOR_NULL
        case int() | float():
            return [value + 1, value / 2, value + 1e-9, -value, None]
        case str():
            return [*WORDS, f"{value}!", None]
        case list():
            return [value[1:], value[::-1], [*value, *value[-1:]]]
        case dict():
            swapped = {{"all": "any", "any": "all"}.get(key, key): child for key, child in value.items()}
            return [swapped, {"not": value}, None]
    return []


def variants(document: Any) -> Iterator[Any]:
    """Every document that differs from this one in a single place."""
    yield from alternatives(document)
    entries = list(document.items() if isinstance(document, dict) else [])
    entries += enumerate(document) if isinstance(document, list) else []
    for key, child in entries:
        for other in variants(child):
            varied = copy.copy(document)
            varied[key] = other
            yield varied


def without_lone_branches(document: Any) -> Any:
    """The same document, where an `all` or `any` of one thing is that thing: it acts the same."""
    if isinstance(document, list):
        return [without_lone_branches(child) for child in document]
    if not isinstance(document, dict):
        return document
    for key in ("all", "any"):
        if key in document and len(document[key]) == 1:
            return without_lone_branches(document[key][0])
    return {key: without_lone_branches(child) for key, child in document.items()}


def without_idle_parts(document: dict[str, Any]) -> Any:
    """The same document as far as it acts: what only tells has nothing to protect and pays nothing."""
    actions = [action["type"] for rule in document["rules"] for action in rule["then"]]
    trades = {"buy", "sell"} & set(actions)
    idle = set() if trades else {"risk_management", "costs"}
    return without_lone_branches({key: part for key, part in document.items() if key not in idle})


def read_the_same(document: dict[str, Any], variants: list[Any]) -> list[Any]:
    """The variants that are valid, act differently from the document, and yet read the same."""
    words = paraphrase(Strategy.model_validate(document))
    acts = without_idle_parts(document)
    found = []
    for variant in variants:
        try:
            other = Strategy.model_validate(variant)
        except ValidationError:
            continue
        if without_idle_parts(other.model_dump(mode="json")) != acts and paraphrase(other) == words:
            found.append(variant)
    return found


@pytest.mark.parametrize(
    ("when", "risk"),
    [
        ({"any": EVERY_CONDITION}, EVERY_PROTECTION),
        (EVERY_TREE, {"take_profit_percent": 10}),
        ({"any": EVERY_CONDITION[:2]}, {}),
    ],
)
def test_changing_any_field_of_any_part_changes_the_words(when: Any, risk: dict[str, Any]) -> None:
    rules = [
        {"id": f"rule-{index}", "when": when, "only_if": only_if, "trigger": "level", "then": [action]}
        | ({"cooldown": "1h", "max_fires": 2} if index % 2 else {})
        for index, (action, only_if) in enumerate(
            zip(EVERY_ACTION, [None, *ONLY_IF, *ONLY_IF, None], strict=True)
        )
    ]
    market = {"symbol": "PEPE", "address": "0xaa", "pool": "0xbb"}
    document = {"name": "n", "market": market, "rules": rules, "risk_management": risk}
    complete = Strategy.model_validate(document).model_dump(mode="json")
    assert read_the_same(complete, list(variants(complete))) == []


@given(st.data(), strategies(most_rules=2))
def test_changing_any_field_of_any_strategy_changes_the_words(
    data: st.DataObject, strategy: Strategy
) -> None:
    document = strategy.model_dump(mode="json")
    variant = data.draw(st.sampled_from(list(variants(document))))
    assert read_the_same(document, [variant]) == []


@given(strategies())
def test_the_words_fit_a_chat(strategy: Strategy) -> None:
    for line in paraphrase(strategy).splitlines():
        assert len(line) < 300
        assert "None" not in line.split()


def test_a_name_cannot_pretend_to_be_markup() -> None:
    assert literal("**a** [x](y) `c` <b> &lt; \\_") == r"\*\*a\*\* \[x\](y) \`c\` \<b\> \&lt; \\\_"
