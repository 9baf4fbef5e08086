"""The environment, typed and read once; a wrong value stops the start with a sentence that names it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self, cast
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from typing_extensions import override

from bot.errors import SettingsError

Provider = Literal["anthropic", "openai", "azure", "google", "offline"]

EXCHANGE = "exchange:"
"""How a `MARKET_SOURCE` begins that names a centralised exchange."""


class Allowed(NamedTuple):
    """What a setting may be, as it stands behind "must be" in the sentence about a wrong value."""

    text: str


def _or_no_limit(value: object) -> object:
    return None if value == "" else value


Limit = Annotated[
    int | None,
    Field(ge=0),
    BeforeValidator(_or_no_limit),
    Allowed("a whole number from 0, or empty for no limit"),
]
"""A number of things: 0 means none allowed, None (an empty variable) means no limit."""

Count = Annotated[int, Field(ge=1), Allowed("a whole number from 1")]
Url = Annotated[str | None, Allowed("an address that begins with http:// or https://")]
RequiredUrl = Annotated[str, Allowed("an address that begins with http:// or https://")]
Word = Annotated[str | None, Allowed("text")]
Secret = Annotated[SecretStr | None, Allowed("text")]

_PROVIDERS = "anthropic, openai, azure, google or offline"
_FALLBACKS = f"offline, or provider:model with one of {_PROVIDERS}"
_SOURCES = "synthetic, geckoterminal, ave or exchange:NAME, such as exchange:binance"
_DATABASES = "an address that begins with sqlite+aiosqlite:// or postgresql+asyncpg://"
_OPERATORS = "platform:user id pairs with commas between them, such as telegram:123,discord:456"
_CHAT = "platform:chat or platform:chat:topic, such as telegram:-1001234567890"
_GATEWAYS = "an address that begins with ws:// or wss://"
_WEBHOOK_SECRETS = "1 to 256 letters, digits, _ and -"
_UPGRADES = {
    "sqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
}
_URL_SECRET = re.compile(r"(?<=://)[^/?#\s]*(?=@)|(?<=[?&]password=)[^&\s]*")


def without_passwords(text: str) -> str:
    """The text with whatever stands before the @ of an address, and every `password=` in it, masked."""
    return _URL_SECRET.sub("***", text)


def _default_provider(values: dict[str, Any]) -> Provider:
    return "anthropic" if values.get("anthropic_api_key") else "offline"


def _default_source(values: dict[str, Any]) -> str:
    return "ave" if values.get("ave_api_key") else "synthetic"


def _default_database(values: dict[str, Any]) -> str:
    return f"sqlite+aiosqlite:///{values.get('data_dir')}/randebu.db"


class Settings(BaseSettings):
    """Everything an operator can choose; built directly it reads no environment, `load` does.

    Raises pydantic's `ValidationError` when built directly, `SettingsError` from `load`.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True
    )

    data_dir: Annotated[Path, Allowed("the path of a folder")] = Path("data")
    database_url: Annotated[str, Allowed(_DATABASES)] = Field(default_factory=_default_database)

    anthropic_api_key: Secret = None
    anthropic_base_url: Url = None
    openai_api_key: Secret = None
    openai_base_url: Url = None
    azure_openai_endpoint: Url = None
    azure_openai_api_key: Secret = None
    azure_openai_api_version: Word = None
    google_api_key: Secret = None
    llm_provider: Annotated[Provider, Allowed(_PROVIDERS)] = Field(default_factory=_default_provider)
    llm_model: Word = None
    llm_fallback: Annotated[str | None, Allowed(_FALLBACKS)] = None
    max_tool_calls_per_turn: Count = 12
    max_tokens_per_turn: Count = 200_000
    approval_ttl_minutes: Count = 30

    anonymous_chats: Limit = 50
    anonymous_bots: Limit = 1
    anonymous_backtests: Limit = 1
    anonymous_simulations: Limit = 0
    max_chats_per_5hours: Limit = 500
    signup: Annotated[
        Literal["open", "invite", "approval", "closed"], Allowed("open, invite, approval or closed")
    ] = "open"
    free_bots: Limit = 3
    free_simulations: Limit = 1
    free_backtests_per_day: Limit = 20
    pro_bots: Limit = 20
    pro_simulations: Limit = 10
    pro_backtests_per_day: Limit = None

    operators: Annotated[frozenset[tuple[str, str]], NoDecode, Allowed(_OPERATORS)] = frozenset()
    operator_chat: Annotated[str | None, Allowed(_CHAT)] = None
    discord_operator_guild: Annotated[str | None, Allowed("the number of a Discord server")] = None
    daily_summary_at: Annotated[time, Allowed("a time such as 08:00, in UTC")] = time(8)

    telegram_token: Secret = None
    telegram_api_url: Url = None
    telegram_api_local: Annotated[bool, Allowed("true or false")] = False
    telegram_webhook_url: Url = None
    telegram_webhook_secret: Annotated[SecretStr | None, Allowed(_WEBHOOK_SECRETS)] = None
    telegram_webhook_port: Annotated[int, Field(ge=1, le=65535), Allowed("a port from 1 to 65535")] = 8080

    discord_token: Secret = None
    discord_api_url: Url = None
    discord_gateway_url: Annotated[str | None, Allowed(_GATEWAYS)] = None
    discord_guild_ids: Annotated[str | None, Allowed("ids of servers with commas between them")] = None

    ave_api_key: Secret = None
    market_source: Annotated[str, Allowed(_SOURCES)] = Field(default_factory=_default_source)
    geckoterminal_url: RequiredUrl = "https://api.geckoterminal.com/api/v2"
    geckoterminal_calls_per_minute: Count = 25
    ave_url: RequiredUrl = "https://prod.ave-api.com"
    ave_calls_per_second: Count = 1
    exchange_url: Url = None
    exchange_calls_per_minute: Count = 60
    goplus_url: RequiredUrl = "https://api.gopluslabs.io"
    goplus_calls_per_minute: Count = 25
    honeypot_url: RequiredUrl = "https://api.honeypot.is"
    honeypot_calls_per_minute: Count = 25
    synthetic_speed: Annotated[
        float, Field(gt=0, le=100_000, allow_inf_nan=False), Allowed("a number above 0, at most 100000")
    ] = 1
    synthetic_seed: Annotated[int, Field(ge=0, lt=2**63), Allowed("a whole number from 0")] = 1
    simulation_delay_seconds: Annotated[
        float, Field(ge=0, le=600, allow_inf_nan=False), Allowed("a number from 0 to 600")
    ] = 3
    simulation_zone: Annotated[str, Allowed("the name of a time zone, such as UTC or Europe/Berlin")] = "UTC"

    chains: Annotated[str, Allowed("names of chains with commas between them, such as bsc,base")] = "bsc"

    workers: Annotated[int, Field(ge=1, le=64), Allowed("a whole number from 1 to 64")] = 1
    log_format: Annotated[Literal["console", "json"], Allowed("console or json")] = "console"
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"], Allowed("DEBUG, INFO, WARNING or ERROR")
    ] = "INFO"

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Nothing but the arguments: what the environment says comes in through `load` alone."""
        return (init_settings,)

    @classmethod
    def load(cls, env_file: Path | str | None = ".env", *, serving: bool = False) -> Self:
        """Read the environment and, where that says nothing, the file; an empty variable means "not set".

        An empty limit means no limit. Who is `serving` others shows real prices unless told otherwise. Raises
        `SettingsError` with one sentence per problem.
        """
        try:
            found = DotEnvSettingsSource(cls, env_file=env_file)() | EnvSettingsSource(cls)()
        except (OSError, UnicodeDecodeError):
            raise SettingsError(f"{env_file} cannot be read: it must be a readable UTF-8 file.") from None
        texts = {name: str(found[name] or "").strip() for name in cls.model_fields if name in found}
        given = {
            name: text for name, text in texts.items() if text or _is_limit(cls.model_fields[name].metadata)
        }
        if serving and not {"market_source", "ave_api_key"} & given.keys():
            given["market_source"] = "geckoterminal"
        try:
            return cls(**cast("dict[str, Any]", given))
        except ValidationError as error:
            raise SettingsError("\n".join(_sentences(error, given))) from None

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("llm_provider", "log_format", "market_source", "signup", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("operators", mode="before")
    @classmethod
    def _pairs(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [pair.strip().partition(":") for pair in value.split(",") if pair.strip()]
        return frozenset((platform.strip().lower(), user.strip()) for platform, _, user in pairs)

    @field_validator("operators")
    @classmethod
    def _by_user_id(cls, value: frozenset[tuple[str, str]]) -> frozenset[tuple[str, str]]:
        for platform, user in value:
            # Names change hands on these platforms, their numbers never do.
            form = "[0-9]+" if platform in ("telegram", "discord") else r"[^\s:,]+"
            if not re.fullmatch(r"[a-z]+", platform) or not re.fullmatch(form, user, re.ASCII):
                raise ValueError("no user id")
        return value

    @field_validator("data_dir")
    @classmethod
    def _full_path(cls, value: Path) -> Path:
        folder = value.expanduser().absolute()
        if folder.exists() and not folder.is_dir():
            raise ValueError("no folder")
        return folder

    @field_validator("simulation_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            return ZoneInfo(value).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("no zone") from None

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        scheme, separator, rest = value.partition("://")
        scheme = _UPGRADES.get(scheme, scheme)
        if not separator or scheme not in _UPGRADES.values():
            raise ValueError(_DATABASES)
        url = f"{scheme}://{rest}"
        _port_of(url)
        return url.replace("sslmode=", "ssl=") if scheme.startswith("postgresql") else url

    @field_validator(
        "anthropic_base_url",
        "openai_base_url",
        "azure_openai_endpoint",
        "telegram_api_url",
        "telegram_webhook_url",
        "geckoterminal_url",
        "ave_url",
        "exchange_url",
        "goplus_url",
        "honeypot_url",
        "discord_api_url",
    )
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        if value is not None and (not re.match(r"https?://[^/\s]+", value) or _port_of(value) == 0):
            raise ValueError("no web address")
        return value

    @field_validator("telegram_webhook_secret")
    @classmethod
    def _fit_for_a_header(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", value.get_secret_value()):
            raise ValueError("no secret that Telegram takes")
        return value

    @field_validator("discord_gateway_url")
    @classmethod
    def _socket_address(cls, value: str | None) -> str | None:
        if value is not None and (not re.match(r"wss?://[^/\s]+", value) or _port_of(value) == 0):
            raise ValueError("no address of a gateway")
        return value

    @field_validator("discord_guild_ids")
    @classmethod
    def _ids(cls, value: str | None) -> str | None:
        ids = [each.strip() for each in (value or "").split(",")]
        if value is not None and not all(re.fullmatch(r"[0-9]{1,20}", each, re.ASCII) for each in ids):
            raise ValueError("no ids")
        return None if value is None else ",".join(ids)

    @field_validator("llm_fallback")
    @classmethod
    def _provider_and_model(cls, value: str | None) -> str | None:
        provider, _, model = (value or "offline").partition(":")
        if provider not in _NEEDS or not (model or provider == "offline"):
            raise ValueError("no provider:model")
        return value

    @field_validator("operator_chat")
    @classmethod
    def _chat_address(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[a-z]+:[^:\s]+(:[^:\s]+)?", value):
            raise ValueError("no chat")
        return value

    @field_validator("discord_operator_guild")
    @classmethod
    def _server_number(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[0-9]{1,20}", value):
            raise ValueError("no number")
        return value

    @field_validator("daily_summary_at", mode="before")
    @classmethod
    def _hours_and_minutes(cls, value: object) -> object:
        if isinstance(value, str) and not re.fullmatch(r"[0-9]{1,2}:[0-9]{2}", value):
            raise ValueError("no time")
        return f"0{value}"[-5:] if isinstance(value, str) else value

    @field_validator("market_source")
    @classmethod
    def _known_source(cls, value: str) -> str:
        if not re.fullmatch(rf"synthetic|geckoterminal|ave|{EXCHANGE}[a-z0-9_]{{1,40}}", value):
            raise ValueError("no source")
        return value

    @field_validator("chains")
    @classmethod
    def _chain_names(cls, value: str) -> str:
        names = [name.strip().lower() for name in value.split(",")]
        if not all(re.fullmatch(r"[a-z0-9_]+", name) for name in names):
            raise ValueError("no names")
        return ",".join(names)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        fallback = (self.llm_fallback or "offline").partition(":")[0]
        wanted = [("LLM_PROVIDER", self.llm_provider), ("LLM_FALLBACK", fallback)]
        missing = [
            f"{variable} is {provider}, so {name.upper()} must be set."
            for variable, provider in wanted
            for name in _NEEDS[provider]
            if not getattr(self, name) and not (name == "openai_api_key" and self.openai_base_url)
        ]
        if self.llm_model is None and self.llm_provider == "azure":
            missing.append("LLM_PROVIDER is azure, so LLM_MODEL must name a deployment.")
        if self.market_source == "ave" and self.ave_api_key is None:
            missing.append("MARKET_SOURCE is ave, so AVE_API_KEY must be set.")
        if missing:
            raise ValueError("\n".join(missing))
        return self

    @property
    def chain_names(self) -> tuple[str, ...]:
        """The chains that are served, in the order of `CHAINS`."""
        return tuple(self.chains.split(","))

    def is_operator(self, platform: str, user: str) -> bool:
        """True when `OPERATORS` names this user id of this platform; nobody's empty id is never named."""
        return (platform, user) in self.operators

    @property
    def discord_guilds(self) -> tuple[int, ...]:
        """The servers of `DISCORD_GUILD_IDS`."""
        return tuple(int(each) for each in (self.discord_guild_ids or "").split(",") if each)

    def secrets(self) -> tuple[str, ...]:
        """Every value that must never be shown: keys, and the passwords inside addresses."""
        return tuple(dict.fromkeys(secret for secret in self._all_secrets() if secret))

    def _all_secrets(self) -> Iterator[str]:
        for name, value in self:
            if isinstance(value, SecretStr):
                yield value.get_secret_value()
            elif isinstance(value, str):
                for part in _URL_SECRET.findall(value):
                    user, colon, password = part.partition(":")
                    # What stands alone before the @ is the name of a database's user, but a web service's token.
                    if not colon and f"//{user}@" in value and name == "database_url":
                        continue
                    yield from (password, unquote(password)) if colon else (user, unquote(user))

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """What `repr` and `str` show: no key, no password."""
        for name, value in super().__repr_args__():
            yield name, without_passwords(value) if isinstance(value, str) else value


_NEEDS: dict[str, tuple[str, ...]] = {
    "anthropic": ("anthropic_api_key",),
    "openai": ("openai_api_key",),
    "azure": ("azure_openai_endpoint", "azure_openai_api_key", "azure_openai_api_version"),
    "google": ("google_api_key",),
    "offline": (),
}


def _port_of(url: str) -> int | None:
    return urlsplit(url).port


def _is_limit(metadata: list[Any]) -> bool:
    return any(isinstance(part, BeforeValidator) and part.func is _or_no_limit for part in metadata)


def _sentences(error: ValidationError, given: Mapping[str, str]) -> Iterator[str]:
    for problem in error.errors(include_url=False, include_input=False):
        if not problem["loc"]:
            yield from str(problem["ctx"]["error"]).split("\n")
            continue
        if problem["type"] == "default_factory_not_called":
            continue
        name = str(problem["loc"][0])
        metadata = Settings.model_fields[name].metadata
        allowed = next(part.text for part in metadata if isinstance(part, Allowed))
        hidden = name.endswith(("_key", "_url", "_endpoint", "_token", "_secret"))
        value = "has a value that cannot be used" if hidden else f'is "{given[name][:60]}"'
        yield f"{name.upper()} {value}: it must be {allowed}."
