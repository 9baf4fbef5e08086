"""What an operator can rely on: settings are documented, wrong ones stop the start, secrets stay secret."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.errors import SettingsError
from bot.settings import Settings, without_passwords

EXAMPLE = Path(__file__).parents[1] / ".env.example"
ASSIGNMENT = re.compile(r"([A-Z][A-Z0-9_]*)=(.*)")

Load = Callable[..., Settings]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """Loads settings from exactly these variables, and a file if one is named."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)

    def from_environment(env_file: Path | None = None, **environment: str) -> Settings:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return Settings.load(env_file)

    return from_environment


def problems(load: Load, **environment: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(**environment)
    return str(caught.value).split("\n")


def test_every_setting_is_in_the_example_with_a_comment_and_nothing_else_is() -> None:
    lines = EXAMPLE.read_text().split("\n")
    named = {found[1]: number for number, line in enumerate(lines) if (found := ASSIGNMENT.fullmatch(line))}
    assert list(named) == list(dict.fromkeys(named))
    assert {name.lower() for name in named} == set(Settings.model_fields)
    for name, number in named.items():
        assert lines[number - 1].startswith("# "), f"{name} has no comment"


def test_the_example_is_valid_and_says_the_defaults(load: Load) -> None:
    assert load(EXAMPLE) == load()


def test_nothing_has_to_be_set(load: Load) -> None:
    settings = load()
    assert settings.llm_provider == "offline"
    assert settings.market_source == "synthetic"
    assert settings.data_dir == Path.cwd() / "data"
    assert settings.database_url == f"sqlite+aiosqlite:///{Path.cwd()}/data/randebu.db"
    limits = (settings.anonymous_chats, settings.anonymous_bots, settings.anonymous_backtests)
    assert (*limits, settings.anonymous_simulations, settings.max_chats_per_5hours) == (50, 1, 1, 0, 500)


def test_the_database_lies_in_the_data_folder(load: Load, tmp_path: Path) -> None:
    assert load(DATA_DIR=str(tmp_path)).database_url == f"sqlite+aiosqlite:///{tmp_path}/randebu.db"


def test_a_key_for_anthropic_chooses_anthropic_unless_told_otherwise(load: Load) -> None:
    assert load(ANTHROPIC_API_KEY="sk-1").llm_provider == "anthropic"
    assert load(ANTHROPIC_API_KEY="sk-1", LLM_PROVIDER="offline").llm_provider == "offline"


def test_prices_are_real_where_they_are_served_or_paid_for(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Settings.load(None, serving=True).market_source == "geckoterminal"
    assert load(MARKET_SOURCE="Exchange:Binance").market_source == "exchange:binance"
    assert Settings.load(None, serving=True).market_source == "exchange:binance"
    monkeypatch.delenv("MARKET_SOURCE")
    assert load(AVE_API_KEY="key-1").market_source == "ave"
    assert Settings.load(None, serving=True).market_source == "ave"
    assert load(MARKET_SOURCE="synthetic").market_source == "synthetic"


def test_the_environment_wins_over_the_file_and_can_take_a_value_back(load: Load, tmp_path: Path) -> None:
    file = tmp_path / "settings.env"
    file.write_text("ANTHROPIC_API_KEY=sk-file\nANONYMOUS_CHATS=7\nWORKERS=3\nSOMEBODY_ELSES=1\n")
    settings = load(file, ANONYMOUS_CHATS="8", ANTHROPIC_API_KEY="")
    assert (settings.anonymous_chats, settings.workers) == (8, 3)
    assert settings.anthropic_api_key is None
    assert settings.llm_provider == "offline"


def test_zero_means_none_and_empty_means_no_limit(load: Load) -> None:
    settings = load(ANONYMOUS_CHATS="0", MAX_CHATS_PER_5HOURS="", ANONYMOUS_BOTS=" ")
    assert settings.anonymous_chats == 0
    assert settings.max_chats_per_5hours is None
    assert settings.anonymous_bots is None


def test_an_empty_value_that_is_no_limit_means_not_set(load: Load) -> None:
    settings = load(LOG_LEVEL="", WORKERS="", OPENAI_BASE_URL="", DATABASE_URL="", DATA_DIR="")
    assert (settings.log_level, settings.workers, settings.openai_base_url) == ("INFO", 1, None)
    assert settings.database_url.endswith("/data/randebu.db")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("sqlite:///x.db", "sqlite+aiosqlite:///x.db"),
        ("sqlite+aiosqlite:////var/x.db", "sqlite+aiosqlite:////var/x.db"),
        ("postgres://u:p@h:5/d", "postgresql+asyncpg://u:p@h:5/d"),
        ("postgresql://u@h/d?sslmode=require", "postgresql+asyncpg://u@h/d?ssl=require"),
        ("postgresql+asyncpg://u@h/d", "postgresql+asyncpg://u@h/d"),
    ],
)
def test_the_usual_ways_to_write_a_database_are_understood(load: Load, written: str, meant: str) -> None:
    assert load(DATABASE_URL=written).database_url == meant


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("ANONYMOUS_CHATS", "-1", "a whole number from 0, or empty for no limit"),
        ("MAX_CHATS_PER_5HOURS", "many", "a whole number from 0, or empty for no limit"),
        ("APPROVAL_TTL_MINUTES", "0", "a whole number from 1"),
        ("MAX_TOOL_CALLS_PER_TURN", "1.5", "a whole number from 1"),
        ("LLM_PROVIDER", "gpt", "anthropic, openai, azure, google or offline"),
        ("LLM_FALLBACK", "openai", "offline, or provider:model"),
        ("LLM_FALLBACK", "gpt:4", "offline, or provider:model"),
        ("MARKET_SOURCE", "real", "synthetic, geckoterminal, ave or exchange:NAME"),
        ("MARKET_SOURCE", "exchange:", "synthetic, geckoterminal, ave or exchange:NAME"),
        ("GECKOTERMINAL_CALLS_PER_MINUTE", "0", "a whole number from 1"),
        ("SYNTHETIC_SPEED", "0", "a number above 0"),
        ("SYNTHETIC_SPEED", "nan", "a number above 0"),
        ("SYNTHETIC_SEED", "-1", "a whole number from 0"),
        ("CHAINS", "bsc,,base", "names of chains"),
        ("WORKERS", "0", "a whole number from 1 to 64"),
        ("LOG_FORMAT", "xml", "console or json"),
        ("LOG_LEVEL", "LOUD", "DEBUG, INFO, WARNING or ERROR"),
        ("DATA_DIR", __file__, "the path of a folder"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(load: Load, name: str, value: str, allowed: str) -> None:
    (sentence,) = problems(load, **{name: value})
    assert sentence.startswith(f'{name} is "{value[:60]}": it must be {allowed}')
    assert sentence.endswith(".")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://ann:hunter22@host/db"),
        ("DATABASE_URL", "hunter22"),
        ("DATABASE_URL", "postgresql://ann:hunter22@host:port/db"),
        ("OPENAI_BASE_URL", "ftp://ann:hunter22@host"),
        ("GECKOTERMINAL_URL", "ftp://ann:hunter22@host"),
        ("EXCHANGE_URL", "hunter22"),
        ("ANTHROPIC_BASE_URL", "https://ann:hunter22@host:99999"),
        ("AZURE_OPENAI_ENDPOINT", "hunter22"),
    ],
)
def test_a_wrong_address_is_named_without_its_password(load: Load, name: str, value: str) -> None:
    (sentence,) = problems(load, **{name: value})
    assert sentence.startswith(
        f"{name} has a value that cannot be used: it must be an address that begins with "
    )
    assert "hunter22" not in sentence


def test_every_problem_is_told_at_once(load: Load) -> None:
    found = problems(load, WORKERS="x", LOG_LEVEL="y", DATABASE_URL="z")
    assert [sentence.split()[0] for sentence in found] == ["DATABASE_URL", "WORKERS", "LOG_LEVEL"]


@pytest.mark.parametrize(
    ("environment", "missing"),
    [
        ({"LLM_PROVIDER": "anthropic"}, ["ANTHROPIC_API_KEY"]),
        ({"LLM_PROVIDER": "openai"}, ["OPENAI_API_KEY"]),
        ({"LLM_PROVIDER": "google"}, ["GOOGLE_API_KEY"]),
        (
            {"LLM_PROVIDER": "azure", "AZURE_OPENAI_API_KEY": "k"},
            ["AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_API_VERSION", "LLM_MODEL"],
        ),
        ({"LLM_FALLBACK": "google:gemini"}, ["GOOGLE_API_KEY"]),
        ({"MARKET_SOURCE": "ave"}, ["AVE_API_KEY"]),
    ],
)
def test_a_provider_without_its_key_stops_the_start(
    load: Load, environment: dict[str, str], missing: list[str]
) -> None:
    chosen = next(f"{name} is" for name in environment if name.startswith(("LLM_", "MARKET_")))
    sentences = problems(load, **environment)
    assert len(sentences) == len(missing)
    for sentence, name in zip(sentences, missing, strict=True):
        assert sentence.startswith(chosen)
        assert name in sentence


def test_a_service_like_openai_needs_no_key(load: Load) -> None:
    assert load(LLM_PROVIDER="openai", OPENAI_BASE_URL="http://localhost:11434/v1").openai_api_key is None


def test_a_file_that_is_no_text_is_named(load: Load, tmp_path: Path) -> None:
    file = tmp_path / "broken.env"
    file.write_bytes(b"WORKERS=\xff\n")
    with pytest.raises(SettingsError, match=r"broken\.env cannot be read"):
        load(file)


SECRETS = {
    "ANTHROPIC_API_KEY": "sk-ant-1",
    "OPENAI_API_KEY": "sk-oai-2",
    "AZURE_OPENAI_API_KEY": "az-3",
    "GOOGLE_API_KEY": "goo-4",
    "DATABASE_URL": "postgresql://ann:p%40ss%2F5@host/db",
    "OPENAI_BASE_URL": "https://token-6@host/v1",
}


def test_secrets_are_not_in_what_the_settings_look_like(load: Load) -> None:
    settings = load(**SECRETS)
    for secret in ("sk-ant-1", "sk-oai-2", "az-3", "goo-4", "p%40ss", "p@ss", "token-6"):
        assert secret not in f"{settings!r} {settings} {[settings]}"
    assert "postgresql+asyncpg://***@host/db" in repr(settings)


def test_all_secrets_are_known_to_whoever_must_mask_them(load: Load) -> None:
    known = load(**SECRETS).secrets()
    assert set(known) == {"sk-ant-1", "sk-oai-2", "az-3", "goo-4", "p%40ss%2F5", "p@ss/5", "token-6"}


def test_the_name_of_a_databases_user_is_no_secret(load: Load) -> None:
    assert load(DATABASE_URL="postgresql://postgres@host/db").secrets() == ()
    assert load(DATABASE_URL="postgresql://ann@host/db?password=pw").secrets() == ("pw",)
    assert load(DATABASE_URL="postgresql://ann:a:b@host/db").secrets() == ("a:b",)


@given(st.from_regex(r"[A-Za-z0-9!$%^&*()+=:@_.~-]{1,30}", fullmatch=True))
def test_whatever_a_password_looks_like_it_is_masked_in_an_address(password: str) -> None:
    assert without_passwords(f"postgresql://ann:{password}@host/db") == "postgresql://***@host/db"


def test_settings_built_by_hand_ignore_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-1")
    monkeypatch.setenv("WORKERS", "9")
    assert Settings().llm_provider == "offline"
    assert Settings().workers == 1


def test_operators_are_named_by_platform_and_user_id(load: Load) -> None:
    settings = load(OPERATORS=" telegram:123, Discord:456 ,terminal:root,")
    assert settings.operators == {("telegram", "123"), ("discord", "456"), ("terminal", "root")}
    assert settings.is_operator("telegram", "123")
    for platform, user in (("telegram", "456"), ("discord", "123"), ("terminal", ""), ("telegram", "Root")):
        assert not settings.is_operator(platform, user)
    assert not load(OPERATORS="").is_operator("", "")


@pytest.mark.parametrize(
    "value", ["telegram:@alice", "123", "telegram:", ":123", "discord:4 5", "telegram:1:2"]
)
def test_an_operator_without_a_user_id_stops_the_start(load: Load, value: str) -> None:
    (problem,) = problems(load, OPERATORS=value)
    assert problem.startswith(f'OPERATORS is "{value}": it must be platform:user id pairs')


def test_signing_up_has_four_ways(load: Load) -> None:
    assert load(SIGNUP="Approval").signup == "approval"
    assert load().pro_backtests_per_day is None
    assert load(FREE_BOTS="").free_bots is None
    (problem,) = problems(load, SIGNUP="maybe")
    assert problem == 'SIGNUP is "maybe": it must be open, invite, approval or closed.'


def test_discord_is_reached_as_it_is_set_up() -> None:
    settings = Settings(discord_gateway_url="wss://gateway.example", discord_guild_ids="12, 34")
    assert settings.discord_guilds == (12, 34)
    assert Settings().discord_guilds == ()
    for wrong in ({"discord_gateway_url": "https://gateway.example"}, {"discord_guild_ids": "Traders"}):
        with pytest.raises(ValidationError):
            Settings(**wrong)  # type: ignore[arg-type]
