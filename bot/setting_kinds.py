"""What a setting may be: each kind with its check, and the words that stand behind "must be" where it fails."""

from __future__ import annotations

import re
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

EXCHANGE = "exchange:"
"""How a `MARKET_SOURCE` begins that names a centralised exchange."""

NEEDS: dict[str, tuple[str, ...]] = {
    "anthropic": ("anthropic_api_key",),
    "openai": ("openai_api_key",),
    "azure": ("azure_openai_endpoint", "azure_openai_api_key", "azure_openai_api_version"),
    "google": ("google_api_key",),
    "offline": (),
}
"""The settings without which a provider of models cannot be used."""

_UPGRADES = {
    "sqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
}
_PROVIDERS = "anthropic, openai, azure, google or offline"
_ADDRESS = "an address that begins with http:// or https://"


class Allowed(NamedTuple):
    """What a setting may be, in words."""

    text: str


def _or_no_limit(value: object) -> object:
    return None if value == "" else value


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _pairs(value: object) -> object:
    if not isinstance(value, str):
        return value
    pairs = [pair.strip().partition(":") for pair in value.split(",") if pair.strip()]
    return frozenset((platform.strip().lower(), user.strip()) for platform, _, user in pairs)


def _by_user_id(value: frozenset[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    for platform, user in value:
        # Names change hands on these platforms, their numbers never do.
        form = "[0-9]+" if platform in ("telegram", "discord") else r"[^\s:,]+"
        if not re.fullmatch(r"[a-z]+", platform) or not re.fullmatch(form, user, re.ASCII):
            raise ValueError("no user id")
    return value


def _full_path(value: Path) -> Path:
    folder = value.expanduser().absolute()
    if folder.exists() and not folder.is_dir():
        raise ValueError("no folder")
    return folder


def _known_zone(value: str) -> str:
    try:
        return ZoneInfo(value).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("no zone") from None


def _known_database(value: str) -> str:
    scheme, separator, rest = value.partition("://")
    scheme = _UPGRADES.get(scheme, scheme)
    if not separator or scheme not in _UPGRADES.values():
        raise ValueError("no database")
    url = f"{scheme}://{rest}"
    _port_of(url)
    return url.replace("sslmode=", "ssl=") if scheme.startswith("postgresql") else url


def _web_address(value: str | None) -> str | None:
    if value is not None and (not re.match(r"https?://[^/\s]+", value) or _port_of(value) == 0):
        raise ValueError("no web address")
    return value


def _socket_address(value: str | None) -> str | None:
    if value is not None and (not re.match(r"wss?://[^/\s]+", value) or _port_of(value) == 0):
        raise ValueError("no address of a gateway")
    return value


def _port_of(url: str) -> int | None:
    return urlsplit(url).port


def _fit_for_a_header(value: SecretStr | None) -> SecretStr | None:
    if value is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", value.get_secret_value()):
        raise ValueError("no secret that Telegram takes")
    return value


def _server_numbers(value: str | None) -> str | None:
    ids = [each.strip() for each in (value or "").split(",")]
    if value is not None and not all(re.fullmatch(r"[0-9]{1,20}", each, re.ASCII) for each in ids):
        raise ValueError("no ids")
    return None if value is None else ",".join(ids)


def _server_number(value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"[0-9]{1,20}", value, re.ASCII):
        raise ValueError("no number")
    return value


def _provider_and_model(value: str | None) -> str | None:
    provider, _, model = (value or "offline").partition(":")
    if provider not in NEEDS or not (model or provider == "offline"):
        raise ValueError("no provider:model")
    return value


def _chat_address(value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"[a-z]+:[^:\s]+(:[^:\s]+)?", value):
        raise ValueError("no chat")
    return value


def _hours_and_minutes(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{1,2}:[0-9]{2}", value):
        raise ValueError("no time")
    return f"0{value}"[-5:] if isinstance(value, str) else value


def _known_source(value: str) -> str:
    if not re.fullmatch(rf"synthetic|geckoterminal|ave|{EXCHANGE}[a-z0-9_]{{1,40}}", value):
        raise ValueError("no source")
    return value


def _names(value: str) -> str:
    names = [name.strip().lower() for name in value.split(",")]
    if not all(re.fullmatch(r"[a-z0-9_]+", name) for name in names):
        raise ValueError("no names")
    return ",".join(names)


Limit = Annotated[
    int | None,
    Field(ge=0),
    BeforeValidator(_or_no_limit),
    Allowed("a whole number from 0, or empty for no limit"),
]
"""A number of things: 0 means none allowed, None (an empty variable) means no limit."""

Count = Annotated[int, Field(ge=1), Allowed("a whole number from 1")]
Seed = Annotated[int, Field(ge=0, lt=2**63), Allowed("a whole number from 0")]
Port = Annotated[int, Field(ge=1, le=65535), Allowed("a port from 1 to 65535")]
Processes = Annotated[int, Field(ge=1, le=64), Allowed("a whole number from 1 to 64")]
Speed = Annotated[
    float, Field(gt=0, le=100_000, allow_inf_nan=False), Allowed("a number above 0, at most 100000")
]
Seconds = Annotated[float, Field(ge=0, le=600, allow_inf_nan=False), Allowed("a number from 0 to 600")]
Switch = Annotated[bool, Allowed("true or false")]
Word = Annotated[str | None, Allowed("text")]
Secret = Annotated[SecretStr | None, Allowed("text")]
HeaderSecret = Annotated[
    SecretStr | None, AfterValidator(_fit_for_a_header), Allowed("1 to 256 letters, digits, _ and -")
]
Url = Annotated[str | None, AfterValidator(_web_address), Allowed(_ADDRESS)]
RequiredUrl = Annotated[str, AfterValidator(_web_address), Allowed(_ADDRESS)]
SocketUrl = Annotated[
    str | None,
    AfterValidator(_socket_address),
    Allowed("an address that begins with ws:// or wss://"),
]
DatabaseUrl = Annotated[
    str,
    AfterValidator(_known_database),
    Allowed("an address that begins with sqlite+aiosqlite:// or postgresql+asyncpg://"),
]
Folder = Annotated[Path, AfterValidator(_full_path), Allowed("the path of a folder")]
Zone = Annotated[
    str, AfterValidator(_known_zone), Allowed("the name of a time zone, such as UTC or Europe/Berlin")
]
TimeOfDay = Annotated[time, BeforeValidator(_hours_and_minutes), Allowed("a time such as 08:00, in UTC")]
Names = Annotated[
    str, AfterValidator(_names), Allowed("names of chains with commas between them, such as bsc,base")
]

Provider = Annotated[
    Literal["anthropic", "openai", "azure", "google", "offline"], BeforeValidator(_lower), Allowed(_PROVIDERS)
]
Fallback = Annotated[
    str | None,
    AfterValidator(_provider_and_model),
    Allowed(f"offline, or provider:model with one of {_PROVIDERS}"),
]
Source = Annotated[
    str,
    BeforeValidator(_lower),
    AfterValidator(_known_source),
    Allowed("synthetic, geckoterminal, ave or exchange:NAME, such as exchange:binance"),
]
SignUp = Annotated[
    Literal["open", "invite", "approval", "closed"],
    BeforeValidator(_lower),
    Allowed("open, invite, approval or closed"),
]
People = Annotated[
    frozenset[tuple[str, str]],
    NoDecode,
    BeforeValidator(_pairs),
    AfterValidator(_by_user_id),
    Allowed("platform:user id pairs with commas between them, such as telegram:123,discord:456"),
]
"""People as pairs of a platform and a user id."""

Chat = Annotated[
    str | None,
    AfterValidator(_chat_address),
    Allowed("platform:chat or platform:chat:topic, such as telegram:-1001234567890"),
]
Server = Annotated[str | None, AfterValidator(_server_number), Allowed("the number of a Discord server")]
Servers = Annotated[
    str | None, AfterValidator(_server_numbers), Allowed("ids of servers with commas between them")
]
LogFormat = Annotated[Literal["console", "json"], BeforeValidator(_lower), Allowed("console or json")]
LogLevel = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR"],
    BeforeValidator(_upper),
    Allowed("DEBUG, INFO, WARNING or ERROR"),
]


def is_limit(metadata: list[Any]) -> bool:
    """Whether a field with such metadata is a `Limit`, for which an empty variable says something."""
    return any(isinstance(part, BeforeValidator) and part.func is _or_no_limit for part in metadata)
