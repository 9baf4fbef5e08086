"""A process that writes pairs, saying each number once it is committed, until it is killed: `python -m … URL`.

With a second argument it stops for ever in the middle of the unit of that number, after a line "inside".
"""

from __future__ import annotations

import asyncio
import itertools
import sys

from storage.database import Database
from tests.storage.rows import accepted


async def write(url: str, stop_inside: int) -> None:
    database = await Database.open(url)
    for number in itertools.count():
        async with database.unit() as unit:
            await accepted(unit, f"{number} first")
            if number == stop_inside:
                print("inside", flush=True)
                await asyncio.Event().wait()
            await accepted(unit, f"{number} second")
        print(number, flush=True)


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else -1))
