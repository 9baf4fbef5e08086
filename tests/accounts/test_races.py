"""Accounts while other things happen at the same instant: nothing is lost, nothing is owned twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.accounts.codes import MOST_WRONG, new_code
from bot.accounts.identity import identify
from bot.accounts.linking import count_wrong_code, guard, join, link_digest, make_code
from bot.accounts.privacy import forget_person
from bot.accounts.signing_up import invitation_digest, open_account
from bot.errors import Refused
from bot.messages import ChatAddress, Sender
from storage.conversations import Conversation
from storage.database import Database, Unit
from storage.journal import Turn
from storage.people import AnonymousUser, Owner, PlatformIdentity, User
from storage.trading import NameTaken, TradingBot
from tests.databases import KINDS, ready_database
from tests.storage.rows import START, accepted, turn

PLACE = ChatAddress("fake", "here")


@dataclass
class Two:
    """One database as two processes see it."""

    one: Database
    other: Database

    def at(self, number: int) -> Database:
        """One of the two, in turn."""
        return self.other if number % 2 else self.one


@pytest.fixture(params=KINDS)
async def two(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Two]:
    url = await ready_database(request.param, tmp_path)
    one, other = await Database.open(url), await Database.open(url)
    yield Two(one, other)
    await one.close()
    await other.close()


def sender(name: str) -> Sender:
    return Sender("fake", name, name.title())


async def person(database: Database, name: str) -> Owner:
    async with database.unit() as unit:
        identity = await identify(unit, sender(name), START)
        assert identity is not None
        return identity.owner


async def account(database: Database, name: str) -> Owner:
    owner = await person(database, name)
    async with database.unit() as unit:
        await open_account(unit, owner, name, START)
        return (await unit.people.standing(owner)).owner


async def stores(database: Database, owner: Owner, number: int) -> None:
    """Write down a conversation, a turn and a bot for an owner as they were known before."""
    async with database.unit() as unit:
        conversation = await unit.conversations.begin(owner, "fake", f"chat {number}", "", START)
        await unit.journal.add_turn(turn(conversation, owner))
        bot = await unit.trading.add_bot(owner, f"bot {number}", {}, f"call {owner} {number}", START)
        await unit.trading.begin_backtest(owner, bot, 1, {}, f"test {owner} {number}", START)


async def owners(database: Database) -> dict[str, set[tuple[str | None, str | None]]]:
    """To whom rows belong, by table: the account, or else the token."""
    found = {}
    async with database.view() as view:
        for model in (Conversation, Turn, TradingBot, PlatformIdentity):
            rows = await view.session.execute(select(model.user_id, model.anonymous_token))
            found[model.__tablename__] = {(user, None if user else token) for user, token in rows.all()}
    return found


async def count(database: Database, model: type[TradingBot] | type[User]) -> int:
    async with database.view() as view:
        return await view.session.scalar(select(func.count()).select_from(model)) or 0


async def test_what_is_stored_while_somebody_signs_up_goes_to_their_account(two: Two) -> None:
    alice = await person(two.one, "alice")

    async def sign_up() -> None:
        async with two.other.unit() as unit:
            await open_account(unit, alice, "Alice", START)

    await asyncio.gather(
        *(stores(two.at(number), alice, number) for number in range(4)),
        sign_up(),
        *(stores(two.at(number), alice, number) for number in range(4, 8)),
    )
    async with two.one.view() as view:
        mine = (await view.people.standing(alice)).owner
        assert len(await view.trading.bots(alice)) == len(await view.trading.bots(mine)) == 8
    assert mine.user_id is not None
    assert all(found == {(mine.user_id, None)} for found in (await owners(two.one)).values())


async def test_what_is_stored_while_two_accounts_become_one_goes_to_that_one(two: Two) -> None:
    here, there = await account(two.one, "alice"), await account(two.one, "ally")

    async def merge() -> None:
        async with two.other.unit() as unit:
            assert await join(unit, there, here) is not None

    await asyncio.gather(
        *(stores(two.at(number), there, number) for number in range(4)),
        merge(),
        *(stores(two.at(number), there, number + 10) for number in range(4)),
        *(stores(two.at(number), here, number + 20) for number in range(4)),
    )
    assert all(found == {(here.user_id, None)} for found in (await owners(two.one)).values())
    assert await count(two.one, TradingBot) == 12


async def test_names_that_meet_at_the_same_instant_are_kept_apart(two: Two) -> None:
    here, there = await account(two.one, "alice"), await account(two.one, "ally")
    await stores(two.one, there, 1)

    async def makes_the_same() -> bool:
        try:
            await stores(two.one, here, 1)
        except NameTaken:
            return False
        return True

    async def merge() -> None:
        async with two.other.unit() as unit:
            await join(unit, there, here)

    made, _ = await asyncio.gather(makes_the_same(), merge())
    async with two.one.view() as view:
        names = sorted(each.name for each in await view.trading.bots(here))
    assert names == (["bot 1", "bot 1 (2)"] if made else ["bot 1"])


async def test_signing_up_many_times_at_once_makes_one_account(two: Two) -> None:
    alice = await person(two.one, "alice")

    async def sign_up(number: int) -> bool:
        try:
            async with two.at(number).unit() as unit:
                await open_account(unit, alice, "Alice", START)
        except Refused:
            return False
        return True

    done = await asyncio.gather(*(sign_up(number) for number in range(6)))
    assert done.count(True) == await count(two.one, User) == 1


async def test_of_many_with_one_code_one_gets_in(two: Two) -> None:
    alice = await account(two.one, "alice")
    strangers = [await person(two.one, f"stranger {number}") for number in range(6)]
    async with two.one.unit() as unit:
        code, _ = await make_code(unit, alice, PLACE, START)

    async def enter(number: int, stranger: Owner) -> bool:
        async with two.at(number).unit() as unit:
            if not await unit.accounts.use_link_code(link_digest(code), START):
                return False
            return await join(unit, stranger, alice) is not None

    entered = await asyncio.gather(*(enter(*each) for each in enumerate(strangers)))
    assert entered.count(True) == 1
    async with two.one.view() as view:
        assert len(await view.people.identities(alice)) == 2


async def test_of_many_with_one_invitation_one_is_invited(two: Two) -> None:
    digest = invitation_digest(new_code())
    async with two.one.unit() as unit:
        await unit.accounts.invite(digest, START)

    async def enter(number: int) -> bool:
        async with two.at(number).unit() as unit:
            return await unit.accounts.use_invitation(digest, START)

    entered = await asyncio.gather(*(enter(number) for number in range(6)))
    assert entered.count(True) == 1


async def test_two_accounts_that_take_each_other_in_become_one(two: Two) -> None:
    here, there = await account(two.one, "alice"), await account(two.one, "ally")

    async def merge(database: Database, source: Owner, target: Owner) -> bool:
        async with database.unit() as unit:
            return await join(unit, source, target) is not None

    merged = await asyncio.gather(merge(two.one, here, there), merge(two.other, there, here))
    assert sorted(merged) == [False, True]
    async with two.one.view() as view:
        one, other = await view.people.standing(here), await view.people.standing(there)
        assert one.owner == other.owner
        assert len(await view.people.identities(here)) == 2


async def test_an_account_of_accounts_is_found_under_every_former_name(two: Two) -> None:
    accounts = [await account(two.one, name) for name in ("ann", "ben", "cid")]
    for source, target in ((0, 1), (1, 2)):
        async with two.one.unit() as unit:
            assert await join(unit, accounts[source], accounts[target]) is not None
    await stores(two.one, accounts[0], 1)
    async with two.one.view() as view:
        for each in accounts:
            assert (await view.people.standing(each)).owner == accounts[2]
            assert len(await view.trading.bots(each)) == 1
            assert len(await view.people.identities(each)) == 3
        traces = await view.forgetting.traces(accounts[2])
    assert (len(traces.users), len(traces.tokens), len(traces.identities)) == (3, 3, 3)


async def test_guesses_at_the_same_instant_lock_like_others(two: Two) -> None:
    mallory = await person(two.one, "mallory")

    async def guess(number: int) -> bool:
        async with two.at(number).unit() as unit:
            if await guard(unit, mallory, sender("mallory"), START) is not None:
                return False
            await count_wrong_code(unit, mallory, START)
            return True

    judged = await asyncio.gather(*(guess(number) for number in range(12)))
    assert judged.count(True) == MOST_WRONG


async def test_whoever_writes_while_they_are_forgotten_is_forgotten_or_somebody_new(two: Two) -> None:
    alice = await person(two.one, "alice")
    await stores(two.one, alice, 1)

    async def write(number: int) -> None:
        async with two.at(number).unit() as unit:
            identity = await identify(unit, sender("alice"), START)
            assert identity is not None
            await unit.conversations.begin(identity.owner, "fake", f"new {number}", "", START)

    async def forget() -> None:
        async with two.other.unit() as unit:
            await forget_person(unit, alice, 0, START)

    await asyncio.gather(*(write(number) for number in range(3)), forget(), *(write(n) for n in range(3, 6)))
    known = await people(two.one)
    assert alice.anonymous_token not in known
    assert {token for _, token in (await owners(two.one))["conversations"] if token} <= set(known)


async def people(database: Database) -> Sequence[str]:
    async with database.view() as view:
        return (await view.session.scalars(select(AnonymousUser.id))).all()


async def test_a_chat_that_is_charged_while_somebody_signs_up_is_theirs(two: Two) -> None:
    alice = await person(two.one, "alice")

    async def charge(number: int) -> None:
        async with two.at(number).unit() as unit:
            row = await accepted(unit, f"message {number}")
            await unit.people.add_chat_use(row.id, alice, START)

    async def sign_up() -> None:
        async with two.other.unit() as unit:
            await open_account(unit, alice, "Alice", START)

    await asyncio.gather(*(charge(n) for n in range(4)), sign_up(), *(charge(n) for n in range(4, 8)))
    async with two.one.unit() as unit:
        assert await chats_of(unit) == {(await unit.people.standing(alice)).owner.user_id}


async def chats_of(unit: Unit) -> set[str | None]:
    from storage.people import ChatUse

    return set((await unit.session.scalars(select(ChatUse.user_id))).all())


async def test_a_sign_up_waits_for_whoever_stores_something_for_that_person(two: Two) -> None:
    alice = await person(two.one, "alice")

    async def sign_up() -> None:
        async with two.other.unit() as unit:
            await open_account(unit, alice, "Alice", START)

    async with two.one.unit() as unit:
        await unit.people.hold(alice)
        signing_up = asyncio.create_task(sign_up())
        done, _ = await asyncio.wait({signing_up}, timeout=0.3)
        assert not done
        await unit.trading.add_bot(alice, "dip", {}, "call", START)
    await signing_up
    async with two.one.view() as view:
        mine = (await view.people.standing(alice)).owner
    assert (await owners(two.one))["bots"] == {(mine.user_id, None)}
