"""Updates as nobody would send them: none of them stops those that come after."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

from bot.messages import ChatAddress
from tests.fakes.telegram_house import TelegramHouse

MUTATIONS = 300

STRANGE: list[Any] = [
    None,
    True,
    -1,
    0,
    2**63,
    10**40,
    1.5,
    float("nan"),
    "",
    "text",
    "\x00",
    "\ud800 half",
    "‮backwards",
    "x" * 200_000,
    [],
    {},
    [[[]]],
    {"id": {"id": 1}},
    "2026-01-01",
    ["@randebu_bot"],
]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to everything inside a JSON value."""
    found = [path] if path else []
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        found += places(each, (*path, key))
    return found


def mutated(update: dict[str, Any], moments: random.Random) -> dict[str, Any]:
    """The update with one to three things missing, of another type, or unknown."""
    update = copy.deepcopy(update)
    for _ in range(moments.randint(1, 3)):
        found = places(update)
        if not found:
            break
        *way, key = moments.choice(found)
        parent: Any = update
        for step in way:
            parent = parent[step]
        match moments.randrange(4):
            case 0:
                del parent[key]
            case 1 if isinstance(parent, dict):
                parent[f"unknown_{key}"] = parent.pop(key)
            case _:
                parent[key] = copy.deepcopy(moments.choice(STRANGE))
    return update


def seeds(house: TelegramHouse) -> list[dict[str, Any]]:
    """One update of each kind."""
    alice, group = house.world.person("Alice"), house.world.group("Traders", forum=True, topics=[7])
    world = house.world
    message = world.message_object(world.private(alice), 1, "hello @randebu_bot", alice)
    grouped = world.message_object(group, 2, "/help@randebu_bot please", alice, 7)
    voice = {"voice": {"file_id": "1", "file_unique_id": "1", "duration": 3}}
    silent = world.message_object(world.private(alice), 3, None, alice)
    query = {
        "id": "1",
        "from": alice.as_user(),
        "chat_instance": "1",
        "message": grouped,
        "data": "c:abcdefghjk:0",
    }
    return [
        {"message": message},
        {"message": grouped | {"reply_to_message": message}},
        {"message": silent | voice},
        {"message": silent | {"migrate_to_chat_id": -100}},
        {"edited_message": message | {"edit_date": 1}},
        {"channel_post": grouped | {"sender_chat": group.as_chat()}},
        {"callback_query": query},
        {"stopped_message_generation": {"chat": world.private(alice).as_chat(), "draft_id": 5}},
        {"poll": {"id": "1"}},
        {"something_new": {"text": "hello"}},
    ]


async def test_three_hundred_mutated_updates_leave_it_alive(house: TelegramHouse) -> None:
    moments = random.Random(20260601)
    updates = [mutated(moments.choice(seeds(house)), moments) for _ in range(MUTATIONS)]
    for number, update in enumerate(updates):
        assert isinstance(json.dumps(update), str)
        if moments.random() < 0.1 and number:
            update = {"update_id": moments.choice(STRANGE[:6]), **update}
        house.world.owe(update)
    alice = house.world.person("Somebody else")
    house.world.says(alice, "/help")
    await house.taken()
    assert "Just talk to me" in (await house.reads(house.world.private(alice)))[-1].text
    assert not house.running.done()
    async with house.randebu.database.view() as view:
        unfinished = await view.journal.unfinished()
    for row in unfinished:
        await house.randebu.answered(ChatAddress(row.platform, row.chat, row.thread))
