"""Nobody but an operator gets any sign that there are operators' commands, whatever they type or press."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from pydantic import ValidationError

from bot.handlers.commands import suggest
from bot.messages import Action, Answer, Choice, LastingReply, Notice, TextFinal
from tests.conftest import House
from tests.fakes.platform import Chat, words
from tests.operators.conftest import OpenRun
from tests.operators.test_watching import conversation_of, id_of
from tests.stories.test_first_bot import DIP

UNKNOWN = "There is no command /admin. /help lists all of them."
_numbers = itertools.count(1)


@dataclass
class Wish:
    """One thing that only an operator may get: a line that is typed or that a button enters."""

    line: str


async def filled(house: House) -> dict[str, str]:
    """A house in which every operators' command has something to show; what their words want behind them."""
    alice = house.chat("alice")
    await alice.says(DIP)
    await alice.presses("Create")
    person, conversation = (await id_of(house, "alice"))[:8], (await conversation_of(house, alice))[:8]
    return {
        "user": person,
        "ban": f"{person} spam 1d",
        "unban": person,
        "replay": conversation,
        "export": conversation,
        "broadcast": "hello everybody",
        "limit": "system 7",
        "tier": f"{person} pro",
        "quota": f"{person} reset",
        "approve": person,
        "reject": person,
    }


def actions_of(replies: Sequence[LastingReply]) -> list[Action]:
    return [action for reply in replies for action in getattr(reply, "actions", ())]


async def all_wishes(house: House, boss: Chat) -> list[Wish]:
    """Every word of the table with what it wants, and every button that an operator was ever given."""
    given = await filled(house)
    lines = ["/admin", "/admin help"]
    for command in house.randebu.operator_commands():
        lines += [f"/admin {command.name}", f"/admin {command.name} {given.get(command.name, '')}".strip()]
    lines += [
        "/admin errors 00000000",
        "/admin outbox retry 1",
        "/admin outbox drop 1",
        "/admin replay x file",
    ]
    seen = dict.fromkeys(lines)
    for line in lines:
        replies = await boss.says(line)
        assert words(replies).strip() or replies, line
        assert UNKNOWN not in words(replies), line
        seen |= dict.fromkeys(action.line for action in actions_of(replies))
    await boss.says("/admin resume")
    return [Wish(line) for line in seen if line.startswith("/admin")]


@pytest.mark.parametrize("group", [None, "traders"])
async def test_a_stranger_gets_what_an_unknown_command_gets(house: House, group: str | None) -> None:
    boss, eve = house.chat("boss", group=group), house.chat("eve", group=group)
    wishes = await all_wishes(house, boss)
    assert len(wishes) > 2 * len(house.randebu.operator_commands())
    await eve.reads()
    await eve.says("/nothing")
    for wish in wishes:
        before = await rows(house)
        assert await eve.says(wish.line) == [Notice(UNKNOWN)], wish
        assert await rows(house) == before, wish


async def rows(house: House) -> tuple[object, ...]:
    """What a command of an operator would have left."""
    async with house.randebu.database.view() as view:
        audit = await view.operators.audit(1)
        broadcasts = await view.broadcasts.list(10)
        facts = [await view.facts.get(name) for name in ("pause", "limit:system")]
    return (audit[0].id, [each.state for each in broadcasts], facts)


async def test_it_is_the_very_answer_to_a_command_that_does_not_exist(house: House) -> None:
    table = {name: spec for name, spec in house.randebu._commands.items() if not spec.operators_only}
    assert suggest("admin", table) == UNKNOWN
    assert suggest("admin", house.randebu._commands) == UNKNOWN
    eve = house.chat("eve")
    for line in ("/admins", "/admi", "/Admin stats", "/admin\nstats", "/ADMIN"):
        assert "admin." not in words(await eve.says(line)).replace(UNKNOWN, "").lower().replace("/admin.", "")


async def test_every_operators_command_is_behind_the_one_door(house: House) -> None:
    table = house.randebu._commands
    inside = [
        name for name, spec in table.items() if spec.handler.__module__.startswith("bot.handlers.admin")
    ]
    assert inside == ["admin"]
    assert table["admin"].operators_only
    assert not table["admin"].listed


async def test_no_list_names_it(house: House) -> None:
    eve, boss = house.chat("eve"), house.chat("boss")
    for line in ("/help", "/", "/start", "help", "what can you do?"):
        assert "admin" not in words(await eve.says(line)).lower()
    assert "admin" not in house.randebu.commands()
    assert "admin" not in house.randebu.commands(private=False)
    assert "/admin stats" in words(await boss.says("/admin"))


async def test_the_questions_of_an_operator_are_theirs_alone(house: House) -> None:
    alice = house.chat("alice")
    await alice.says("hello")
    boss, eve = house.chat("boss", group="traders"), house.chat("eve", group="traders")
    question = (await boss.says("/admin ban fake:alice"))[-1]
    assert isinstance(question, Choice)
    await eve.reads()
    assert "Only Boss can answer this" in words(await eve.presses("Ban", question))
    await eve.does(Answer(question.id, "yes"))
    assert isinstance((await alice.says("hello"))[-1], TextFinal)


async def test_who_is_no_operator_any_more_cannot_finish_what_they_began(open_run: OpenRun) -> None:
    async with open_run() as house:
        await house.chat("alice").says("hello")
        question = (await house.chat("boss").says("/admin ban fake:alice"))[-1]
        assert isinstance(question, Choice)
        clock = house.clock
    async with open_run(clock=clock, operators=frozenset()) as house:
        assert UNKNOWN in words(await house.chat("boss").presses("Ban", question))
        assert isinstance((await house.chat("alice").says("hello"))[-1], TextFinal)


async def test_nobody_is_an_operator_by_name_or_without_an_id(open_run: OpenRun) -> None:
    for nobody_at_all in (("fake", ""), ("", "eve"), ("telegram", "eve")):
        with pytest.raises(ValidationError, match="no user id"):
            async with open_run(operators=frozenset({nobody_at_all})):
                pass
    async with open_run(operators=frozenset({("other", "eve")})) as house:
        for user in ("eve", "Boss"):
            assert await house.chat(user).says("/admin") == [Notice(UNKNOWN)]
        nobody = house.chat("")
        assert await nobody.says("/admin") == await nobody.says("/nothing")
