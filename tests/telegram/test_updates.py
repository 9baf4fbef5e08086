"""Raw updates and what they mean, without any network."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.telegram.updates import Me, Moved, Pressed, Stopped, hear, message_number
from bot.messages import ChatAddress, Command, Edit, Incoming, Text, Unsupported

ME = Me(4242, "randebu_bot", frozenset({"help", "start", "price"}))
NOW = datetime(2026, 6, 1, tzinfo=UTC)
ALICE = {"id": 7, "is_bot": False, "first_name": "Alice", "last_name": "Doe"}
PRIVATE = {"id": 7, "type": "private", "first_name": "Alice"}
GROUP = {"id": -100, "type": "supergroup", "title": "Traders"}
FORUM = GROUP | {"is_forum": True}


def message(text: str | None, chat: dict[str, Any] = PRIVATE, **fields: Any) -> dict[str, Any]:
    content = {"message_id": 5, "date": 1_780_000_000, "chat": chat, "from": ALICE}
    return {"update_id": 1, "message": content | ({} if text is None else {"text": text}) | fields}


def heard(raw: dict[str, Any]) -> Incoming:
    understood = hear(raw, ME, NOW)
    assert isinstance(understood, Incoming)
    return understood


def test_a_text_carries_everything() -> None:
    incoming = heard(message("hello"))
    assert incoming.id == "message:7:5"
    assert message_number(incoming.id) == 5
    assert incoming.address == ChatAddress("telegram", "7")
    assert (incoming.sender.user, incoming.sender.name) == ("7", "Alice Doe")
    assert incoming.at == datetime.fromtimestamp(1_780_000_000, UTC)
    assert incoming.body == Text("hello")
    assert incoming.private


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("/help", Command("help")),
        ("/Price@Randebu_Bot PEPE CAKE", Command("price", "PEPE CAKE")),
        ("/start link_A1B2C3D4", Command("link", "A1B2C3D4")),
        ("/start link_", Command("start")),
        ("/start from_an_ad", Command("start")),
        ("/", Command("")),
        ("/price\nPEPE", Command("price", "PEPE")),
        ("/etc/passwd is a file", Text("/etc/passwd is a file")),
        ("a / b", Text("a / b")),
        ("half \ud800 a letter", Text("half \ufffd a letter")),
    ],
)
def test_what_is_typed(text: str, body: object) -> None:
    assert heard(message(text)).body == body


def mention(text: str) -> list[dict[str, Any]]:
    at = text.index("@")
    return [{"type": "mention", "offset": at, "length": len("@randebu_bot")}]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("@randebu_bot the price of PEPE?", "the price of PEPE?"),
        ("@Randebu_Bot, the price?", "the price?"),
        ("the price, @randebu_bot", "the price,"),
    ],
)
def test_our_name_is_no_part_of_what_is_said_to_us(text: str, said: str) -> None:
    assert heard(message(text, GROUP, entities=mention(text))).body == Text(said)


def test_our_name_alone_is_a_greeting() -> None:
    text = "@randebu_bot"
    assert heard(message(text, GROUP, entities=mention(text))).body == Command("start")


@pytest.mark.parametrize("text", ["hello", "/price@other_bot PEPE", "/ban somebody", "mail@randebu_bot"])
def test_in_a_group_the_rest_is_not_for_us(text: str) -> None:
    assert hear(message(text, GROUP), ME, NOW) is None


def test_in_a_group_our_commands_are_for_us() -> None:
    assert heard(message("/price PEPE", GROUP)).body == Command("price", "PEPE")
    assert heard(message("/unknown@randebu_bot", GROUP)).body == Command("unknown")


@pytest.mark.parametrize(
    ("chat", "fields", "thread"),
    [
        (FORUM, {"message_thread_id": 9, "is_topic_message": True}, "9"),
        (FORUM, {"message_thread_id": 1, "is_topic_message": True}, ""),
        (FORUM, {}, ""),
        (GROUP, {"message_thread_id": 9}, ""),
        (PRIVATE, {"message_thread_id": 9, "is_topic_message": True}, "9"),
    ],
)
def test_topics(chat: dict[str, Any], fields: dict[str, Any], thread: str) -> None:
    assert heard(message("/help", chat, **fields)).address.thread == thread


def test_a_topic_that_we_opened_is_not_an_answer_to_us() -> None:
    opened = {
        "message_id": 9,
        "date": 1,
        "chat": FORUM,
        "from": {"id": ME.id, "is_bot": True, "first_name": "Randebu"},
        "forum_topic_created": {"name": "x", "icon_color": 1},
    }
    raw = message("hello", FORUM, message_thread_id=9, is_topic_message=True, reply_to_message=opened)
    assert hear(raw, ME, NOW) is None


def test_an_edit_names_the_message() -> None:
    raw = message("changed", edit_date=1_780_000_001)
    raw["edited_message"] = raw.pop("message")
    assert heard(raw).body == Edit("message:7:5", "changed")
    assert heard(raw).id == "edit:1"


def test_a_move_is_told_from_both_sides() -> None:
    assert hear(message(None, GROUP, migrate_to_chat_id=-200), ME, NOW) == Moved("-100", "-200")
    assert hear(message(None, GROUP, migrate_from_chat_id=-50), ME, NOW) == Moved("-50", "-100")


def test_a_press_on_a_message_that_is_too_old_is_still_a_press() -> None:
    old = {"message_id": 3, "date": 0, "chat": GROUP}
    query = {"id": "q", "from": ALICE, "chat_instance": "1", "message": old, "data": "c:abcdefghjk:1"}
    pressed = hear({"update_id": 1, "callback_query": query}, ME, NOW)
    assert isinstance(pressed, Pressed)
    assert pressed.address == ChatAddress("telegram", "-100")
    assert pressed.message == 3


def test_telegrams_own_stop() -> None:
    raw = {"update_id": 9, "stopped_message_generation": {"chat": PRIVATE, "draft_id": 12}}
    stopped = hear(raw, ME, NOW)
    assert isinstance(stopped, Stopped)
    assert stopped.draft == 12
    assert stopped.incoming.body == Command("stop")
    assert stopped.incoming.sender.user == "7"


def test_a_private_message_of_an_unknown_kind_is_not_met_with_silence() -> None:
    raw = message("hello", forward_origin={"type": "from_the_future"})
    assert isinstance(heard(raw).body, Unsupported)
    group = message("hello", GROUP, forward_origin={"type": "from_the_future"})
    with pytest.raises(ValueError, match="forward_origin"):
        hear(group, ME, NOW)
