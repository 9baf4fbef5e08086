"""Codes that people carry from one place to another: how they are made, read, kept and guarded against guessing."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""What codes are made of: nothing that looks like something else."""

LENGTH = 8
MOST_WRONG = 5
WITHIN = timedelta(minutes=10)
LOCKED_FOR = timedelta(hours=1)

_UNUSED = "-_ \t\n`*.,"


def new_code() -> str:
    """A fresh code of eight letters and digits."""
    return "".join(secrets.choice(LETTERS) for _ in range(LENGTH))


def read_code(typed: str) -> str:
    """The code that somebody means, however they have written it."""
    return "".join(letter for letter in typed.upper() if letter not in _UNUSED)[:64]


def digest_of(kind: str, code: str) -> str:
    """How a code is kept: what is stored opens nothing."""
    return sha256(f"randebu {kind} {code}".encode()).hexdigest()


def locked_until(wrong: Sequence[datetime]) -> datetime | None:
    """Until when the wrong codes of one person, the oldest first, lock codes for them; None if they never did.

    Five within ten minutes lock for an hour, from the fifth.
    """
    lasts = [
        last for first, last in zip(wrong, wrong[MOST_WRONG - 1 :], strict=False) if last - first <= WITHIN
    ]
    return lasts[-1] + LOCKED_FOR if lasts else None
