"""Reads the columns of a CSV file of candles: quickly where all is as usual, else line by line."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO, StringIO, TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bot.errors import Refused

if TYPE_CHECKING:
    from _csv import Reader

COLUMNS = ("time", "open", "high", "low", "close", "volume")
"""The columns that a file must have."""

_ROWS_AT_ONCE = 50_000
_LONGEST_TIME = 48
_FIRST_IN_MILLISECONDS = 100_000_000_000
_LAST_IN_MILLISECONDS = 253_402_300_799_000

Row = list[str]
Floats = NDArray[np.float64]
Times = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a candle, which is counted from 0 at the first one of the file."""

    index: int
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """What a file holds: the line of every candle, times in epoch seconds, and the other five columns.

    `unreadable` is what ended the reading before the end of the file; the columns hold what comes before it.
    """

    lines: Sequence[int]
    times: Times
    values: Sequence[Floats]
    unreadable: Problem | None = None


@dataclass(frozen=True, slots=True)
class _Layout:
    """How the lines of a file are read: how many fields, where our columns stand, how times are written."""

    width: int
    positions: Sequence[int]
    time_form: str
    read_times: Callable[[Sequence[str]], Times]


def read_table(path: Path) -> Table:
    """The columns of a file, in any encoding of line ends, with or without a byte order mark.

    Raises `Refused` with a sentence when the file, its header or its quotes cannot be read.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror or error}.") from None
    try:
        return _quickly(content)
    except ValueError:
        pass
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(f"{path.name} is not UTF-8 text; save it as CSV in UTF-8.") from None
    return _line_by_line(path.name, csv.reader(StringIO(text, newline=""), strict=True))


def _quickly(content: bytes) -> Table:
    """The columns by numpy's own reader; raises `ValueError` for anything that needs a closer look.

    numpy joins broken quotes and skips empty lines without a word, so files with either are not for it.
    """
    count = content.rstrip().count(b"\n")
    header = content[: content.find(b"\n")].decode("utf-8-sig").strip().lower().split(",")
    if count == 0 or b'"' in content or any(header.count(column) != 1 for column in COLUMNS):
        raise ValueError("not a plain file")
    kinds = {"time": f"S{_LONGEST_TIME}"} | dict.fromkeys(COLUMNS[1:], "f8")
    record = np.dtype([(f"{place}", kinds.get(column, "S1")) for place, column in enumerate(header)])
    text = TextIOWrapper(BytesIO(content), encoding="utf-8-sig")
    table = np.loadtxt(text, record, comments=None, delimiter=",", skiprows=1, ndmin=1)
    written = table[str(header.index("time"))]
    cells = b"\n".join(written.tolist()).decode("ascii").split("\n")
    if len(cells) != count or len(max(cells, key=len)) == _LONGEST_TIME:
        raise ValueError("empty lines, other line ends or a time that was cut off")
    times = _time_form(cells[0])[1](cells)
    return Table(
        range(2, count + 2), times, [table[str(header.index(column))].copy() for column in COLUMNS[1:]]
    )


def _line_by_line(name: str, reader: Reader) -> Table:
    rows = _rows(name, reader)
    _, header = next(rows, (1, []))
    positions = _positions(name, header)
    lines: list[int] = []
    times: list[Times] = [np.empty(0, dtype=np.int64)]
    values: list[list[Floats]] = [[np.empty(0)] for _ in positions[1:]]
    layout = None
    unreadable = None
    while unreadable is None and (numbered := list(islice(rows, _ROWS_AT_ONCE))):
        some = [row for _, row in numbered]
        if layout is None:
            first_time = some[0][positions[0]] if len(some[0]) == len(header) else ""
            layout = _Layout(len(header), positions, *_time_form(first_time))
        done = len(lines)
        lines.extend(line for line, _ in numbered)
        try:
            columns = _columns(some, layout)
        except ValueError:
            index, text = next(
                (i, text) for i, row in enumerate(some) if (text := _why_unreadable(row, layout))
            )
            unreadable = Problem(done + index, text)
            columns = _columns(some[:index], layout)
        times.append(columns[0])
        for column, part in zip(values, columns[1], strict=True):
            column.append(part)
    return Table(lines, np.concatenate(times), [np.concatenate(column) for column in values], unreadable)


def _rows(name: str, reader: Reader) -> Iterator[tuple[int, Row]]:
    """Every row with the line that it begins on; empty lines at the end of the file are left out."""
    line, empty = 1, 0
    try:
        for row in reader:
            if len(row) < 2 and not "".join(row).strip():
                empty = empty or line
            else:
                if empty:
                    yield empty, []
                    empty = 0
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise Refused(f"{name}, line {line}: the quotes are broken ({error}).") from None


def _positions(name: str, header: Row) -> list[int]:
    if not header:
        raise Refused(f"{name} does not begin with a header; its first line must be {','.join(COLUMNS)}.")
    names = [column.strip().lower() for column in header]
    missing = [column for column in COLUMNS if column not in names]
    if missing:
        raise Refused(
            f"{name}, line 1: the header lacks {', '.join(missing)}; it must name {','.join(COLUMNS)}, with "
            "commas between them."
        )
    twice = [column for column in COLUMNS if names.count(column) > 1]
    if twice:
        raise Refused(f"{name}, line 1: the header names {', '.join(twice)} more than once.")
    return [names.index(column) for column in COLUMNS]


def _columns(rows: Sequence[Row], layout: _Layout) -> tuple[Times, list[Floats]]:
    """The times and the five other columns; raises `ValueError` when anything in them cannot be read."""
    if any(len(row) != layout.width for row in rows):
        raise ValueError("a line has another number of fields than the header")
    cells = list(zip(*rows, strict=True)) or [()] * layout.width
    times = layout.read_times(cells[layout.positions[0]])
    return times, [_floats(cells[place]) for place in layout.positions[1:]]


def _floats(cells: Sequence[str]) -> Floats:
    # Python would read 1_000 as a thousand; in a CSV it is a mistake.
    if "_" in "".join(cells):
        raise ValueError("a number holds an underscore")
    return np.array(list(map(float, cells)), np.float64)


def _time_form(first: str) -> tuple[str, Callable[[Sequence[str]], Times]]:
    """How the times of a file are written, judged by its first one: in words, and as their reader."""
    try:
        number = _whole([first])[0]
    except ValueError:
        return "epoch seconds, epoch milliseconds or ISO 8601", _from_iso
    if number < _FIRST_IN_MILLISECONDS:
        return "epoch seconds, as in the first line", _from_seconds
    return "epoch milliseconds at a whole second, as in the first line", _from_milliseconds


def _whole(cells: Sequence[str]) -> Times:
    try:
        if "_" not in "".join(cells):
            return np.array(list(map(int, cells)), np.int64)
    except ValueError:
        numbers = _floats(cells)
        if (np.abs(numbers) < 2.0**53).all() and (numbers == np.floor(numbers)).all():
            return numbers.astype(np.int64)
    except OverflowError:
        pass
    raise ValueError("a time is no whole number")


def _from_seconds(cells: Sequence[str]) -> Times:
    times = _whole(cells)
    if ((times < 0) | (times >= _FIRST_IN_MILLISECONDS)).any():
        raise ValueError("a time is not in epoch seconds")
    return times


def _from_milliseconds(cells: Sequence[str]) -> Times:
    times = _whole(cells)
    inside = (times >= _FIRST_IN_MILLISECONDS) & (times <= _LAST_IN_MILLISECONDS)
    if not (inside & (times % 1000 == 0)).all():
        raise ValueError("a time is not in epoch milliseconds, or not at a whole second")
    return times // 1000


def _from_iso(cells: Sequence[str]) -> Times:
    moments = map(datetime.fromisoformat, map(str.strip, cells))
    aware = (moment if moment.tzinfo else moment.replace(tzinfo=UTC) for moment in moments)
    seconds = np.array(list(map(datetime.timestamp, aware)), np.float64)
    if (seconds != np.floor(seconds)).any():
        raise ValueError("a time is not at a whole second")
    return seconds.astype(np.int64)


def _why_unreadable(row: Row, layout: _Layout) -> str | None:
    """What is wrong with a line that cannot be read; None for one that can."""
    if not row:
        return "the line is empty."
    if len(row) != layout.width:
        return f"it has {len(row)} fields, but the header has {layout.width}."
    for column, place in zip(COLUMNS, layout.positions, strict=True):
        cell = row[place].strip()
        try:
            layout.read_times([cell]) if column == "time" else _floats([cell])
        except ValueError:
            wanted = layout.time_form if column == "time" else "a number"
            return f'{column} "{cell[:40]}" is not {wanted}.' if cell else f"{column} is empty."
    return None
