"""Texts from outside as plain words: names of tokens and people are data, never formatting, never orders."""

from __future__ import annotations

import unicodedata

LONGEST_NAME = 40

_MARKDOWN = str.maketrans({**dict.fromkeys("\\`*[]<>#|~@"), "_": " "})
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def plain(text: str, longest: int = LONGEST_NAME) -> str:
    """A name from outside on one line, without control characters, Markdown, mentions and links.

    "?" when nothing is left of it.
    """
    letters = (" " if letter.isspace() else letter for letter in unicodedata.normalize("NFC", text))
    visible = "".join(letter for letter in letters if unicodedata.category(letter) not in _INVISIBLE)
    line = " ".join(visible.replace("://", " ").translate(_MARKDOWN).split())
    return shortened(line, longest) or "?"


def shortened(text: str, longest: int) -> str:
    """The text, cut at a word where it can be, and with "…" where something was cut."""
    if len(text) <= longest:
        return text
    cut = text[: longest - 1]
    at_word = cut.rsplit(" ", 1)[0] if " " in cut[longest // 2 :] else cut
    return at_word.rstrip(" ,.;:-") + "…"


def file_name(text: str) -> str:
    """A name as a part of a file's name: ASCII letters, digits and hyphens; "bot" if none is left."""
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = "".join(letter if letter.isalnum() else " " for letter in letters).split()
    return "-".join(words)[:LONGEST_NAME] or "bot"
