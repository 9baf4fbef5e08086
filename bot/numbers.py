"""Numbers as people read them: four significant digits, money, percent, and exact figures for rules."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from math import isfinite

UNKNOWN = "unknown"
"""What is written for a number that is not finite."""

_FOUR_DIGITS = Context(prec=4, rounding=ROUND_HALF_EVEN)
_SMALLEST_PLAIN = Decimal("0.0001")
_LARGEST_PLAIN = Decimal("1e15")


def readable(x: float) -> str:
    """A price or an amount in four significant digits: "12,346", "0.001234", "1.234e-6".

    From 1,000 on all whole digits are kept; below 0.0001 and from 1e15 on it is written with an exponent.
    """
    if not isfinite(x):
        return UNKNOWN
    value = Decimal(repr(float(x)))
    rounded = _FOUR_DIGITS.plus(value)
    if not rounded:
        return "0"
    if not _SMALLEST_PLAIN <= abs(rounded) < _LARGEST_PLAIN:
        return _with_exponent(rounded)
    if abs(rounded) >= 1000:
        return f"{value:,.0f}"
    return _without_zeros(f"{rounded:f}")


def exact(x: float) -> str:
    """A number without any rounding, as short as it can be: "5", "0.25", "10,000", "1.5e-7"."""
    if not isfinite(x):
        return UNKNOWN
    value = Decimal(repr(float(x)))
    if not value:
        return "0"
    if not _SMALLEST_PLAIN <= abs(value) < _LARGEST_PLAIN:
        return _with_exponent(value)
    return _without_zeros(f"{value:,f}")


def money(x: float) -> str:
    """US dollars: "$1,234.56"; under a dollar, cents or four significant digits: "$0.50", "$0.001234"."""
    if not isfinite(x):
        return UNKNOWN
    sign, size = ("-" if x < 0 else ""), abs(x)
    if size >= 1 or size == round(size, 2):
        return f"{sign}${size:,.2f}"
    return f"{sign}${readable(size)}"


def percent(x: float) -> str:
    """A percentage, at most two decimals under 100, one under 1,000, none above: "3.2 %", "1,250 %"."""
    if not isfinite(x):
        return UNKNOWN
    size = abs(x)
    if 0 < size < 0.005:
        return f"{readable(x)} %"
    decimals = 2 if size < 100 else 1 if size < 1000 else 0
    return f"{_without_zeros(f'{x:,.{decimals}f}')} %"


def signed_percent(x: float) -> str:
    """A change in percent with its sign: "+3.2 %", "-3.2 %", "0 %"."""
    return f"+{percent(x)}" if isfinite(x) and x > 0 else percent(x)


def _with_exponent(value: Decimal) -> str:
    exponent = value.adjusted()
    digits = _without_zeros(f"{value.scaleb(-exponent):f}")
    return f"{digits}e{exponent}"


def _without_zeros(text: str) -> str:
    short = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if short in {"-0", ""} else short


_LENGTHS = (
    (31_557_600, 2, "year"),
    (2_629_800, 2, "month"),
    (86_400, 2, "day"),
    (3_600, 1.5, "hour"),
    (60, 1.5, "minute"),
)


def roughly(seconds: float) -> str:
    """A length of time in the largest unit that says enough, rounded down: "45 s", "3 hours", "4 months"."""
    for length, least, name in _LENGTHS:
        if seconds >= length * least:
            count = int(seconds / length)
            return f"{count} {name}" if count == 1 else f"{count} {name}s"
    return f"{max(1, round(seconds))} s"
