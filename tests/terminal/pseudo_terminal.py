"""A process that believes it talks to a person: what it shows is read, keys are pressed."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyte

PROJECT = Path(__file__).parents[2]
CTRL_C, CTRL_D, UP, TAB, ENTER = "\x03", "\x04", "\x1b[A", "\t", "\r"
COLUMNS, ROWS = 80, 24


class PseudoTerminal:
    """The person's side of a running process: keys, and a screen with everything that was scrolled away."""

    def __init__(self, process: subprocess.Popen[bytes], descriptor: int) -> None:
        self.process = process
        self._descriptor = descriptor
        self._screen = _Screen(self)
        self._stream = pyte.ByteStream(self._screen)

    def press(self, keys: str) -> None:
        """Type keys."""
        os.write(self._descriptor, keys.encode())

    def enter(self, line: str) -> None:
        """Type a line and press Enter."""
        self.press(line + ENTER)

    @property
    def text(self) -> str:
        """Everything on the screen and above it, without trailing spaces."""
        above = ["".join(row[column].data for column in range(COLUMNS)) for row in self._screen.history.top]
        return "\n".join(row.rstrip() for row in (*above, *self._screen.display)).rstrip()

    def sees(self, *texts: str, seconds: float = 20) -> str:
        """Wait until the screen shows all of these, and give back all that it shows."""
        self.waits(lambda text: all(wanted in text for wanted in texts), f"{texts}", seconds)
        return self.text

    def waits(self, condition: Callable[[str], bool], wanted: str, seconds: float = 20) -> None:
        """Wait until what the screen shows fulfils a condition."""
        deadline = time.monotonic() + seconds
        while not condition(self.text):
            self._read(deadline, wanted)

    def left(self, seconds: float = 20) -> int:
        """Wait until the process has ended and give back its exit status."""
        deadline = time.monotonic() + seconds
        try:
            while True:
                self._read(deadline, "the end")
        except EOFError:
            return self.process.wait(seconds)

    def _read(self, deadline: float, wanted: str) -> None:
        rest = deadline - time.monotonic()
        if rest <= 0 or not select.select([self._descriptor], [], [], rest)[0]:
            raise AssertionError(f"{wanted} did not come; the screen shows:\n{self.text}")
        try:
            self._stream.feed(os.read(self._descriptor, 65_536))
        except OSError as error:
            raise EOFError(f"{wanted} did not come before the end:\n{self.text}") from error


class _Screen(pyte.HistoryScreen):
    def __init__(self, terminal: PseudoTerminal) -> None:
        self._terminal = terminal
        super().__init__(COLUMNS, ROWS, history=1000)

    def write_process_input(self, data: str) -> None:
        """Answer a process that asks where the cursor is."""
        self._terminal.press(data)


@contextmanager
def at_terminal(
    command: Sequence[str], environment: Mapping[str, str] = os.environ, term: str = "xterm"
) -> Iterator[PseudoTerminal]:
    """Run a command of this Python (`-m …`) in a pseudo terminal and kill it at the end."""
    mine, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    process = subprocess.Popen(
        [sys.executable, *command],
        stdin=its,
        stdout=its,
        stderr=its,
        cwd=PROJECT,
        env=dict(environment) | {"TERM": term},
        start_new_session=True,
    )
    os.close(its)
    try:
        yield PseudoTerminal(process, mine)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()
        os.close(mine)
