"""Numbers read well at every size, and exact ones lose nothing."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.numbers import exact, money, percent, readable, roughly, signed_percent

FINITE = st.floats(-1e300, 1e300)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (5, "5"),
        (12.3456, "12.35"),
        (1234.56, "1,235"),
        (104_321.55, "104,322"),
        (999.96, "1,000"),
        (0.5, "0.5"),
        (0.00123449, "0.001234"),
        (0.0001, "0.0001"),
        (0.000_099_996, "0.0001"),
        (0.000_012_345_6, "1.235e-5"),
        (1.234e-6, "1.234e-6"),
        (-2.5e-9, "-2.5e-9"),
        (1.5e18, "1.5e18"),
        (math.nan, "unknown"),
        (-math.inf, "unknown"),
    ],
)
def test_a_price_shows_four_significant_digits(number: float, text: str) -> None:
    assert readable(number) == text


@given(FINITE)
def test_a_readable_number_is_right_to_four_digits(number: float) -> None:
    assert float(readable(number).replace(",", "")) == pytest.approx(number, rel=0.0005001)


@given(FINITE)
def test_an_exact_number_can_be_read_back(number: float) -> None:
    assert float(exact(number).replace(",", "")) == number


@pytest.mark.parametrize(
    ("number", "text"),
    [(5, "5"), (0.25, "0.25"), (10_000, "10,000"), (1.5e-7, "1.5e-7"), (99.123456, "99.123456"), (0, "0")],
)
def test_an_exact_number_is_as_short_as_it_can_be(number: float, text: str) -> None:
    assert exact(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1234.56, "$1,234.56"),
        (-3, "-$3.00"),
        (0, "$0.00"),
        (0.5, "$0.50"),
        (0.999, "$0.999"),
        (0.001234, "$0.001234"),
        (1.234e-6, "$1.234e-6"),
        (-0.00001, "-$1e-5"),
        (1e6, "$1,000,000.00"),
        (math.nan, "unknown"),
    ],
)
def test_money_never_shows_something_as_nothing(number: float, text: str) -> None:
    assert money(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (3.2, "3.2 %"),
        (3, "3 %"),
        (0, "0 %"),
        (-12.345, "-12.35 %"),
        (123.456, "123.5 %"),
        (12_345.6, "12,346 %"),
        (0.004, "0.004 %"),
        (100, "100 %"),
        (99.999, "100 %"),
        (math.inf, "unknown"),
    ],
)
def test_percent_has_as_many_decimals_as_matter(number: float, text: str) -> None:
    assert percent(number) == text


def test_a_change_in_percent_carries_its_sign() -> None:
    assert [signed_percent(x) for x in (3.2, -3.2, 0, math.nan)] == ["+3.2 %", "-3.2 %", "0 %", "unknown"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "1 s"),
        (89, "89 s"),
        (90, "1 minute"),
        (3_600, "60 minutes"),
        (5_400, "1 hour"),
        (7_200, "2 hours"),
        (172_799, "47 hours"),
        (172_800, "2 days"),
        (10_000_000, "3 months"),
        (1e9, "31 years"),
    ],
)
def test_a_length_of_time_is_said_roughly(seconds: float, said: str) -> None:
    assert roughly(seconds) == said
