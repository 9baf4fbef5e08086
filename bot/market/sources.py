"""Which market the settings ask for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import httpx2

from bot.clock import Clock
from bot.market.ave import REFUSALS, Ave
from bot.market.budget import Pace
from bot.market.exchange import Exchange
from bot.market.geckoterminal import GeckoTerminal
from bot.market.live import LiveMarket
from bot.market.provider import Market
from bot.market.risk import AveContracts, GoPlus, HoneypotIs, NoContract, RiskSource
from bot.market.service import HttpService, Patience
from bot.market.source import Source
from bot.market.synthetic import SyntheticMarket
from bot.market.synthetic_clock import stored_origin
from bot.setting_kinds import EXCHANGE
from bot.settings import Settings
from storage.database import Database

_MINUTE = 60.0
_SECOND = 1.0
_TIMEOUT = httpx2.Timeout(15.0, connect=5.0)
_CONNECTIONS = httpx2.Limits(max_connections=20, max_keepalive_connections=10)


async def build_market(
    settings: Settings, database: Database, clock: Clock, *, patience: Patience | None = None
) -> Market:
    """The market that `MARKET_SOURCE` names; the synthetic one goes on from its stored clock origin.

    Raises `SettingsError` when it cannot be used as it is set up.
    """
    name = settings.market_source
    if name == "synthetic":
        origin = await stored_origin(database, clock, settings.synthetic_speed)
        return SyntheticMarket(settings.synthetic_seed, lambda: origin.at(clock()))
    if name.startswith(EXCHANGE):
        pace = Pace(settings.exchange_calls_per_minute, _MINUTE)
        exchange = await Exchange.open(
            name.removeprefix(EXCHANGE), settings.exchange_url, pace, clock, patience
        )
        return LiveMarket(exchange, [NoContract()], database, clock, settings.chain_names, _nothing_more)
    # Loading the certificates takes tens of milliseconds.
    client = await asyncio.to_thread(httpx2.AsyncClient, timeout=_TIMEOUT, limits=_CONNECTIONS)
    source, risks = _http_sources(settings, client, clock, patience)
    return LiveMarket(source, risks, database, clock, settings.chain_names, client.aclose)


def _http_sources(
    settings: Settings, client: httpx2.AsyncClient, clock: Clock, patience: Patience | None
) -> tuple[Source, Sequence[RiskSource]]:
    def service(name: str, url: str, calls_per_minute: int) -> HttpService:
        return HttpService(name, url, client, Pace(calls_per_minute, _MINUTE), clock, patience=patience)

    risks: list[RiskSource] = [
        GoPlus(service("GoPlus", settings.goplus_url, settings.goplus_calls_per_minute)),
        HoneypotIs(service("honeypot.is", settings.honeypot_url, settings.honeypot_calls_per_minute)),
    ]
    if settings.market_source == "geckoterminal":
        calls = settings.geckoterminal_calls_per_minute
        return GeckoTerminal(service("GeckoTerminal", settings.geckoterminal_url, calls)), risks
    key = settings.ave_api_key
    headers = {"X-API-KEY": "" if key is None else key.get_secret_value()}
    pace = Pace(settings.ave_calls_per_second, _SECOND)
    ave = Ave(
        HttpService(
            "AVE",
            settings.ave_url,
            client,
            pace,
            clock,
            headers=headers,
            refusals=REFUSALS,
            patience=patience,
        )
    )
    return ave, [*risks, AveContracts(ave)]


async def _nothing_more() -> None:
    """What is left to close for a source that has closed itself."""
