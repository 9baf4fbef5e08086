"""Everything else that the offline assistant understands, what it asks about, and what it does not understand."""

from __future__ import annotations

from typing import Any

import pytest

from bot.agent.offline.replies import QUESTIONS, asked_about, question
from bot.trading.strategy import parse_strategy
from tests.agent.conversing import ORIGIN, PEPE, TOKENS, Talk, facts_with
from tests.agent.rules import buys, drop, every, level, rsi, sells, volume

CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("list my bots", "list_bots", {}),
    ("show me all my bots", "list_bots", {}),
    ("which bots do I have?", "list_bots", {}),
    ("use PEPE dip", "set_bot", {"bot": "PEPE dip"}),
    ("switch to the bot pepe dip", "set_bot", {"bot": "PEPE dip"}),
    ("choose bot 2", "set_bot", {"bot": "Alpha"}),
    ("describe PEPE dip", "get_bot_info", {"bot": "PEPE dip"}),
    ("describe it", "get_bot_info", {}),
    ("what does my bot do?", "get_bot_info", {}),
    ("show me the rules", "get_bot_info", {}),
    ("how does it work?", "get_bot_info", {}),
    ("what's my bot's strategy?", "get_bot_info", {}),
    ("explain the strategy of Alpha", "get_bot_info", {"bot": "Alpha"}),
    ("delete Alpha", "delete_bot", {"bot": "Alpha"}),
    ("delete it", "delete_bot", {}),
    ("please remove the bot PEPE dip", "delete_bot", {"bot": "PEPE dip"}),
    ("price of PEPE", "get_price", {"tokens": ["PEPE"]}),
    ("what's the price of pepe and cake?", "get_price", {"tokens": ["PEPE", "CAKE"]}),
    ("how much is DOGE?", "get_price", {"tokens": ["DOGE"]}),
    ("PEPE price", "get_price", {"tokens": ["PEPE"]}),
    ("search dog", "search_tokens", {"query": "dog"}),
    ("find a token called cat in hat", "search_tokens", {"query": "cat in hat"}),
    ("look up CAKE", "search_tokens", {"query": "CAKE"}),
    ("what is trending?", "get_trending", {}),
    ("which tokens are hot right now", "get_trending", {}),
    ("is PEPE safe?", "get_risk", {"token": PEPE["address"]}),
    ("what is the risk of pepe?", "get_risk", {"token": PEPE["address"]}),
    ("is PEPE a scam", "get_risk", {"token": PEPE["address"]}),
    ("tell me about CAKE", "get_token", {"address": TOKENS["CAKE"]["address"], "chain": "bsc"}),
    ("what is PEPE?", "get_token", {"address": PEPE["address"], "chain": "bsc"}),
    (f"info on {PEPE['address']}", "get_token", {"address": PEPE["address"]}),
    ("backtest it", "run_backtest", {}),
    ("test it", "run_backtest", {}),
    ("backtest it on 15m candles for the last 90 days", "run_backtest", {"timeframe": "15m", "days": 90}),
    ("backtest PEPE dip", "run_backtest", {"bot": "PEPE dip"}),
    (
        "run a backtest of Alpha for 30 days on 1h",
        "run_backtest",
        {"bot": "Alpha", "days": 30, "timeframe": "1h"},
    ),
    ("backtest PEPE since June", "run_backtest", {"bot": "PEPE dip", "start": "2026-06-01"}),
    ("backtest from 2026-01-01 to 2026-03-01", "run_backtest", {"start": "2026-01-01", "end": "2026-03-01"}),
    (
        "backtest it between Jan 5 and Feb 3rd, 2026",
        "run_backtest",
        {"start": "2026-01-05", "end": "2026-02-03"},
    ),
    ("backtest it for March 2026", "run_backtest", {"start": "2026-03-01", "end": "2026-03-31"}),
    ("backtest it from November to January", "run_backtest", {"start": "2025-11-01", "end": "2026-01-31"}),
    ("backtest the last 3 months", "run_backtest", {"start": "2026-08-21"}),
    ("backtest last week on 5m", "run_backtest", {"days": 7, "timeframe": "5m"}),
    ("backtest it this year with daily candles", "run_backtest", {"start": "2026-01-01", "timeframe": "1d"}),
    ("backtest it in 2025", "run_backtest", {"start": "2025-01-01", "end": "2025-12-31"}),
    ("backtest it with $5,000 for two weeks", "run_backtest", {"days": 14, "initial_balance": 5000}),
    ("backtest it until 2026-05-01", "run_backtest", {"end": "2026-05-01"}),
]


@pytest.mark.parametrize(("sentence", "tool", "arguments"), CALLS, ids=[row[0] for row in CALLS])
def test_a_sentence_becomes_a_call(sentence: str, tool: str, arguments: dict[str, Any]) -> None:
    talk = Talk(facts_with("PEPE dip", "Alpha"))
    answer = talk.says(sentence)

    assert talk.calls[-1] == (tool, arguments)
    assert answer


TOPICS = {
    "hello": "Hello",
    "hi there!": "Hello",
    "thanks a lot": "welcome",
    "bye": "Goodbye",
    "help": "none is configured",
    "what can you do?": "none is configured",
    "who are you?": "I am Randebu",
    "why did it sell?": "do not know",
    "what happens if the price jumps?": "cannot foresee",
    "should I buy PEPE?": "no advice",
    "will it go up?": "no advice",
    "is it safe?": "cannot call any strategy or token safe",
    "start trading for real": "cannot trade with real money",
    "run it live": "cannot trade with real money",
    "what is a trailing stop?": "highest price",
    "what does RSI mean?": "0 to 100",
    "rename it to Foo": "cannot rename",
    "how did my bot do?": "backtest it",
    "what is the price": "Of which token",
    "x" * 1001: "longer than I can read",
    "never mind": "leave it",
    "buy $10 of CAKE every month": "no fixed length",
    "delete all my bots": "one trading bot at a time",
}


@pytest.mark.parametrize(("sentence", "words"), TOPICS.items())
def test_some_things_need_no_tool(sentence: str, words: str) -> None:
    talk = Talk(facts_with("PEPE dip"))

    assert words in talk.says(sentence)
    assert not talk.calls


@pytest.mark.parametrize("sentence", ["asdf qwer", "", "   ", "42", "???", "ご飯", "the the the", "💥"])
def test_what_is_not_understood_is_said_with_three_examples(sentence: str) -> None:
    talk = Talk()
    answer = talk.says(sentence)

    assert "did not understand" in answer
    assert answer.count("\n- “") == 3
    assert not talk.calls


MISSING = {
    "create a bot": "token",
    "make me a bot for DOGE": "buy",
    "buy PEPE": "buy",
    "buy when RSI is below 30": "token",
    "buy when the 9 EMA crosses above the 21 EMA": "token",
    "buys 25% of cash when volume spikes 200%": "token",
    "buy PEPE when it drops 5% in 1h": "sell",
    "buy PEPE when it moons": "buy",
    "buy PEPE when it drops 5% in 1h and sell when elon tweets": "sell",
    "buy PEPE when RSI is below 30 and MACD is positive, sell at 10%": "buy",
    "buy PEPE when RSI is below 30 and the price is above average, sell at 10%": "buy",
    "buy PEPE when it drops 5% in 1h before noon, sell at 10%": "buy",
    "buy PEPE when it drops, sell at 10% profit": "fall",
    "buy the dip on PEPE, sell at 10%": "fall",
    "buy PEPE when volume spikes and sell at 10%": "volume",
    "buy PEPE when RSI is low, sell at 10%": "rsi",
    "buy CAKE every day": "amount",
    "buy PEPE when it drops 5% in 1h with a stop loss, sell at 10%": "stop",
    "buy PEPE or CAKE when it drops 5% in 1h, sell at 10%": "token",
    "sell at 10% profit": "token",
}


@pytest.mark.parametrize(("sentence", "about"), MISSING.items())
def test_what_is_missing_is_asked_and_never_guessed(sentence: str, about: str) -> None:
    talk = Talk()
    answer = talk.says(sentence)

    assert asked_about(answer) == about
    assert "create_bot" not in talk.called


DIP = [buys(drop(5, "1h"))]


@pytest.mark.parametrize(
    ("said", "rules", "risk"),
    [
        (["buy when it drops 5% in 1h, sell at 10%", "PEPE"], DIP, {"take_profit_percent": 10}),
        (["buy when it drops 5% in 1h, sell at 10%", "pepe please"], DIP, {"take_profit_percent": 10}),
        (
            ["create a bot", "PEPE", "when it drops 5% in 1h", "at 10% profit with a 3% stop loss"],
            DIP,
            {"take_profit_percent": 10, "stop_loss_percent": 3},
        ),
        (["buy PEPE when it drops 5% in 1h", "never"], DIP, {}),
        (["buy PEPE when it drops 5% in 1h", "10%"], DIP, {"take_profit_percent": 10}),
        (["buy PEPE when it drops 5% in 1h", "when RSI is above 70"], [*DIP, sells(rsi("above", 70))], {}),
        (["buy PEPE when it moons, sell at 10%", "when it drops 5% in 1h"], DIP, {"take_profit_percent": 10}),
        (["buy PEPE when it drops, sell at 10%", "5% in 1h"], DIP, {"take_profit_percent": 10}),
        (
            ["buy PEPE when it drops, sell at 10%", "five percent within an hour"],
            DIP,
            {"take_profit_percent": 10},
        ),
        (
            ["buy PEPE when volume spikes and sell at 10%", "200%"],
            [buys(volume(200))],
            {"take_profit_percent": 10},
        ),
        (
            ["buy PEPE when RSI is low, sell at 10%", "below 30"],
            [buys(rsi("below", 30))],
            {"take_profit_percent": 10},
        ),
        (
            ["buy CAKE every day", "$50"],
            [buys(every("1d"), {"amount_usd": 50}, only_if=None)],
            {},
        ),
        (
            ["buy PEPE when it drops 5% in 1h with a stop loss, sell at 10%", "3%"],
            DIP,
            {"take_profit_percent": 10, "stop_loss_percent": 3},
        ),
        (["buy PEPE or CAKE when it drops 5% in 1h, sell at 10%", "CAKE"], DIP, {"take_profit_percent": 10}),
        (
            ["buy PEPE when it drops 5% in 1h and sell when elon tweets", "at 10% profit"],
            DIP,
            {"take_profit_percent": 10},
        ),
    ],
)
def test_an_answer_completes_what_was_begun(said: list[str], rules: list[Any], risk: dict[str, Any]) -> None:
    talk = Talk()
    for text in said:
        talk.says(text)

    document = talk.last("create_bot")["strategy"]
    assert document["rules"] == rules
    assert document["risk_management"] == risk
    parse_strategy(document)


@pytest.mark.parametrize(
    "other", ["help", "list my bots", "price of CAKE", "never mind", "what is trending?"]
)
def test_something_else_ends_what_was_begun(other: str) -> None:
    talk = Talk()
    talk.says("buy PEPE when it drops 5% in 1h")
    answer = talk.says(other)

    assert asked_about(answer) is None
    assert "create_bot" not in talk.called


def test_every_question_is_recognised_and_has_an_example() -> None:
    assert all(asked_about(question(about, "First this.")) == about for about in QUESTIONS)
    assert all("For example “" in question(about) for about in QUESTIONS)


def test_a_symbol_of_several_tokens_is_asked_about() -> None:
    other = {**PEPE, "address": "0xffff000000000000000000000000000000000002", "chain": "base"}
    talk = Talk(answers={"search_tokens": ("success", {**ORIGIN, "query": "PEPE", "tokens": [PEPE, other]})})
    talk.answers["ask_user"] = lambda arguments: ("success", {"answer": arguments["options"][1]})
    talk.says("buy PEPE when it drops 5% in 1h, sell at 10%")

    assert len(talk.last("ask_user")["options"]) == 2
    assert talk.last("create_bot")["strategy"]["market"]["address"] == other["address"]


def test_an_unknown_token_is_said_with_similar_ones() -> None:
    found = ("success", {**ORIGIN, "query": "PEP", "tokens": [PEPE]})
    answer = Talk(answers={"search_tokens": found}).says("buy PEP when it drops 5% in 1h, sell at 10%")

    assert "no token called PEP" in answer
    assert "PEPE" in answer


def test_selling_after_a_rise_can_mean_two_things() -> None:
    sentence = "buy PEPE when it drops 5% in 1h and sell when it rises 10%"
    paid = Talk()
    paid.says(sentence)
    assert paid.last("create_bot")["strategy"]["risk_management"] == {"take_profit_percent": 10}

    moved = Talk(answers={"ask_user": lambda arguments: ("success", {"answer": arguments["options"][1]})})
    moved.says(sentence)
    rules = moved.last("create_bot")["strategy"]["rules"]
    assert rules[1]["when"] == {"type": "price_rise", "threshold": 10, "timeframe": "1h"}


def test_a_price_to_be_reached_can_be_reached_from_two_sides() -> None:
    talk = Talk(answers={"ask_user": lambda arguments: ("success", {"answer": arguments["options"][1]})})
    talk.says("tell me when PEPE hits 0.00002")

    assert talk.last("create_bot")["strategy"]["rules"][0]["when"] == level("above", 0.00002)


def test_a_question_that_is_not_answered_ends_there() -> None:
    talk = Talk(answers={"ask_user": ("denied", "The person did not choose one of the options.")})
    answer = talk.says("tell me when PEPE hits 0.00002")

    assert "create_bot" not in talk.called
    assert answer


def test_a_bot_of_a_token_that_nobody_has_is_said() -> None:
    assert "None of your bots trades DOGE" in Talk(facts_with("PEPE dip")).says("backtest DOGE")


def test_which_bot_to_test_is_asked_when_it_is_not_clear() -> None:
    talk = Talk(facts_with("Alpha", "Beta"))
    talk.facts = type(talk.facts)("Ann", True, None, ("Alpha", "Beta"), "synthetic", True, talk.facts.today)
    talk.says("backtest for 30 days")

    assert talk.last("run_backtest")["bot"] == "Alpha"
    assert talk.last("ask_user")["options"] == ["Alpha", "Beta"]


def test_without_a_bot_there_is_nothing_to_test() -> None:
    talk = Talk()

    assert "no trading bot" in talk.says("backtest it")
    assert not talk.calls


@pytest.mark.parametrize(
    ("sentence", "tool", "words"),
    [
        ("buy PEPE when it drops 5% in 1h, sell at 10%", "create_bot", "nothing was created"),
        ("delete PEPE dip", "delete_bot", "it stays"),
    ],
)
def test_a_no_is_accepted(sentence: str, tool: str, words: str) -> None:
    talk = Talk(facts_with("PEPE dip"), {tool: ("denied", "The person said no. Nothing was changed.")})

    assert words in talk.says(sentence)
    assert talk.called.count(tool) == 1


def test_a_failure_is_said_plainly_and_not_tried_again() -> None:
    talk = Talk(
        answers={"create_bot": ("failed", "There already is a bot called PEPE dip. PEPE dip 2 is free.")}
    )
    answer = talk.says("buy PEPE when it drops 5% in 1h, sell at 10%")

    assert answer == "That did not work. There already is a bot called PEPE dip. PEPE dip 2 is free."
    assert talk.called.count("create_bot") == 1


def test_made_up_prices_are_called_made_up() -> None:
    assert "made up" in Talk(facts_with("PEPE dip")).says("backtest it")
