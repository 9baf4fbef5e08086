"""The main job: a person talks, gets a bot, and sees what it would have done."""

from __future__ import annotations

from bot.messages import Choice, Notice, Picture, Settled, TextFinal, TextGrowing
from tests.conftest import House
from tests.fakes.platform import words

DIP = "create a bot that buys PEPE when it drops 5% in 1h and sells at 10% profit with a 3% stop loss"


async def test_a_bot_is_made_by_talking_and_backtested(house: House) -> None:
    alice = house.chat("alice")

    question = (await alice.says(DIP))[-1]
    assert isinstance(question, Choice)
    assert [option.label for option in question.options] == ["Create", "Cancel"]
    for understood in ("PEPE", "5 %", "1 hour", "10 %", "3 %"):
        assert understood in question.text

    made = await alice.says("1")
    assert isinstance(made[0], Settled)
    assert "Create — Alice" in made[0].text
    assert "PEPE" in words(made)

    result = await alice.says("backtest it on 15m candles for the last 90 days")
    table = next(reply for reply in result if isinstance(reply, Notice))
    assert "```" in table.text
    assert "synthetic" in table.text
    picture = next(reply for reply in result if isinstance(reply, Picture))
    assert picture.content.startswith(b"\x89PNG")
    assert isinstance(result[-1], TextFinal)


async def test_a_proposal_says_what_it_leaves_out_and_that_it_never_sells(house: House) -> None:
    alice = house.chat("alice")
    assert "When should it sell?" in words(await alice.says("my scalper: buy PEPE when it drops 5% in 1h"))

    question = (await alice.says("no"))[-1]
    assert isinstance(question, Choice)
    assert "I did not use: “scalper”." in question.text
    assert "Nothing in this strategy ever sells" in question.text


async def test_a_stretch_that_is_not_understood_leaves_the_one_backtest_for_later(house: House) -> None:
    alice = house.chat("alice")
    await alice.says(DIP)
    await alice.presses("Create")

    assert "nothing is used up" in words(await alice.says("backtest it since launch"))
    assert "0d is no length of time" in words(await alice.says("/backtest 0d"))
    assert any(isinstance(reply, Picture) for reply in await alice.says("the last 30 days"))


async def test_answers_grow_while_they_are_written(house: House) -> None:
    alice = house.chat("alice")
    answer = (await alice.says("help"))[-1]

    growing = [reply for reply in house.platform.shown[alice.address] if isinstance(reply, TextGrowing)]
    assert growing
    assert isinstance(answer, TextFinal)
    assert "".join(reply.delta for reply in growing) == growing[-1].so_far == answer.text


async def test_a_button_does_what_typing_its_label_does(house: House) -> None:
    alice = house.chat("alice")
    await alice.says(DIP)
    await alice.presses("Create")

    assert "PEPE" in words(await alice.says("/bots"))


async def test_two_people_do_not_see_each_other(house: House) -> None:
    alice, bob = house.chat("alice"), house.chat("bob")
    await alice.says(DIP)
    await alice.presses("Create")

    assert "PEPE" not in words(await bob.says("/bots"))
    await bob.says("hello")
    assert "create a bot" not in words(await bob.says("/chats"))
