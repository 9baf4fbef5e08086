"""Markdown → Telegram's text with entities; pure. What cannot be formatted without loss stays as it was written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, pairwise

import pyromark
from aiogram.types import MessageEntity
from telegramify_markdown import MessageEntity as ConvertedEntity
from telegramify_markdown import RenderConfig, convert, utf16_len
from telegramify_markdown.converter import STANDARD_OPTIONS

__all__ = ["Formatted", "as_written", "format_markdown", "formatted_length", "utf16_len"]

EMPTY = "…"
"""What is sent instead of nothing, since Telegram takes no empty message."""

_UNSENDABLE = re.compile("[\x00\ud800-\udfff]")
_REFERENCE = re.compile(rb"&(?=#\d{1,7};|#[xX][0-9a-fA-F]{1,6};|[A-Za-z][A-Za-z0-9]{1,31};)")
_DEFINITION = re.compile(rb"^ {0,3}(?=\[[^\]\n]+\]:)", re.MULTILINE)
_NUMBERED = re.compile(r"^([ \t>]*)\d{1,9}[.)](?=\s)", re.MULTILINE)
_TASK = re.compile(r"^([ \t>]*(?:[-*+]|\d+[.)])[ \t]+)\[[xX]\]", re.MULTILINE)
_CODE = frozenset({"Code"})
_TAGS_AND_FORMULAS = frozenset({"InlineHtml", "InlineMath", "DisplayMath"})
_PASSES = 20
_MARKS = frozenset("*_`~#>-+|[]()!\\:=.\"'")
_WEB_ADDRESS = re.compile(r"(?:https?|tg|mailto|tel|ton)://?\S+|mailto:\S+|tel:\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Formatted:
    """A text and its entities; offsets and lengths count UTF-16 units."""

    text: str
    entities: tuple[MessageEntity, ...] = ()


def format_markdown(markdown: str) -> Formatted:
    """The Markdown as Telegram shows it; as it was written, if a letter would be lost."""
    text, converted = _formatted(markdown)
    text = text.rstrip()
    end = utf16_len(text)
    entities = (
        MessageEntity(
            type=each.type,
            offset=each.offset,
            length=min(each.length, end - each.offset),
            url=each.url,
            language=each.language,
        )
        for each in converted
        if each.offset < end
    )
    return Formatted(text, tuple(entities))


def formatted_length(markdown: str) -> int:
    """How many UTF-16 units the formatted text has."""
    return utf16_len(_formatted(markdown)[0])


def _formatted(markdown: str) -> tuple[str, Sequence[ConvertedEntity]]:
    written = as_written(markdown)
    text, converted = convert(_escaped(written.text), latex_escape=False, config=_style())
    found = [each for each in converted if each.url is None or _WEB_ADDRESS.fullmatch(each.url)]
    shown = chain([text], (each.url or "" for each in found), (each.language or "" for each in found))
    if _letters(written.text) - _letters("\n".join(shown)):
        return written.text, ()
    return (text, found) if text.strip() else (written.text, ())


def as_written(text: str) -> Formatted:
    """The text without any formatting, fit to be sent: never empty, no half characters."""
    text = _UNSENDABLE.sub("\ufffd", text)
    return Formatted(text if text.strip() else EMPTY)


@cache
def _style() -> RenderConfig:
    """Plain symbols, and quotations that are not folded away."""
    config = RenderConfig.isolated()
    symbols = config.markdown_symbol
    symbols.heading_level_1 = symbols.heading_level_2 = symbols.heading_level_3 = ""
    symbols.heading_level_4 = symbols.image = ""
    symbols.unordered_list_item = "•"
    config.cite_expandable = False
    return config


def _escaped(markdown: str) -> str:
    """The Markdown with what the converter would swallow (tags, formulas, definitions) as plain characters."""
    source = markdown.encode()
    for _ in range(_PASSES):
        places = _swallowed(source)
        if not places:
            break
        bounds = [0, *sorted(places), len(source)]
        source = b"\\".join(source[start:end] for start, end in pairwise(bounds))
    return source.decode()


def _swallowed(source: bytes) -> set[int]:
    """Where a backslash is missing, in bytes; one may uncover the next, so this is asked again."""
    places, code = set[int](), list[tuple[int, int]]()
    for event, found in pyromark.events_with_range(source.decode(), options=STANDARD_OPTIONS):
        start, end = found["start"], found["end"]
        tag = event.get("Start") if isinstance(event, dict) else None
        if isinstance(event, dict) and (
            event.keys() & _CODE or (isinstance(tag, dict) and "CodeBlock" in tag)
        ):
            code.append((start, end))
        elif isinstance(event, dict) and (
            event.keys() & _TAGS_AND_FORMULAS or tag == "HtmlBlock" or _is_bare(tag)
        ):
            places |= {
                source.index(mark, start) for mark in (b"<", b"$") if source[start:end].lstrip()[:1] == mark
            }
    for pattern in (_REFERENCE, _DEFINITION):
        ends = (
            found.end() if pattern is _DEFINITION else found.start() for found in pattern.finditer(source)
        )
        places |= {place for place in ends if source[place - 1 : place] != b"\\" and not _within(place, code)}
    return places


def _is_bare(tag: object) -> bool:
    """True for an address in angle brackets, which Telegram shows as a link without our help."""
    link = tag.get("Link") if isinstance(tag, dict) else None
    return isinstance(link, dict) and link.get("link_type") in {"Autolink", "Email"}


def _within(place: int, ranges: list[tuple[int, int]]) -> bool:
    return any(start <= place < end for start, end in ranges)


def _letters(text: str) -> Counter[str]:
    """How often each character that carries meaning occurs; the numbers of lists and ticks of tasks are set anew."""
    text = _NUMBERED.sub(r"\1", _TASK.sub(r"\1", text))
    return Counter(letter for letter in text if letter not in _MARKS and not letter.isspace())
