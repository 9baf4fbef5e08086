"""Markdown cut into pieces that a platform takes as one message each; pure, and no letter is lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

Size = Callable[[str], int]
"""How much of a message some Markdown takes up, at most: no less than its letters, no more than the sum of its parts"""

_FENCE = re.compile(r" {0,3}(?P<mark>`{3,}|~{3,})(?P<info>[^`\n]*)$")
_BLOCK_END = re.compile(r"\n(?:[ \t]*\n)+")
_SENTENCE_END = re.compile(r"(?<=[.!?…:;])\s+")
_BLANKS = re.compile(r"\s+")
# What must stay whole: code, links, bold, italic and struck out text on one line.
_SPAN = re.compile(
    r"(?P<tick>`+)[^\n]+?(?P=tick)(?!`)"
    r"|!?\[[^\]\n]*\]\([^)\n]*\)"
    r"|\*\*\S[^\n]*?\*\*|__\S[^\n]*?__|~~\S[^\n]*?~~"
    r"|(?<![\w*])\*[^\s*][^*\n]*\*|(?<!\w)_[^\s_][^_\n]*_(?!\w)"
    r"|https?://\S+"
)


def split_markdown(text: str, size: Size, limit: int, *, dense: bool = False) -> list[str]:
    """The text in pieces of at most `limit`, cut where it shows least: between blocks, lines, sentences, words.

    A code block that must be cut is closed and opened again; blanks at a cut are dropped. `dense` also cuts paragraphs
    that would fit into a piece of their own, for as few pieces as possible.
    """
    pieces: list[str] = []
    current, taken = "", 0
    for block in _blocks(text):
        needed = size(block)
        if dense and taken + needed > limit:
            head = _head(block, size, limit - taken)
            current, block = current + head, block[len(head) :].lstrip(" ")
            taken, needed = taken + size(head), size(block)
        if taken + needed > limit:
            pieces.append(current)
            *full, current = [block] if needed <= limit else _broken(block, size, limit)
            pieces.extend(full)
            taken = size(current)
        else:
            current += block
            taken += needed
    pieces.append(current)
    return [piece.strip("\n").rstrip() for piece in pieces if piece.strip()]


def _head(block: str, size: Size, room: int) -> str:
    """The beginning of a paragraph that fits into some room and ends with a word; of a code block nothing."""
    if room <= 0 or _FENCE.fullmatch(block.partition("\n")[0]):
        return ""
    head = block[: _cut(block, _longest(block, size, room))]
    return head if head[-1:].isspace() and size(head) <= room else ""


def _blocks(text: str) -> Iterator[str]:
    """Paragraphs and whole code blocks, each with the blank lines behind it."""
    inside, fence, outside = "", "", ""
    for line in text.splitlines(keepends=True):
        mark = _FENCE.fullmatch(line.rstrip("\r\n"))
        if fence:
            inside += line
            if mark and not mark["info"].strip() and mark["mark"].startswith(fence):
                yield inside
                inside = fence = ""
        elif mark:
            yield from _paragraphs(outside)
            outside, inside, fence = "", line, mark["mark"]
        else:
            outside += line
    yield from _paragraphs(outside)
    if inside:
        yield inside


def _paragraphs(text: str) -> Iterator[str]:
    start = 0
    for blank in _BLOCK_END.finditer(text):
        yield text[start : blank.end()]
        start = blank.end()
    if start < len(text):
        yield text[start:]


def _broken(block: str, size: Size, limit: int) -> list[str]:
    """One block that is too long, in parts; at least one."""
    first, _, rest = block.partition("\n")
    fence = _FENCE.fullmatch(first)
    if fence is None:
        return _parts(block, size, limit)
    body = rest.rstrip()
    if body.endswith(fence["mark"]):
        body = body[: -len(fence["mark"])].rstrip("\n")

    def fenced(part: str) -> str:
        return f"{first}\n{part}\n{fence['mark']}\n"

    return [fenced(part) for part in _parts(body, lambda part: size(fenced(part)), limit)]


def _parts(text: str, size: Size, limit: int) -> list[str]:
    parts = []
    while size(text) > limit:
        cut = _cut(text, _longest(text, size, limit))
        parts.append(text[:cut].rstrip())
        text = text[cut:].lstrip("\n") if "\n" in text[cut - 1 : cut + 1] else text[cut:].lstrip(" ")
    return [part for part in (*parts, text) if part.strip()] or [text]


def _longest(text: str, size: Size, limit: int) -> int:
    """About how many characters from the beginning fit; at least one, or nothing would ever end."""
    low, high = 1, min(len(text), limit)
    while high - low > high // 100:
        middle = (low + high + 1) // 2
        if size(text[:middle]) <= limit:
            low = middle
        else:
            high = middle - 1
    return low


def _cut(text: str, end: int) -> int:
    """Where to cut at or before `end`: the last line, sentence or word that ends there, outside what stays whole."""
    whole = [found.span() for found in _SPAN.finditer(text[: end + 4000]) if found.start() < end]

    def free(position: int) -> bool:
        return not any(start < position < stop for start, stop in whole)

    head = text[:end]
    for pattern, least in ((re.compile(r"\n"), end // 2), (_SENTENCE_END, end // 2), (_BLANKS, 1)):
        places = [found.end() for found in pattern.finditer(head) if found.end() >= least]
        place = next((place for place in reversed(places) if free(place)), None)
        if place is not None:
            return place
    return next((start for start, stop in whole if start < end < stop and start > end // 2), end)
