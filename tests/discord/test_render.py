"""What replies become on Discord: whole, in order, within its limits."""

from __future__ import annotations

import discord
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.discord.formatting import format_markdown, utf16_len
from adapters.discord.render import MAX_PIECES, MAX_TEXT, Drawn, draw, draw_passing, running_line, split
from bot.messages import (
    ChatAddress,
    Choice,
    Delivery,
    Figure,
    File,
    LastingReply,
    Notice,
    Option,
    Picture,
    Progress,
    Settled,
    TextFinal,
    ToolStarted,
)

HERE = ChatAddress("discord", "1")
MARKDOWN = st.lists(
    st.one_of(
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=300),
        st.sampled_from(
            [
                "```py\na || b\n```",
                "| a | b |\n|---|--:|\n| 1 | **2** |",
                "~~~\ncode",
                "#### deep",
                "a || b `c || d`",
                "word " * 200,
                "😀" * 300,
            ]
        ),
    ),
    max_size=30,
).map("\n\n".join)


def drawn(reply: LastingReply, *, repeated: bool = False) -> Drawn:
    return draw(Delivery(7, 1, HERE, reply), repeated=repeated)


def letters(text: str) -> list[str]:
    return sorted(letter for letter in text if letter.isalnum())


@settings(max_examples=150, deadline=None)
@given(MARKDOWN)
def test_every_piece_fits_and_no_letter_is_lost(markdown: str) -> None:
    pieces = split(TextFinal(markdown))
    assert 1 <= len(pieces) <= MAX_PIECES
    for piece in pieces:
        assert utf16_len(drawn(piece, repeated=True).text) <= MAX_TEXT
    if not any(isinstance(piece, File) for piece in pieces):
        shown = "".join(drawn(piece).text for piece in pieces)
        left = letters(shown)
        for letter in letters(markdown.replace("```py", "```")):
            assert letter in left
            left.remove(letter)
    else:
        assert pieces[-1].content.decode() == markdown  # type: ignore[union-attr]


@settings(max_examples=150, deadline=None)
@given(MARKDOWN)
def test_what_is_formatted_stays_as_it_is(markdown: str) -> None:
    once = format_markdown(markdown)
    assert format_markdown(once) == once


def test_tables_become_code_blocks() -> None:
    table = "| token | price |\n|---|---|\n| PEPE | 1.5 |\n| **CAKE** | 22.25 |\n\nafter"
    assert format_markdown(table) == (
        "```\ntoken  price\n-----  -----\nPEPE     1.5\nCAKE   22.25\n```\n\nafter"
    )


def test_nothing_is_hidden_behind_a_spoiler() -> None:
    assert format_markdown("a ||b|| `c||d`") == "a \\|\\|b\\|\\| `c||d`"


def test_a_question_keeps_room_for_its_decision() -> None:
    question = Choice("abcdefghjk", "word " * 399, (Option("Yes", "yes"), Option("No", "no")))
    *_, last = split(question)
    assert isinstance(last, Choice)
    settled = split(Settled(last.id, f"{last.text}\n\n*{'x' * 60} — {'y' * 64}*"))
    assert utf16_len(drawn(settled[0]).text) <= MAX_TEXT
    assert [each.tone for each in drawn(last).buttons] == ["yes", "no"]
    assert drawn(Choice("a", "?", (Option("Delete", "yes"),))).buttons[0].tone == "danger"


@pytest.mark.parametrize(("good", "colour"), [(True, 0x2ECC71), (False, 0xE74C3C), (None, 0x5865F2)])
def test_figures_make_an_embed_with_the_colour_of_the_result(good: bool | None, colour: int) -> None:
    figures = (Figure("Return", "+1 %"), Figure("Win rate", "50 %"))
    shown = drawn(Picture("chart.png", b"png", "In short.", figures=figures, good=good))
    assert shown.text == ""
    assert shown.embed is not None
    assert shown.embed.colour == discord.Colour(colour)
    assert [field.name for field in shown.embed.fields] == ["Return", "Win rate"]
    assert shown.embed.description == "In short."


def test_figures_that_an_embed_has_no_room_for_leave_the_words() -> None:
    many = tuple(Figure(f"name {at}", "x" * 1000) for at in range(9))
    shown = drawn(Picture("chart.png", b"png", "In short.", figures=many))
    assert (shown.text, shown.embed) == ("In short.", None)


def test_a_long_caption_goes_on_in_messages() -> None:
    pieces = split(Picture("chart.png", b"png", "word " * 1000))
    assert isinstance(pieces[0], Picture)
    assert pieces[0].caption == ""
    assert len(pieces) > 2
    assert all(isinstance(each, Notice) for each in pieces[1:])


@given(st.text(max_size=6000), st.text(max_size=100))
def test_what_grows_shows_its_end(text: str, line: str) -> None:
    assert 0 < utf16_len(draw_passing(text, line)) <= MAX_TEXT


def test_what_runs_is_said_on_a_line() -> None:
    assert running_line(ToolStarted("get_price", "Looking\nup")) == "⏳ Looking up…"
    assert "50 %" in running_line(Progress("Testing", 0.5))
