"""What the parts of a strategy document share: strictness, and their kinds of numbers, texts and times."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from bot.trading.timeframe import PATTERN, WEEK, format_timeframe, parse_timeframe

_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _without_titles(schema: dict[str, Any]) -> None:
    """Leave out what a reader of the schema can see from the names anyway."""
    schema.pop("title", None)
    for field in schema.get("properties", {}).values():
        field.pop("title", None)


class Part(BaseModel):
    """A piece of a strategy document: it never changes, and knows no field but its own."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        json_schema_extra=_without_titles,
    )


def _one_line(text: str) -> str:
    """Join a text to one line and refuse what cannot be shown or stored as it looks."""
    line = " ".join(text.split())
    if any(unicodedata.category(letter) in {"Cc", "Cs"} or letter in _BIDI_CONTROLS for letter in line):
        raise ValueError("must not contain control characters")
    if not line:
        raise ValueError("must not be empty")
    return line


def _no_spaces(text: str) -> str:
    if " " in text:
        raise ValueError("must not contain spaces")
    return text


def _canonical(text: str) -> str:
    return format_timeframe(parse_timeframe(text))


def _candle_length(text: str) -> str:
    if parse_timeframe(text) > WEEK:
        raise ValueError("a candle is at most 1w long")
    return text


Name = Annotated[str, Field(max_length=80), AfterValidator(_one_line)]
"""A name on one line, at most 80 letters."""

Symbol = Annotated[str, Field(max_length=40), AfterValidator(_one_line)]
"""A token's symbol, at most 40 letters."""

Message = Annotated[str, Field(max_length=500), AfterValidator(_one_line)]
"""A message on one line, at most 500 letters."""

Address = Annotated[str, Field(max_length=128), AfterValidator(_one_line), AfterValidator(_no_spaces)]
"""An address on a chain, as that chain writes it."""

Duration = Annotated[
    str, AfterValidator(_canonical), Field(max_length=20, json_schema_extra={"pattern": PATTERN})
]
"""A length of time from 1m to 365d, in its shortest spelling: "60m" becomes "1h"."""

Timeframe = Annotated[Duration, AfterValidator(_candle_length)]
"""The length of a candle, from 1m to 1w."""

Number = Annotated[float, Field(strict=True)]
"""A finite number; text and true or false are refused."""

Positive = Annotated[Number, Field(gt=0, le=1e15)]
"""A finite number above 0."""

Share = Annotated[Number, Field(gt=0, le=100)]
"""A part of something, in percent: above 0, at most 100."""

Rise = Annotated[Number, Field(gt=0, le=1e6)]
"""A rise in percent, above 0."""

Fall = Annotated[Number, Field(gt=0, lt=100)]
"""A fall in percent, above 0 and under 100, since no price falls to nothing."""

Period = Annotated[int, Field(strict=True, ge=2, le=1000)]
"""A look-back of an indicator, in candles."""

Count = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
"""How often something may happen."""

RuleId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
"""The name of a rule: letters, digits, - and _, at most 40."""
