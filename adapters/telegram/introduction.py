"""How Randebu presents itself on Telegram: the commands in the menu, for whom they are, and a few words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aiogram.methods import (
    DeleteMyCommands,
    SetChatMenuButton,
    SetMyCommands,
    SetMyDescription,
    SetMyShortDescription,
    TelegramMethod,
)
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeDefault,
    BotCommandScopeUnion,
    MenuButtonCommands,
)

_SHORT = "Make crypto trading bots by talking, and test them on past prices."
_LONG = (
    "Tell me in plain words what to buy and when to sell. I make a trading bot of it and test it on past prices. "
    "Nothing is traded for real."
)


def introduction(
    private: Mapping[str, str],
    groups: Mapping[str, str],
    operators: Mapping[int, Mapping[str, str]],
    former: Iterable[int] = (),
) -> list[TelegramMethod[bool]]:
    """The calls that present us; `operators` has the further commands of each operator by user id; pure.

    The menus of `former` ones become what everybody has.
    """
    calls: list[TelegramMethod[bool]] = [
        _commands(groups, BotCommandScopeDefault()),
        _commands(private, BotCommandScopeAllPrivateChats()),
        _commands(groups, BotCommandScopeAllGroupChats()),
    ]
    calls += [
        _commands({**private, **further}, BotCommandScopeChat(chat_id=user))
        for user, further in operators.items()
    ]
    calls += [DeleteMyCommands(scope=BotCommandScopeChat(chat_id=user)) for user in former]
    return [
        *calls,
        SetMyDescription(description=_LONG),
        SetMyShortDescription(short_description=_SHORT),
        SetChatMenuButton(menu_button=MenuButtonCommands()),
    ]


def _commands(commands: Mapping[str, str], scope: BotCommandScopeUnion) -> SetMyCommands:
    return SetMyCommands(
        commands=[BotCommand(command=name, description=words[:256]) for name, words in commands.items()],
        scope=scope,
    )
