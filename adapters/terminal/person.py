"""The terminal with a person: a prompt that stays while answers grow above it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import ANSI, StyleAndTextTuples, to_formatted_text
from prompt_toolkit.history import FileHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.patch_stdout import patch_stdout
from typing_extensions import override

from adapters.terminal.adapter import Screen
from adapters.terminal.render import Drawn, harmless, styled, waiting_text
from adapters.terminal.updates import leaves, readable_text
from bot.messages import PassingReply, TextGrowing

NAME = "randebu>"
_PROMPT = "you> "
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_GROWING_CHARACTERS = 6000
_ROWS_FOR_TYPING = 8


class PersonScreen(Screen):
    """The prompt, the lines above it, and between them what changes while an answer grows."""

    def __init__(self, data_dir: Path) -> None:
        self.entered: Callable[[str], None] = lambda _: None
        self.interrupt: Callable[[], bool] = bool
        self._growing = ""
        self._waiting = ""
        self._turns = 0
        self._welcomed = False
        self._early: list[str] = []
        self._commands = _SlashCommands()
        self._session: PromptSession[str] = PromptSession(
            self._message,
            history=_History(data_dir / "history"),
            completer=self._commands,
            key_bindings=self._bindings(),
            erase_when_done=True,
            reserve_space_for_menu=4,
        )
        self._session.app.min_redraw_interval = 0.05

    async def converse(self) -> None:
        """Hand every line to `entered`, until the person leaves with Ctrl-D or a word that says so."""
        with patch_stdout(raw=True), suppress(EOFError):
            await self._session.prompt_async()

    @override
    async def welcome(self, greeting: Drawn, commands: Mapping[str, str]) -> None:
        """Print the first words, and under them what was typed before; from now on commands are completed."""
        self._commands.known = commands
        self._welcomed = True
        self._waiting = ""
        self._reply(greeting)
        self._print("".join(map(_echo, self._early)))
        self._early.clear()

    @override
    async def lasting(self, drawn: Drawn) -> None:
        """Print a reply above the prompt, in the place of what was growing there."""
        self._growing = self._waiting = ""
        self._reply(drawn)

    @override
    def passing(self, reply: PassingReply) -> None:
        """Show a growing answer, or a tool at work."""
        if isinstance(reply, TextGrowing):
            self._growing, self._waiting = reply.so_far, ""
        else:
            self._waiting = waiting_text(reply)

    def waits_for(self, text: str) -> None:
        """Say beside the spinner what the person waits for."""
        self._waiting = text

    def gave_up(self) -> None:
        """Lines that nobody has taken yet are not sent after all: say so under them."""
        self._print("".join(map(_echo, self._early)) + "Not sent.\n\n")
        self._early.clear()

    def spin(self) -> None:
        """Turn the spinner, and with it show all that is passing."""
        self._turns += 1
        self._session.app.invalidate()

    def rests(self) -> None:
        """Nothing runs any more: what was passing goes."""
        self._turns = 0
        self._growing = self._waiting = ""
        self._session.app.invalidate()

    def _echo(self, line: str) -> None:
        """Print what was typed; before the greeting it stays beside the prompt, so that it ends up under it."""
        if self._welcomed:
            self._print(_echo(line))
        else:
            self._early.append(line)

    def _reply(self, drawn: Drawn) -> None:
        self._print(styled(drawn, self._width(), NAME) + "\n")

    def _print(self, text: str) -> None:
        """Print above the prompt.

        Not with `run_in_terminal`: it gives the keyboard to the system, and keys pressed meanwhile are lost.
        """
        app = self._session.app
        if app.is_running:
            app.renderer.erase()
        app.output.write_raw(text.replace("\n", "\r\n"))
        app.output.flush()
        if app.is_running:
            app.renderer.request_absolute_cursor_position()
            app.invalidate()

    def _width(self) -> int:
        return max(20, self._session.app.output.get_size().columns - 1)

    def _message(self) -> StyleAndTextTuples:
        """The prompt and what is passing above it; nothing is passing while the spinner rests."""
        above: StyleAndTextTuples = [("", "".join(map(_echo, self._early)))] if self._early else []
        if self._turns:
            if self._growing:
                above += to_formatted_text(ANSI(self._last_of_growing()))
            spinner = _SPINNER[self._turns % len(_SPINNER)]
            above.append(("ansibrightblack", f"{spinner} {self._waiting or 'Thinking'} (Ctrl-C stops)\n"))
        return [*above, ("bold ansicyan", _PROMPT)]

    def _last_of_growing(self) -> str:
        """As much of the growing answer as there is room for: it is printed in full when it is finished."""
        text = styled(Drawn(harmless(self._growing[-_GROWING_CHARACTERS:])), self._width(), NAME)
        room = max(3, self._session.app.output.get_size().rows - _ROWS_FOR_TYPING)
        return "".join(f"{row}\n" for row in text.rstrip("\n").split("\n")[-room:])

    def _bindings(self) -> KeyBindings:
        bindings = KeyBindings()

        # The prompt is never left for a line, so that no key is pressed in a moment without it.
        @bindings.add("enter")
        def _enter(event: KeyPressEvent) -> None:
            line = readable_text(event.current_buffer.text)
            event.current_buffer.reset(append_to_history=bool(line))
            if leaves(line):
                event.app.exit(exception=EOFError)
            elif line:
                self._echo(line)
                self.entered(line)

        @bindings.add("c-c")
        @bindings.add(Keys.SIGINT)
        def _stop_or_clear(event: KeyPressEvent) -> None:
            if not self.interrupt():
                event.current_buffer.reset()

        return bindings


def _echo(line: str) -> str:
    return "".join(f"{_PROMPT}{part}\n" for part in harmless(line).split("\n"))


class _History(FileHistory):
    """Earlier lines, in a file that only its owner may read."""

    def __init__(self, file: Path) -> None:
        os.close(os.open(file, os.O_CREAT | os.O_APPEND, 0o600))
        super().__init__(str(file))

    @override
    def store_string(self, string: str) -> None:
        """Keep a line; what is no text would not be written."""
        super().store_string(readable_text(string))


class _SlashCommands(Completer):
    """Completes the name of a slash command at the beginning of the line."""

    known: Mapping[str, str] = MappingProxyType({})

    @override
    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """The commands that begin like what stands before the cursor."""
        typed = document.text_before_cursor
        if not typed.startswith("/") or " " in typed:
            return
        for name, summary in self.known.items():
            if name.startswith(typed[1:].lower()):
                yield Completion(f"/{name}", start_position=-len(typed), display_meta=summary)
