"""Which language models the settings name, and how each is built; their libraries are imported only here, and late."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from bot.errors import SettingsError
from bot.settings import Settings

if TYPE_CHECKING:
    from pydantic_ai.models import Model as Model
    from pydantic_ai.settings import ModelSettings

# Current names as the installed libraries know them; LLM_MODEL chooses another one.
DEFAULT_MODELS = {
    "anthropic": "claude-sonnet-5-5",
    "openai": "gpt-6.1-terra",
    "google": "gemini-3.8-flash",
    "offline": "offline",
}
"""The model of each provider when `LLM_MODEL` names none; an azure deployment has no usual name."""

ANTHROPIC_URL = "https://api.anthropic.com"
OPENAI_URL = "https://api.openai.com/v1"

_CONNECT_SECONDS = 10.0
_LONGEST_ANSWER = 8192
"""Output tokens; a strategy with its explanation needs about a quarter of them."""


@dataclass(frozen=True, slots=True)
class ReadyModel:
    """A language model that can be asked, with its settings; `close` lets go of its connections."""

    provider: str
    name: str
    model: Model
    settings: ModelSettings
    close: Callable[[], Awaitable[None]]


def named_models(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Provider and name of the model to ask, and of the one to ask when that is down."""
    provider: str = settings.llm_provider
    first = (provider, settings.llm_model or DEFAULT_MODELS.get(provider, ""))
    if settings.llm_fallback is None:
        return (first,)
    other, _, name = settings.llm_fallback.partition(":")
    second = (other, name or DEFAULT_MODELS.get(other, ""))
    return (first,) if second == first else (first, second)


def build_models(settings: Settings, silence: float) -> tuple[ReadyModel, ...]:
    """Build the models that the settings name, the first choice first. Slow: it imports their libraries.

    `silence` is how many seconds a model may say nothing before its answer counts as broken off.
    Raises `SettingsError` when the library of a provider is not installed.
    """
    return tuple(_build(provider, name, settings, silence) for provider, name in named_models(settings))


def given_model(model: Model) -> ReadyModel:
    """A model that somebody has built already, such as a test."""
    return ReadyModel("given", model.model_name, model, {}, _nothing_to_close)


def _build(provider: str, name: str, settings: Settings, silence: float) -> ReadyModel:
    try:
        return _BUILDERS[provider](name, settings, silence)
    except ImportError as error:
        raise SettingsError(
            f'The provider "{provider}" needs a library that is not installed: '
            f'install Randebu with the extra "{provider}", or choose another LLM_PROVIDER.'
        ) from error


def _anthropic(name: str, settings: Settings, silence: float) -> ReadyModel:
    from anthropic import AsyncAnthropic
    from pydantic_ai.models.anthropic import AnthropicModel, AnthropicModelSettings
    from pydantic_ai.providers.anthropic import AnthropicProvider

    client = AsyncAnthropic(
        api_key=_text(settings.anthropic_api_key),
        base_url=settings.anthropic_base_url or ANTHROPIC_URL,
        timeout=_timeout(silence),
        max_retries=0,
    )
    # The breakpoints stand in the blocks themselves, which compatible services understand too; the automatic one
    # of the request as a whole is known to Anthropic alone.
    chosen = AnthropicModelSettings(
        max_tokens=_LONGEST_ANSWER,
        anthropic_cache_tool_definitions=True,
        anthropic_cache_instructions=True,
        anthropic_cache_messages=True,
    )
    model = AnthropicModel(name, provider=AnthropicProvider(anthropic_client=client))
    return ReadyModel("anthropic", name, model, chosen, client.close)


def _openai(name: str, settings: Settings, silence: float) -> ReadyModel:
    from openai import AsyncOpenAI
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    client = AsyncOpenAI(
        # The client insists on a key; services of one's own, such as Ollama, take any.
        api_key=_text(settings.openai_api_key) or "none",
        base_url=settings.openai_base_url or OPENAI_URL,
        timeout=_timeout(silence),
        max_retries=0,
    )
    model = OpenAIChatModel(name, provider=OpenAIProvider(openai_client=client))
    return ReadyModel("openai", name, model, {"max_tokens": _LONGEST_ANSWER}, client.close)


def _azure(name: str, settings: Settings, silence: float) -> ReadyModel:
    from openai import AsyncAzureOpenAI
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.azure import AzureProvider

    client = AsyncAzureOpenAI(
        azure_endpoint=settings.azure_openai_endpoint or "",
        api_key=_text(settings.azure_openai_api_key),
        api_version=settings.azure_openai_api_version,
        timeout=_timeout(silence),
        max_retries=0,
    )
    model = OpenAIChatModel(name, provider=AzureProvider(openai_client=client))
    return ReadyModel("azure", name, model, {"max_tokens": _LONGEST_ANSWER}, client.close)


def _google(name: str, settings: Settings, silence: float) -> ReadyModel:
    from pydantic_ai.models.google import GoogleModel
    from pydantic_ai.providers.google import GoogleProvider

    model = GoogleModel(name, provider=GoogleProvider(api_key=_text(settings.google_api_key)))
    chosen: ModelSettings = {"max_tokens": _LONGEST_ANSWER, "timeout": silence}
    return ReadyModel("google", name, model, chosen, _nothing_to_close)


def _offline(name: str, settings: Settings, silence: float) -> ReadyModel:  # noqa: ARG001
    from bot.agent.offline.model import OfflineModel

    return ReadyModel("offline", name, OfflineModel(settings.chain_names), {}, _nothing_to_close)


_BUILDERS: dict[str, Callable[[str, Settings, float], ReadyModel]] = {
    "anthropic": _anthropic,
    "openai": _openai,
    "azure": _azure,
    "google": _google,
    "offline": _offline,
}


def _text(secret: SecretStr | None) -> str:
    return "" if secret is None else secret.get_secret_value()


def _timeout(silence: float) -> Any:
    from httpx2 import Timeout

    return Timeout(silence, connect=min(silence, _CONNECT_SECONDS))


async def _nothing_to_close() -> None:
    """For models that hold no connection of ours."""
