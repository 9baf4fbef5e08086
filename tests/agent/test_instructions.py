"""What every model is told, and which models the settings name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import SecretStr
from pydantic_ai.models import KnownModelName

from bot.agent.instructions import STANDING, about, as_said
from bot.agent.models import DEFAULT_MODELS, named_models
from bot.settings import Settings
from tests.agent.conversing import FACTS, facts_with

KEY = SecretStr("sk-very-secret")


def test_what_is_the_same_for_everybody_stands_first_and_names_nobody() -> None:
    assert "Ann" not in STANDING
    assert "2026" not in STANDING
    assert len(about(facts_with(*(f"bot {number}" for number in range(500))))) < 5000


@pytest.mark.parametrize(
    "tool", ["create_bot", "update_strategy", "search_tokens", "ask_user", "run_backtest"]
)
def test_the_instructions_name_the_tools(tool: str) -> None:
    assert tool in STANDING


def test_the_turn_is_described() -> None:
    told = about(replace(facts_with("PEPE dip", "Alpha"), private=False))

    for fact in (
        '"Ann"',
        "a group",
        '"PEPE dip", "Alpha"',
        'Current one: "PEPE dip"',
        "made up",
        "Saturday, 2026-11-21",
    ):
        assert fact in told
    assert "from geckoterminal" in about(replace(FACTS, synthetic=False, market_source="geckoterminal"))


def test_in_a_group_the_writer_is_named() -> None:
    assert as_said("hi", FACTS) == "hi"
    assert as_said("hi", replace(FACTS, private=False, person="Ann [x]\n")) == "[Ann x] hi"


def test_the_usual_models_are_known_to_the_library() -> None:
    known = get_args(KnownModelName.__value__)
    for provider in ("anthropic", "openai", "google"):
        assert f"{provider}:{DEFAULT_MODELS[provider]}" in known


@pytest.mark.parametrize(
    ("given", "models"),
    [
        ({}, (("offline", "offline"),)),
        ({"anthropic_api_key": KEY}, (("anthropic", DEFAULT_MODELS["anthropic"]),)),
        ({"anthropic_api_key": KEY, "llm_model": "m"}, (("anthropic", "m"),)),
        ({"llm_fallback": "offline"}, (("offline", "offline"),)),
        (
            {"anthropic_api_key": KEY, "llm_model": "m", "llm_fallback": "anthropic:n"},
            (("anthropic", "m"), ("anthropic", "n")),
        ),
        (
            {"openai_api_key": KEY, "llm_provider": "openai", "llm_model": "m", "llm_fallback": "offline"},
            (("openai", "m"), ("offline", "offline")),
        ),
    ],
)
def test_the_settings_name_the_models(
    tmp_path: Path, given: dict[str, Any], models: tuple[tuple[str, str], ...]
) -> None:
    assert named_models(Settings(data_dir=tmp_path, **given)) == models
