"""Marks functions that numba turns into machine code, and decides where that code is kept on disk.

Nothing reorders floating point here (no fastmath), so the same calls give the same bits compiled or, with
NUMBA_DISABLE_JIT=1, as plain Python.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])

COMPILED_FILES = ("compiled", "engine", "fills", "indicators", "judging", "layout", "signals")
"""The modules whose text decides what the machine code is."""


def entry(function: Function) -> Function:
    """A compiled function that Python calls; its machine code is kept on disk."""
    return cast(Function, numba.njit(cache=_KEEPS_CODE, error_model="numpy")(function))


def inner(function: Function) -> Function:
    """A compiled function that other compiled functions call."""
    return cast(Function, numba.njit(error_model="numpy")(function))


def inlined(function: Function) -> Function:
    """A compiled function that is so hot that it becomes part of its callers."""
    return cast(
        Function,
        numba.njit(error_model="numpy", forceinline=True)(function),
    )


def _code_directory() -> Path | None:
    """Where machine code is kept: NUMBA_CACHE_DIR, else beside this file, else the person's cache directory."""
    here = Path(__file__).parent
    given = os.environ.get("NUMBA_CACHE_DIR")
    personal = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "randebu"
    # numba looks only at the file of the outermost function to see whether its code is still good, so a change
    # in a file that it calls would run stale code: the texts of all of them name the directory.
    texts = b"\0".join((here / f"{name}.py").read_bytes() for name in COMPILED_FILES)
    version = hashlib.sha256(texts).hexdigest()[:16]
    for parent in [Path(given)] if given else [here / "__pycache__", personal]:
        directory = parent / f"compiled-{version}"
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(directory, os.W_OK):
            return directory
    return None


_DIRECTORY = _code_directory()
_KEEPS_CODE = _DIRECTORY is not None
if _DIRECTORY is not None:
    numba.config.CACHE_DIR = str(_DIRECTORY)  # type: ignore[attr-defined]
