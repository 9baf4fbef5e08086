"""How it is said what somebody has, and what has moved into an account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.tools.plain import plain

if TYPE_CHECKING:
    from storage.accounts import Belongings, Moved

PLATFORMS = {"telegram": "Telegram", "discord": "Discord", "terminal": "Terminal"}


def welcome(moved: Moved) -> str:
    """What somebody is told who has an account now."""
    return (
        f"You have an account now. {brought(moved)} Your chats are no longer counted.\n"
        "/account shows it, /link lets you into it from another platform."
    )


def brought(moved: Moved) -> str:
    """What has moved, and which bots have another name now."""
    has = moved.belongings
    if not (has.conversations or has.bots or has.backtests):
        return "There was nothing to bring along."
    renamed = "".join(
        f" **{plain(old)}** is now called **{plain(new, 60)}**, since that name was taken."
        for old, new in moved.renamed
    )
    return f"It came with {in_words(has)}.{renamed}"


def in_words(has: Belongings) -> str:
    """What somebody has, such as "3 conversations, 1 bot and 2 backtests"."""
    counts = ((has.conversations, "conversation"), (has.bots, "bot"), (has.backtests, "backtest"))
    parts = [f"{number:,} {what}{'' if number == 1 else 's'}" for number, what in counts if number]
    if len(parts) < 2:
        return parts[0] if parts else "nothing"
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def place(platform: str) -> str:
    """How a platform is called."""
    return PLATFORMS.get(platform, plain(platform).capitalize())
