"""Codes: easy to read, hard to guess, kept so that nobody can read them back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.accounts.codes import LENGTH, LETTERS, digest_of, locked_until, new_code, read_code
from tests.storage.rows import START


def test_a_code_has_eight_letters_that_look_like_nothing_else() -> None:
    codes = {new_code() for _ in range(500)}
    assert len(codes) == 500
    assert all(len(code) == LENGTH == 8 for code in codes)
    assert not set("".join(codes)) & set("01OIL")


@given(st.text(alphabet=LETTERS, min_size=8, max_size=8))
def test_a_code_is_read_however_it_is_written(code: str) -> None:
    for written in (code.lower(), f" {code[:4]}-{code[4:]} ", f"`{code}`", f"{code}."):
        assert read_code(written) == code


def test_a_digest_is_for_one_purpose() -> None:
    assert digest_of("link", "AAAA2222") != digest_of("invitation", "AAAA2222")
    assert "AAAA2222" not in digest_of("link", "AAAA2222")


@pytest.mark.parametrize(
    ("minutes", "locked"),
    [
        ([], None),
        ([0, 1, 2, 3], None),
        ([0, 1, 2, 3, 4], 64),
        ([0, 1, 2, 3, 10], 70),
        ([0, 1, 2, 3, 10.1], None),
        ([0, 0, 0, 0, 0], 60),
        ([0, 20, 21, 22, 23, 24], 84),
    ],
)
def test_five_wrong_ones_within_ten_minutes_lock_for_an_hour(
    minutes: list[float], locked: float | None
) -> None:
    wrong = [START + timedelta(minutes=each) for each in minutes]
    assert locked_until(wrong) == (None if locked is None else START + timedelta(minutes=locked))
