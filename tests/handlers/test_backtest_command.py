"""/backtest: what it understands, and what can be asked of a test afterwards."""

from __future__ import annotations

import csv
from io import StringIO

import pytest

from bot.errors import Refused
from bot.handlers.backtest_arguments import Asked, parse
from bot.messages import File, Notice, Picture
from tests.handlers.test_conversations import words
from tests.tools.desk import Desk, Person
from tests.tools.documents import dip


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        ("", Asked()),
        ("15m", Asked(timeframe="15m")),
        ("1d", Asked(timeframe="1d")),
        ("90d", Asked(days=90)),
        ("2w", Asked(days=14)),
        ("15m 90d", Asked(timeframe="15m", days=90)),
        ("90d 15m", Asked(timeframe="15m", days=90)),
        ("PEPE dip", Asked(bot="PEPE dip")),
        ("PEPE dip 1h 30d", Asked(bot="PEPE dip", timeframe="1h", days=30)),
        ("2026-01-01", Asked(start="2026-01-01")),
        ("2026-01-01 2026-03-01", Asked(start="2026-01-01", end="2026-03-01")),
        ("x 4h 2026-01-01 2026-03-01", Asked("x", "4h", None, "2026-01-01", "2026-03-01")),
        ("2026-01-01 7d 15m", Asked(timeframe="15m", days=7, start="2026-01-01")),
        ("12ab34cd 5m", Asked(bot="12ab34cd", timeframe="5m")),
        ("details", Asked(bot="details")),
        ("366d", Asked(days=366)),
        ("PEPE dip 720d", Asked(bot="PEPE dip", days=720)),
        ("2y 4h", Asked(timeframe="4h", days=730)),
        ("2m 30d", Asked(timeframe="2m", days=30)),
        ("1234567d", Asked(bot="1234567d")),
    ],
)
def test_what_is_understood(arguments: str, asked: Asked) -> None:
    assert parse(arguments) == asked


@pytest.mark.parametrize("arguments", ["5m 15m 90d", "2026-01-01 2026-02-01 2026-03-01"])
def test_too_much_is_said_to_be_too_much(arguments: str) -> None:
    with pytest.raises(Refused, match="too much at once"):
        parse(arguments)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("0d", "0d is no length of time"),
        ("PEPE dip -5d", "-5d is no length of time"),
        ("2m", "For 2 months write 60d; for candles of 2 minutes say over how long too, such as 2m 30d"),
        ("3mo", "Write it in days, such as 90d"),
        ("1M", "Write it in days, such as 30d"),
        ("30s", "the shortest candle is 1m"),
        ("99999d", "at most 20,000 days"),
    ],
)
def test_a_length_that_is_none_is_refused_and_is_no_name(arguments: str, sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(arguments)
    assert sentence in str(refused.value)


async def trader(desk: Desk, name: str = "alice") -> Person:
    person = await desk.person(name)
    await person.call("create_bot", strategy=dip())
    return person


async def test_a_test_can_be_looked_at_taken_along_and_repeated(desk: Desk) -> None:
    alice = await trader(desk)
    report, picture = (await alice.commands("/backtest PEPE dip 1h 60d")).replies
    assert isinstance(report, Notice)
    assert isinstance(picture, Picture)
    details, trades, again = (action.line for action in picture.actions)

    assert "synthetic" in words(await alice.commands(details))
    file = (await alice.commands(trades)).replies[0]
    assert isinstance(file, File)
    rows = list(csv.DictReader(StringIO(file.content.decode())))
    assert rows[0]["kind"] == "buy"
    assert file.name.startswith("pepe-dip-")
    assert "synthetic" in file.caption

    which = (await alice.commands(again)).replies[0]
    assert isinstance(which, Notice)
    assert [action.label for action in which.actions] == [
        "7 days",
        "30 days",
        "90 days",
        "A year",
        "The same",
    ]
    week = await alice.commands(which.actions[0].line)
    assert week.result["timeframe"] == "1h"
    assert week.result["data"]["candles"] == 7 * 24
    for dates in ("2026-01-01 2026-01-31", "30m 2026-01-01 2026-01-31"):
        other = await alice.commands(f"{again} {dates}")
        assert other.result["data"]["first"].startswith("2026-01-01")
    with pytest.raises(Refused, match="For which time"):
        await alice.commands(f"{again} whenever")

    repeated = await alice.commands(which.actions[-1].line)
    assert repeated.result["timeframe"] == "1h"
    assert repeated.result["data"]["candles"] == 60 * 24
    assert repeated.result["backtest"] not in again
    assert f"`{repeated.result['backtest']}`" in words(await alice.commands("/bot"))


async def test_a_foreign_backtest_is_as_unknown_as_none(desk: Desk) -> None:
    alice, mallory = await trader(desk), await desk.person("mallory")
    backtest_id = (await alice.commands("/backtest 7d")).result["backtest"]
    for what in ("details", "trades", "again"):
        sentences = []
        for named in (backtest_id, "00000000"):
            with pytest.raises(Refused) as refused:
                await mallory.commands(f"/backtest {what} {named}")
            sentences.append(str(refused.value))
        assert sentences[0] == sentences[1]


async def test_after_its_bot_is_deleted_a_test_can_be_read_but_not_repeated(desk: Desk) -> None:
    alice = await trader(desk)
    backtest_id = (await alice.commands("/backtest 7d")).result["backtest"]
    await alice.call("delete_bot")
    await alice.commands(f"/backtest trades {backtest_id}")
    with pytest.raises(Refused, match="has been deleted"):
        await alice.commands(f"/backtest again {backtest_id}")
