"""A CSV file gives exactly what stands in it, or a sentence with the line that is wrong."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import NoData, RandebuError, Refused
from bot.trading.candles import Candles
from bot.trading.csv_candles import read_csv_candles

HEADER = "time,open,high,low,close,volume"
START = 1_767_225_600


def line(number: int, price: float = 1.0) -> str:
    return f"{START + 300 * number},{price},{price * 1.1},{price * 0.9},{price * 1.01},{50 + number}"


LINES = [line(number) for number in range(10)]


@pytest.fixture
def csv_file(tmp_path: Path) -> Path:
    return tmp_path / "candles.csv"


def read(path: Path, content: str | bytes, timeframe: int = 300) -> Candles:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_csv_candles(path, timeframe)


def refusal(path: Path, content: str | bytes, timeframe: int = 300) -> str:
    with pytest.raises(RandebuError) as refused:
        read(path, content, timeframe)
    sentence = str(refused.value)
    assert sentence.endswith(".")
    assert "Traceback" not in sentence
    return sentence


def lines_with(number: int, replaced: str) -> str:
    """Ten good lines below the header, of which the one with this line number is replaced."""
    content = [HEADER, *LINES]
    content[number - 1] = replaced
    return "\n".join(content) + "\n"


def test_a_plain_file_gives_its_numbers_to_the_last_bit(csv_file: Path) -> None:
    candles = read(csv_file, f"{HEADER}\n{START},0.1,0.30000000000000004,1e-9,2.5e-7,1234.5678\n")
    assert list(candles.start) == [START]
    row = [float(getattr(candles, name)[0]) for name in ("open", "high", "low", "close", "volume")]
    assert row == [0.1, 0.30000000000000004, 1e-9, 2.5e-7, 1234.5678]
    assert candles.timeframe == 300
    assert candles.missing == 0


@pytest.mark.parametrize(
    "written",
    [
        lambda at: str(int(at.timestamp())),
        lambda at: f"{at.timestamp():.1f}",
        lambda at: str(int(at.timestamp() * 1000)),
        lambda at: at.isoformat(),
        lambda at: at.strftime("%Y-%m-%d %H:%M:%S"),
        lambda at: at.strftime("%Y-%m-%dT%H:%MZ"),
        lambda at: (at.replace(tzinfo=None) + timedelta(hours=5, minutes=30)).isoformat() + "+05:30",
        lambda at: f'"{at.isoformat()}"',
    ],
    ids=["seconds", "float seconds", "milliseconds", "iso", "naive", "zulu", "offset", "quoted"],
)
def test_times_may_be_seconds_milliseconds_or_iso(csv_file: Path, written: object) -> None:
    assert callable(written)
    moments = [datetime.fromtimestamp(START + 300 * number, UTC) for number in range(3)]
    candles = read(csv_file, "\n".join([HEADER, *(f"{written(at)},1,2,0.5,1,3" for at in moments)]))
    assert list(candles.start) == [START, START + 300, START + 600]


HARMLESS = {
    "crlf": "\r\n".join([HEADER, *LINES]),
    "cr": "\r".join([HEADER, *LINES]),
    "byte order mark": "\ufeff" + "\n".join([HEADER, *LINES]),
    "empty end": "\n".join([HEADER, *LINES]) + "\n\n\n",
    "spaces at the end": "\n".join([HEADER, *LINES]) + "\n  \n",
    "capitals": "\n".join([HEADER.upper(), *LINES]),
    "spaced header": "\n".join([HEADER.replace(",", ", "), *LINES]),
    "spaced": "\n".join([HEADER, *(row.replace(",", " , ") for row in LINES)]),
    "quoted": "\n".join([HEADER, *(",".join(f'"{cell}"' for cell in row.split(",")) for row in LINES)]),
    "more columns": "\n".join([f"note,{HEADER},pair", *(f"buy ▲,{row},PEPE/USD" for row in LINES)]),
    "comma in quotes": "\n".join([f"{HEADER},note", *(f'{row},"a, b"' for row in LINES)]),
}


@pytest.mark.parametrize("content", HARMLESS.values(), ids=HARMLESS)
def test_harmless_differences_change_nothing(csv_file: Path, content: str) -> None:
    plain = read(csv_file, "\n".join([HEADER, *LINES]))
    other = read(csv_file, content)
    for name in ("start", "open", "high", "low", "close", "volume"):
        assert np.array_equal(getattr(plain, name), getattr(other, name))


def test_columns_are_found_by_their_names(csv_file: Path) -> None:
    candles = read(csv_file, f"volume,close,low,high,open,time\n7,4,1,5,2,{START}\n")
    assert [float(candles.open[0]), float(candles.high[0]), float(candles.low[0])] == [2, 5, 1]
    assert [float(candles.close[0]), float(candles.volume[0])] == [4, 7]


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ("", "line is empty"),
        ("1767226200,1,2,0.5,1", "5 fields, but the header has 6"),
        ("1767226200,1,2,0.5,1,3,4", "7 fields"),
        ("1767226200,1,234.5,2,000,0.5,1,3", "8 fields"),
        ("1767226200,one,2,0.5,1,3", 'open "one" is not a number'),
        ("1767226200,1_0,20,0.5,1,3", 'open "1_0" is not a number'),
        ("1767226200,,2,0.5,1,3", "open is empty"),
        ("1767226200,nan,2,0.5,1,3", "open is nan"),
        ("1767226200,1,inf,0.5,1,3", "high is inf"),
        ("1767226200,1,2,0.5,1,-inf", "volume is -inf"),
        ("1767226200,1,2,0.5,1,NaN", "volume is nan"),
        ("1767226200,1,2,0.5,1,-3", "volume -3 is negative"),
        ("1767226200,1,0.8,0.9,0.85,3", "high 0.8 is below low 0.9"),
        ("1767226200,3,2,0.5,1,3", "open 3 lies outside of low 0.5 to high 2"),
        ("1767226200,1,2,0.5,0.4,3", "close 0.4 lies outside"),
        ("1767226200,0,2,0,1,3", "open 0 is not above zero"),
        ("1767226200,1,2,-0.5,1,3", "low -0.5 is not above zero"),
        ("1767225900,1,2,0.5,1,3", "is there twice"),
        ("1767225600,1,2,0.5,1,3", "times must ascend"),
        ("1767226201,1,2,0.5,1,3", "begins 301 s after the candle above"),
        ("1767226200500,1,2,0.5,1,3", 'time "1767226200500" is not epoch seconds'),
        ("2026-01-01T00:10:00,1,2,0.5,1,3", "is not epoch seconds"),
        ("soon,1,2,0.5,1,3", 'time "soon"'),
        (",1,2,0.5,1,3", "time is empty"),
        ("-300,1,2,0.5,1,3", "is not epoch seconds"),
        ("1e400,1,2,0.5,1,3", "is not epoch seconds"),
        ("9" * 5000 + ",1,2,0.5,1,3", "is not epoch seconds"),
        ('1767226200,"1"2,2,0.5,1,3', "quotes are broken"),
        ('"1767226200,1,2,0.5,1,3', "quotes are broken"),
    ],
)
def test_a_broken_line_is_named(csv_file: Path, broken: str, words: str) -> None:
    sentence = refusal(csv_file, lines_with(4, broken))
    assert "candles.csv, line 4: " in sentence
    assert words in sentence


def test_the_first_of_several_broken_lines_is_named(csv_file: Path) -> None:
    content = [HEADER, *LINES]
    content[8] = "garbage"
    content[6] = "1767227100,1,0.1,2,1,3"
    content[4] = content[3]
    for number, words in ((5, "there twice"), (7, "high 0.1 is below low 2"), (9, "1 fields")):
        assert f"line {number}: " in (sentence := refusal(csv_file, "\n".join(content)))
        assert words in sentence
        content[number - 1] = LINES[number - 2]


def test_line_numbers_count_lines_and_not_rows(csv_file: Path) -> None:
    content = f'{HEADER},note\n{LINES[0]},"two\nlines"\n{LINES[1]},\n{LINES[2]}\n'
    assert "line 5: it has 6 fields" in refusal(csv_file, content)


def test_milliseconds_between_seconds_are_named(csv_file: Path) -> None:
    content = f"{HEADER}\n{START}000,1,2,0.5,1,3\n{START + 300}500,1,2,0.5,1,3\n"
    assert "line 3" in (sentence := refusal(csv_file, content))
    assert "epoch milliseconds" in sentence


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "does not begin with a header"),
        ("\n", "does not begin with a header"),
        (HEADER, "holds no candle"),
        (f"{HEADER}\n\n", "holds no candle"),
        ("\n".join(LINES), "line 1: the header lacks time, open, high, low, close, volume"),
        ("time,open,high,low,close\n1,1,1,1,1", "lacks volume"),
        ("time;open;high;low;close;volume\n", "with commas between them"),
        (f"{HEADER},close\n", "names close more than once"),
        ("\n".join([HEADER, *LINES]).encode("utf-16"), "not UTF-8"),
        (b"\xff\xfe\xfa", "not UTF-8"),
        (f'"{HEADER}', "line 1: the quotes are broken"),
    ],
)
def test_a_file_without_candles_says_what_it_lacks(csv_file: Path, content: str | bytes, words: str) -> None:
    assert words in refusal(csv_file, content)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"nowhere\.csv cannot be read: No such file"):
        read_csv_candles(tmp_path / "nowhere.csv", 300)
    with pytest.raises(Refused, match="cannot be read: Is a directory"):
        read_csv_candles(tmp_path, 300)


def test_a_file_with_another_spacing_than_the_run_is_refused(csv_file: Path) -> None:
    content = "\n".join([HEADER, *LINES])
    assert "line 3: it begins 5m after" in (sentence := refusal(csv_file, content, timeframe=900))
    assert "no multiple of 15m" in sentence
    assert "5m apart, but the timeframe of the run is 1m" in refusal(csv_file, content, timeframe=60)


def test_a_gap_is_filled_and_counted(csv_file: Path) -> None:
    candles = read(csv_file, "\n".join([HEADER, *LINES[:4], *LINES[5:]]))
    assert len(candles) == 10
    assert candles.missing == 1
    assert candles.volume[4] == 0
    assert candles.close[4] == candles.close[3] == candles.open[4]


def test_too_many_gaps_are_refused(csv_file: Path) -> None:
    csv_file.write_text("\n".join([HEADER, *LINES[:2], *LINES[5:]]))
    with pytest.raises(NoData, match="3 of 10 candles are missing"):
        read_csv_candles(csv_file, 300)


@given(broken=st.binary(max_size=40), where=st.integers(0, 11))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_stands_in_a_file_ends_in_candles_or_a_sentence(
    csv_file: Path, broken: bytes, where: int
) -> None:
    content = [part.encode() for part in (HEADER, *LINES)]
    content[where:where] = [broken]
    csv_file.write_bytes(b"\n".join(content))
    with suppress(RandebuError):
        candles = read_csv_candles(csv_file, 300)
        assert len(candles) - candles.missing in (len(LINES), len(LINES) + 1)


def test_a_hundred_thousand_rows_are_read_quickly(csv_file: Path) -> None:
    content = "\n".join([HEADER, *(line(number, 1.2345e-6) for number in range(100_000))])
    csv_file.write_text(content)
    begin = time.process_time()
    assert len(read_csv_candles(csv_file, 300)) == 100_000
    assert time.process_time() - begin < 1.0
