"""What operators decide: who is kept out, what everybody is told, when nobody is served, how much all may use."""

from __future__ import annotations

import asyncio

from bot.errors import ChatGone
from bot.jobs.broadcasts import LONG, MOST_WAITING, carry_broadcasts
from bot.messages import Choice, Edit, Notice, Progress, TextFinal, Unsupported
from tests.conftest import House
from tests.fakes.platform import words
from tests.operators.conftest import OpenRun
from tests.operators.test_watching import actions_of, id_of
from tests.storage.rows import accepted
from tests.stories.test_first_bot import DIP

BANNED = "You cannot use Randebu until 04 Jun 2026, 12:00 UTC. Reason: spam."


async def ban(house: House, user: str, rest: str = "spam 3d") -> None:
    boss, key = house.chat("boss"), (await id_of(house, user))[:8]
    question = (await boss.says(f"/admin ban {key} {rest}"))[-1]
    assert isinstance(question, Choice)
    await boss.presses("Ban")


async def test_a_banned_person_is_kept_out_of_every_way_in(house: House) -> None:
    alice, boss = house.chat("alice"), house.chat("boss")
    await alice.says(DIP)
    question = alice.choices()[-1]
    await ban(house, "alice")

    assert await alice.says("hello") == [Notice(BANNED)]
    assert await alice.says("/bots") == []
    assert await alice.presses("Create", question) == []
    await alice.does(Edit("m1", "hello"))
    await alice.does(Unsupported("a sticker"))
    assert await alice.reads() == []
    assert await house.chat("alice", group="traders").says("hello") == []
    assert isinstance((await house.chat("bob").says("hello"))[-1], TextFinal)

    house.clock.move(days=1)
    assert await alice.says("/stop") == [Notice(BANNED)]
    await boss.says(f"/admin unban {(await id_of(house, 'alice'))[:8]}")
    assert isinstance((await alice.says("hello"))[-1], TextFinal)


async def test_a_ban_ends_by_itself_and_one_for_good_does_not(house: House) -> None:
    alice, bob = house.chat("alice"), house.chat("bob")
    await alice.says("hello")
    await bob.says("hello")
    await ban(house, "alice")
    await ban(house, "bob", "")
    house.clock.move(days=3)

    assert isinstance((await alice.says("hello"))[-1], TextFinal)
    assert words(await bob.says("hello")).startswith("You cannot use Randebu any more. Only the people")


async def test_a_ban_lasts_over_a_restart(open_run: OpenRun) -> None:
    async with open_run() as house:
        await house.chat("alice").says("hello")
        await ban(house, "alice")
        clock = house.clock
    async with open_run(clock=clock) as house:
        assert await house.chat("alice").says("hello") == [Notice(BANNED)]


async def test_operators_cannot_be_banned_and_a_ban_can_be_thought_over(house: House) -> None:
    alice, boss = house.chat("alice"), house.chat("boss")
    await alice.says("hello")
    await boss.says("hello")
    assert "is an operator" in words(await boss.says("/admin ban fake:boss"))
    await boss.says("/admin ban fake:alice")
    await boss.presses("Cancel")
    assert isinstance((await alice.says("hello"))[-1], TextFinal)
    assert "not banned" in words(await boss.says("/admin unban fake:alice"))


async def test_a_pause_is_told_once_and_what_runs_goes_on(house: House) -> None:
    alice, bob, boss = house.chat("alice"), house.chat("bob"), house.chat("boss")
    await alice.says("hello")
    await boss.says("/admin pause New prices are on their way.")

    assert await alice.says("hello") == [Notice("New prices are on their way.")]
    assert await alice.says("hello?") == []
    assert await alice.says("/help") == []
    assert await bob.says("/help") == [Notice("New prices are on their way.")]
    assert isinstance((await boss.says("hello"))[-1], TextFinal)
    assert "paused since" in words(await boss.says("/admin health"))

    await boss.says("/admin resume")
    assert isinstance((await alice.says("hello"))[-1], TextFinal)
    house.clock.move(minutes=1)
    await boss.says("/admin pause")
    assert "paused for maintenance" in words(await alice.says("hello"))
    assert "There is no pause" in words(
        [*await boss.says("/admin resume"), *await boss.says("/admin resume")]
    )


async def test_a_pause_lasts_over_a_restart_and_is_not_told_twice(open_run: OpenRun) -> None:
    async with open_run() as house:
        await house.chat("boss").says("/admin pause")
        assert len(await house.chat("alice").says("hello")) == 1
        clock = house.clock
    async with open_run(clock=clock) as house:
        assert await house.chat("alice").says("hello") == []
        assert len(await house.chat("bob").says("hello")) == 1


async def test_the_limit_of_everybody_can_be_changed_and_reset(open_run: OpenRun) -> None:
    async with open_run(max_chats_per_5hours=1) as house:
        alice, boss = house.chat("alice"), house.chat("boss")
        await alice.says("hello")
        assert "Rate limited" in words(await alice.says("hello"))
        assert "2 chats in 5 hours" in words(await boss.says("/admin limit system 2"))
        assert isinstance((await alice.says("hello"))[-1], TextFinal)
        assert "Rate limited" in words(await alice.says("hello"))
        await boss.says("/admin limit system none")
        assert isinstance((await alice.says("hello"))[-1], TextFinal)
        assert "no limit" in words(await boss.says("/admin limit"))
        await boss.says("/admin limit system default")
        assert "Rate limited" in words(await alice.says("hello"))
        for wrong in ("system many", "system -1", "alice 5", "system 5 6", "system 99999999999999999999"):
            assert "/admin limit system N" in words(await boss.says(f"/admin limit {wrong}"))


async def moved_in(house: House, count: int) -> None:
    """So many people who have written in private: p0, p1 and so on."""
    async with house.randebu.database.unit() as unit:
        for user in (f"p{number}" for number in range(count)):
            await accepted(unit, user, platform="fake", sender_user=user, chat=f"dm-{user}", state="done")
            await unit.people.add_anonymous("fake", user, "Somebody", house.clock())


async def begin(house: House, text: str) -> None:
    boss = house.chat("boss")
    await boss.says(f"/admin broadcast {text}")
    await boss.presses("Send")


async def carried(house: House) -> None:
    """Let the announcement go on until nothing of it is left."""
    randebu = house.randebu
    while True:
        async with randebu.database.view() as view:
            if not await view.broadcasts.running():
                break
        await carry_broadcasts(randebu.services, randebu.outbox)
        await asyncio.gather(*(randebu.outbox.flushed(each.address) for each in house.platform.delivered))
        await asyncio.sleep(0)


async def test_an_announcement_is_shown_counted_confirmed_and_reported(house: House) -> None:
    boss = house.chat("boss")
    people = [house.chat(name) for name in ("ann", "ben", "cid")]
    for person in people:
        await person.says("/help")
    await house.chat("dan", group="traders").says("/help")
    await ban(house, "cid")
    await boss.reads()

    preview, question = await boss.says("/admin broadcast **New:** prices\nfrom today")
    assert preview == Notice("**New:** prices\nfrom today")
    assert isinstance(question, Choice)
    # Ann, Ben and the boss: Cid is banned, and Dan has only written in a group.
    assert question.text == "Send the message above to 3 people?"
    await boss.presses("Send")
    await carried(house)

    for person, count in zip(people, (1, 1, 0), strict=True):
        assert (await person.reads()).count(preview) == count
    assert words((await boss.reads())[-1:]) == "The announcement is done: 3 delivered."
    assert "3 delivered, 0 failed of 3" in words(await boss.says("/admin broadcast status"))
    assert any(isinstance(each, Progress) for each in house.platform.shown[boss.address])


async def test_an_announcement_waits_for_what_was_written_and_reports_what_is_lost(house: House) -> None:
    await moved_in(house, MOST_WAITING + 10)
    randebu, boss = house.randebu, house.chat("boss")
    await begin(house, "hello")
    house.platform.trouble.extend([ChatGone("blocked"), ChatGone("blocked")])
    async with randebu.database.view() as view:
        (running,) = await view.broadcasts.running()
        assert running.receivers == MOST_WAITING + 11
    await carried(house)
    async with randebu.database.view() as view:
        done = await view.broadcasts.get(running.id)
    assert done is not None
    assert (done.state, done.delivered, done.failed) == ("done", MOST_WAITING + 9, 2)
    assert "2 could not be delivered" in words(await boss.reads())


async def test_a_long_announcement_tells_each_quarter(house: House) -> None:
    await moved_in(house, LONG)
    boss = house.chat("boss")
    await begin(house, "hello")
    await carried(house)
    said = words(boss.everything())
    assert f"of {LONG + 1}, " in said
    assert f"{LONG + 1} delivered." in said


async def test_never_more_than_a_batch_waits(house: House) -> None:
    await moved_in(house, MOST_WAITING + 10)
    await begin(house, "hello")
    randebu = house.randebu
    house.platform.trouble.extend(RuntimeError("away") for _ in range(MOST_WAITING))
    written = 0
    for _ in range(3):
        written += await carry_broadcasts(randebu.services, randebu.outbox)
        async with randebu.database.view() as view:
            (running,) = await view.broadcasts.running()
            assert (await view.broadcasts.fate(running.id)).waiting <= MOST_WAITING
    assert written <= MOST_WAITING + 1


async def test_an_announcement_goes_on_after_a_restart_and_nobody_hears_it_twice(open_run: OpenRun) -> None:
    names = [f"p{number}" for number in range(MOST_WAITING + 5)]
    async with open_run() as house:
        await moved_in(house, len(names))
        await begin(house, "hello all")
        await carry_broadcasts(house.randebu.services, house.randebu.outbox)
        clock, first = house.clock, house.platform
    async with open_run(clock=clock) as house:
        await carried(house)
        for name in [*names, "boss"]:
            await house.chat(name).reads()
        heard = [
            each.address.chat
            for each in [*first.delivered, *house.platform.delivered]
            if each.reply == Notice("hello all") and each.attempt == 1
        ]
        # The boss has also seen the preview.
        assert sorted(heard) == sorted([*(f"dm-{name}" for name in names), "dm-boss", "dm-boss"])


async def test_an_announcement_can_be_stopped(house: House) -> None:
    boss = house.chat("boss")
    await moved_in(house, MOST_WAITING + 5)
    await begin(house, "hello")
    assert "under way" in words(await boss.says("/admin broadcast another one"))
    stop = next(each for each in actions_of(await boss.says("/admin broadcast")) if each.label == "Stop it")
    assert words(await boss.says(stop.line)).startswith("Stopped. ")
    assert await carry_broadcasts(house.randebu.services, house.randebu.outbox) == 0
    assert "No announcement" in words(await boss.says(stop.line))
    assert "stopped" in words(await boss.says("/admin broadcast"))


async def test_an_announcement_that_cannot_be(house: House) -> None:
    boss = house.chat("boss", group="operators")
    assert "Nothing was ever broadcast" in words(await boss.says("/admin broadcast"))
    assert "nobody to send this to" in words(await boss.says("/admin broadcast hello"))
    assert "3,500" in words(await boss.says(f"/admin broadcast {'x' * 3501}"))
