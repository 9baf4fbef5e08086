"""How Randebu presents itself on Discord: its commands, told again only when they have changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
import discord
import structlog

from adapters.discord.connection import Line
from adapters.discord.house import House
from adapters.discord.slash import fingerprint, operator_payloads, payloads
from adapters.discord.updates import PLATFORM
from bot.handlers.admin.command import AdminCommand

_log = structlog.get_logger(__name__)

_NOTE = f"{PLATFORM} commands"
_EVERYWHERE = "everywhere"

Told = Mapping[str, Sequence[Mapping[str, Any]]]
"""What each server (by its id, or "everywhere") is told."""


def wanted(
    commands: Mapping[str, str],
    guilds: Sequence[int],
    operator_guild: int | None,
    operator_commands: Sequence[AdminCommand],
) -> dict[str, list[dict[str, Any]]]:
    """Which commands are told where: everywhere, or in some servers only; those of operators in theirs; pure."""
    shared = payloads(commands)
    told = {str(guild): list(shared) for guild in guilds} or {_EVERYWHERE: shared}
    if operator_guild is not None and operator_commands:
        told.setdefault(str(operator_guild), []).extend(operator_payloads(operator_commands))
    return told


async def introduce(line: Line, house: House, told: Told) -> None:
    """Tell what is new, and take back what was told where nothing is to be told any more."""
    application = line.wire.application_id
    if application is None:
        return
    noted = await house.recall(_NOTE)
    known: dict[str, str] = dict(noted.get("told", {})) if noted.get("application") == application else {}
    for place in dict.fromkeys([*told, *known]):
        commands = told.get(place, ())
        mark = fingerprint(commands)
        if known.get(place) == mark:
            continue
        try:
            await _tell(line, application, place, commands)
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            _log.warning("commands are not synced", where=place, error=str(error)[:500])
            continue
        known[place] = mark
        if not commands:
            del known[place]
        await house.note(_NOTE, {"application": application, "told": known})
        _log.info("commands are synced", where=place, commands=len(commands))


async def _tell(line: Line, application: int, place: str, commands: Sequence[Mapping[str, Any]]) -> None:
    http, told = line.wire.http, [dict(each) for each in commands]
    if place == _EVERYWHERE:
        await http.bulk_upsert_global_commands(application, told)
    else:
        await http.bulk_upsert_guild_commands(application, int(place), told)
