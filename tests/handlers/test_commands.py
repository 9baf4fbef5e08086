"""The table of commands: complete, grouped, forgiving."""

from __future__ import annotations

import pytest

from bot.errors import Refused
from bot.handlers.commands import suggest
from bot.messages import Choice, File, Notice
from tests.handlers.test_conversations import words
from tests.tools.desk import Desk, Person
from tests.tools.documents import dip

FOR_ALL = (
    *("start", "help", "new", "chats", "bots", "bot", "strategy", "backtest", "price", "search"),
    *("trending", "risk", "token", "usage", "stop", "open", "rename", "delete", "export", ""),
)


async def refusal(person: Person, line: str) -> str:
    with pytest.raises(Refused) as refused:
        await person.commands(line)
    return str(refused.value)


async def test_every_command_is_there_and_listed(desk: Desk) -> None:
    alice = await desk.person("alice")
    assert set(FOR_ALL) <= set(desk.table)
    assert all(spec.name == name for name, spec in desk.table.items())
    listed = {name for name, spec in desk.table.items() if spec.listed}
    for line in ("/help", "/"):
        said = words(await alice.commands(line))
        assert all(f"/{name}" in said for name in listed)


async def test_in_a_group_private_commands_are_not_offered(desk: Desk) -> None:
    alice = await desk.person("alice", group="g")
    said = words(await alice.commands("/help"))
    assert "/export" not in said
    assert "/bots" in said


@pytest.mark.parametrize(
    ("typed", "meant"), [("backtset", "/backtest"), ("BOTS", "/bots"), ("prise", "/price"), ("hepl", "/help")]
)
async def test_a_slip_is_understood(desk: Desk, typed: str, meant: str) -> None:
    assert f"Did you mean {meant}?" in suggest(typed, desk.table)


async def test_nonsense_is_not_guessed_nor_repeated_with_its_formatting(desk: Desk) -> None:
    said = suggest("xq**[z](y)", desk.table)
    assert "Did you mean" not in said
    assert "/xqzy." in said


async def test_start_says_what_this_is_and_that_prices_are_made_up(desk: Desk) -> None:
    said = words(await (await desk.person("alice")).commands("/start"))
    assert "synthetic" in said
    assert "create a bot that buys PEPE" in said


async def test_tokens_by_command(desk: Desk) -> None:
    alice = await desk.person("alice")
    assert "PEPE" in words(await alice.commands("/price PEPE, CAKE"))
    assert "synthetic" in words(await alice.commands("/trending"))
    assert "MoonDoggo" in words(await alice.commands("/search moon"))
    assert "unknown" in words(await alice.commands("/risk GLORP"))
    for line in ("/price", "/search", "/risk", "/token"):
        assert "Which token" in (said := await refusal(alice, line)) or "looking for" in said


@pytest.mark.parametrize("command", ["risk", "token"])
async def test_which_of_several_tokens_is_a_matter_of_a_button(desk: Desk, command: str) -> None:
    alice = await desk.person("alice")
    notice = (await alice.commands(f"/{command} MOON")).replies[0]
    assert isinstance(notice, Notice)
    assert len(notice.actions) == 2
    assert "Which one do you mean?" in notice.text
    assert "MoonDoggo" in words(await alice.commands(notice.actions[1].line)) or command == "risk"


async def test_bots_by_command(desk: Desk) -> None:
    alice = await desk.person("alice")
    assert "no trading bot yet" in words(await alice.commands("/bots"))
    one = (await alice.call("create_bot", strategy=dip(name="one"))).result
    await alice.call("create_bot", strategy=dip(name="two"))

    notice = (await alice.commands("/bots")).replies[0]
    assert isinstance(notice, Notice)
    assert [action.label for action in notice.actions] == ["one", "two"]
    assert "two" in words(await alice.commands("/bot"))
    assert "falls 5 %" in words(await alice.commands(notice.actions[0].line))
    assert (await alice.call("get_bot_info")).result["id"] == one["id"]

    rules, file = (await alice.commands("/strategy two")).replies
    assert isinstance(rules, Notice)
    assert isinstance(file, File)
    assert file.name == "two-v1.json"
    assert b'"price_drop"' in file.content


@pytest.mark.parametrize("line", ["/bot delete one", "/deletebot one"])
async def test_deleting_a_bot_asks_and_means_that_very_bot(desk: Desk, line: str) -> None:
    alice = await desk.person("alice")
    await alice.call("create_bot", strategy=dip(name="one"))
    await alice.call("create_bot", strategy=dip(name="two"))
    choice = (await alice.commands(line)).replies[0]
    assert isinstance(choice, Choice)
    assert "**one**" in choice.text
    async with desk.services.database.view() as view:
        approval = await view.approvals.get(choice.id)
        assert approval is not None
        payload = approval.payload
    await alice.commands("/bot two")
    said = await alice.commands(f"/{payload['name']} {payload['arguments']}", confirmed=True)
    assert "Deleted **one**" in words(said)
    assert [each["bot"] for each in (await alice.call("list_bots")).result["bots"]] == ["two"]
    with pytest.raises(Refused, match="deleted already"):
        await alice.commands(f"/{payload['name']} {payload['arguments']}", confirmed=True)


async def test_usage_tells_what_is_left(desk: Desk) -> None:
    alice = await desk.person("alice")
    await alice.call("create_bot", strategy=dip())
    said = words(await alice.commands("/usage"))
    assert "0 of 50, 50 left" in said
    assert "1, no limit" in said
    assert max(map(len, said.split("```")[1].splitlines())) <= 44
