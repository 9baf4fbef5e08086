"""What Discord knows of each shared command beyond its name: options with types, choices and completion.

The options stand in the order of the words that the command's handler reads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bot.reports.suggestions import Kind

CHAT = "chat"


@dataclass(frozen=True, slots=True)
class Option:
    """One typed option: how it is completed (`several` for words of a list), or what there is to choose from.

    `whole` takes whole numbers from `least` to `most`, `number` any between them; `written` is how the value stands in
    the line. A text that is not like `pattern` is answered with the description.
    """

    name: str
    description: str
    required: bool = False
    completes: Kind | Literal["day"] | None = None
    choices: tuple[tuple[str, str], ...] = ()
    several: bool = False
    kind: Literal["text", "whole", "number"] = "text"
    least: int | None = None
    most: int | None = None
    written: str = "{}"
    pattern: re.Pattern[str] | None = None


TIMEFRAMES = (
    ("1 minute", "1m"),
    ("5 minutes", "5m"),
    ("15 minutes", "15m"),
    ("30 minutes", "30m"),
    ("1 hour", "1h"),
    ("4 hours", "4h"),
    ("1 day", "1d"),
)
TEXT = Option("text", "what stands behind the command")
"""The option of a command that is not declared."""

_BOT = Option("bot", "one of your bots; left out: the one we talk about", completes="bot")
_TOKEN = Option("token", "a symbol, a name or an address", required=True, completes="token")
_CONVERSATION = Option("conversation", "one of your conversations", completes="conversation")
_HOURS = re.compile(r"[0-9]{1,2}(:[0-9]{2})?-[0-9]{1,2}(:[0-9]{2})?|off", re.ASCII | re.IGNORECASE)

TYPED: Mapping[str, tuple[Option, ...]] = {
    CHAT: (Option("message", "what you want to say", required=True),),
    "start": (),
    "help": (),
    "bots": (),
    "bot": (_BOT,),
    "deletebot": (Option("bot", "the bot to delete", required=True, completes="bot"),),
    "strategy": (_BOT,),
    "backtest": (
        _BOT,
        Option("timeframe", "the length of the candles", choices=TIMEFRAMES),
        Option("start", "the first day, such as 2026-01-31", completes="day"),
        Option("end", "the day before which it ends; left out: now", completes="day"),
    ),
    "simulate": (
        Option(
            "action",
            "what to do with it",
            required=True,
            choices=tuple((each, each) for each in ("start", "stop", "status", "results", "chart")),
        ),
        _BOT,
        Option("timeframe", "for a start: the length of the candles", choices=TIMEFRAMES),
        Option(
            "balance",
            "for a start: how many dollars of play money",
            kind="number",
            least=1,
            most=1_000_000_000,
            written="${}",
        ),
    ),
    "simulations": (),
    "notify": (
        Option(
            "tell",
            "what a simulation tells you",
            choices=(
                ("everything", "all"),
                ("its trades", "trades"),
                ("a daily summary", "summary"),
                ("nothing", "off"),
            ),
        ),
        Option("quiet", "silent hours such as 22-7, or off for none", written="quiet {}", pattern=_HOURS),
        Option("zone", "whose clock the silent hours go by, such as Europe/Berlin"),
        _BOT,
    ),
    "why": (_BOT,),
    "price": (
        Option("tokens", "one or several, such as PEPE CAKE", required=True, completes="token", several=True),
    ),
    "search": (Option("text", "a part of a name or a symbol, or an address", required=True),),
    "trending": (),
    "token": (_TOKEN,),
    "risk": (_TOKEN,),
    "new": (),
    "chats": (),
    "open": (
        Option("conversation", "the conversation to go on with", required=True, completes="conversation"),
    ),
    "rename": (Option("title", "the new title", required=True),),
    "done": (),
    "delete": (_CONVERSATION,),
    "export": (_CONVERSATION,),
    "account": (),
    "signup": (Option("code", "your invitation, where one is needed"),),
    "link": (Option("code", "the code from the other platform; left out: a new code for it"),),
    "unlink": (Option("number", "its number in /account, or such as telegram:123"),),
    "mydata": (),
    "forget": (),
    "usage": (),
    "stop": (),
    "status": (),
}
"""The options of the commands that Discord knows more about."""
