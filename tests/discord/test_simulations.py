"""A simulation on Discord: trades arrive by themselves, a sale answers its purchase, buttons work."""

from __future__ import annotations

import asyncio

import pytest

from bot.accounts.identity import identify
from bot.messages import Sender
from bot.tools.strategies import prepare
from storage.people import User
from tests.discord.conftest import OpenDiscord
from tests.fakes.clock import StoppedClock
from tests.fakes.discord_house import DiscordHouse
from tests.fakes.discord_things import Account
from tests.simulations.living import LIVELY


async def settled(house: DiscordHouse, person: Account, clock: StoppedClock) -> None:
    """Somebody with an account and a bot that trades every few minutes."""
    prepared = await prepare(house.randebu.services.market, LIVELY)
    async with house.randebu.database.unit() as unit:
        identity = await identify(unit, Sender("discord", str(person.id), person.name), clock())
        assert identity is not None
        account = User(name=person.name, created_at=clock())
        unit.session.add(account)
        await unit.session.flush()
        identity.user_id = account.id
        await unit.trading.add_bot(identity.owner, "Lively", prepared.document("Lively"), "bot:1", clock())


@pytest.mark.parametrize("in_server", [False, True], ids=["direct", "server"])
async def test_trades_arrive_and_a_sale_answers_its_purchase(
    open_discord: OpenDiscord, in_server: bool
) -> None:
    clock = StoppedClock()
    async with open_discord(clock=clock) as house:
        ann = house.world.person("Ann")
        room = house.world.channel("general") if in_server else house.world.private(ann)
        await settled(house, ann, clock)
        began = await house.uses(
            ann, "simulate", room, action="start", bot="Lively", timeframe="1m", balance=500
        )
        assert "runs: version 1" in began.text
        assert "500" in began.text
        for _ in range(15):
            clock.move(minutes=1)
            await house.randebu.simulations.advance_all()
            await asyncio.sleep(0)
        shown = await house.reads(room)
        bought = next(each for each in shown if each.text.startswith("**Bought PEPE"))
        sold = next(each for each in shown if each.text.startswith("**Sold PEPE"))
        assert bought.labels == ["Chart", "Status"]
        assert sold.answers == bought.id
        assert sold.pings == []
        assert "running" in (await house.presses(ann, "Status", room)).text
        assert "at the close of" in (await house.uses(ann, "why", room, bot="Lively")).text
        told = await house.uses(ann, "notify", room, tell="trades", quiet="22-7", zone="Europe/Berlin")
        assert "Europe/Berlin" in told.text
        stopped = await house.uses(ann, "simulate", room, action="stop", bot="Lively")
        assert "Stopped the simulation" in stopped.text
