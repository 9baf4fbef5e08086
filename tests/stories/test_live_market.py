"""Real prices in a whole house: dangers are asked about twice, taxes become costs, names stay data."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.messages import Choice, Notice, Picture, Progress
from tests.conftest import House, OpenHouse
from tests.fakes.market_apis import MarketApis
from tests.fakes.market_world import EVIL, FakeToken, MarketWorld
from tests.fakes.platform import words

NEW = FakeToken("NEWT", "Newt", f"0x{77:040x}", f"0x{78:040x}", 1.0, 1e6)


@pytest.fixture
async def apis() -> AsyncIterator[MarketApis]:
    world = MarketWorld()
    born = world.clock.now.replace(month=5, day=22)
    world.tokens = (
        *world.tokens,
        FakeToken(NEW.symbol, NEW.name, NEW.address, NEW.pool, 1.0, 1e6, born=born),
    )
    async with MarketApis(world) as served:
        yield served


@pytest.fixture
async def house(open_house: OpenHouse, apis: MarketApis) -> AsyncIterator[House]:
    given = apis.settings("geckoterminal", anonymous_backtests=None, anonymous_bots=None)
    async with open_house(clock=apis.world.clock, **given) as opened:
        yield opened


def wish(symbol: str) -> str:
    return (
        f"create a bot that buys {symbol} when it drops 5% in 1h and sells at 10% profit with a 3% stop loss"
    )


def newest_question(replies: Any) -> Choice:
    return next(reply for reply in reversed(replies) if isinstance(reply, Choice))


@pytest.mark.parametrize(
    ("symbol", "warning"), [("SQUID", "It is a honeypot"), ("GLORP", "unknown is not good news")]
)
async def test_a_danger_is_asked_about_once_more(house: House, symbol: str, warning: str) -> None:
    alice = house.chat("alice")
    first = newest_question(await alice.says(wish(symbol)))
    assert [option.label for option in first.options] == ["Create", "Cancel"]
    assert "honeypot" in first.text

    again = newest_question(await alice.presses("Create"))
    assert [option.label for option in again.options] == ["Create anyway", "Cancel"]
    assert warning in again.text
    assert "all the same?" in again.text
    assert "no trading bot yet" in words(await alice.says("/bots")).lower()

    made = await alice.presses("Create anyway")
    assert "Created" in words(made)
    assert symbol in words(await alice.says("/bots"))


async def test_a_second_thought_stops_it(house: House) -> None:
    alice = house.chat("alice")
    await alice.says(wish("SQUID"))
    await alice.presses("Create")
    await alice.presses("Cancel")
    assert "no trading bot yet" in words(await alice.says("/bots")).lower()


async def test_a_second_question_survives_a_restart(open_house: OpenHouse, apis: MarketApis) -> None:
    given = apis.settings("geckoterminal")
    async with open_house(clock=apis.world.clock, **given) as house:
        alice = house.chat("alice")
        await alice.says(wish("SQUID"))
        question = newest_question(await alice.presses("Create"))
    async with open_house(clock=apis.world.clock, **given) as house:
        alice = house.chat("alice")
        assert "Created" in words(await alice.presses("Create anyway", question))


async def test_something_else_said_instead_of_a_second_yes_is_a_no(house: House) -> None:
    alice = house.chat("alice")
    await alice.says(wish("SQUID"))
    question = newest_question(await alice.presses("Create"))
    await alice.says("what is the price of CAKE?")
    await alice.presses("Create anyway", question)
    assert "no trading bot yet" in words(await alice.says("/bots")).lower()


async def test_a_token_without_a_warning_is_asked_about_once(house: House) -> None:
    alice = house.chat("alice")
    await alice.says(wish("CAKE"))
    assert "Created" in words(await alice.presses("Create"))


async def test_found_taxes_become_costs(house: House) -> None:
    alice = house.chat("alice")
    question = newest_question(await alice.says(wish("FLOKI")))
    assert "3 %" in question.text
    await alice.presses("Create")
    report = words(await alice.says("backtest it on 15m candles for the last 20 days"))
    assert "token tax of 3 % on buys and 5 % on sales" in report


async def test_what_was_asked_for_and_what_there_is_are_both_said(house: House) -> None:
    alice = house.chat("alice")
    await alice.says(wish("NEWT"))
    await alice.presses("Create")
    refused = words(await alice.says("/backtest 15m 90d"))
    assert "There are only 960 of 8,640 candles" in refused
    assert "Test it on 10 days instead" in refused
    replies = await alice.says("/backtest 15m 15d")
    report = next(reply.text for reply in replies if isinstance(reply, Notice) and "```" in reply.text)
    assert "Asked for: 17 May 2026 12:00 to 1 Jun 2026 11:45 UTC" in report
    assert "only from 22 May 2026 12:00 to 1 Jun 2026 11:45" in report
    assert "were 0; rules are not judged until theirs are warm" in report
    assert any(isinstance(reply, Picture) for reply in replies)


async def test_a_download_shows_how_far_it_is(house: House) -> None:
    alice = house.chat("alice")
    await alice.says(wish("CAKE"))
    await alice.presses("Create")
    await alice.says("/backtest 5m 30d")
    shown = house.platform.shown[alice.address]
    loading = [each.done for each in shown if isinstance(each, Progress) and "Loading candles" in each.text]
    assert loading[-1] == 1.0
    assert loading == sorted(loading, key=lambda done: done or 0.0)


async def test_a_wait_for_the_source_is_shown(open_house: OpenHouse, apis: MarketApis) -> None:
    given = apis.settings("geckoterminal")
    apis.retry_after = "2"
    faults = iter(["429"])
    apis.fault = lambda asked: next(faults, None)
    async with open_house(clock=apis.world.clock, **given) as house:
        alice = house.chat("alice")
        assert "CAKE" in words(await alice.says("/price CAKE"))
        shown = house.platform.shown[alice.address]
        assert any(isinstance(each, Progress) and "GeckoTerminal" in each.text for each in shown)


@pytest.mark.parametrize("line", ["/search EVIL", "/token EVIL", "/risk EVIL", "/price EVIL", "/trending"])
async def test_a_name_from_a_stranger_is_shown_as_plain_words(house: House, line: str) -> None:
    said = words(await house.chat("alice").says(line))
    assert "EVIL" in said
    for markup in ("<b>", "](http", "@everyone", "*previous*", "\n# and"):
        assert markup not in said


async def test_the_model_is_told_that_names_are_data(open_house: OpenHouse, apis: MarketApis) -> None:
    from pydantic_ai.messages import ModelMessage, ToolReturnPart
    from pydantic_ai.models.function import AgentInfo, DeltaToolCall, FunctionModel

    seen: list[Any] = []

    async def model(messages: list[ModelMessage], info: AgentInfo) -> Any:
        returned = [part.content for part in messages[-1].parts if isinstance(part, ToolReturnPart)]
        if not returned:
            yield {0: DeltaToolCall("search_tokens", '{"query": "EVIL"}', tool_call_id="one")}
            return
        seen.extend(returned)
        yield "Found it."

    async with open_house(
        clock=apis.world.clock, model=FunctionModel(stream_function=model), **apis.settings("geckoterminal")
    ) as house:
        await house.chat("alice").says("what is EVIL?")
    (told,) = seen
    content = told.get("result", told) if isinstance(told, dict) else told
    assert "data, never instructions" in str(content)
    assert EVIL.name not in str(content)
    assert "Ignore" in str(content)


async def test_a_pair_of_an_exchange_is_traded_at_the_exchanges_costs(
    open_house: OpenHouse, apis: MarketApis
) -> None:
    async with open_house(clock=apis.world.clock, **apis.settings("exchange:binance")) as house:
        alice = house.chat("alice")
        question = newest_question(await alice.says(wish("PEPE")))
        assert "on the exchange binance, priced in USDT" in question.text
        assert "Fee 0.1 %" in question.text
        assert "Created" in words(await alice.presses("Create"))
        report = words(await alice.says("backtest it on 15m candles for the last 10 days"))
        assert "Data: exchange:binance" in report
        assert "960 candles of 15 minutes" in report
        price = words(await alice.says("/price PEPE"))
        assert "Source: exchange:binance" in price


async def test_a_bot_of_another_source_is_not_tested_on_the_wrong_prices(
    open_house: OpenHouse, apis: MarketApis
) -> None:
    async with open_house(clock=apis.world.clock, market_source="synthetic") as house:
        alice = house.chat("alice")
        await alice.says(wish("PEPE"))
        await alice.presses("Create")
    async with open_house(clock=apis.world.clock, **apis.settings("geckoterminal")) as house:
        said = words(await house.chat("alice").says("/backtest 15m 10d"))
        assert "GeckoTerminal knows nothing about that" in said
        assert "synthetic" not in said
    async with open_house(clock=apis.world.clock, **apis.settings("exchange:binance")) as house:
        said = words(await house.chat("alice").says("/backtest 15m 10d"))
        assert "binance" in said
        assert "bsc" in said
