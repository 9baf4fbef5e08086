"""Lengths of time read the same however they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.trading.timeframe import LONGEST, format_timeframe, in_words, parse_timeframe


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5m", 300),
        ("1h", 3_600),
        ("1d", 86_400),
        ("3d", 259_200),
        ("1w", 604_800),
        ("90m", 5_400),
        ("4H", 14_400),
        ("15 minutes", 900),
        ("1 hour", 3_600),
        ("15min", 900),
        (" 2 days ", 172_800),
        ("120 seconds", 120),
    ],
)
def test_a_length_of_time_is_read_in_letters_and_in_words(text: str, seconds: int) -> None:
    assert parse_timeframe(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "m", "1M", "1y", "-5m", "1.5h", "5m5m", "٣m", "0m", "30s", "366d"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"length of time|out of range"):
        parse_timeframe(text)


@given(st.integers(1, LONGEST // 60))
def test_writing_and_saying_lose_nothing(minutes: int) -> None:
    assert parse_timeframe(format_timeframe(minutes * 60)) == minutes * 60
    assert parse_timeframe(in_words(minutes * 60).replace(",", "")) == minutes * 60


def test_people_read_words() -> None:
    words = [in_words(seconds) for seconds in (60, 900, 3_600, 5_400, 86_400, 259_200, 604_800, 45)]
    assert words == [
        "1 minute",
        "15 minutes",
        "1 hour",
        "90 minutes",
        "1 day",
        "3 days",
        "1 week",
        "45 seconds",
    ]


def test_no_time_at_all_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="no length of time"):
        format_timeframe(0)
