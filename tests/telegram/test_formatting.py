"""Markdown on Telegram: entities where it can be, and never a letter less than the answer has."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.telegram.formatting import as_written, format_markdown, utf16_len
from tests.fakes.bot_api_methods import check_entity

FRAGMENTS = st.sampled_from(
    [
        "<BTC> up",
        "<b>bold?</b>",
        "<div>\n",
        "</div>",
        "$5 and $10.49",
        "$$x^2$$",
        "a & b",
        "&amp;",
        "**bold**",
        "*soft*",
        "__both__",
        "~~gone~~",
        "||secret||",
        "`code <x>`",
        "\n```py\nif a < b and c > d: $x\n```\n",
        "\n    indented <code>\n",
        "[link](https://example.org/a?b=c)",
        "[bad](nowhere)",
        '[titled](https://example.org "title")',
        "[ref]: https://example.org",
        "[^1]: a note",
        "\n# Heading\n",
        "\n- item\n- [x] done\n1. one\n1. two\n",
        "\n> quoted\n",
        "\n| a | b |\n|---|---|\n| 1 | 2 | 3 |\n",
        "1.234e-6",
        "\\(\\frac{a}{b}\\)",
        "😀👩‍👩‍👧",
        "日本語",
        "\x00",
        "\ud800",
        "---",
        "\n\n",
        " ",
    ]
)
ANYTHING = st.one_of(
    st.lists(FRAGMENTS, max_size=12).map("".join),
    st.text(max_size=200),
    st.text(alphabet="<>*_`[]()$&|~#-\n ab1", max_size=80),
)


def letters(text: str) -> list[str]:
    """Letters and digits in order; numbers of lists and ticks of tasks aside, since they are drawn anew."""
    return [letter for letter in text if letter.isalpha()]


@settings(deadline=None)
@given(ANYTHING)
def test_no_letter_vanishes(markdown: str) -> None:
    shown = format_markdown(markdown)
    addresses = "".join(entity.url or "" for entity in shown.entities)
    languages = "".join(entity.language or "" for entity in shown.entities)
    left = letters(shown.text + addresses + languages)
    for letter in letters(as_written(markdown).text.replace("[x]", "[ ]").replace("[X]", "[ ]")):
        assert letter in left
        left.remove(letter)


@settings(deadline=None)
@given(ANYTHING)
def test_telegram_would_take_it(markdown: str) -> None:
    shown = format_markdown(markdown)
    assert shown.text.strip()
    shown.text.encode()
    assert "\x00" not in shown.text
    for entity in shown.entities:
        check_entity(entity.model_dump(exclude_none=True), shown.text)


@pytest.mark.parametrize(
    ("markdown", "text", "kinds"),
    [
        ("<BTC> up", "<BTC> up", []),
        ("from $5 to $10", "from $5 to $10", []),
        ("**bold** and `code`", "bold and code", ["bold", "code"]),
        ("[here](https://example.org)", "here", ["text_link"]),
        ("```py\nx = 1 < 2\n```", "x = 1 < 2", ["pre"]),
        ("`<a>` and <b>", "<a> and <b>", ["code"]),
        ("[x](nowhere)", "[x](nowhere)", []),
        ("- one\n- two", "• one\n• two", []),
        ("", "…", []),
    ],
)
def test_how_things_look(markdown: str, text: str, kinds: list[str]) -> None:
    shown = format_markdown(markdown)
    assert shown.text == text
    assert [entity.type for entity in shown.entities] == kinds


def test_offsets_count_utf16_units() -> None:
    shown = format_markdown("😀 **up**")
    (bold,) = shown.entities
    assert (bold.offset, bold.length) == (3, 2)
    assert utf16_len("😀") == 2
