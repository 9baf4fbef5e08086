"""What each reply becomes on Telegram."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.pressing import ActionButton, ChoiceButton, StopButton
from adapters.telegram.buttons import MAX_DATA_BYTES, from_data, to_data
from adapters.telegram.formatting import utf16_len
from adapters.telegram.render import MAX_CAPTION, MAX_TEXT, draw, draw_passing, running_line, split
from bot.messages import (
    Action,
    ChatAddress,
    Choice,
    Delivery,
    File,
    LastingReply,
    Notice,
    Option,
    Picture,
    Progress,
    Settled,
    TextFinal,
    TextGrowing,
    ToolStarted,
)

PARAGRAPHS = st.lists(
    st.sampled_from(
        [
            "Some **bold** words. " * 20,
            "- an item\n" * 30,
            "```py\nx = 1\n```",
            "a|b|c " * 40,
            "😀" * 90,
            "| a | b |\n|--|--|\n| 1 | 2 |",
        ]
    ),
    min_size=1,
    max_size=40,
).map("\n\n".join)


def delivery(reply: LastingReply) -> Delivery:
    return Delivery(7, 1, ChatAddress("telegram", "1"), reply)


@settings(deadline=None)
@given(PARAGRAPHS)
def test_every_piece_can_be_sent_with_and_without_formatting_also_labelled(text: str) -> None:
    for kind in (TextFinal, Notice):
        for piece in split(kind(text)):
            drawn = draw(delivery(piece), repeated=True)
            assert utf16_len(drawn.shown.text) <= MAX_TEXT
            assert utf16_len(drawn.plain.text) <= MAX_TEXT


@settings(deadline=None)
@given(PARAGRAPHS)
def test_captions_fit_and_the_rest_follows(text: str) -> None:
    pieces = split(Picture("chart.png", b"png", text))
    drawn = draw(delivery(pieces[0]), repeated=True)
    assert utf16_len(drawn.shown.text) <= MAX_CAPTION
    assert len(pieces) == 1 or all(isinstance(piece, Notice | File) for piece in pieces[1:])


def test_more_than_five_pieces_become_a_file_with_everything_in_it() -> None:
    text = "\n\n".join(f"Paragraph {number}. " + "word " * 200 for number in range(40))
    notice, file = split(TextFinal(text, (Action("More", "/more"),)))
    assert isinstance(notice, TextFinal)
    assert notice.actions
    assert isinstance(file, File)
    assert file.content.decode() == text


def test_actions_stand_under_the_last_piece() -> None:
    pieces = split(TextFinal("word " * 1500, (Action("More", "/more"),)))
    assert [bool(getattr(piece, "actions", ())) for piece in pieces] == [False] * (len(pieces) - 1) + [True]


def test_a_settled_question_keeps_what_its_last_piece_said() -> None:
    text = "\n\n".join(f"{number}. " + "word " * 100 for number in range(30))
    *_, question = split(Choice("c", text, (Option("Yes", "yes"),)))
    (settled,) = split(Settled("c", f"{text}\n\n*Yes — Alice*"))
    assert isinstance(question, Choice)
    assert isinstance(settled, Settled)
    assert settled.text == f"{question.text}\n\n*Yes — Alice*"


@settings(deadline=None)
@given(st.lists(st.text(min_size=1, max_size=200), min_size=1, max_size=6))
def test_buttons_have_a_label_and_fit_into_64_bytes(labels: list[str]) -> None:
    options = tuple(Option(label, label) for label in labels)
    keyboard = draw(delivery(Choice("abcdefghjk", "Which?", options)), repeated=False).keyboard
    assert keyboard is not None
    buttons = [button for row in keyboard.inline_keyboard for button in row]
    assert len(buttons) == len(labels)
    for place, button in enumerate(buttons):
        assert button.text.strip()
        assert len((button.callback_data or "").encode()) <= MAX_DATA_BYTES
        assert from_data(button.callback_data or "") == ChoiceButton("abcdefghjk", place)


def test_labels_too_long_for_buttons_are_listed() -> None:
    options = (Option("the first of two very long options that nobody could read", "1"), Option("short", "2"))
    drawn = draw(delivery(Choice("c", "Which?", options)), repeated=False)
    assert "1. the first of two very long options" in drawn.shown.text
    assert drawn.keyboard is not None
    assert [button.text for row in drawn.keyboard.inline_keyboard for button in row] == ["1", "2"]


@settings(deadline=None)
@given(st.text(max_size=64))
def test_foreign_callback_data_is_no_button_of_ours(data: str) -> None:
    button = from_data(data)
    assert button is None or from_data(to_data(button)) == button


def test_every_button_comes_back() -> None:
    for button in (StopButton(), ActionButton(10**15, 3), ChoiceButton("abcdefghjk", 5)):
        assert from_data(to_data(button)) == button
        assert len(to_data(button).encode()) <= MAX_DATA_BYTES


@settings(deadline=None)
@given(st.text(max_size=6000), st.text(max_size=50))
def test_what_grows_fits_and_shows_its_end(text: str, line: str) -> None:
    shown = draw_passing(text, line)
    assert shown
    assert utf16_len(shown) <= MAX_TEXT


def test_what_runs_for_long_counts_its_seconds() -> None:
    line = running_line(Progress("Testing PEPE dip on 432,061 candles"))
    shown = [draw_passing("", line, seconds) for seconds in (0.0, 2.9, 3.0, 5.9, 61.0)]
    assert shown == [line, line, f"{line} · 3 s", f"{line} · 3 s", f"{line} · 60 s"]
    assert draw_passing("words", "", 61.0) == "words"


def test_a_progress_line_moves() -> None:
    assert running_line(Progress("Testing", 0.42)).endswith("▰▰▰▰▱▱▱▱▱▱ 42 %")
    assert running_line(ToolStarted("get_price", "Looking up PEPE")) == "⏳ Looking up PEPE…"
    assert running_line(TextGrowing("a", "a")) == ""
