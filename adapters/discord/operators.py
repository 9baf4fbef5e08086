"""What Discord knows of each word behind /admin beyond its name, in the order in which the words of its line stand."""

from __future__ import annotations

import re
from collections.abc import Mapping

from adapters.discord.options import TEXT, Option

_MOST_CHATS = 10_000_000
_PERSON = Option("id", "the beginning of an id from users, or platform:user", required=True)
_CONVERSATION = Option("id", "the beginning of an id from conversations", required=True)
_SPAN = re.compile(r"[1-9][0-9]{0,3}[mhdw]", re.ASCII | re.IGNORECASE)

WORDS: Mapping[str, tuple[Option, ...]] = {
    "stats": (Option("days", "the last so many days", kind="whole", least=1, most=365, written="{}d"),),
    "users": (Option("query", "a part of a name or of an id"),),
    "user": (_PERSON,),
    "ban": (
        _PERSON,
        Option("reason", "what they are told"),
        Option("duration", "such as 30m, 12h, 3d or 2w; left out: for good", pattern=_SPAN),
    ),
    "unban": (_PERSON,),
    "tier": (
        _PERSON,
        Option("tier", "the new tier", required=True, choices=(("free", "free"), ("pro", "pro"))),
    ),
    "quota": (
        _PERSON,
        Option("change", "reset, or such as: set chats=100 bots=none backtests=usual", required=True),
    ),
    "invite": (Option("count", "how many codes; left out: one", kind="whole", least=1, most=50),),
    "approve": (_PERSON,),
    "reject": (_PERSON,),
    "conversations": (
        Option(
            "status",
            "only these",
            choices=tuple((each, each) for each in ("open", "resolved", "asleep", "escalated")),
        ),
        Option(
            "person",
            "the beginning of an id, or platform:user: only theirs",
            written="user={}",
            pattern=re.compile(r"\S+"),
        ),
        Option("words", "words of the title"),
    ),
    "replay": (
        _CONVERSATION,
        Option("page", "a page's number, or file for all of it", pattern=re.compile("[0-9]{1,6}|file")),
    ),
    "export": (_CONVERSATION,),
    "broadcast": (Option("text", "the words for everybody, after a preview; or status, or stop"),),
    "pause": (Option("text", "what those who write are told"),),
    "resume": (),
    "limit": (
        Option(
            "chats",
            "so many chats of everybody in 5 hours; left out: what it is now",
            kind="whole",
            least=0,
            most=_MOST_CHATS,
            written="system {}",
        ),
        Option(
            "instead",
            "in place of a number",
            choices=(("no limit", "none"), ("what the settings say", "default")),
            written="system {}",
        ),
    ),
    "health": (),
    "jobs": (),
    "outbox": (
        Option(
            "action",
            "what to do with one piece; left out: list them",
            choices=(("send it again", "retry"), ("drop it", "drop")),
        ),
        Option("id", "the number of the piece", kind="whole", least=1, most=10**15 - 1),
    ),
    "errors": (Option("reference", "the one that somebody was shown"),),
    "audit": (),
}
"""The options of the words that Discord knows more about."""


def options_of(word: str) -> tuple[Option, ...]:
    """The options of a word behind /admin; a text where it is not declared."""
    return WORDS.get(word, (TEXT,))
