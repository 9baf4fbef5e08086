"""What the rows of a table know of people, declared beside each table: how they are found, and what of them may stay.

Every mapped class has a `__privacy__`; a test walks all of them, so that no table is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_
from sqlalchemy.orm import InstrumentedAttribute

FORGOTTEN = "(forgotten)"
"""What stands where a person did who is forgotten."""


@dataclass(frozen=True, slots=True)
class Traces:
    """By what one person is known: accounts, anonymous tokens, (platform, user id) pairs, and names."""

    users: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    identities: tuple[tuple[str, str], ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Personal:
    """A table with rows about people.

    `mentions` is the condition that a row is about a person. `blank` gives the values, at a time, that leave nothing
    of the person in a row which the operators' totals need; without it the rows are deleted. `others` are the columns
    that name somebody else, with the condition on which they are shown to the person nevertheless.
    """

    mentions: Callable[[Traces], ColumnElement[bool]]
    blank: Callable[[Traces, datetime], Mapping[str, Any]] | None = None
    others: Callable[[Traces], Mapping[str, ColumnElement[bool]]] | None = None


@dataclass(frozen=True, slots=True)
class Impersonal:
    """A table that knows nobody, and why that is so."""

    why: str


Privacy = Personal | Impersonal


def belongs(model: Any, traces: Traces) -> ColumnElement[bool]:
    """The condition that a row with `user_id` and `anonymous_token` belongs to a person."""
    return or_(model.user_id.in_(traces.users), model.anonymous_token.in_(traces.tokens))


def names_user(
    platform: InstrumentedAttribute[str], user: InstrumentedAttribute[str], traces: Traces
) -> ColumnElement[bool]:
    """The condition that a row names one of a person's platform user ids."""
    pairs = [and_(platform == each, user == known) for each, known in traces.identities]
    return or_(false(), *pairs)
