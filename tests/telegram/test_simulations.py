"""A simulation on Telegram: trades arrive by themselves, a sale answers its purchase, buttons work."""

from __future__ import annotations

import asyncio

from bot.accounts.identity import identify
from bot.messages import Sender
from bot.tools.strategies import prepare
from storage.people import User
from tests.fakes.clock import StoppedClock
from tests.fakes.telegram_house import TelegramHouse
from tests.simulations.living import LIVELY
from tests.telegram.conftest import OpenTelegram


async def settled(house: TelegramHouse, user: str, clock: StoppedClock) -> None:
    prepared = await prepare(house.randebu.services.market, LIVELY)
    async with house.randebu.database.unit() as unit:
        identity = await identify(unit, Sender("telegram", user, "Ann"), clock())
        assert identity is not None
        account = User(name="Ann", created_at=clock())
        unit.session.add(account)
        await unit.session.flush()
        identity.user_id = account.id
        await unit.trading.add_bot(identity.owner, "Lively", prepared.document("Lively"), "bot:1", clock())


async def test_trades_arrive_and_a_sale_answers_its_purchase(open_telegram: OpenTelegram) -> None:
    clock = StoppedClock()
    async with open_telegram(clock=clock) as house:
        ann = house.world.person("Ann")
        chat = house.world.private(ann)
        await settled(house, str(ann.id), clock)
        began = await house.says(ann, "/simulate start")
        assert "runs: version 1" in began.text
        for _ in range(15):
            clock.move(minutes=1)
            await house.randebu.simulations.advance_all()
            await asyncio.sleep(0)
        shown = await house.reads(chat)
        bought = next(each for each in shown if each.text.startswith("Bought PEPE"))
        sold = next(each for each in shown if each.text.startswith("Sold PEPE"))
        assert bought.labels == ["Chart", "Status"]
        assert sold.answers == bought.number
        status = await house.presses(ann, "Status")
        assert "running" in status.text
        stopped = await house.presses(ann, "Stop")
        assert "Stopped the simulation" in stopped.text
