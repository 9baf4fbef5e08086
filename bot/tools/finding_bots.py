"""Which trading bot a person means: by name, number or id, or the one that their conversation is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.errors import ToolFailed
from bot.tools.plain import plain

if TYPE_CHECKING:
    from bot.tools.registry import Caller
    from storage.database import Unit
    from storage.people import Owner
    from storage.trading import TradingBot

SHORT_ID = 8
_SHORTEST_PREFIX = 4
_LONGEST_NAME = 60

NO_BOT_YET = "There is no trading bot yet. Describe one in plain words to create it."


async def find_bot(unit: Unit, caller: Caller, named: str | None) -> TradingBot:
    """The trading bot with this name, number in /bots or beginning of an id; without one the conversation's.

    Raises `ToolFailed` with what there is; somebody else's bot is as unknown as one that does not exist.
    """
    owned = await unit.trading.bots(caller.owner)
    if named is not None and named.strip():
        return _named(owned, named.strip())
    conversation = await unit.conversations.get(caller.conversation_id)
    chosen = None if conversation is None else conversation.bot_id
    for trading_bot in owned:
        if trading_bot.id == chosen:
            return trading_bot
    if chosen is not None and await unit.trading.bot_even_deleted(chosen, caller.owner) is not None:
        raise ToolFailed(
            f"The bot that was chosen in this conversation has been deleted. {_what_there_is(owned)}"
        )
    if len(owned) == 1:
        return owned[0]
    raise ToolFailed(
        NO_BOT_YET if not owned else f"It is not clear which bot is meant. {_what_there_is(owned)}"
    )


async def current_bot_id(unit: Unit, caller: Caller) -> str | None:
    """The id of the trading bot that the conversation is about, whoever owns it."""
    conversation = await unit.conversations.get(caller.conversation_id)
    return None if conversation is None else conversation.bot_id


async def choose(unit: Unit, caller: Caller, trading_bot: TradingBot) -> None:
    """Make a trading bot the one that the conversation is about."""
    conversation = await unit.conversations.get(caller.conversation_id)
    if conversation is not None:
        conversation.bot_id = trading_bot.id


def clean_name(name: str) -> str:
    """A name for a trading bot as it is stored, plain words on one line. Raises `ToolFailed` for none."""
    cleaned = plain(name, _LONGEST_NAME)
    if cleaned == "?":
        raise ToolFailed("The name has no letters or digits that can be shown. Give the bot another name.")
    return cleaned


async def require_free_name(unit: Unit, owner: Owner, name: str) -> None:
    """Raise `ToolFailed`, with a free name, when this owner has a bot of this name, whatever its case."""
    taken = {trading_bot.name.casefold() for trading_bot in await unit.trading.bots(owner)}
    if name.casefold() in taken:
        raise ToolFailed(
            f"There already is a bot called {name}. Change that one, or take another name: "
            f"{free_name(name, taken)} is free."
        )


def free_name(name: str, taken: set[str]) -> str:
    """The first of "NAME 2", "NAME 3", … that is not among `taken` (casefolded)."""
    stem = name[: _LONGEST_NAME - 4].rstrip()
    number = 2
    while f"{stem} {number}".casefold() in taken:
        number += 1
    return f"{stem} {number}"


def _named(owned: Sequence[TradingBot], text: str) -> TradingBot:
    wanted = text.casefold()
    found = [each for each in owned if each.name.casefold() == wanted]
    if not found and wanted.isascii() and wanted.isdigit() and 1 <= int(wanted[:6]) <= len(owned):
        found = [owned[int(wanted[:6]) - 1]]
    if not found and len(wanted) >= _SHORTEST_PREFIX:
        found = [each for each in owned if each.id.startswith(wanted)]
    if not found:
        found = [each for each in owned if wanted in each.name.casefold()]
    if len(found) == 1:
        return found[0]
    if found:
        raise ToolFailed(f"{plain(text)} fits several bots. {_what_there_is(found)}")
    raise ToolFailed(f"There is no bot called {plain(text)}. {_what_there_is(owned)}")


def _what_there_is(owned: Sequence[TradingBot]) -> str:
    if not owned:
        return NO_BOT_YET
    return f"There {'is' if len(owned) == 1 else 'are'}: {', '.join(each.name for each in owned)}."
