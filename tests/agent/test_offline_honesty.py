"""What the offline assistant does not understand is asked or said, never guessed and never dropped in silence."""

from __future__ import annotations

from typing import Any

import pytest

from bot.agent.offline.replies import asked_about
from bot.trading.strategy import parse_strategy
from tests.agent.conversing import Talk, facts_with
from tests.agent.rules import buys, cross, drop, every, level, rise, rsi, sells, steps, tells

OUT = "sell at 10% profit"
DIP = "buy PEPE when it drops 5% in 1h"

NOT_GUESSED = {
    f"buy PEPE when price above EMA 200 and RSI below 30, {OUT}": "above EMA 200",
    f"buy CAKE when price is below $2 and RSI is below 30, {OUT}": "below $2",
    "buy $5 of CAKE every day while the price is below $2": "below $2",
    f"buy PEPE when it drops 5% below the 20 EMA, {OUT}": "drops 5% below",
    f"buy PEPE when it drops 5% from its all time high, {OUT}": "drops 5% from",
    f"{DIP} but not more than 10%, {OUT}": "10%",
    f"don't buy PEPE when RSI is above 70, buy when it drops 5% in 1h, {OUT}": "don't buy PEPE when RSI is above 70",
    f"{DIP}, but don't sell at a loss, {OUT}": "don't sell",
    "buy half now and half when it drops 10%, sell PEPE at 20%": "half",
    f"buy PEPE when rsi crosses 30, {OUT}": "30",
    f"buy -$50 of PEPE when it drops 5% in 1h, {OUT}": "$50",
    f"{DIP}, {OUT}, risk 1% per trade": "1%",
    f"{DIP}, {OUT}, stop loss 3%, stop loss 5%": "stop loss 5%",
    f"{DIP}, sell half at 10% and let the rest run": "let the rest",
    f"{DIP} and PEPE holders increase, {OUT}": "holders",
    f"buy CAKE for $20 every monday, {OUT}": "monday",
    f"buy PEPE with 5% risk when RSI is below 30, {OUT}": "risk",
}


@pytest.mark.parametrize(("sentence", "quoted"), NOT_GUESSED.items())
def test_what_no_rule_can_express_is_quoted_and_not_made_into_something_else(
    sentence: str, quoted: str
) -> None:
    talk = Talk()
    answer = talk.says(sentence)

    assert quoted in answer
    assert "create_bot" not in talk.called


@pytest.mark.parametrize(
    ("sentence", "about"),
    [
        (f"{DIP}, take profit at 5% and 10%", "steps"),
        (f"{DIP}, tp1 5% tp2 10%", "steps"),
        (f"{DIP}, sell at 5% and at 10%", "steps"),
        (f"{DIP}, {OUT}, take profit 12%", "steps"),
        (f"{DIP}, {OUT}, stop at 0.00001", "stop"),
        (f"{DIP}, take profit at $0.00002", "target"),
        (f"buy PEPE when it drops 500% in 1h, {OUT}", "fall"),
        ("grid bot on PEPE between 0.00001 and 0.00002", "buy"),
    ],
)
def test_what_is_missing_between_the_numbers_is_asked(sentence: str, about: str) -> None:
    talk = Talk()

    assert asked_about(talk.says(sentence)) == about
    assert not {"create_bot", "ask_user"} & set(talk.called)


def test_shares_that_were_asked_for_complete_the_take_profits() -> None:
    talk = Talk()
    talk.says(f"{DIP}, take profit at 5% and 10%")
    talk.says("half at 5% and the rest at 10%")

    document = talk.last("create_bot")["strategy"]
    assert document["risk_management"] == {"take_profits": steps((5, 50), (10, 100))}


@pytest.mark.parametrize(
    ("sentence", "left_out"),
    [
        (f"my scalper: {DIP}, {OUT}", ["scalper"]),
        (f"tomorrow I want to {DIP}, {OUT}", ["tomorrow"]),
        (f"please make me a simple little bot: {DIP}, {OUT}", None),
    ],
)
def test_a_proposal_names_the_words_that_it_did_not_use(sentence: str, left_out: list[str] | None) -> None:
    talk = Talk()
    talk.says(sentence)

    assert talk.last("create_bot").get("left_out") == left_out


def test_a_change_names_them_too() -> None:
    talk = Talk(facts_with("PEPE dip"))
    talk.says("set the stop loss to 5% tomorrow")

    assert talk.last("update_strategy")["left_out"] == ["tomorrow"]


@pytest.mark.parametrize(
    ("begun", "fresh", "rules", "risk"),
    [
        (
            "buy DOGE when RSI is below 30, take profit 10%, hold at most 2 days, and a trailing stop",
            "buy CAKE when it drops 3% in 1h and sell at 6% profit",
            [buys(drop(3, "1h"))],
            {"take_profit_percent": 6},
        ),
        (
            f"{DIP}, take profit 5%, max hold 3d, and a trailing stop",
            "buy PEPE when RSI is below 30, sell at 8%",
            [buys(rsi("below", 30))],
            {"take_profit_percent": 8},
        ),
        (
            f"{DIP} with a stop loss, take profit 5%",
            "tell me when CAKE falls below 2",
            [tells(level("below", 2), "CAKE falls below 2")],
            {},
        ),
        (
            f"{DIP}, take profit 5%, max hold 3d, and a trailing stop",
            "create a bot that buys CAKE for $20 every day",
            [buys(every("1d"), {"amount_usd": 20}, only_if=None)],
            {},
        ),
    ],
)
def test_an_unfinished_strategy_leaves_no_trace_in_the_next_one(
    begun: str, fresh: str, rules: list[Any], risk: dict[str, Any]
) -> None:
    talk = Talk()
    talk.says(begun)
    assert "create_bot" not in talk.called
    talk.says(fresh)

    document = talk.last("create_bot")["strategy"]
    assert document["rules"] == rules
    assert document["risk_management"] == risk


@pytest.mark.parametrize(
    ("begun", "answer", "risk"),
    [
        (f"{DIP}, take profit", "10", {"take_profit_percent": 10}),
        (f"{DIP} with a stop loss, {OUT}", "3", {"take_profit_percent": 10, "stop_loss_percent": 3}),
        (f"{DIP} with a trailing stop", "4", {"trailing_stop": {"percent": 4}}),
        (f"buy PEPE when it drops, {OUT}", "5% 1h", {"take_profit_percent": 10}),
        (f"buy PEPE when it drops, {OUT}", "5 in 1h", {"take_profit_percent": 10}),
        (f"{DIP}", "no", {}),
        (f"{DIP}", "never", {}),
        (f"{DIP}", "don't sell", {}),
    ],
)
def test_a_short_answer_is_understood_where_the_question_makes_it_clear(
    begun: str, answer: str, risk: dict[str, Any]
) -> None:
    talk = Talk()
    talk.says(begun)
    talk.says(answer)

    document = talk.last("create_bot")["strategy"]
    assert document["rules"] == [buys(drop(5, "1h"))]
    assert document["risk_management"] == risk


@pytest.mark.parametrize("bots", [(), ("PEPE dip",)])
def test_candles_that_do_not_fit_are_asked_about_in_plain_words(bots: tuple[str, ...]) -> None:
    talk = Talk(facts_with(*bots))
    answer = talk.says(f"create a bot: {DIP} on 4h candles, {OUT}")

    assert "1h, which is not a whole multiple of candles of 4h; candles of 1h would fit" in answer
    assert asked_about(answer) == "candles"
    talk.says("30m")
    assert talk.last("create_bot")["strategy"]["timeframe"] == "30m"


def test_a_strategy_that_never_sells_is_said_to_never_sell() -> None:
    talk = Talk()
    talk.says(DIP)
    talk.says("no")

    warnings = parse_strategy(talk.last("create_bot")["strategy"])[1]
    assert any("Nothing in this strategy ever sells" in warning for warning in warnings)


def test_a_number_that_can_be_dollars_or_percent_is_asked_about() -> None:
    talk = Talk()
    talk.says("buy CAKE every day")
    answer = talk.says("50")

    assert "whether 50 is dollars, percent" in answer
    assert asked_about(answer) == "amount"
    talk.says("$50")
    assert talk.last("create_bot")["strategy"]["rules"] == [
        buys(every("1d"), {"amount_usd": 50}, only_if=None)
    ]


def test_not_knowing_yet_keeps_the_question() -> None:
    talk = Talk()
    talk.says(DIP)

    assert asked_about(talk.says("not sure")) == "sell"
    talk.says("at 10% profit")
    assert talk.last("create_bot")["strategy"]["risk_management"] == {"take_profit_percent": 10}


def test_a_second_when_behind_an_and_is_asked_about() -> None:
    sentence = f"buy PEPE when RSI is below 30 and when it drops 5% in 1h, {OUT}"
    both, either = (
        Talk(),
        Talk(answers={"ask_user": lambda given: ("success", {"answer": given["options"][1]})}),
    )
    both.says(sentence)
    either.says(sentence)

    parts = [rsi("below", 30), drop(5, "1h")]
    assert both.last("create_bot")["strategy"]["rules"] == [buys({"all": parts})]
    assert either.last("create_bot")["strategy"]["rules"] == [buys({"any": parts})]


def test_a_bare_number_to_sell_at_can_be_a_profit_or_a_price() -> None:
    talk = Talk()
    talk.says(f"{DIP}, sell at 10")

    assert talk.last("ask_user")["options"][0] == "At 10 % profit"
    assert talk.last("create_bot")["strategy"]["risk_management"] == {"take_profit_percent": 10}


def test_being_over_an_average_is_the_moment_of_crossing_when_it_stands_alone() -> None:
    talk = Talk(facts_with("PEPE dip"))
    talk.says("also sell when the price is above the 200 EMA")

    assert talk.last("update_strategy")["strategy"]["rules"][2:] == [
        sells(cross("ema", 1, 200, "above"), number=2)
    ]


STRETCHES: list[tuple[str, dict[str, Any]]] = [
    ("since yesterday", {"start": "2026-11-20"}),
    ("yesterday", {"start": "2026-11-20", "end": "2026-11-20"}),
    ("from 1 Jan to 1 Feb", {"start": "2026-01-01", "end": "2026-02-01"}),
    ("from 5 to 10 march", {"start": "2026-03-05", "end": "2026-03-10"}),
    ("in March", {"start": "2026-03-01", "end": "2026-03-31"}),
    ("from jan to mar", {"start": "2026-01-01", "end": "2026-03-31"}),
    ("between monday and friday", {"start": "2026-11-16", "end": "2026-11-20"}),
    ("all of 2025", {"start": "2025-01-01", "end": "2025-12-31"}),
    ("from 2026-01-01 for 30 days", {"start": "2026-01-01", "days": 30}),
    ("since 1 june with $500", {"start": "2026-06-01", "initial_balance": 500}),
    ("from june until today", {"start": "2026-06-01"}),
    ("on 1 minute candles for a week", {"timeframe": "1m", "days": 7}),
    ("2 years on the daily", {"timeframe": "1d", "days": 730}),
    ("1h 30d", {"timeframe": "1h", "days": 30}),
    ("on 15 min for 3 months", {"timeframe": "15m", "start": "2026-08-21"}),
    ("for 3 mo", {"start": "2026-08-21"}),
    ("this month", {"start": "2026-11-01"}),
    ("the last quarter", {"start": "2026-08-21"}),
    ("for half a year", {"days": 182.5}),
    ("5m", {"timeframe": "5m"}),
    ("2m for 10 days", {"timeframe": "2m", "days": 10}),
]


@pytest.mark.parametrize(("stretch", "arguments"), STRETCHES, ids=[row[0] for row in STRETCHES])
def test_a_stretch_of_time_is_understood(stretch: str, arguments: dict[str, Any]) -> None:
    talk = Talk(facts_with("PEPE dip"))
    talk.says(f"backtest it {stretch}")

    assert talk.calls == [("run_backtest", arguments)]


@pytest.mark.parametrize(
    "stretch",
    [
        *("for 0 days", "for -5 days", "for the last 0 weeks", "for 90", "for a while", "over the weekend"),
        *("in the summer", "since launch", "the last 1000 candles", "for 1.5 months", "since tomorrow"),
        *(
            "01/02/2026 to 03/02/2026",
            "in q1",
            "for a couple of weeks",
            "from 2026-13-45",
            "for 9999999 days",
        ),
    ],
)
def test_a_stretch_that_is_not_understood_spends_no_backtest(stretch: str) -> None:
    talk = Talk(facts_with("PEPE dip"))
    answer = talk.says(f"backtest it {stretch}")

    assert asked_about(answer) == "period"
    assert not talk.calls
    talk.says("the last 30 days")
    assert talk.calls == [("run_backtest", {"days": 30})]


def test_a_stretch_is_asked_until_it_is_understood_and_keeps_what_was_said_before() -> None:
    talk = Talk(facts_with("PEPE dip"))
    talk.says("backtest it on 15m since launch")
    assert asked_about(talk.says("since the beginning")) == "period"
    talk.says("in march")

    assert talk.calls == [("run_backtest", {"timeframe": "15m", "start": "2026-03-01", "end": "2026-03-31"})]


@pytest.mark.parametrize(
    ("option", "arguments"),
    [(0, {"start": "2026-09-21"}), (1, {"timeframe": "2m"})],
    ids=["months", "minutes"],
)
def test_2m_is_asked_about_since_it_can_be_months_or_minutes(option: int, arguments: dict[str, Any]) -> None:
    talk = Talk(facts_with("PEPE dip"))
    talk.answers["ask_user"] = lambda given: ("success", {"answer": given["options"][option]})
    talk.says("backtest it for 2m")

    assert talk.last("ask_user")["options"] == ["2 months of prices", "Candles of 2 minutes"]
    assert talk.last("run_backtest") == arguments


def test_a_test_of_a_changed_bot_is_not_a_test_of_the_bot_as_it_is() -> None:
    talk = Talk(facts_with("PEPE dip"))

    assert "Change the bot first" in talk.says("backtest it with a 5% stop loss")
    assert not talk.calls


def test_a_new_bot_is_made_and_its_test_waits_for_a_stretch_that_is_understood() -> None:
    talk = Talk()
    answer = talk.says(f"{DIP}, {OUT}, then backtest it since forever")

    assert "Created" in answer
    assert asked_about(answer) == "period"
    assert "run_backtest" not in talk.called


def test_the_token_that_is_given_up_is_not_taken_for_the_new_one() -> None:
    talk = Talk(facts_with("PEPE dip"))

    assert "trades PEPE, not DOGE" in talk.says("change DOGE to CAKE")
    assert "update_strategy" not in talk.called


@pytest.mark.parametrize(
    "sentence",
    ["change PEPE to CAKE", "switch from PEPE to CAKE", "replace PEPE with CAKE", "use CAKE instead of PEPE"],
)
def test_a_token_takes_the_place_of_the_other(sentence: str) -> None:
    talk = Talk(facts_with("PEPE dip"))
    talk.says(sentence)

    assert talk.last("update_strategy")["strategy"]["market"]["symbol"] == "CAKE"


PLAIN_ANSWERS = {
    "maybe": "No hurry",
    "login": "`/signup` creates an account",
    "how do I create an account?": "`/signup` creates an account",
    "sign me up": "`/signup` creates an account",
    "thank you!": "welcome",
    "good morning": "Hello",
    "quit": "Goodbye",
    "yes": "no question open",
    "1": "no question open",
    "lol": "did not understand “lol”",
    "short PEPE when it rises 10%": "no short selling",
    "buy PEPE with 5x leverage when it drops 5%, sell at 10%": "no leverage",
    "pause it": "stop or pause",
    "kaufe PEPE wenn es 5% fällt": "only understand English",
    "comprar PEPE cuando baje 5%": "only understand English",
    "купи PEPE": "only understand English",
    "bonjour": "only understand English",
}


@pytest.mark.parametrize("bots", [(), ("PEPE dip",)])
@pytest.mark.parametrize(("sentence", "words"), PLAIN_ANSWERS.items())
def test_small_words_get_a_fitting_answer(sentence: str, words: str, bots: tuple[str, ...]) -> None:
    talk = Talk(facts_with(*bots))

    assert words in talk.says(sentence)
    assert not {"create_bot", "update_strategy"} & set(talk.called)


def test_an_alert_about_a_token_in_small_letters_is_understood() -> None:
    talk = Talk()
    talk.says("let me know if cake rises 10% in 1h")

    document = talk.last("create_bot")["strategy"]
    assert document["market"]["symbol"] == "CAKE"
    assert document["rules"] == [tells(rise(10, "1h"), "CAKE rises 10% in 1h")]
