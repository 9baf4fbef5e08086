"""The line under an answer that tells what is running, on every platform that shows one."""

from __future__ import annotations

from collections.abc import Callable

from bot.messages import PassingReply, Progress, TextGrowing, ToolStarted

_BAR = 10


def line_of(reply: PassingReply, one_line: Callable[[str], str]) -> str:
    """What is running, its words by `one_line` in the platform's form; empty while the answer itself grows."""
    match reply:
        case TextGrowing():
            return ""
        case ToolStarted(_, text):
            return f"⏳ {one_line(text)}…"
        case Progress(text, None):
            return f"⏳ {one_line(text)}"
        case Progress(text, done):
            share = min(max(done or 0.0, 0.0), 1.0)
            full = round(share * _BAR)
            return f"⏳ {one_line(text)}\n{'▰' * full}{'▱' * (_BAR - full)} {round(share * 100)} %"
