"""Programs and states as a few hundred bytes, and what a state says; nothing here needs compiled code."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from bot.trading import layout
from bot.trading.layout import Record, Records

_MARK = 8
_RECORDS = blake2b(
    repr((layout.PROGRAM.descr, layout.WATCH.descr, layout.BOOK.descr, layout.EVENT.descr)).encode()
).digest()
_WORD, _PLACE = np.dtype("<u8"), np.dtype("<u2")
_STATE = layout.BOOK.itemsize + layout.WATCH.itemsize


class StateUnusable(ValueError):
    """A saved program or state belongs to another strategy or to another version of the engine."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a run stands after its last candle; money in quote currency, `drawdown` a fraction, times epoch seconds.

    `stop` and `take_profit` are prices, None where there is none. `halted` says that the greatest drawdown has ended
    the trading: everything is sold and nothing is bought any more.
    """

    cash: float
    quantity: float
    average: float
    cost: float
    equity: float
    drawdown: float
    trades: int
    wins: int
    losses: int
    won: float
    lost: float
    stop: float | None
    take_profit: float | None
    halted: bool


def pack_program(program: Records) -> bytes:
    """A program, small enough to be kept with every run of it."""
    return _marked(b"program", _without_zeros(program.tobytes()))


def unpack_program(packed: bytes) -> Records:
    """The program that `pack_program` packed. Raises `StateUnusable` after a change of the engine's records."""
    return _with_zeros(_unmarked(b"program", packed), layout.PROGRAM.itemsize).view(layout.PROGRAM)


def pack_state(packed_program: bytes, watch: bytes, book: bytes) -> bytes:
    """A run's state: what it remembers of the candles, and of the trading."""
    records, memory = book + watch[: layout.WATCH.itemsize], watch[layout.WATCH.itemsize :]
    return _marked(packed_program, len(memory).to_bytes(4, "little") + memory + _without_zeros(records))


def unpack_state(packed_program: bytes, packed: bytes) -> tuple[bytes, bytes]:
    """The watch and the book of `pack_state`. Raises `StateUnusable` when they belong to another program."""
    data = _unmarked(packed_program, packed)
    end = 4 + int.from_bytes(data[:4], "little")
    records = _with_zeros(data[end:], _STATE).tobytes()
    return records[layout.BOOK.itemsize :] + data[4:end], records[: layout.BOOK.itemsize]


def book_of(packed_program: bytes, packed: bytes) -> Record:
    """The book of a packed state. Raises `StateUnusable`."""
    return np.frombuffer(unpack_state(packed_program, packed)[1], layout.BOOK)[0]


def standing_of(book: Record) -> Standing:
    """What a book says, as plain numbers."""
    flat = book["quantity"] == 0.0
    return Standing(
        cash=float(book["cash"]),
        quantity=float(book["quantity"]),
        average=float(book["average"]),
        cost=float(book["cost"]),
        equity=float(book["equity"]),
        drawdown=float(book["drawdown"]),
        trades=int(book["trades"]),
        wins=int(book["wins"]),
        losses=int(book["losses"]),
        won=float(book["won"]),
        lost=float(book["lost"]),
        stop=None if flat or book["stop"] == 0.0 else float(book["stop"]),
        take_profit=None if flat or np.isinf(book["take_profit"]) else float(book["take_profit"]),
        halted=is_halted(book),
    )


def is_halted(book: Record) -> bool:
    """Whether the greatest drawdown has ended the trading and nothing is left to be sold."""
    waits = book["queued"] + book["exit"] > 0
    return bool(book["entries_ended"]) and not waits and book["quantity"] == 0.0


def _digest(what: bytes) -> bytes:
    return blake2b(what + _RECORDS, digest_size=_MARK).digest()


def _without_zeros(data: bytes) -> bytes:
    """Only the words of 8 bytes that are not 0, after their places: nearly all of a record is 0."""
    words = np.frombuffer(data, _WORD)
    places = np.flatnonzero(words)
    return places.astype(_PLACE).tobytes() + words[places].tobytes()


def _with_zeros(packed: bytes, length: int) -> NDArray[np.uint64]:
    count = len(packed) // (_PLACE.itemsize + _WORD.itemsize)
    if len(packed) != count * (_PLACE.itemsize + _WORD.itemsize):
        raise StateUnusable("This is not what was packed.")
    words = np.zeros(length // _WORD.itemsize, _WORD)
    places = np.frombuffer(packed, _PLACE, count)
    words[places] = np.frombuffer(packed, _WORD, count, count * _PLACE.itemsize)
    return words


def _marked(what: bytes, data: bytes) -> bytes:
    return _digest(what) + data


def _unmarked(what: bytes, packed: bytes) -> bytes:
    if packed[:_MARK] != _digest(what):
        raise StateUnusable("This belongs to another strategy, or to another version of the engine.")
    return packed[_MARK:]
