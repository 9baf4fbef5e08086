"""What comes from a provider, read forgivingly where a figure is missing and strictly where it would be wrong.

A figure that is no finite number is unknown, an item without what it needs is left out, and an answer of another shape
is refused as a whole.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter, ValidationError

SMALLEST_PRICE = 1e-24
LARGEST_PRICE = 1e15

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}|0x[0-9a-fA-F]{64}|[1-9A-HJ-NP-Za-km-z]{32,44}")
_LONGEST_TEXT = 200
_LATEST = 32_503_680_000.0


class Shape(BaseModel):
    """A part of a provider's answer; what is not asked for is ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def number(value: object) -> float | None:
    """A finite number, also from text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        read = float(value)
    except (ValueError, OverflowError):
        return None
    return read if math.isfinite(read) else None


def usable_price(value: object) -> float | None:
    """A price that something can be reckoned with; None for 0, for less than 1e-24 and for more than 1e15."""
    read = number(value)
    return read if read is not None and SMALLEST_PRICE <= read <= LARGEST_PRICE else None


def _at_least_nothing(value: object) -> float | None:
    read = number(value)
    return read if read is not None and read >= 0 else None


def _text(value: object) -> object:
    return value[:_LONGEST_TEXT] if isinstance(value, str) else value


def is_address(text: str) -> bool:
    """Whether a text looks like the address of a contract, a pool or an account on some chain."""
    return _ADDRESS.fullmatch(text) is not None


def as_address(text: str) -> str:
    """An address in its one spelling: hexadecimal ones in small letters."""
    return text.lower() if text.startswith("0x") else text


def _address(value: object) -> object:
    if not isinstance(value, str) or not is_address(value):
        raise ValueError("no address")
    return as_address(value)


def _moment(value: object) -> datetime | None:
    """A time from ISO 8601 or epoch seconds; None for anything else, or for one without a zone."""
    try:
        if isinstance(value, str) and not value.strip().isdigit():
            moment = datetime.fromisoformat(value)
            return moment.astimezone(UTC) if moment.tzinfo else None
        seconds = number(value)
        return datetime.fromtimestamp(seconds, UTC) if seconds and 0 < seconds < _LATEST else None
    except (ValueError, OverflowError):
        return None


Figure = Annotated[float | None, BeforeValidator(number)]
UsdPrice = Annotated[float | None, BeforeValidator(usable_price)]
Amount = Annotated[float | None, BeforeValidator(_at_least_nothing)]
Words = Annotated[str, BeforeValidator(_text)]
AddressText = Annotated[str, BeforeValidator(_address)]
Moment = Annotated[datetime | None, BeforeValidator(_moment)]

Item = TypeVar("Item")


def those_among(values: Iterable[object], item: TypeAdapter[Item]) -> list[Item]:
    """Those of some values that have the shape."""
    fit: list[Item] = []
    for each in values:
        try:
            fit.append(item.validate_python(each))
        except ValidationError:
            continue
    return fit


def lenient(item: type[Shape]) -> BeforeValidator:
    """Reads a list and leaves out what does not fit; a list of which nothing fits is another shape."""
    adapter: TypeAdapter[Shape] = TypeAdapter(item)

    def read(value: object) -> list[Shape]:
        if not isinstance(value, list):
            raise ValueError("no list")
        fit = those_among(value, adapter)
        if value and not fit:
            raise ValueError("a list of something else")
        return fit

    return BeforeValidator(read)


Rows = Sequence[Sequence[Any]]
"""Candles as a provider sends them: start, open, high, low, close, volume; nothing about them is certain."""
