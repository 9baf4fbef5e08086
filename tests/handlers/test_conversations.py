"""Conversations as a person keeps them: begun, listed, opened, renamed, deleted, taken along."""

from __future__ import annotations

import json

import pytest

from bot.errors import Refused
from bot.handlers.conversations import UNKNOWN
from bot.messages import Choice, File, Notice
from bot.tools.registry import Outcome
from tests.tools.desk import Desk, Person


def words(outcome: Outcome) -> str:
    """What can be read in an outcome."""
    return "\n".join(reply.text for reply in outcome.replies if isinstance(reply, Notice | Choice))


async def refusal(person: Person, line: str) -> str:
    with pytest.raises(Refused) as refused:
        await person.commands(line)
    return str(refused.value)


async def titled(person: Person, title: str) -> str:
    """A new conversation with a title; its id."""
    await person.commands("/new")
    await person.commands(f"/rename {title}")
    return await person.conversation_id()


async def test_new_ones_are_listed_first_and_old_ones_opened_by_number_or_id(desk: Desk) -> None:
    alice = await desk.person("alice")
    first = await titled(alice, "first")
    desk.clock.move(minutes=1)
    second = await titled(alice, "second")

    listed = words(await alice.commands("/chats"))
    assert listed.index("second") < listed.index("first")
    assert listed.count("← open here") == 1
    await alice.commands("/open 2")
    assert await alice.conversation_id() == first
    await alice.commands(f"/open {second[:8].upper()}")
    assert await alice.conversation_id() == second


async def test_every_conversation_has_a_button_but_the_open_one(desk: Desk) -> None:
    alice = await desk.person("alice")
    first = await titled(alice, "first")
    second = await titled(alice, "second")
    notice = (await alice.commands("/chats")).replies[0]
    assert isinstance(notice, Notice)
    lines = [action.line for action in notice.actions]
    assert lines[0] == f"/open {first[:8]}"
    assert f"/open {second[:8]}" not in lines


@pytest.mark.parametrize("named", ["0", "9", "9999", "zzzz", "abc", "00000000-0000-0000-0000-000000000000"])
async def test_what_is_unknown_gets_one_sentence(desk: Desk, named: str) -> None:
    alice = await desk.person("alice")
    await titled(alice, "first")
    assert await refusal(alice, f"/open {named}") == UNKNOWN


async def test_a_foreign_conversation_is_as_unknown_as_none(desk: Desk) -> None:
    alice, mallory = await desk.person("alice"), await desk.person("mallory")
    foreign = await titled(alice, "secret")
    for command in ("open", "delete", "export"):
        assert await refusal(mallory, f"/{command} {foreign}") == UNKNOWN
    assert "secret" not in words(await mallory.commands("/chats"))


async def test_a_title_is_plain_words(desk: Desk) -> None:
    alice = await desk.person("alice")
    await alice.commands("/rename **Dips** [x](y)")
    assert "Dips x(y)" in words(await alice.commands("/chats"))
    assert "Which title?" in await refusal(alice, "/rename")


async def test_deleting_asks_and_names_what_it_deletes_for_good(desk: Desk) -> None:
    alice = await desk.person("alice")
    doomed = await titled(alice, "doomed")
    await titled(alice, "kept")
    outcome = await alice.commands(f"/delete {doomed[:8]}")
    choice = outcome.replies[0]
    assert isinstance(choice, Choice)
    assert "doomed" in choice.text
    assert [option.label for option in choice.options] == ["Delete", "Cancel"]
    async with desk.services.database.view() as view:
        approval = await view.approvals.get(choice.id)
        assert approval is not None
        payload = approval.payload
    assert payload == {"name": "delete", "arguments": doomed}

    await alice.commands(f"/delete {payload['arguments']}", confirmed=True)
    listed = words(await alice.commands("/chats"))
    assert "doomed" not in listed
    assert "kept" in listed


async def test_the_open_conversation_is_what_delete_means_and_another_begins_after_it(desk: Desk) -> None:
    alice = await desk.person("alice")
    doomed = await titled(alice, "doomed")
    await alice.commands(f"/delete {doomed}", confirmed=True)
    assert await alice.conversation_id() != doomed


async def test_an_export_holds_everything_that_was_said(desk: Desk) -> None:
    alice = await desk.person("alice")
    conversation_id = await titled(alice, "plans")
    async with desk.services.database.unit() as unit:
        await unit.conversations.say(
            conversation_id, "user", "hello €", desk.clock(), sender_name="Alice", body={"kind": "request"}
        )
    file = (await alice.commands("/export")).replies[0]
    assert isinstance(file, File)
    exported = json.loads(file.content)
    assert exported["conversation"]["id"] == conversation_id
    assert exported["conversation"]["title"] == "plans"
    assert exported["messages"][0]["text"] == "hello €"
    assert exported["messages"][0]["model_message"] == {"kind": "request"}
    assert file.name.endswith(".json")


async def test_in_a_group_only_who_began_it_may_change_it(desk: Desk) -> None:
    alice, bob = await desk.person("alice", group="g"), await desk.person("bob", group="g")
    await alice.commands("/new")
    for line in ("/rename mine", "/delete"):
        assert "began this conversation" in await refusal(bob, line)
    await alice.commands("/rename ours")
    assert await bob.conversation_id() == await alice.conversation_id()


async def test_what_is_private_is_marked_so(desk: Desk) -> None:
    private = {name for name, spec in desk.table.items() if spec.private_only}
    about_the_person = {"account", "signup", "link", "unlink", "mydata", "forget"}
    assert private == {"chats", "export", "usage"} | about_the_person
