"""Markdown → what Discord understands of it; pure, does nothing to what it has done already, and loses no letter."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from itertools import zip_longest

EMPTY = "…"
"""What is sent instead of nothing, since Discord takes no empty message."""

_UNSENDABLE = re.compile("[\x00\ud800-\udfff]")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_CODE = re.compile(r"(`+)[^\n]+?\1(?!`)")
_SPOILER = re.compile(r"(?<!\\)\|(?=\|)|(?<=\|)(?<!\\\|)\|")
_DEEP_HEADING = re.compile(r"^ {0,3}#{4,6}[ \t]+(\S.*)$")
_IMAGE = re.compile(r"!(?=\[[^\]\n]*\]\(https?://)")
_ROW = re.compile(r"[ \t]*\|?.*\|.*")
_RULER = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_CELL_END = re.compile(r"(?<!\\)\|")
_EMPHASIS = re.compile(r"(\*\*|__|`)(?=\S)(.+?)(?<=\S)\1")
_WIDE = frozenset("WF")


def utf16_len(text: str) -> int:
    """The length in UTF-16 units, which is never less than what Discord counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def as_written(text: str) -> str:
    """The text as it can be sent: never empty, no half characters."""
    text = _UNSENDABLE.sub("\ufffd", text)
    return text if text.strip() else EMPTY


def format_markdown(markdown: str) -> str:
    """The text with tables as code blocks, deep headings in bold, and nothing hidden behind a spoiler."""
    out: list[str] = []
    lines = markdown.split("\n")
    at, fence = 0, ""
    while at < len(lines):
        line, mark = lines[at], _FENCE.match(lines[at])
        if mark and (not fence or _closes(line, fence)):
            fence = "" if fence else mark[1]
            # Discord knows only one sign for code blocks.
            out.append(line.replace("~", "`") if mark[1][0] == "~" else line)
        elif fence:
            # What stands in such a block must not end the one that it becomes.
            out.append(line.replace("```", "'''") if fence[0] == "~" else line)
        elif at + 1 < len(lines) and _is_table(line, lines[at + 1]):
            end = at + 2
            while end < len(lines) and _ROW.fullmatch(lines[end]) and lines[end].strip():
                end += 1
            out += _table([line, *lines[at + 2 : end]])
            at = end
            continue
        else:
            out.append(_outside_code(line, _plain_line))
        at += 1
    return "\n".join(out)


def _closes(line: str, fence: str) -> bool:
    return line.strip().startswith(fence) and not line.strip().strip(fence[0])


def _is_table(head: str, ruler: str) -> bool:
    return bool(_ROW.fullmatch(head)) and "|" in ruler and bool(_RULER.fullmatch(ruler))


def _table(rows: Sequence[str]) -> list[str]:
    cells = [_cells(row) for row in rows]
    columns = list(zip_longest(*cells, fillvalue=""))
    widths = [max(map(_width, column)) for column in columns]
    numeric = [all(_is_figure(cell) for cell in column[1:] if cell) for column in columns]
    lines = []
    for row in cells:
        padded = [
            " " * (width - _width(cell)) + cell if right else cell + " " * (width - _width(cell))
            for cell, width, right in zip_longest(row, widths, numeric, fillvalue="")
            if isinstance(width, int) and isinstance(cell, str)
        ]
        lines.append("  ".join(padded).rstrip())
    ruler = "  ".join("-" * width for width in widths)
    return ["```", lines[0], ruler, *lines[1:], "```"]


def _cells(row: str) -> list[str]:
    inner = row.strip().removeprefix("|")
    parts = _CELL_END.split(inner)
    if len(parts) > 1 and not parts[-1].strip():
        parts.pop()
    return [_unmarked(part.strip().replace("\\|", "|")) for part in parts]


def _unmarked(cell: str) -> str:
    """A cell without marks that a code block would show; its back ticks would end that block."""
    return _EMPHASIS.sub(r"\2", cell).replace("```", "'''")


def _is_figure(cell: str) -> bool:
    return cell[:1] in "+-$0123456789" and any(letter.isdigit() for letter in cell)


def _width(text: str) -> int:
    return sum(1 + (unicodedata.east_asian_width(letter) in _WIDE) for letter in text)


def _plain_line(text: str) -> str:
    heading = _DEEP_HEADING.fullmatch(text)
    if heading is not None and "**" not in heading[1]:
        text = f"**{heading[1].strip()}**"
    return _SPOILER.sub(r"\\|", _IMAGE.sub("", text))


def _outside_code(line: str, change: Callable[[str], str]) -> str:
    if "`" not in line:
        return change(line)
    parts, start = [], 0
    for code in _CODE.finditer(line):
        parts += [change(line[start : code.start()]), code[0]]
        start = code.end()
    return "".join([*parts, change(line[start:])])
