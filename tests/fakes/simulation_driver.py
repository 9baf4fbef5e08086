"""A process to be killed while simulations run: Randebu on a database file and a market whose clock runs fast.

Run as `python -m tests.fakes.simulation_driver <folder>`. It gives everybody in `PEOPLE` an account, a bot and a
simulation, once, and makes the file `running`; when there is a file `finish`, and the simulations have had `CANDLES`
candles, it stops them and ends. What it delivers is appended to `<folder>/outbox.jsonl`.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from bot.accounts.identity import identify
from bot.app import STEPPING_WARM_UP, Randebu
from bot.messages import ChatAddress, Command, Incoming, Sender
from bot.settings import Settings
from bot.tools.strategies import prepare
from bot.workers import Workers
from storage.people import User
from tests.fakes.kill_driver import FilePlatform
from tests.simulations.living import LIVELY

PEOPLE = {"ann": 0.05, "ben": 0.1, "cid": 0.2}
"""Who has a simulation, and by how many percent the price must move for theirs to trade."""

SPEED = 600.0
CANDLES = 120


def document(name: str) -> dict[str, object]:
    """The bot of somebody."""
    percent = PEOPLE[name]
    buys, sells = LIVELY["rules"]
    return {
        **LIVELY,
        "name": name,
        "rules": [
            {**buys, "when": {**buys["when"], "threshold": percent}},
            {**sells, "when": {**sells["when"], "threshold": percent}},
        ],
    }


async def settled(randebu: Randebu, name: str) -> None:
    """An account with a bot, unless they are there already."""
    now = datetime.now(UTC)
    prepared = await prepare(randebu.services.market, document(name))
    async with randebu.database.unit() as unit:
        identity = await identify(unit, Sender("file", name, name), now)
        assert identity is not None
        if identity.user_id is None:
            user = User(name=name, created_at=now)
            unit.session.add(user)
            await unit.session.flush()
            identity.user_id = user.id
        await unit.trading.add_bot(identity.owner, name, prepared.document(name), f"bot:{name}", now)


async def say(randebu: Randebu, name: str, line: str) -> None:
    """Give a command, which a repetition does not give again."""
    command, _, arguments = line.partition(" ")
    address = ChatAddress("file", name)
    incoming = Incoming(
        f"{name}:{line}", address, Sender("file", name, name), datetime.now(UTC), Command(command, arguments)
    )
    await randebu.receive(incoming)
    await randebu.answered(address)


async def fewest_candles(randebu: Randebu) -> int:
    """How many candles the simulation that has had the fewest has had."""
    async with randebu.database.view() as view:
        feeds = await view.simulations.feeds_in_use()
        running = [each for feed, _, _ in feeds for each in await view.simulations.running_on(feed)]
    return min(((each.next_start or each.start) - each.start) // 60 for each in running)


async def until_finished(randebu: Randebu, finish: Path) -> None:
    """Wait for the file, and for enough candles."""
    while True:
        if await asyncio.to_thread(finish.exists) and await fewest_candles(randebu) >= CANDLES:
            return
        await asyncio.sleep(0.05)


async def main(folder: Path) -> None:
    """Run until told to finish."""
    settings = Settings(data_dir=folder, synthetic_speed=SPEED)
    workers = Workers(1, warm_up=STEPPING_WARM_UP)
    randebu = Randebu(settings, workers=workers)
    randebu.attach(FilePlatform(folder / "outbox.jsonl"))
    await randebu.start()
    for name in PEOPLE:
        await settled(randebu, name)
        await say(randebu, name, f"simulate start {name} 1m 500")
    (folder / "running").touch()
    await until_finished(randebu, folder / "finish")
    for name in PEOPLE:
        await say(randebu, name, f"simulate stop {name}")
    await randebu.close()
    await workers.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
