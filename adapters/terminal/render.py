"""`Reply` → what a terminal shows; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from io import StringIO
from typing import assert_never

from bot.messages import (
    Action,
    Choice,
    File,
    LastingReply,
    Notice,
    Picture,
    Progress,
    Settled,
    TextFinal,
    ToolStarted,
)

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_TRAILING = re.compile(r" +((?:\x1b\[[0-9;]*m)*)$")
_FENCE = re.compile(r"\s*(```|~~~)")
_OWN_LINE = re.compile(
    r"#{1,6}\s|```|~~~|[-*+]\s|\d+[.)]\s|[>|<\s]|[-*_]{3}\s*(?:\n|$)|[^\n]*\n\s*(?:=+|-+)\s*(?:\n|$)|$"
)
_HEADING = re.compile(r"^\s*#{1,6}\s+")
_INLINE = re.compile(
    r"(?P<tick>`+)(?P<code>.+?)(?P=tick)"
    r"|\*\*(?P<strong>\S(?:.*?\S)?)\*\*"
    r"|(?<![\w*])\*(?P<soft>[^\s*](?:[^*]*[^\s*])?)\*(?![\w*])"
    r"|(?<!!)\[(?P<label>[^\]\n]+)\]\((?P<target>[^()\s]+)\)"
    r"|\\(?P<escaped>[\\`*_{}\[\]()#+.!|<>~$-])"
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A reply for the terminal: Markdown, under it options, hints of what to type, the path of a file."""

    markdown: str = ""
    options: str = ""
    hints: tuple[str, ...] = ()
    saved: str = ""
    quiet: bool = False


def harmless(text: str) -> str:
    """The text without the control characters that could move the cursor or change the terminal."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4))


def draw(reply: LastingReply, saved: str = "", asked: str = "") -> Drawn:
    """What a lasting reply looks like.

    `saved` is the path under which its file or picture was kept, `asked` the question that is settled and that
    can still be read above.
    """
    match reply:
        case TextFinal(text, actions) | Notice(text, actions):
            return Drawn(harmless(text), hints=_hints(actions))
        case Choice(_, text, options):
            numbered = (f"[{number}] {harmless(option.label)}" for number, option in enumerate(options, 1))
            return Drawn(harmless(text), options="  ".join(numbered))
        case Settled(_, text):
            return Drawn(harmless(text.removeprefix(asked).strip() or text), quiet=True)
        case Picture(_, _, caption, actions):
            return Drawn(harmless(caption), hints=_hints(actions), saved=saved)
        case File(_, _, caption):
            return Drawn(harmless(caption), saved=saved)
        case _:
            assert_never(reply)


def waiting_text(reply: ToolStarted | Progress) -> str:
    """What stands behind the spinner while something runs, on one line."""
    text = " ".join(harmless(reply.text).split())
    if isinstance(reply, Progress) and reply.done is not None:
        return f"{text}  {round(100 * min(max(reply.done, 0.0), 1.0))} %"
    return text


def plain(drawn: Drawn) -> str:
    """A drawn reply without any styling, for pipes and files."""
    parts = [_without_marks(drawn.markdown), drawn.options, "\n".join(drawn.hints), drawn.saved]
    return "\n".join(part for part in parts if part)


def styled(drawn: Drawn, width: int, name: str = "") -> str:
    """A drawn reply with the terminal's styles (ANSI), `width` columns wide, `name` in front of it."""
    # Imported here because the prompt must not wait for it.
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.text import Text

    paper = StringIO()
    console = Console(
        file=paper, force_terminal=True, width=width, color_system="standard", legacy_windows=False
    )
    text = _with_line_breaks(drawn.markdown)
    parts: list[Text | Markdown] = []
    if name and _OWN_LINE.match(text):
        parts.append(Text(name, style="bold"))
    elif name:
        text = f"{name} {text}" if drawn.quiet else f"**{name}** {text}"
    parts += [Markdown(text, code_theme="ansi_dark")] if text else []
    parts += [Text(drawn.options, style="bold cyan")] if drawn.options else []
    parts += [Text(hint, style="dim") for hint in drawn.hints]
    parts += [Text(drawn.saved, style="cyan")] if drawn.saved else []
    rows = []
    for part in parts:
        console.print(part, style="dim" if drawn.quiet else "", soft_wrap=isinstance(part, Text))
        rows += _without_blank_ends(paper.getvalue())
        paper.seek(0)
        paper.truncate()
    return "".join(f"{row}\n" for row in rows)


def _with_line_breaks(markdown: str) -> str:
    """In a chat a new line is a new line; in Markdown it needs two spaces before it."""
    spaced = (
        _drawable(line) if kind is _Line.TEXT and line.strip() else line for kind, line in _lines(markdown)
    )
    return "\n".join(spaced)


def _drawable(line: str) -> str:
    # An image would be drawn as a symbol in front of the whole paragraph; as a link it stays where it is.
    return line.replace("![", "\\![") + "  "


def _without_blank_ends(printed: str) -> list[str]:
    """The printed rows without the spaces after them, and without empty ones at the beginning and the end."""
    rows = [_TRAILING.sub(r"\1", row) for row in printed.split("\n")]
    full = [number for number, row in enumerate(rows) if _STYLE.sub("", row)]
    return rows[full[0] : full[-1] + 1] if full else []


def _hints(actions: tuple[Action, ...]) -> tuple[str, ...]:
    lines = [harmless(action.line) for action in actions]
    wide = max(map(len, lines), default=0)
    return tuple(
        f"  {line:<{wide}}  {harmless(action.label)}" for line, action in zip(lines, actions, strict=True)
    )


def _without_marks(markdown: str) -> str:
    plain_lines = (
        line if kind is _Line.CODE else _INLINE.sub(_content, _HEADING.sub("", line))
        for kind, line in _lines(markdown)
        if kind is not _Line.FENCE
    )
    return "\n".join(plain_lines).strip("\n")


class _Line(Enum):
    TEXT = auto()
    FENCE = auto()
    CODE = auto()


def _lines(markdown: str) -> Iterator[tuple[_Line, str]]:
    fence = ""
    for line in markdown.split("\n"):
        mark = _FENCE.match(line)
        if mark and (not fence or mark[1] == fence):
            fence = "" if fence else mark[1]
            yield _Line.FENCE, line
        else:
            yield _Line.CODE if fence else _Line.TEXT, line


def _content(found: re.Match[str]) -> str:
    if found["label"] is not None:
        return f"{found['label']} ({found['target']})"
    if found["code"] is not None:
        return found["code"]
    inner = found["strong"] or found["soft"]
    return _INLINE.sub(_content, inner) if inner else found["escaped"]
