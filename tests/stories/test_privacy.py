"""What is stored about a person: all of it goes into their file, and nothing of it is left when they are forgotten.

Both are checked by walking every table for whatever could lead to the person, whatever the tables say of themselves.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.accounts.privacy import forget_person
from bot.messages import Choice, File
from storage.approvals import Approval
from storage.base import Base
from storage.broadcasts import Broadcast
from storage.conversations import Conversation
from storage.faults import Fault
from storage.journal import Turn
from storage.operators import AuditRow
from storage.people import ChatUse, PlatformIdentity
from storage.privacy import Impersonal, Personal
from storage.simulations import Simulation
from storage.trading import Backtest
from tests.conftest import House, OpenHouse
from tests.databases import KINDS, ready_database
from tests.fakes.platform import Chat, words
from tests.simulations.living import LIVELY, make_bot, pass_minutes
from tests.stories.test_accounts import makes_bot
from tests.stories.test_first_bot import DIP
from tests.stories.test_linking import code_of

ALICE, ALLY, BOB, WISHER = "qalice71", "qally82", "qbob93", "qwisher04"

Row = tuple[str, tuple[Any, ...]]


@pytest.fixture(params=KINDS)
async def house(
    request: pytest.FixtureRequest, open_house: OpenHouse, tmp_path: Path
) -> AsyncIterator[House]:
    url = await ready_database(request.param, tmp_path)
    operators = frozenset({("fake", "boss")})
    async with open_house(url=url, anonymous_bots=None, operators=operators) as opened:
        yield opened


def test_every_table_says_what_it_knows_of_people() -> None:
    silent = [
        mapper.class_.__name__
        for mapper in Base.registry.mappers
        if not hasattr(mapper.class_, "__privacy__")
    ]
    assert silent == [], "Declare __privacy__ (storage/privacy.py) beside these tables."


async def rows_with(house: House, *needles: str) -> set[Row]:
    """Every row of every table in which one of some texts stands anywhere, by table and key."""
    found: set[Row] = set()
    async with house.randebu.database.view() as view:
        for table in Base.metadata.sorted_tables:
            for row in (await view.session.execute(select(table))).mappings():
                said = json.dumps(dict(row), default=str, ensure_ascii=False).casefold()
                if any(needle.casefold() in said for needle in needles):
                    found.add((table.name, tuple(row[column.name] for column in table.primary_key)))
    return found


async def needles_of(house: House, *users: str) -> tuple[str, ...]:
    """Whatever could lead to a person: platform user ids, with the names in them, tokens and accounts."""
    async with house.randebu.database.view() as view:
        known = set(users)
        for user in users:
            for identity in await view.people.identities_of_user(user):
                known |= {identity.user_id or user, identity.anonymous_token or user}
                traces = await view.forgetting.traces(identity.owner)
                known |= {*traces.users, *traces.tokens}
    return tuple(known)


async def data_of(person: Chat) -> dict[str, list[dict[str, Any]]]:
    """The tables in somebody's file."""
    (file,) = [reply for reply in await person.says("/mydata") if isinstance(reply, File)]
    document = json.loads(file.content)
    assert document["format"] == "randebu person 1"
    tables: dict[str, list[dict[str, Any]]] = document["tables"]
    return tables


def keys_in(tables: dict[str, list[dict[str, Any]]]) -> set[Row]:
    by_name = Base.metadata.tables
    return {
        (name, tuple(row[column.name] for column in by_name[name].primary_key))
        for name, rows in tables.items()
        for row in rows
    }


async def totals(house: House) -> list[Any]:
    """What operators add up."""
    counted = (
        *(Conversation.id, Turn.id, ChatUse.incoming_id, Backtest.id, Approval.id),
        *(Simulation.id, AuditRow.id, Fault.id, Broadcast.id),
    )
    sums = (Turn.tokens, Turn.cost_usd, Turn.requests, Conversation.turn_count)
    async with house.randebu.database.view() as view:
        found = [await view.session.scalar(select(func.count(column))) for column in counted]
        return found + [await view.session.scalar(select(func.sum(column))) for column in sums]


async def live(house: House) -> tuple[Chat, Chat]:
    """Alice's life with Randebu, on two platforms, alone and among others; and Bob, who is around."""
    alice, ally = house.chat(ALICE), house.chat(ALLY, other=True)
    group, bob = house.chat(ALICE, group="traders"), house.chat(BOB, group="traders")
    await makes_bot(alice, "dip")
    await alice.says("backtest it on 1h candles for the last 30 days")
    await alice.says("/rename plans")
    await alice.says("/export")
    await bob.says("hello everybody")
    await group.says("what is the price of PEPE?")
    await group.says("/bots")
    question = (await group.says(DIP))[-1]
    assert isinstance(question, Choice)
    assert "Only Q" in words(await bob.presses("Create", question))
    await makes_bot(ally, "dip")
    await ally.says("/signup")
    await alice.says("/signup")
    for each in (alice, ally):
        await make_bot(house, each, LIVELY)
        assert "runs: version 1" in words(await each.says("/simulate start Lively"))
    await pass_minutes(house, 10)
    await run_by_operators(house, alice)
    await alice.says("/link AAAA2222")
    await ally.says(f"/link {await code_of(alice)}")
    await ally.presses("Make them one")
    await ally.says("delete dip")
    await bob.says("/bots")
    await house.chat(ALICE, group="club").says("what is the price of CAKE?")
    await house.chat(BOB, group="club").says("and of PEPE?")
    return alice, bob


async def run_by_operators(house: House, alice: Chat) -> None:
    """Whatever operators' tables can hold of somebody: they were looked at, banned for a minute, told of a pause."""
    boss, now = house.chat("boss"), house.clock()
    async with house.randebu.database.view() as view:
        (identity,) = await view.people.identities_of_user(ALICE)
    short = (identity.user_id or "")[:8]
    assert ALICE in words(await boss.says(f"/admin user {short}"))
    await boss.says(f"/admin ban {short} spam 1m")
    assert "banned until" in words(await boss.presses("Ban"))
    await boss.says("/admin audit")
    house.clock.move(minutes=2)
    said = {"place": str(alice.address), "text": ALICE, "traceback": ALICE, "at": now}
    where = {"platform": alice.address.platform, "chat": alice.address.chat, "thread": ""}
    async with house.randebu.database.unit() as unit:
        await unit.operators.told_of_pause("earlier", "fake", ALICE)
        await unit.faults.add(Fault(reference="a", kind="KeyError", **owned(identity), **said))
        await unit.faults.add(Fault(reference="b", kind="delivery", **said))
        begun = Broadcast(
            key="k", text="hello", state="done", platforms="fake", created_at=now, receivers=1, **where
        )
        assert await unit.broadcasts.begin(begun)


def owned(identity: PlatformIdentity) -> dict[str, str | None]:
    return {"user_id": identity.user_id, "anonymous_token": identity.anonymous_token}


async def test_the_file_holds_every_row_that_mentions_them(house: House) -> None:
    alice, _ = await live(house)
    wisher = house.chat(WISHER)
    mentioning = await rows_with(house, *await needles_of(house, ALICE, ALLY))
    assert len(mentioning) > 50
    tables = await data_of(alice)
    missing = mentioning - keys_in(tables)
    # Somebody else's words about a person are not theirs.
    assert missing == set()

    await wisher.says("hello")
    assert BOB not in json.dumps(tables["platform_identities"])
    known = {
        mapper.class_.__tablename__
        for mapper in Base.registry.mappers
        if isinstance(mapper.class_.__privacy__, Personal)
    }
    assert known - set(tables) == {"sign_ups"}, "Let the story above fill these tables too."
    impersonal = {
        mapper.class_.__tablename__
        for mapper in Base.registry.mappers
        if isinstance(mapper.class_.__privacy__, Impersonal)
    }
    assert not impersonal & {table for table, _ in mentioning}


async def test_nothing_is_left_of_somebody_who_is_forgotten_but_bare_numbers(house: House) -> None:
    alice, bob = await live(house)
    await data_of(alice)
    needles, before = await needles_of(house, ALICE, ALLY), await totals(house)
    of_bob = await rows_with(house, *await needles_of(house, BOB)) - await rows_with(house, *needles)
    question = (await alice.says("/forget"))[-1]
    assert isinstance(question, Choice)
    assert "/mydata" in question.text
    assert await rows_with(house, *needles)

    assert "I know nothing about you" in words(await alice.presses("Delete everything"))
    assert await rows_with(house, *needles) == set()
    # The question about forgetting is one more approval.
    before[4] += 1
    assert await totals(house) == before

    assert len(of_bob) > 10
    assert of_bob <= await rows_with(house, *await needles_of(house, BOB))
    club = house.chat(BOB, group="club")
    for place in (bob, club):
        assert "PEPE" in words(await place.says("what is the price of PEPE?"))


async def test_a_wish_for_an_account_is_forgotten_too(open_house: OpenHouse) -> None:
    async with open_house(signup="approval") as house:
        wisher = house.chat(WISHER)
        await wisher.says("/signup")
        needles = await needles_of(house, WISHER)
        assert "sign_ups" in await data_of(wisher)
        await wisher.says("/forget")
        await wisher.presses("Delete everything")
        assert await rows_with(house, *needles) == set()
        async with house.randebu.database.view() as view:
            assert list(await view.accounts.pending()) == []


async def test_who_comes_back_begins_anew_but_has_used_what_they_used(open_house: OpenHouse) -> None:
    async with open_house(anonymous_chats=3) as house:
        alice = house.chat(ALICE)
        await makes_bot(alice, "dip")
        await alice.says("hello")
        await alice.says("/forget")
        await alice.presses("Delete everything")
        assert "no trading bot yet" in words(await alice.says("/bots"))
        usage = words(await alice.says("/usage"))
        assert "2 of 3, 1 left" in usage
        assert "1 of 1, 0 left" in usage
        await alice.says("/forget")
        await alice.presses("Delete everything")
        assert "2 of 3, 1 left" in words(await alice.says("/usage"))


async def test_a_ban_outlives_being_forgotten_until_it_is_lifted(house: House) -> None:
    alice, boss = house.chat(ALICE), house.chat("boss")
    await alice.says("hello")
    async with house.randebu.database.unit() as unit:
        (identity,) = await unit.people.identities_of_user(ALICE)
        # Asked for just before the ban came.
        await unit.operators.ban(identity.owner, "spam", house.clock(), None)
        await forget_person(unit, identity.owner, 0, house.clock())
    async with house.randebu.database.view() as view:
        assert list(await view.people.identities_of_user(ALICE)) == []
    assert "You cannot use Randebu any more" in words(await alice.says("hello"))
    assert await alice.says("hello again") == []
    await boss.says(f"/admin unban fake:{ALICE}")
    assert "cannot use" not in words(await alice.says("hello"))
    async with house.randebu.database.unit() as unit:
        (identity,) = await unit.people.identities_of_user(ALICE)
        await forget_person(unit, identity.owner, 0, house.clock())
    assert "cannot use" not in words(await alice.says("hello"))


async def test_nobody_is_forgotten_while_something_of_theirs_runs(house: House) -> None:
    alice, elsewhere = house.chat(ALICE), house.chat(ALICE, group="traders")
    await makes_bot(alice, "dip")
    await alice.says("/forget")
    async with house.randebu.database.unit() as unit:
        # A message that was accepted and is not yet worked on.
        (row_id,) = [await unfinished(unit, elsewhere)]
    refused = words(await alice.presses("Delete everything"))
    assert "still working" in refused
    assert "/stop" in refused
    async with house.randebu.database.unit() as unit:
        await unit.journal.finish(row_id, house.clock())
    await alice.says("/forget")
    assert "know nothing" in words(await alice.presses("Delete everything"))


async def unfinished(unit: Any, person: Chat) -> int:
    from tests.storage.rows import accepted

    row = await accepted(
        unit,
        "waiting",
        platform=person.address.platform,
        chat=person.address.chat,
        sender_user=person.sender.user,
        sender_name=person.sender.name,
    )
    return row.id


async def test_a_file_is_not_in_the_next_one(house: House) -> None:
    alice = house.chat(ALICE)
    await alice.says("hello")
    first, second = await data_of(alice), await data_of(alice)
    assert not any(row["kind"] == "File" for row in second["deliveries"])
    assert len(second["deliveries"]) <= len(first["deliveries"]) + 1
