"""Sentences that make a trading bot, and the documents they become."""

from __future__ import annotations

from typing import Any

import pytest

from bot.trading.strategy import parse_strategy
from tests.agent.conversing import PEPE, Talk, facts_with
from tests.agent.more_sentences import MORE_SENTENCES
from tests.agent.rules import ALL_CASH
from tests.agent.sentences import SENTENCES

ALL_SENTENCES = SENTENCES + MORE_SENTENCES


@pytest.mark.parametrize(("sentence", "rules", "risk"), ALL_SENTENCES, ids=[row[0] for row in ALL_SENTENCES])
def test_a_sentence_becomes_a_document(sentence: str, rules: list[Any], risk: dict[str, Any]) -> None:
    talk = Talk()
    talk.says(sentence)

    document = talk.last("create_bot")["strategy"]
    assert document["rules"] == rules
    assert document["risk_management"] == risk
    parse_strategy(document)


def test_a_bot_that_buys_and_tells() -> None:
    talk = Talk()
    talk.says("buy PEPE when it drops 5% in 1h and tell me, sell at 10% profit")

    then = talk.last("create_bot")["strategy"]["rules"][0]["then"]
    assert then == [{"type": "buy", **ALL_CASH}, {"type": "notify", "message": "PEPE drops 5% in 1h"}]


def test_the_market_is_the_token_that_the_search_found() -> None:
    talk = Talk()
    talk.says("buy PEPE when it drops 5% in 1h and sell at 10% profit")

    assert talk.calls[0] == ("search_tokens", {"query": "PEPE"})
    assert talk.last("create_bot")["strategy"]["market"] == {
        "source": "dex",
        "quote": "USD",
        "chain": "bsc",
        "symbol": "PEPE",
        "address": PEPE["address"],
        "pool": PEPE["pool"],
    }


def test_an_address_needs_no_search() -> None:
    talk = Talk()
    talk.says(f"buy {PEPE['address']} when it drops 5% in 1h and sell at 10% profit")

    assert talk.called[:2] == ["get_token", "create_bot"]
    assert talk.last("create_bot")["strategy"]["market"]["symbol"] == "PEPE"


@pytest.mark.parametrize(
    ("sentence", "timeframe"),
    [
        ("buy PEPE when it drops 5% in 1h and sell at 10%", "15m"),
        ("buy PEPE when it drops 5% in 10m and sell at 10%", "5m"),
        ("buy PEPE when it drops 5% in 7 minutes and sell at 10%", "1m"),
        ("buy PEPE when RSI is below 30 and sell at 10%", "1h"),
        ("buy PEPE when RSI is below 30 on 15m candles and sell at 10%", "15m"),
        ("buy PEPE on the 4h chart when RSI is below 30, sell at 10%", "4h"),
        ("buy PEPE when RSI is below 30 and sell at 10%, timeframe 5m", "5m"),
        ("buy PEPE when the 50-day SMA crosses above the 200-day SMA and sell at 10%", "1d"),
        ("buy $5 of PEPE every 45 minutes", "15m"),
    ],
)
def test_the_candles_are_those_that_were_told_or_fit(sentence: str, timeframe: str) -> None:
    talk = Talk()
    talk.says(sentence)

    document = talk.last("create_bot")["strategy"]
    assert document["timeframe"] == timeframe
    parse_strategy(document)


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        (
            "create a bot called Dip Hunter that buys PEPE when it drops 5% in 1h and sells at 10%",
            "Dip Hunter",
        ),
        ('create a bot named "my first" that buys PEPE when it drops 5% in 1h and sells at 10%', "my first"),
        ("buy PEPE when it drops 5% in 1h and sell at 10%, call it dipper", "dipper"),
        ("buy PEPE when it drops 5% in 1h and sell at 10%", "PEPE dip 2"),
        ("buy $5 of CAKE every day", "CAKE regular"),
    ],
)
def test_a_bot_has_the_given_name_or_one_that_is_free(sentence: str, name: str) -> None:
    talk = Talk(facts_with("PEPE dip"))
    talk.says(sentence)

    assert talk.last("create_bot")["name"] == name
    assert talk.last("create_bot")["strategy"]["name"] == name


def test_fees_are_told_too() -> None:
    talk = Talk()
    talk.says("buy PEPE when it drops 5% in 1h and sell at 10%, 0.3% fees and slippage 1%")

    assert talk.last("create_bot")["strategy"]["costs"] == {"fee_percent": 0.3, "slippage_percent": 1}


def test_a_bot_can_be_backtested_in_the_same_breath() -> None:
    talk = Talk()
    talk.says(
        "create a bot that buys PEPE when it drops 5% in 1h and sells at 10%, then backtest it for 30 days on 15m"
    )

    assert talk.called == ["search_tokens", "create_bot", "run_backtest"]
    assert talk.last("run_backtest") == {"bot": "PEPE dip", "timeframe": "15m", "days": 30}
