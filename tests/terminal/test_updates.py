"""What a typed or piped line means."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.terminal.updates import incoming, readable_text
from bot.messages import Body, ChatAddress, Command, Sender, Text

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def body(line: str) -> Body:
    return incoming(line, message_id="1", at=NOON, user="ann").body


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("buy PEPE when it drops", Text("buy PEPE when it drops")),
        ("  1 ", Text("1")),
        ("/help", Command("help")),
        ("/Backtest  15m 90d ", Command("backtest", "15m 90d")),
        ("/rename two\nlines", Command("rename", "two\nlines")),
        ("/", Command("")),
        ("/etc/passwd is a path", Text("/etc/passwd is a path")),
        ("5 / 3", Text("5 / 3")),
    ],
)
def test_a_slash_and_a_word_are_a_command_and_everything_else_is_text(line: str, meant: Body) -> None:
    assert body(line) == meant


def test_it_comes_from_the_person_at_this_machine_in_the_one_local_chat() -> None:
    message = incoming("hi", message_id="42", at=NOON, user="ann")
    assert message.address == ChatAddress("terminal", "local")
    assert message.sender == Sender("terminal", "ann", "ann")
    assert (message.id, message.at, message.private) == ("42", NOON, True)


@given(st.binary() | st.text())
def test_whatever_comes_in_can_be_stored_as_text(raw: bytes | str) -> None:
    text = readable_text(raw)
    assert "\x00" not in text
    assert text.encode("utf-8").decode("utf-8") == text
