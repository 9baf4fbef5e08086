"""Where something was said last."""

from __future__ import annotations

from datetime import timedelta

from storage.database import Database
from tests.storage.rows import START, somebody


async def test_the_latest_chats_come_first_and_each_once(database: Database) -> None:
    async with database.unit() as unit:
        owner = await somebody(unit)
        for hours, (platform, chat, thread) in enumerate(
            [
                ("discord", "old", ""),
                ("discord", "both", "@1"),
                ("discord", "both", ""),
                ("other", "else", ""),
            ]
        ):
            await unit.conversations.begin(owner, platform, chat, thread, START + timedelta(hours=hours))
    async with database.view() as view:
        assert list(await view.conversations.recent_chats("discord", 50)) == ["both", "old"]
        assert list(await view.conversations.recent_chats("discord", 1)) == ["both"]
