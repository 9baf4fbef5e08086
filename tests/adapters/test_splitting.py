"""Cutting Markdown into pieces: each fits, nothing is lost, and nothing that belongs together is torn."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from adapters.splitting import split_markdown

WORDS = st.sampled_from(
    [
        "alpha",
        "**bold words**",
        "`code span`",
        "[a link](https://example.org/path)",
        "beta.",
        "gamma!",
        "\n",
        "\n\n",
        "- item",
        "\n```py\nfirst line\nsecond line\n\nthird line\n```\n",
        "\n| a | b |\n|---|---|\n| 1 | 2 |\n",
        "averyveryverylongword" * 3,
        "😀" * 7,
    ]
)
TEXTS = st.lists(WORDS, min_size=1, max_size=80).map(" ".join)


def visible(text: str) -> str:
    """Everything but blanks and the fences that a cut through code adds."""
    return "".join(re.sub("```(py)?", "", text).split())


@given(TEXTS, st.integers(60, 400))
def test_pieces_fit_and_no_letter_is_lost(text: str, limit: int) -> None:
    pieces = split_markdown(text, len, limit)
    assert all(len(piece) <= limit for piece in pieces)
    assert visible("\n".join(pieces)) == visible(text)
    assert all(piece.strip() for piece in pieces)


@given(TEXTS, st.integers(100, 400))
def test_code_blocks_stay_closed(text: str, limit: int) -> None:
    for piece in split_markdown(text, len, limit):
        assert len(re.findall("^```", piece, re.MULTILINE)) % 2 == 0


@given(st.lists(st.sampled_from(["word", "[a link](https://example.org)", "**two words**"]), max_size=60))
def test_links_and_bold_words_stay_whole(words: list[str]) -> None:
    for piece in split_markdown(" ".join(words), len, 50):
        assert piece.count("[") == piece.count("](") == piece.count(")")
        assert piece.count("**") % 2 == 0


def test_a_text_that_fits_stays_as_it_is() -> None:
    text = "One paragraph.\n\n- a list\n- of two"
    assert split_markdown(text, len, 1000) == [text]


def test_it_cuts_between_paragraphs_first() -> None:
    assert split_markdown("one two\n\nthree four", len, 12) == [
        "one two",
        "three four",
    ]


def test_a_long_code_block_is_closed_and_opened_again() -> None:
    pieces = split_markdown("```py\na = 1\nb = 2\nc = 3\n```", len, 24)
    assert pieces == ["```py\na = 1\nb = 2\n```", "```py\nc = 3\n```"]
