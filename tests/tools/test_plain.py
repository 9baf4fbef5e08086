"""Names from outside are data: nothing in them formats, mentions, links or hides."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.tools.plain import LONGEST_NAME, file_name, plain


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Pepe", "Pepe"),
        ("  Baby   Doge\nCoin ", "Baby Doge Coin"),
        ("**FREE** [win](https://evil.example)", "FREE win(https evil.example)"),
        ("`code`\x00\x1b[31m", "code31m"),
        ("PE\u202ePE\u200b", "PEPE"),
        ("@everyone", "everyone"),
        ("BABY_DOGE", "BABY DOGE"),
        ("***", "?"),
        ("", "?"),
    ],
)
def test_names_become_plain_words(name: str, shown: str) -> None:
    assert plain(name) == shown


@given(some.text(max_size=200))
def test_nothing_that_formats_is_ever_left(name: str) -> None:
    shown = plain(name)
    assert 1 <= len(shown) <= LONGEST_NAME
    assert not set(shown) & set("\\`*_[]<>#|~@\n\r\t")
    assert all(unicodedata.category(letter) not in {"Cc", "Cf", "Cs"} for letter in shown)
    assert plain(shown) == shown


@given(some.text(max_size=200))
def test_file_names_are_harmless(name: str) -> None:
    shown = file_name(name)
    assert shown
    assert set(shown) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
