"""The environment, typed and read once; a wrong value stops the start with a sentence that names it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import time
from pathlib import Path
from typing import Any, Self, cast
from urllib.parse import unquote

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from typing_extensions import override

from bot.errors import SettingsError
from bot.setting_kinds import (
    NEEDS,
    Allowed,
    Chat,
    Count,
    DatabaseUrl,
    Fallback,
    Folder,
    HeaderSecret,
    Limit,
    LogFormat,
    LogLevel,
    Names,
    People,
    Port,
    Processes,
    Provider,
    RequiredUrl,
    Seconds,
    Secret,
    Seed,
    Server,
    Servers,
    SignUp,
    SocketUrl,
    Source,
    Speed,
    Switch,
    TimeOfDay,
    Url,
    Word,
    Zone,
    is_limit,
)

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

    data_dir: Folder = Path("data")
    database_url: DatabaseUrl = Field(default_factory=_default_database)

    anthropic_api_key: Secret = None
    anthropic_base_url: Url = None
    openai_api_key: Secret = None
    openai_base_url: Url = None
    azure_openai_endpoint: Url = None
    azure_openai_api_key: Secret = None
    azure_openai_api_version: Word = None
    google_api_key: Secret = None
    llm_provider: Provider = Field(default_factory=_default_provider)
    llm_model: Word = None
    llm_fallback: Fallback = None
    max_tool_calls_per_turn: Count = 12
    max_tokens_per_turn: Count = 200_000
    approval_ttl_minutes: Count = 30

    anonymous_chats: Limit = 50
    anonymous_bots: Limit = 1
    anonymous_backtests: Limit = 1
    anonymous_simulations: Limit = 0
    max_chats_per_5hours: Limit = 500
    signup: SignUp = "open"
    free_bots: Limit = 3
    free_simulations: Limit = 1
    free_backtests_per_day: Limit = 20
    pro_bots: Limit = 20
    pro_simulations: Limit = 10
    pro_backtests_per_day: Limit = None

    operators: People = frozenset()
    operator_chat: Chat = None
    discord_operator_guild: Server = None
    daily_summary_at: TimeOfDay = time(8)

    telegram_token: Secret = None
    telegram_api_url: Url = None
    telegram_api_local: Switch = False
    telegram_webhook_url: Url = None
    telegram_webhook_secret: HeaderSecret = None
    telegram_webhook_port: Port = 8080

    discord_token: Secret = None
    discord_api_url: Url = None
    discord_gateway_url: SocketUrl = None
    discord_guild_ids: Servers = None

    ave_api_key: Secret = None
    market_source: Source = Field(default_factory=_default_source)
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
    synthetic_speed: Speed = 1
    synthetic_seed: Seed = 1
    simulation_delay_seconds: Seconds = 3
    simulation_zone: Zone = "UTC"
    chains: Names = "bsc"

    workers: Processes = 1
    log_format: LogFormat = "console"
    log_level: LogLevel = "INFO"

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
            name: text for name, text in texts.items() if text or is_limit(cls.model_fields[name].metadata)
        }
        if serving and not {"market_source", "ave_api_key"} & given.keys():
            given["market_source"] = "geckoterminal"
        try:
            return cls(**cast("dict[str, Any]", given))
        except ValidationError as error:
            raise SettingsError("\n".join(_sentences(error, given))) from None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        fallback = (self.llm_fallback or "offline").partition(":")[0]
        wanted = [("LLM_PROVIDER", self.llm_provider), ("LLM_FALLBACK", fallback)]
        missing = [
            f"{variable} is {provider}, so {name.upper()} must be set."
            for variable, provider in wanted
            for name in NEEDS[provider]
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
