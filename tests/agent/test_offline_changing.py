"""Sentences that change a trading bot: the whole document is read, changed and sent back."""

from __future__ import annotations

from typing import Any

import pytest

from bot.trading.strategy import parse_strategy
from tests.agent.conversing import STRATEGY, TOKENS, Talk, facts_with
from tests.agent.rules import cross, level, sells, steps

Document = dict[str, Any]


def after(sentence: str, **answers: Any) -> Document:
    """The strategy after a sentence about the current bot."""
    talk = Talk(facts_with("PEPE dip"), answers)
    said = talk.says(sentence)
    assert "update_strategy" in talk.called, said
    assert talk.called[0] == "get_bot_info"
    document: Document = talk.last("update_strategy")["strategy"]
    parse_strategy(document)
    return document


def chosen(label: str) -> Any:
    """The person chooses the option that begins so."""

    def answer(arguments: Any) -> tuple[str, Any]:
        return "success", {"answer": next(each for each in arguments["options"] if each.startswith(label))}

    return answer


@pytest.mark.parametrize(
    ("sentence", "risk"),
    [
        ("set the stop loss to 5%", {"stop_loss_percent": 5}),
        ("stop loss 5 percent please", {"stop_loss_percent": 5}),
        ("change the stop-loss to 2.5 %", {"stop_loss_percent": 2.5}),
        ("raise the take profit to 20%", {"take_profit_percent": 20}),
        ("make the take profit 15%", {"take_profit_percent": 15}),
        ("sell at 12% profit instead", {"take_profit_percent": 12}),
        ("add a trailing stop of 4%", {"trailing_stop": {"percent": 4}}),
        ("hold for at most 2 days", {"max_hold": "2d"}),
        ("limit the max drawdown to 25%", {"max_drawdown_percent": 25}),
        ("move the stop to break even at 5%", {"break_even_at_percent": 5}),
        ("wait 6h after a stop loss", {"cooldown_after_stop": "6h"}),
        ("at most 3 buys", {"max_entries": 3}),
    ],
)
def test_protection_is_set(sentence: str, risk: Document) -> None:
    changed = after(sentence)

    expected = {**STRATEGY["risk_management"], **risk}
    given = {key: value for key, value in changed["risk_management"].items() if value != []}
    assert given == {key: value for key, value in expected.items() if value != []}
    assert changed["rules"] == STRATEGY["rules"]


def test_steps_take_the_place_of_one_take_profit() -> None:
    risk = after("sell half at 10% and the rest at 25%")["risk_management"]

    assert risk["take_profits"] == steps((10, 50), (25, 100))
    assert "take_profit_percent" not in risk


@pytest.mark.parametrize(
    ("sentence", "gone"),
    [
        ("remove the stop loss", "stop_loss_percent"),
        ("no take profit", "take_profit_percent"),
        ("get rid of the take profit", "take_profit_percent"),
        ("delete the 3% stop loss", "stop_loss_percent"),
    ],
)
def test_protection_is_removed(sentence: str, gone: str) -> None:
    assert not after(sentence)["risk_management"].get(gone)


def test_a_rule_is_added() -> None:
    rules = after("also sell when the 9 EMA crosses below the 21 EMA")["rules"]

    assert rules[:2] == STRATEGY["rules"]
    assert rules[2:] == [sells(cross("ema", 9, 21, "below"), number=2)]


def test_also_adds_a_second_rule_of_the_same_kind() -> None:
    assert len(after("also sell when RSI is above 80")["rules"]) == 3


def test_a_rule_of_the_same_kind_is_changed_and_keeps_what_was_not_said() -> None:
    rules = after("sell when RSI is above 80")["rules"]

    assert len(rules) == 2
    assert rules[1]["when"] == {"type": "rsi", "period": 7, "direction": "above", "value": 80}


def test_instead_replaces_the_rules_that_do_the_same() -> None:
    rules = after("sell when the price is above 0.00002 instead")["rules"]

    assert [rule["when"] for rule in rules] == [STRATEGY["rules"][0]["when"], level("above", 0.00002)]


def test_a_condition_alone_changes_the_one_of_its_kind() -> None:
    assert after("change the drop to 7%")["rules"][0]["when"] == {
        "type": "price_drop",
        "threshold": 7,
        "timeframe": "30m",
    }
    assert after("RSI above 75 instead")["rules"][1]["when"]["value"] == 75


def test_a_condition_that_is_new_is_asked_about() -> None:
    rules = after("volume spike 200%", ask_user=chosen("Sell"))["rules"]

    assert rules[2]["when"] == {"type": "volume_spike", "threshold": 200}
    assert rules[2]["then"] == [{"type": "sell", "amount_percent": 100}]


def test_a_rule_for_another_token_changes_nothing() -> None:
    talk = Talk(facts_with("PEPE dip"))

    assert "a bot trades one token" in talk.says("sell CAKE when RSI is above 70")
    assert "update_strategy" not in talk.called


def test_a_rule_is_removed_by_its_condition() -> None:
    assert len(after("remove the RSI rule")["rules"]) == 1


@pytest.mark.parametrize(
    "sentence", ["use 15m candles", "set the timeframe to 15 minutes", "on the 15m chart"]
)
def test_the_candles_are_changed(sentence: str) -> None:
    assert after(sentence)["timeframe"] == "15m"


def test_a_time_that_can_mean_two_things_is_asked_about() -> None:
    assert after("make it 10m instead", ask_user=chosen("Candles"))["timeframe"] == "10m"
    window = after("make it 1h instead", ask_user=chosen("a fall of 5 %"))
    assert window["timeframe"] == "5m"
    assert window["rules"][0]["when"]["timeframe"] == "1h"


@pytest.mark.parametrize(
    ("sentence", "amount"),
    [
        ("buy only $50", {"amount_usd": 50}),
        ("buy with 25% of the cash", {"amount_percent": 25}),
        ("use 10% of my portfolio", {"equity_percent": 10}),
    ],
)
def test_the_amount_is_changed(sentence: str, amount: Document) -> None:
    assert after(sentence)["rules"][0]["then"] == [{"type": "buy", **amount}]


def test_the_token_is_changed() -> None:
    assert after("trade CAKE instead")["market"]["address"] == TOKENS["CAKE"]["address"]


def test_another_bot_can_be_named() -> None:
    talk = Talk(facts_with("Alpha", "PEPE dip"))
    talk.says("set the stop loss of PEPE dip to 5%")

    assert talk.last("get_bot_info") == {"bot": "PEPE dip"}
    assert talk.last("update_strategy")["bot"] == "PEPE dip"


def test_a_cooldown_is_for_buying() -> None:
    rules = after("at most once a day")["rules"]

    assert rules[0]["cooldown"] == "1d"
    assert "cooldown" not in rules[1]


@pytest.mark.parametrize(
    "sentence",
    ["increase the stop loss by 2%", "change it", "set the stop loss", "sell when mercury is in retrograde"],
)
def test_what_is_not_clear_changes_nothing(sentence: str) -> None:
    talk = Talk(facts_with("PEPE dip"))
    talk.says(sentence)

    assert "update_strategy" not in talk.called


def test_what_is_so_already_is_said() -> None:
    talk = Talk(facts_with("PEPE dip"))

    assert "already" in talk.says("set the stop loss to 3%")
    assert "update_strategy" not in talk.called


def test_without_a_bot_there_is_nothing_to_change() -> None:
    assert (
        "no trading bot" in Talk().says("remove the stop loss")
        or "which token" in Talk().says("stop loss 5%").lower()
    )


def test_a_refused_change_is_said() -> None:
    talk = Talk(
        facts_with("PEPE dip"), {"update_strategy": ("denied", "The person said no. Nothing was changed.")}
    )

    assert "nothing was changed" in talk.says("set the stop loss to 5%")


def test_the_reason_of_a_failure_is_said() -> None:
    talk = Talk(facts_with("PEPE dip"), {"update_strategy": ("failed", "timeframe: 1h does not fit")})

    assert "timeframe: 1h does not fit." in talk.says("set the stop loss to 5%")
