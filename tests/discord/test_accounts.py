"""Accounts on Discord: codes and files that only their asker sees, and codes that others have read."""

from __future__ import annotations

import json
import re

from tests.fakes.discord_house import DiscordHouse
from tests.fakes.discord_things import Account, Room, Shown

_CODE = re.compile(r"`([A-Z2-9]{8})`")


async def code_of(house: DiscordHouse, person: Account, room: Room | None = None) -> tuple[str, Shown]:
    """A fresh code for somebody's account, and the message that shows it."""
    shown = await house.uses(person, "link", room)
    found = _CODE.search(shown.text)
    assert found is not None
    return found[1], shown


async def test_a_code_from_a_server_is_seen_by_its_asker_alone_and_lets_another_in(
    house: DiscordHouse,
) -> None:
    world, general = house.world, house.world.channel("general")
    alice, ally = world.person("Alice"), world.person("Ally")
    await house.says(alice, "hello", general)
    signed = await house.uses(alice, "signup", general)
    assert signed.only_for == alice.id
    offered = await house.presses(alice, "Link another platform", general)
    assert offered.only_for == alice.id
    assert _CODE.search(offered.text) is not None
    code, shown = await code_of(house, alice, general)
    assert shown.only_for == alice.id
    assert all(code not in each.text for each in general.ours(ally))

    joined = await house.uses(ally, "link", general, code=f"{code.lower()[:4]}-{code[4:]}")
    assert joined.only_for == ally.id
    assert "Linked" in joined.text
    account = await house.uses(ally, "account", general)
    assert account.only_for == ally.id
    assert "Discord: Alice" in account.text
    assert "Discord: Ally" in account.text
    (told,) = [each for each in await house.reads(general, alice) if "If that was not you" in each.text]
    assert told.only_for == alice.id

    asked = await house.uses(alice, "unlink", general, number=f"discord:{ally.id}")
    assert asked.only_for == alice.id
    assert "no longer in your account" in (await house.presses(alice, "Unlink", general)).text
    assert "no account" in (await house.uses(ally, "account")).text


async def test_a_code_is_given_and_taken_in_direct_messages(house: DiscordHouse) -> None:
    alice, ally = house.world.person("Alice"), house.world.person("Ally")
    await house.says(alice, "/signup")
    code, _ = await code_of(house, alice)
    assert "Linked" in (await house.says(ally, f"/link {code}")).text
    told = house.world.private(alice).ours()[-1].text
    assert f"If that was not you: /unlink discord:{ally.id}" in told


async def test_a_code_that_a_channel_has_read_is_worth_nothing(house: DiscordHouse) -> None:
    world, general = house.world, house.world.channel("general")
    alice, mallory = world.person("Alice"), world.person("Mallory")
    await house.uses(alice, "signup")
    code, _ = await code_of(house, alice)
    overheard = await house.says(alice, f"/link {code}", general)
    assert "no longer works" in overheard.text
    assert code not in overheard.text
    assert "opens nothing" in (await house.uses(mallory, "link", code=code)).text


async def test_what_is_stored_arrives_as_a_file_for_its_asker_alone(house: DiscordHouse) -> None:
    world, general = house.world, house.world.channel("general")
    alice, bob = world.person("Alice"), world.person("Bob")
    await house.says(alice, "what is the price of PEPE?", general)
    shown = await house.uses(alice, "mydata", general)
    assert shown.only_for == alice.id
    ((name, content),) = shown.files
    assert name == "mydata.json"
    assert "what is the price of PEPE?" in json.dumps(json.loads(content))
    assert all(not each.files for each in general.ours(bob))


async def test_forgetting_is_asked_and_answered_unseen(house: DiscordHouse) -> None:
    world, general = house.world, house.world.channel("general")
    alice, bob = world.person("Alice"), world.person("Bob")
    await house.says(alice, "hello", general)
    before = len(general.ours(bob))
    asked = await house.uses(alice, "forget", general)
    assert asked.only_for == alice.id
    farewell = await house.presses(alice, "Delete everything", general)
    assert farewell.only_for == alice.id
    assert "I know nothing about you any more" in farewell.text
    assert len(general.ours(bob)) == before
