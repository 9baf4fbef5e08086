"""A pipe can rely on this; the house behind is a fake, the process is real."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.terminal.pseudo_terminal import PROJECT

HOUSE = (sys.executable, "-m", "tests.terminal.fake_house")


def piped(folder: Path, lines: bytes, *more: str) -> subprocess.CompletedProcess[bytes]:
    command = [*HOUSE, str(folder), *more]
    return subprocess.run(command, input=lines, capture_output=True, cwd=PROJECT, timeout=60, check=False)


def test_each_line_is_answered_before_the_next_is_read(tmp_path: Path) -> None:
    done = piped(tmp_path, b"one\n\n  \n/help me\nchoice\nlast without an end")
    assert done.returncode == 0
    assert done.stderr == b"closed\n"
    assert done.stdout.decode().split("\n") == [
        "randebu> Welcome.",
        "you> one",
        "randebu> heard 3: one",
        "you> /help me",
        "randebu> command help (me)",
        "you> choice",
        "randebu> Create it?",
        "[1] Create  [2] Cancel",
        "you> last without an end",
        "randebu> heard 19: last without an end",
        "",
    ]


@pytest.mark.parametrize("word", [b"quit", b"EXIT"])
def test_a_word_ends_it(tmp_path: Path, word: bytes) -> None:
    done = piped(tmp_path, b"one\n" + word + b"\ntwo\n")
    assert done.returncode == 0
    assert b"heard 3: one" in done.stdout
    assert b"two" not in done.stdout


def test_a_picture_does_not_say_again_what_was_just_said(tmp_path: Path) -> None:
    said = piped(tmp_path, b"result\n").stdout.decode()
    assert said.count("It made 5 % in May.") == 1
    assert "randebu> The chart, and what else there is to see:\n" in said


def test_nothing_at_all_is_fine(tmp_path: Path) -> None:
    assert piped(tmp_path, b"").stdout == b"randebu> Welcome.\n"


def test_a_file_serves_as_well_as_a_pipe(tmp_path: Path) -> None:
    lines = tmp_path / "lines.txt"
    lines.write_bytes(b"one\ntwo\n")
    with lines.open("rb") as file:
        done = subprocess.run(
            [*HOUSE, str(tmp_path)], stdin=file, capture_output=True, cwd=PROJECT, check=True
        )
    assert done.stdout.decode().count("randebu> heard") == 2


@pytest.mark.parametrize(
    ("line", "heard"),
    [
        (b"x" * 1_000_000, b"heard 1000000: " + b"x" * 40),
        (b"bad \xff byte", "heard 10: bad \ufffd byte".encode()),
        (b"a\x00b", "heard 3: a\ufffdb".encode()),
        (b"\x1b[2Jclear", b"heard 9: [2Jclear"),
        (b"ends like Windows\r", b"heard 17: ends like Windows"),
    ],
)
def test_strange_lines_survive(tmp_path: Path, line: bytes, heard: bytes) -> None:
    done = piped(tmp_path, line + b"\nnext\n")
    assert done.returncode == 0
    assert heard in done.stdout
    assert b"heard 4: next" in done.stdout
    assert b"\x1b" not in done.stdout


def test_a_reader_who_leaves_early_ends_it_quietly(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*HOUSE, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=PROJECT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    with process:
        assert process.stdout.readline() == b"randebu> Welcome.\n"
        process.stdout.close()
        process.stdin.write(b"one\ntwo\n")
        process.stdin.close()
        assert process.stderr.read() == b"closed\n"
    assert process.returncode == 0


@pytest.mark.parametrize(("which", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_being_told_to_end_closes_the_house(tmp_path: Path, which: signal.Signals, status: int) -> None:
    process = subprocess.Popen(
        [*HOUSE, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=PROJECT,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    with process:
        assert process.stdout.readline() == b"randebu> Welcome.\n"
        # Only after the echo is the process surely where it listens to signals.
        os.write(process.stdin.fileno(), b"slow\n")  # type: ignore[union-attr]
        assert process.stdout.readline() == b"you> slow\n"
        process.send_signal(which)
        assert process.stderr.read() == b"closed\n"
    assert process.returncode == status


def test_pictures_and_files_are_kept_under_harmless_names(tmp_path: Path) -> None:
    out = piped(tmp_path, b"picture\nfile\n").stdout.decode().split("\n")
    assert out[2:4] == ["randebu> The result", str(tmp_path / "pictures" / "my-chart-1.png")]
    assert out[5] == "randebu> " + str(tmp_path / "files" / "chats-2.json")
    assert (tmp_path / "pictures" / "my-chart-1.png").read_bytes() == b"\x89PNG"
    assert (tmp_path / "files" / "chats-2.json").read_bytes() == b"{}"


def test_a_house_that_cannot_open_ends_with_its_sentence(tmp_path: Path) -> None:
    done = piped(tmp_path, b"hello\n", "broken")
    assert (done.returncode, done.stderr) == (2, b"closed\nThe house cannot open.\n")
