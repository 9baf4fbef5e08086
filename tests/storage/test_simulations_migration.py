"""Bringing a filled database of before to simulations loses no delivery and repeats none of their ids."""

from __future__ import annotations

from datetime import UTC, datetime

from alembic import command
from sqlalchemy import Connection, make_url, text

from storage.database import Database
from storage.deliveries import DeliveryRow
from storage.engines import open_migrator
from storage.schema import alembic_config


def row(text_: str) -> DeliveryRow:
    return DeliveryRow(
        platform="fake",
        chat="a",
        thread="",
        kind="Notice",
        payload={"text": text_},
        state="delivered",
        attempts=1,
        failures=0,
        created_at=datetime(2026, 6, 1, tzinfo=UTC),
    )


async def test_deliveries_survive_and_their_ids_never_come_again(bare_url: str) -> None:
    database = await Database.open(bare_url)
    async with database.unit() as unit:
        for number in range(5):
            await unit.deliveries.add(row(str(number)))
    await database.close()

    def go_back(connection: Connection) -> None:
        command.downgrade(alembic_config(connection), "0004")
        connection.execute(text("DELETE FROM deliveries WHERE id > 3"))

    engine = open_migrator(make_url(bare_url), patience_seconds=10)
    async with engine.begin() as connection:
        await connection.run_sync(go_back)
    await engine.dispose()

    database = await Database.open(bare_url)
    async with database.unit() as unit:
        kept = [await unit.deliveries.get(number) for number in range(1, 6)]
        assert [each and each.payload["text"] for each in kept] == ["0", "1", "2", None, None]
        again = row("new")
        await unit.deliveries.add(again)
        assert again.id == 6
    await database.close()
