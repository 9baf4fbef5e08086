"""What a person may rely on, wherever they talk to Randebu."""

from __future__ import annotations

import pytest

from bot.jobs.approvals import expire_approvals
from bot.messages import (
    Action,
    Choice,
    File,
    Notice,
    Option,
    Outgoing,
    Picture,
    Progress,
    Settled,
    TextFinal,
    TextGrowing,
    ToolStarted,
)
from tests.contracts.conftest import OpenHarness
from tests.contracts.harness import Harness, Seen
from tests.fakes.slow_model import SlowModel
from tests.stories.test_first_bot import DIP

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\x9cc\xf8\xff\xff?\x00\x05\xfe\x02\xfe\xa75\x81\x84\x00\x00\x00\x00IEND\xaeB`\x82"
)


def words(seen: list[Seen]) -> str:
    """Everything that can be read; a platform may show Markdown's stars or not."""
    return "\n".join(each.text for each in seen).replace("*", "")


def letters(text: str) -> str:
    return "".join(letter for letter in text if letter.isalnum())


def comes_in_order(parts: list[str], text: str) -> bool:
    position = 0
    for part in parts:
        position = text.find(part, position)
        if position < 0:
            return False
        position += len(part)
    return True


async def test_each_kind_of_reply_arrives(harness: Harness) -> None:
    alice = harness.somebody("Alice")
    seen = await harness.emits(
        alice,
        TextFinal("an *answer*"),
        Notice("a notice"),
        Picture("chart.png", PNG, "a picture"),
        File("trades.csv", b"time,price\n", "a file"),
        Choice("abcdefghjk", "a question", (Option("Yes", "yes"), Option("No", "no"))),
    )
    for at, expected in enumerate(("an answer", "a notice", "a picture", "a file", "a question")):
        assert expected in words([seen[at]])
    assert seen[2].attachment == PNG
    assert seen[3].attachment == b"time,price\n"
    assert {"Yes", "No"} <= set(alice.buttons())


@pytest.mark.parametrize(
    "markdown",
    [
        "<BTC> up, $5 to $10, a & b &amp; c",
        "**bold** _soft_ `code <x>` [link](https://example.org/a)",
        "```py\nif a < b and c > d:\n    pass\n```",
        "| token | price |\n|---|---|\n| PEPE | 1.234e-6 |",
        "[^1]: a note\n\n[ref]: https://example.org\n\n<div>\nhtml\n</div>",
        "2 * 3 * 4 and snake_case_name and ~tilde~ and 100 %",
        "日本語 😀 naïve",
    ],
)
async def test_no_letter_of_an_answer_is_lost(harness: Harness, markdown: str) -> None:
    alice = harness.somebody("Alice")
    shown = words(await harness.emits(alice, TextFinal(markdown)))
    left = list(letters(shown))
    for letter in letters(markdown.replace("```py", "").replace("https://example.org/a", "")):
        assert letter in left, (letter, shown)
        left.remove(letter)


async def test_a_long_answer_arrives_whole_and_in_order(harness: Harness) -> None:
    alice = harness.somebody("Alice")
    parts = [f"Paragraph{number} " + "word " * 60 for number in range(30)]
    parts[7] = "```\n" + "\n".join(f"line{number} = {number}" for number in range(40)) + "\n```"
    seen = await harness.emits(alice, TextFinal("\n\n".join(parts)))
    shown = letters(words(seen))
    marks = [f"Paragraph{number}word" for number in range(7)] + ["line00", "line3939", "Paragraph8word"]
    assert comes_in_order([*marks, "Paragraph29word"], shown)
    assert shown.count("word") == 29 * 60
    if harness.longest is not None:
        assert all(len(each.text) <= harness.longest for each in seen)


async def test_an_answer_is_never_cut_inside_of_its_code(harness: Harness) -> None:
    if harness.longest is None:
        pytest.skip("Nothing has to be cut here.")
    alice = harness.somebody("Alice")
    lines = harness.longest // 20
    code = "\n".join(f"line{number} = {number}  # {'x' * 30}" for number in range(lines))
    seen = await harness.emits(alice, TextFinal(f"Before.\n\n```py\n{code}\n```\n\nAfter."))
    for each in seen:
        assert each.text.count("```") % 2 == 0
        assert not any(line.startswith("x") for line in each.text.splitlines())
    assert comes_in_order(
        ["Before.", *(f"line{number} = {number}" for number in range(lines)), "After."], words(seen)
    )


async def test_an_endless_answer_arrives_whole(harness: Harness) -> None:
    alice = harness.somebody("Alice")
    parts = [f"Paragraph{number} " + "word " * 100 for number in range(120)]
    seen = await harness.emits(alice, TextFinal("\n\n".join(parts)))
    everything = words(seen) + "".join((each.attachment or b"").decode() for each in seen)
    assert comes_in_order([f"Paragraph{number} " for number in range(120)], everything)


async def test_what_is_said_stays_in_order(harness: Harness) -> None:
    alice = harness.somebody("Alice")
    seen = await harness.emits(alice, *(Notice(f"number {number}.") for number in range(8)))
    assert comes_in_order([f"number {number}." for number in range(8)], words(seen))


async def test_one_chat_does_not_hold_up_another(open_harness: OpenHarness) -> None:
    slow = SlowModel()
    async with open_harness(slow.model) as harness:
        if not harness.has_groups:
            pytest.skip("There is only one chat.")
        alice, bob = harness.somebody("Alice"), harness.somebody("Bob")
        await alice.writes("tell me a story")
        await slow.begun.wait()
        assert "/backtest" in words(await bob.says("/help"))
        slow.end()


async def test_messages_are_answered_in_their_order(harness: Harness) -> None:
    alice = harness.somebody("Alice")
    for token in ("PEPE", "CAKE", "DOGE"):
        await alice.writes(f"/price {token}")
    assert comes_in_order(["PEPE", "CAKE", "DOGE"], words(await alice.reads()))


async def test_passing_words_never_stand_in_the_way(harness: Harness) -> None:
    alice = harness.somebody("Alice")
    show = harness.randebu.outbox.show
    for number in range(50):
        show(alice.address, TextGrowing("a", "a" * number))
        show(alice.address, ToolStarted("get_price", "Looking"))
        show(alice.address, Progress("Testing", number / 50))
    seen = await harness.emits(alice, TextFinal("the whole answer"))
    assert seen[-1].text == "the whole answer"


async def test_a_button_decides_once(harness: Harness) -> None:
    alice = harness.somebody("Alice")
    await alice.says(DIP)
    assert {"Create", "Cancel"} <= set(alice.buttons())

    await alice.presses("Create")
    seen = await alice.reads()
    assert not {"Create", "Cancel"} & set(alice.buttons())
    assert any("Create — Alice" in each.text for each in seen)
    assert words(seen).count("Created PEPE dip") == 1


async def test_two_presses_at_once_do_it_once(harness: Harness) -> None:
    alice = harness.somebody("Alice")
    await alice.says(DIP)
    await alice.presses("Create")
    await alice.presses("Create")
    seen = words(await alice.reads())
    assert seen.count("Created PEPE dip") == 1
    assert seen.count("Create — Alice") == 1


async def test_cancel_and_stop_refuse_a_question(harness: Harness) -> None:
    alice = harness.somebody("Alice")
    await alice.says(DIP)
    await alice.presses("Cancel")
    assert "Cancel — Alice" in words(await alice.reads())
    await alice.says(DIP)
    await alice.says("/stop")
    seen = words(await alice.reads())
    assert "Stopped." in seen
    assert "Created PEPE dip" not in seen
    assert not {"Create", "Cancel"} & set(alice.buttons())


async def test_something_else_refuses_a_question_and_is_answered(harness: Harness) -> None:
    alice = harness.somebody("Alice")
    await alice.says(DIP)
    seen = words(await alice.says("what is the price of CAKE?"))
    assert "CAKE" in seen
    assert not {"Create", "Cancel"} & set(alice.buttons())
    assert "Not done: Alice went on to something else." in words(await alice.reads())


async def test_a_settled_question_says_what_was_decided(harness: Harness) -> None:
    alice = harness.somebody("Alice")
    await harness.emits(alice, Choice("abcdefghjk", "Really?", (Option("Yes", "yes"), Option("No", "no"))))
    seen = await harness.emits(alice, Settled("abcdefghjk", "Really?\n\n*Yes — Alice*"), Notice("and on"))
    assert comes_in_order(["Really?", "Yes — Alice", "and on"], words(seen))
    assert not {"Yes", "No"} & set(alice.buttons())


@pytest.mark.parametrize("typed", ["1", "yes", "Create"])
async def test_a_typed_answer_counts_as_well(harness: Harness, typed: str) -> None:
    alice = harness.somebody("Alice")
    await alice.says(DIP)
    answer = await alice.says(typed)
    assert "Created PEPE dip" in words(answer)
    assert not {"Create", "Cancel"} & set(alice.buttons())


async def test_only_the_asker_decides(harness: Harness) -> None:
    if not harness.has_groups:
        pytest.skip("There is nobody else.")
    alice, mallory = harness.somebody("Alice", "traders"), harness.somebody("Mallory", "traders")
    await alice.says(DIP)
    await mallory.presses("Create")
    seen = await mallory.reads()
    assert "Only Alice can answer this" in words(seen)
    assert "Create" in alice.buttons()
    await alice.presses("Create")
    assert "Created PEPE dip" in words(await alice.reads())


async def test_a_question_expires_and_can_be_asked_again(harness: Harness) -> None:
    alice = harness.somebody("Alice")
    await alice.says(DIP)
    harness.clock.move(minutes=31)
    await expire_approvals(harness.randebu.services, harness.randebu.outbox)
    seen = await alice.reads()
    assert "has expired after 30 minutes" in words(seen)
    assert "Create" not in alice.buttons()

    await alice.presses("Try again")
    await alice.reads()
    assert "Create" in alice.buttons()
    await alice.presses("Create")
    assert "Created PEPE dip" in words(await alice.reads())


async def test_stop_ends_the_answer_and_keeps_what_was_said(open_harness: OpenHarness) -> None:
    slow = SlowModel()
    async with open_harness(slow.model) as harness:
        alice = harness.somebody("Alice")
        await alice.writes("tell me a story")
        slow.say("Once upon a time ")
        await slow.begun.wait()
        await alice.writes("/stop")
        seen = await alice.reads()
        assert "Stopped." in seen[-1].text
        slow.say("The end.")
        slow.end()
        answer = await alice.says("and now?")
        assert answer[-1].text == "The end."


async def test_a_message_that_comes_twice_is_answered_once(harness: Harness) -> None:
    alice = harness.somebody("Alice")
    await alice.says("/price PEPE")
    before = await alice.reads()
    for _ in range(3):
        await alice.comes_again()
    assert await alice.reads() == before


async def test_a_press_after_the_time_is_refused(harness: Harness) -> None:
    alice = harness.somebody("Alice")
    await alice.says(DIP)
    harness.clock.move(minutes=31)
    if harness.name != "terminal":  # what is typed there is no press any more, but a word like any other
        await alice.presses("Create")
        assert "has expired" in words(await alice.reads())
    await expire_approvals(harness.randebu.services, harness.randebu.outbox)
    assert "Created PEPE dip" not in words(await alice.reads())
    assert not {"Create", "Cancel"} & set(alice.buttons())


async def test_a_question_outlives_a_restart(open_harness: OpenHarness) -> None:
    async with open_harness() as harness:
        before = harness.somebody("Alice")
        await before.says(DIP)
    async with open_harness() as harness:
        alice = harness.somebody("Alice")
        if alice.address != before.address:
            pytest.skip("This is another Alice.")
        assert "Created PEPE dip" in words(await alice.says("yes"))


async def test_a_button_can_speak_for_the_person(harness: Harness) -> None:
    alice = harness.somebody("Alice")
    long_line = (
        "what is the price of PEPE, please, if you would be so kind as to look it up for me right now?"
    )
    await harness.emits(
        alice, Notice("Try one.", (Action("The help", "/help"), Action("A price", long_line)))
    )
    before = len(await alice.reads())
    await alice.presses("A price")
    assert "PEPE" in words((await alice.reads())[before:])
    await alice.presses("The help")
    assert "/backtest" in words(await alice.reads())


async def test_what_gets_lost_on_its_way_is_sent_again(harness: Harness) -> None:
    if not harness.has_network:
        pytest.skip("Nothing gets lost here.")
    alice = harness.somebody("Alice")
    harness.fail_once()
    await harness.emits(alice, Notice("first"), Notice("second"))
    harness.clock.move(seconds=10)
    harness.randebu.outbox.wake_due()
    seen = await alice.reads()
    assert comes_in_order(["first", "second"], words(seen))


async def test_what_was_not_sent_is_sent_after_a_restart(open_harness: OpenHarness) -> None:
    async with open_harness() as harness:
        alice = harness.somebody("Alice")
        await alice.says("/help")
        async with harness.randebu.database.unit() as unit:
            await harness.randebu.outbox.write(unit, Outgoing(alice.address, Notice("left over")))
        address = alice.address
    async with open_harness() as harness:
        if not harness.has_network:
            assert "left over" in words(await harness.somebody("Alice").reads())
        await harness.randebu.answered(address)
        async with harness.randebu.database.view() as view:
            assert await view.deliveries.next(address.platform, address.chat, address.thread) is None
