"""A person at the keyboard can rely on this; the house behind is a fake, the terminal is real."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal.pseudo_terminal import CTRL_C, CTRL_D, ENTER, TAB, UP, PseudoTerminal, at_terminal

HOUSE = ("-m", "tests.terminal.fake_house")


@pytest.fixture
def person(tmp_path: Path) -> Iterator[PseudoTerminal]:
    with at_terminal([*HOUSE, str(tmp_path)]) as terminal:
        terminal.sees("Welcome.", "you>")
        yield terminal


def at_rest(text: str) -> bool:
    """The prompt stands alone below everything."""
    return text.endswith("\n\nyou>")


def test_a_line_is_answered_under_it_and_the_prompt_stays(person: PseudoTerminal) -> None:
    person.enter("hello")
    person.sees("you> hello\nrandebu> heard 5: hello")
    person.waits(at_rest, "the prompt")


def test_an_answer_grows_and_is_printed_once_when_it_is_finished(person: PseudoTerminal) -> None:
    person.enter("slow")
    person.sees("randebu> one two\n", "Thinking (Ctrl-C stops)\nyou>")
    person.press(CTRL_C)
    person.waits(at_rest, "the prompt")
    assert person.text == "randebu> Welcome.\n\nyou> slow\nrandebu> one two, stopped\n\nyou>"


def test_progress_is_shown_while_it_runs(person: PseudoTerminal) -> None:
    person.enter("working")
    person.sees("Testing  40 % (Ctrl-C stops)")
    person.press(CTRL_C)
    person.sees("randebu> given up")
    person.waits(at_rest, "the prompt")


def test_the_next_line_can_be_typed_while_an_answer_runs(person: PseudoTerminal) -> None:
    person.enter("slow")
    person.sees("randebu> one two")
    person.enter("next")
    person.sees("heard 4: next")
    person.enter("/stop")
    person.sees("one two, stopped")


def test_a_long_answer_grows_within_the_screen_and_stays_whole_above_it(person: PseudoTerminal) -> None:
    person.enter("long")
    person.sees("line 60", "Thinking")
    assert "line 1\n" not in person.text
    person.press(CTRL_C)
    person.waits(at_rest, "the prompt")
    rows = [row.strip() for row in person.text.split("\n") if "line" in row]
    assert rows == [f"line {number}" for number in range(1, 61)]


def test_ctrl_c_at_rest_clears_the_line(person: PseudoTerminal) -> None:
    person.press("never sent" + CTRL_C)
    person.enter("sent")
    person.sees("heard 4: sent")
    assert person.process.poll() is None


@pytest.mark.parametrize("line", ["", "slow"])
def test_ctrl_d_leaves_at_rest_and_while_an_answer_runs(person: PseudoTerminal, line: str) -> None:
    if line:
        person.enter(line)
        person.sees("randebu> one two")
    person.press(CTRL_D)
    assert person.left() == 0
    assert "closed" in person.text


@pytest.mark.parametrize("line", ["quit", "Exit", "/quit"])
def test_a_word_leaves_too(person: PseudoTerminal, line: str) -> None:
    person.enter(line)
    assert person.left() == 0
    assert "heard" not in person.text


def test_ctrl_c_stops_a_line_that_the_house_is_only_just_taking(tmp_path: Path) -> None:
    with at_terminal([*HOUSE, str(tmp_path)]) as terminal:
        terminal.sees("Welcome.", "you>")
        terminal.enter("slow taking")
        terminal.sees("Thinking")
        terminal.press(CTRL_C)
        terminal.sees("randebu> taken and stopped")
        terminal.waits(at_rest, "the prompt")


@pytest.mark.parametrize("which", [signal.SIGTERM, signal.SIGHUP])
def test_being_told_to_end_closes_the_house(person: PseudoTerminal, which: signal.Signals) -> None:
    person.process.send_signal(which)
    assert person.left() == 0
    assert "closed" in person.text


def test_earlier_lines_come_back_also_after_a_restart_and_only_for_their_owner(tmp_path: Path) -> None:
    with at_terminal([*HOUSE, str(tmp_path)]) as first:
        first.sees("Welcome.")
        first.enter("remember me")
        first.sees("heard 11")
        first.press(CTRL_D)
        assert first.left() == 0
    with at_terminal([*HOUSE, str(tmp_path)]) as second:
        second.sees("Welcome.", "you>")
        second.press(UP)
        second.sees("you> remember me")
        second.press(ENTER)
        second.sees("heard 11: remember me")
    assert stat.S_IMODE((tmp_path / "history").stat().st_mode) == 0o600


def test_slash_commands_are_completed(person: PseudoTerminal) -> None:
    person.press("/ba")
    person.sees("/backtest", "test a bot")
    person.press(TAB + " 90d" + ENTER)
    person.sees("command backtest (90d)")


def test_the_prompt_does_not_wait_for_the_house(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    with at_terminal([*HOUSE, str(tmp_path), str(gate)]) as terminal:
        terminal.sees("you>")
        terminal.enter("early")
        terminal.sees("you> early", "Getting ready")
        gate.write_bytes(b"open")
        terminal.sees("Welcome.", "heard 5: early")
        assert terminal.text.startswith("randebu> Welcome.\n\nyou> early\nrandebu> heard 5: early")


def test_ctrl_c_gives_up_a_line_that_waits_for_the_house(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    with at_terminal([*HOUSE, str(tmp_path), str(gate)]) as terminal:
        terminal.sees("you>")
        terminal.enter("early")
        terminal.sees("Getting ready")
        terminal.press(CTRL_C)
        terminal.waits(lambda text: "Getting ready" not in text, "the end of waiting")
        terminal.sees("you> early\nNot sent.")
        gate.write_bytes(b"open")
        terminal.sees("Welcome.")
        terminal.enter("late")
        assert "heard 5: early" not in terminal.sees("heard 4: late")


def test_a_house_that_cannot_open_ends_the_chat_with_its_sentence(tmp_path: Path) -> None:
    with at_terminal([*HOUSE, str(tmp_path), "broken"]) as terminal:
        assert terminal.left() == 2
        assert "The house cannot open." in terminal.text
        assert "Traceback" not in terminal.text


def test_a_terminal_that_cannot_edit_lines_is_talked_to_like_a_pipe(tmp_path: Path) -> None:
    with at_terminal([*HOUSE, str(tmp_path)], term="dumb") as terminal:
        terminal.sees("Welcome.")
        terminal.enter("one")
        terminal.sees("randebu> heard 3: one")
        terminal.enter("two")
        terminal.sees("randebu> heard 3: two")
        terminal.press(CTRL_D)
        assert terminal.left() == 0
