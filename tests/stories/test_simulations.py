"""A person lets a bot trade on paper: start, trades, why, results, stop."""

from __future__ import annotations

from bot.messages import Choice, Notice, Picture
from tests.conftest import House, OpenHouse
from tests.fakes.platform import words
from tests.simulations.living import LIVELY, cards, make_bot, pass_minutes, with_account
from tests.stories.test_first_bot import DIP


async def test_a_simulation_from_its_start_to_its_results(house: House) -> None:
    ann = await with_account(house, "ann")
    await make_bot(house, ann, LIVELY)

    began = words(await ann.says("/simulate start"))
    assert "The simulation of **Lively** runs: version 1, candles of 1m, $10,000.00 on paper" in began
    assert "synthetic" in began

    await pass_minutes(house, 40)
    told = await ann.reads()
    trades = cards(told)
    assert len(trades) > 4
    assert trades[0].startswith("**Bought PEPE** · Lively")
    assert trades[1].startswith("**Sold PEPE: ")
    for card in trades:
        assert "Equity $" in card
        assert "Why: " in card
        assert "synthetic prices" in card

    status = words(await ann.says("/simulate status"))
    assert "running" in status
    assert "closed trades" in status

    shown = await ann.says("/simulate results")
    assert "Same as the backtest of these candles: **yes**" in words(shown)
    assert any(isinstance(reply, Picture) and reply.content.startswith(b"\x89PNG") for reply in shown)

    stopped = words(await ann.says("/simulate stop"))
    assert "Stopped the simulation of **Lively**" in stopped
    await pass_minutes(house, 5)
    assert cards(await ann.reads()) == []
    assert "Same as the backtest of these candles: **yes**" in words(await ann.says("/simulate results"))


async def test_a_sale_answers_the_message_of_its_purchase(house: House) -> None:
    ann = await with_account(house, "ann")
    await make_bot(house, ann, LIVELY)
    await ann.says("/simulate start")
    await pass_minutes(house, 30)
    await ann.reads()

    trades = [
        (at, each)
        for at, each in enumerate(house.platform.delivered, 1)
        if isinstance(each.reply, Notice) and cards([each.reply])
    ]
    bought = None
    for at, each in trades:
        if "Bought" in each.reply.text:  # type: ignore[union-attr]
            bought = f"sent-{at}"
            assert each.continues is None
        else:
            assert each.continues == bought


async def test_a_simulation_by_talking(house: House) -> None:
    ann = await with_account(house, "ann")
    await ann.says(DIP)
    await ann.presses("Create")

    question = (await ann.says("simulate it on 1m with $500"))[-1]
    assert isinstance(question, Choice)
    assert "with $500.00 on paper, on candles of 1 minute" in question.text
    assert "runs: version 1, candles of 1m, $500.00" in words(await ann.presses("Start"))

    await pass_minutes(house, 3)
    assert "running" in words(await ann.says("how is my simulation doing?"))
    assert "the price falls 5 % or more within 1 hour: now " in words(
        await ann.says("why is nothing happening?")
    )
    assert "I tell you trades only" in words(await ann.says("notify me only about trades"))
    assert "PEPE dip" in words(await ann.says("list my simulations"))

    question = (await ann.says("stop the simulation"))[-1]
    assert isinstance(question, Choice)
    assert "Stopped the simulation" in words(await ann.presses("Stop"))


async def test_without_an_account_there_is_none(house: House) -> None:
    bob = house.chat("bob")
    await bob.says(DIP)
    await bob.presses("Create")
    assert "create an account" in words(await bob.says("/simulate start"))
    assert "create an account" in words(await bob.says("simulate it"))


async def test_a_second_one_is_refused_with_what_lifts_it(house: House) -> None:
    ann = await with_account(house, "ann")
    await make_bot(house, ann, LIVELY)
    await make_bot(house, ann, LIVELY, name="Other")
    await ann.says("/simulate start Lively")
    refused = words(await ann.says("/simulate start Other"))
    assert "runs 1 simulation at a time. /simulate stop ends one of them, or ask an operator" in refused
    for line in ("/usage", "/account"):
        assert "1 running, 1 at a time" in words(await ann.says(line))
    assert "running already" in words(await ann.says("/simulate start Lively"))


async def test_a_changed_bot_goes_on_as_it_began_and_offers_a_restart(house: House) -> None:
    ann = await with_account(house, "ann")
    await ann.says(DIP)
    await ann.presses("Create")
    await ann.says("/simulate start")
    await pass_minutes(house, 2)

    await ann.says("set the stop loss to 5%")
    changed = words(await ann.says("yes"))
    assert "goes on with version 1" in changed
    assert "at version 2" in words(await ann.says("/simulate status"))

    question = (await ann.says("/simulate start"))[-1]
    assert isinstance(question, Choice)
    assert "The running simulation of version 1 is stopped" in question.text
    assert "version 2" in words(await ann.presses("Restart"))
    listed = words(await ann.says("/simulations"))
    assert "v2 · PEPE 15m" in listed or "v2 · PEPE" in listed
    assert "stopped" in listed


async def test_deleting_a_bot_asks_and_stops_its_simulation(house: House) -> None:
    ann = await with_account(house, "ann")
    await make_bot(house, ann, LIVELY)
    await ann.says("/simulate start")
    await pass_minutes(house, 2)

    question = (await ann.says("/deletebot Lively"))[-1]
    assert isinstance(question, Choice)
    assert "Its running simulation is stopped." in question.text
    await ann.presses("Delete")
    await ann.reads()
    await pass_minutes(house, 20)
    assert await ann.reads() == []


async def test_an_alert_needs_no_money(house: House) -> None:
    ann = await with_account(house, "ann")
    alert = {
        **LIVELY,
        "name": "Low",
        "risk_management": {},
        "rules": [
            {
                "id": "low",
                "when": {"type": "price_drop", "threshold": 0.05},
                "then": [{"type": "notify", "message": "PEPE falls"}],
            }
        ],
    }
    await make_bot(house, ann, alert)
    began = words(await ann.says("/simulate start"))
    assert "**Low** watches PEPE now" in began
    assert "on paper" not in began

    await pass_minutes(house, 30)
    told = words(await ann.reads())
    assert "**Low**: PEPE falls" in told
    assert "Equity" not in told
    assert "watches PEPE" in words(await ann.says("/simulate status"))
    assert "no longer watches PEPE" in words(await ann.says("/simulate stop"))


async def test_it_goes_on_after_a_restart_and_says_what_comes_late(open_house: OpenHouse) -> None:
    async with open_house() as house:
        ann = await with_account(house, "ann")
        await make_bot(house, ann, LIVELY)
        await ann.says("/simulate start")
        await pass_minutes(house, 3)
        clock = house.clock
    clock.move(minutes=60)
    async with open_house(clock=clock) as house:
        ann = house.chat("ann")
        await house.randebu.simulations.advance_all()
        late = words(await ann.reads())
        assert "this comes late" in late
        assert late.count("bought for") > 3
        await pass_minutes(house, 20)
        assert cards(await ann.reads())
        assert "Same as the backtest of these candles: **yes**" in words(await ann.says("/simulate results"))
