"""How replies look in a terminal."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.terminal.render import Drawn, draw, harmless, plain, styled, waiting_text
from bot.messages import (
    Action,
    Choice,
    File,
    Notice,
    Option,
    Picture,
    Progress,
    Settled,
    TextFinal,
    ToolStarted,
)

TABLE = "Result:\n```\nReturn   +3.2 %\nTrades      **12**\n```\nNot much."
CHOICE = Choice("7", "Create **PEPE dip**?", (Option("Create", "yes"), Option("Cancel", "no")))


PIECES = (
    *(
        "*Stopped.*",
        "**a**",
        "- x",
        "1. y",
        "> q",
        "| a | b |",
        "# h",
        "```",
        "code",
        "[1] a",
        "text",
        "=",
        "===",
        "---",
    ),
    *(
        "\n",
        "  ",
        "\t",
        "*",
        "_",
        "`",
        "<b>",
        "[x](y)",
        "[x]: y",
        "![i](u)",
        "&amp;",
        "~~~",
        "2)",
        "***",
        "* * *",
    ),
)


def visible(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_a_choice_shows_numbers_to_type() -> None:
    assert plain(draw(CHOICE)) == "Create PEPE dip?\n[1] Create  [2] Cancel"
    assert "[1] Create  [2] Cancel" in visible(styled(draw(CHOICE), 60))


def test_buttons_that_speak_become_hints_of_what_to_type() -> None:
    reply = Notice("Done.", (Action("Test it", "/backtest 90d"), Action("What I can do", "/help")))
    assert plain(draw(reply)) == "Done.\n  /backtest 90d  Test it\n  /help          What I can do"


def test_pictures_and_files_say_where_they_are() -> None:
    assert plain(draw(Picture("c.png", b"", "The *chart*"), "/data/c.png")) == "The chart\n/data/c.png"
    assert plain(draw(File("c.json", b""), "/data/c.json")) == "/data/c.json"
    assert "/data/" + "x" * 90 in visible(styled(draw(File("c", b""), "/data/" + "x" * 90), 40))


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join), st.booleans())
def test_every_reply_begins_with_its_speaker(text: str, quiet: bool) -> None:
    reply = Settled("7", text) if quiet else Notice(text)
    assert visible(styled(draw(reply), 60, "randebu>")).startswith("randebu>")


def test_a_settled_choice_says_what_was_decided() -> None:
    assert plain(draw(Settled("7", "Created by Ann."))) == "Created by Ann."


def test_a_question_that_can_still_be_read_is_not_repeated_when_it_is_settled() -> None:
    settled = Settled("7", "Create **PEPE dip**?\n\nCreate — Ann")
    assert plain(draw(settled, asked="Create **PEPE dip**?")) == "Create — Ann"
    assert plain(draw(settled, asked="Another question")) == "Create PEPE dip?\n\nCreate — Ann"
    assert plain(draw(Settled("7", "Same."), asked="Same.")) == "Same."


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("**bold**, *soft* and `code`", "bold, soft and code"),
        ("# Title\ntext", "Title\ntext"),
        ("`**kept**`", "**kept**"),
        ("2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"),
        ("[site](https://example.org/a)", "site (https://example.org/a)"),
        (r"\*not bold\* costs \$5", "*not bold* costs $5"),
        ("- one\n- **two**", "- one\n- two"),
        ("**a `b` c**", "a b c"),
        (TABLE, "Result:\nReturn   +3.2 %\nTrades      **12**\nNot much."),
    ],
)
def test_a_pipe_gets_plain_text_and_tables_as_they_are(markdown: str, shown: str) -> None:
    assert plain(draw(TextFinal(markdown))) == shown


def test_tables_keep_their_columns_on_a_phone_wide_terminal() -> None:
    rows = visible(styled(Drawn("```\n" + "a" * 30 + "  " + "b" * 12 + "\n```"), 46)).split("\n")
    assert any("a" * 30 + "  " + "b" * 12 in row for row in rows)


@pytest.mark.parametrize(
    "text", ["Created.", "**PEPE** is up", "`x`", "“Quoted”", "(yes)", "3 bots", "--quiet"]
)
def test_the_name_stands_before_the_first_words(text: str) -> None:
    assert visible(styled(Drawn(text), 60, "randebu>")).startswith("randebu> " + text.strip("*`")[:4])


@pytest.mark.parametrize("text", ["# Title", "```\ntable\n```", "- item", "1. item", "> quote", "---", ""])
def test_the_name_stands_alone_before_anything_that_needs_its_own_line(text: str) -> None:
    assert visible(styled(Drawn(text), 60, "randebu>")).split("\n")[0].rstrip() == "randebu>"


@given(st.text())
def test_nothing_that_is_shown_can_take_over_the_terminal(text: str) -> None:
    for shown in (plain(draw(TextFinal(text))), harmless(text)):
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", shown)
    assert "\x1b" not in visible(styled(draw(TextFinal(text)), 60))


@given(st.lists(st.from_regex(r"[A-Za-z0-9]{1,8}", fullmatch=True), min_size=1, max_size=20))
def test_no_word_is_lost(words: list[str]) -> None:
    text = " ".join(words)
    assert plain(draw(TextFinal(text))).split() == words
    assert visible(styled(draw(TextFinal(text)), 200)).split() == words


def test_a_new_line_stays_a_new_line() -> None:
    assert visible(styled(Drawn("One.\nTwo.\n\n- a\n- b"), 40)) == "One.\nTwo.\n\n • a\n • b\n"
    assert plain(Drawn("One.\nTwo.")) == "One.\nTwo."


def test_no_row_is_blank_at_either_end_and_none_is_padded() -> None:
    shown = visible(styled(Drawn("```\na  b\n```", options="[1] Yes"), 40, "randebu>"))
    assert shown == "randebu>\n a  b\n[1] Yes\n"


def test_what_one_waits_for_is_one_line() -> None:
    assert waiting_text(ToolStarted("get_price", "Looking\nup PEPE")) == "Looking up PEPE"
    assert waiting_text(Progress("Testing", 0.424)) == "Testing  42 %"
    assert waiting_text(Progress("Testing", 7)) == "Testing  100 %"
    assert waiting_text(Progress("Testing")) == "Testing"
