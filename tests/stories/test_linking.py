"""Linking: one person on two platforms, two accounts that become one, and whoever tries with a wrong code."""

from __future__ import annotations

import asyncio
import re

from sqlalchemy import text

from bot.accounts.linking import fact_of_bot
from bot.messages import Choice, Notice
from tests.conftest import House
from tests.fakes.platform import Chat, words
from tests.stories.test_accounts import makes_bot

_CODE = re.compile(r"`([A-Z2-9]{8})`")


async def code_of(person: Chat) -> str:
    """A fresh code for somebody's account."""
    found = _CODE.search(words(await person.says("/link")))
    assert found is not None
    return found[1]


async def linked(house: House) -> tuple[Chat, Chat]:
    """Alice with an account, on two platforms."""
    here, there = house.chat("alice"), house.chat("ally", other=True)
    await here.says("/signup")
    await there.says(f"/link {await code_of(here)}")
    return here, there


async def test_the_other_platform_brings_its_things_along(house: House) -> None:
    await house.randebu.note(fact_of_bot("telegram"), {"name": "randebu_bot"})
    here, there = house.chat("alice"), house.chat("ally", other=True)
    await makes_bot(here, "dip")
    await makes_bot(there, "Dip")
    await here.says("/signup")
    offered = words(await here.says("/link"))
    found = re.search(r"https://t\.me/randebu_bot\?start=link_([A-Z2-9]{8})", offered)
    assert found is not None
    assert _CODE.findall(offered) == [found[1]]
    assert f"On Discord: `/link {found[1]}`" in offered

    said = words(await there.says(f"/link {found[1].lower()[:4]}-{found[1][4:]}"))
    assert "1 conversation and 1 bot" in said
    assert "**Dip** is now called **Dip (2)**" in said
    for person in (here, there):
        bots = words(await person.says("/bots"))
        assert "dip" in bots
        assert "Dip (2)" in bots
    assert "Other: Ally" in words(await here.says("/account"))
    told = [reply.text for reply in here.everything() if isinstance(reply, Notice)]
    assert any("If that was not you: /unlink other:ally" in each for each in told)


async def test_a_code_works_once_and_for_ten_minutes(house: House) -> None:
    alice, bob, cid = house.chat("alice"), house.chat("bob", other=True), house.chat("cid", other=True)
    await alice.says("/signup")
    code = await code_of(alice)
    assert "Linked" in words(await bob.says(f"/link {code}"))
    assert "opens nothing" in words(await cid.says(f"/link {code}"))

    late = await code_of(alice)
    house.clock.move(minutes=10)
    assert "opens nothing" in words(await cid.says(f"/link {late}"))
    older, newer = await code_of(alice), await code_of(alice)
    assert "opens nothing" in words(await cid.says(f"/link {older}"))
    assert "Linked" in words(await cid.says(f"/link {newer}"))


async def test_five_wrong_codes_lock_for_an_hour(house: House) -> None:
    alice, mallory = house.chat("alice"), house.chat("mallory", other=True)
    await alice.says("/signup")
    for _ in range(4):
        assert "locked" not in words(await mallory.says("/link AAAA2222"))
    assert "locked for you until 13:00 UTC" in words(await mallory.says("/link BBBB2222"))
    code = await code_of(alice)
    house.clock.move(minutes=9)
    assert "locked" in words(await mallory.says(f"/link {code}"))
    assert "Linked" in words(await house.chat("ally", other=True).says(f"/link {code}"))

    await mallory.says("/forget")
    await mallory.presses("Delete everything")
    assert "locked" in words(await mallory.says("/link AAAA2222"))
    house.clock.move(minutes=52)
    assert "opens nothing" in words(await mallory.says("/link AAAA2222"))


async def test_slow_guesses_lock_nothing(house: House) -> None:
    mallory = house.chat("mallory")
    for _ in range(8):
        assert "locked" not in words(await mallory.says("/link AAAA2222"))
        house.clock.move(minutes=3)


async def test_a_code_that_a_group_has_read_is_worth_nothing(house: House) -> None:
    alice = house.chat("alice")
    await alice.says("/signup")
    code = await code_of(alice)
    overheard = words(await house.chat("alice", group="traders").says(f"/link {code}"))
    assert "private chat" in overheard
    assert "no longer works" in overheard
    assert "opens nothing" in words(await house.chat("mallory", other=True).says(f"/link {code}"))


async def test_without_an_account_there_is_nothing_to_let_into(house: House) -> None:
    assert "/signup" in words(await house.chat("alice").says("/link"))


async def test_no_code_is_stored_as_it_is_typed(house: House) -> None:
    alice, bob = house.chat("alice"), house.chat("bob", other=True)
    await alice.says("/signup")
    code = await code_of(alice)
    assert not await places_of(house, code)
    await bob.says("/signup")
    await bob.says(f"/link {code}")
    assert not await places_of(house, code)
    await bob.presses("Make them one")
    assert not await places_of(house, code)


async def places_of(house: House, needle: str) -> list[str]:
    """The tables in which a text stands anywhere."""
    found = []
    async with house.randebu.database.view() as view:
        tables = (
            await view.session.execute(text("SELECT name FROM sqlite_master WHERE type='table'"))
        ).scalars()
        for table in tables.all():
            rows = (await view.session.execute(text(f'SELECT * FROM "{table}"'))).all()  # noqa: S608
            if any(needle in str(row) for row in rows):
                found.append(table)
    return found


async def test_two_accounts_become_one_after_a_question(house: House) -> None:
    here, there = house.chat("alice"), house.chat("ally", other=True)
    for person in (here, there):
        await person.says("/signup")
        await makes_bot(person, "dip")
    question = (await there.says(f"/link {await code_of(here)}"))[-1]
    assert isinstance(question, Choice)
    assert "1 bot" in question.text
    assert "They become one" in question.text
    assert "dip (2)" not in words(await here.says("/bots"))

    assert "**dip** is now called **dip (2)**" in words(await there.presses("Make them one"))
    for person in (here, there):
        assert "dip (2)" in words(await person.says("/bots"))
        assert "2 of 3" in words(await person.says("/account"))


async def test_a_question_about_two_accounts_that_is_refused_changes_nothing(house: House) -> None:
    here, there = house.chat("alice"), house.chat("ally", other=True)
    await here.says("/signup")
    await there.says("/signup")
    await there.says(f"/link {await code_of(here)}")
    await there.presses("Cancel")
    assert "Ally" not in words(await here.says("/account"))


async def test_the_code_may_run_out_before_the_yes(house: House) -> None:
    here, there = house.chat("alice"), house.chat("ally", other=True)
    await here.says("/signup")
    await there.says("/signup")
    await there.says(f"/link {await code_of(here)}")
    house.clock.move(minutes=11)
    assert "run out" in words(await there.presses("Make them one"))
    assert "Ally" not in words(await here.says("/account"))


async def test_two_people_with_one_code_at_the_same_instant(house: House) -> None:
    alice = house.chat("alice")
    await alice.says("/signup")
    code = await code_of(alice)
    bob, cid = house.chat("bob", other=True), house.chat("cid", other=True)
    await asyncio.gather(bob.sends(f"/link {code}"), cid.sends(f"/link {code}"))
    answers = words(await bob.reads() + await cid.reads())
    assert answers.count("Linked") == 1
    assert answers.count("opens nothing") == 1
    assert words(await alice.says("/account")).count("Other:") == 1


async def test_what_leaves_an_account_begins_anew_and_wins_nothing(house: House) -> None:
    here, there = house.chat("alice"), house.chat("ally", other=True)
    await makes_bot(there, "dip")
    await here.says("/signup")
    await there.says(f"/link {await code_of(here)}")
    await there.says("what is the price of PEPE?")
    await here.says("/unlink other")
    assert "no longer in your account" in words(await here.presses("Unlink"))

    assert "no trading bot yet" in words(await there.says("/bots"))
    usage = words(await there.says("/usage"))
    assert "1 of 1, 0 left" in usage
    assert "dip" in words(await here.says("/bots"))
    assert "PEPE" not in words(await there.says("/chats"))
    assert "only way" in words(await here.says("/unlink 1"))


async def test_a_question_that_waits_where_one_left_can_change_nothing(house: House) -> None:
    here, there = await linked(house)
    await makes_bot(here, "dip")
    await there.says("delete dip")
    question = there.choices()[-1]
    await here.says("/unlink other")
    await here.presses("Unlink")
    assert "already decided" in words(await there.presses(question.options[0].label, question))
    assert "dip" in words(await here.says("/bots"))


async def test_unlinking_asks_which_one(house: House) -> None:
    here, _ = await linked(house)
    said = words(await here.says("/unlink"))
    assert "1. Fake: Alice" in said
    assert "2. Other: Ally" in said
