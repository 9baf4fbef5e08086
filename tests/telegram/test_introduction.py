"""How Randebu presents itself."""

from __future__ import annotations

from aiogram.methods import SetMyCommands

from adapters.telegram.introduction import introduction


def test_each_scope_gets_its_own_commands() -> None:
    calls = introduction(
        {"help": "this list", "usage": "what is left"}, {"help": "this list"}, {7: {"admin": "run things"}}
    )
    scopes = {}
    for call in calls:
        if isinstance(call, SetMyCommands):
            scopes[call.scope.type if call.scope else ""] = [each.command for each in call.commands]
    assert scopes == {
        "default": ["help"],
        "all_private_chats": ["help", "usage"],
        "all_group_chats": ["help"],
        "chat": ["help", "usage", "admin"],
    }
