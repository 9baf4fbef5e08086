"""The strategy document, version 2.0, as types."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from bot.trading.parts import Address, Name, Part, Symbol, Timeframe
from bot.trading.protection import EXCHANGE_COSTS, Costs, RiskManagement
from bot.trading.rules import Rule

VERSION: Literal["2.0"] = "2.0"


class Market(Part):
    """The one token that this strategy trades, and where."""

    source: Literal["dex", "exchange"] = Field(
        "dex", description="A pool on a chain, or a centralised exchange."
    )
    chain: Annotated[str, Field(pattern="^[a-z0-9-]{1,40}$")] | None = Field(
        None, description='Of a dex: the chain, such as "bsc" (taken when left out); null for an exchange.'
    )
    symbol: Symbol = Field(description='The token, such as "PEPE".')
    address: Address | None = Field(
        None, description="The token's contract address; null while it is not known."
    )
    pool: Address | None = Field(None, description="The pool's address; null takes the most liquid one.")
    quote: Annotated[str, Field(pattern="^[A-Za-z0-9]{1,10}$")] = Field(
        "USD", description="The currency of all prices."
    )
    exchange: Annotated[str, Field(pattern="^[a-z0-9_-]{1,40}$")] | None = Field(
        None, description='Of source "exchange": its name, such as "binance"; null for a dex.'
    )

    @model_validator(mode="before")
    @classmethod
    def _chain_of_a_dex(cls, data: object) -> object:
        if isinstance(data, dict) and data.get("source", "dex") == "dex" and data.get("chain") is None:
            return {**data, "chain": "bsc"}
        return data

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.source == "dex" and self.exchange is not None:
            raise ValueError('exchange must be null for source "dex"')
        if self.source == "exchange" and self.exchange is None:
            raise ValueError('exchange is missing: source "exchange" needs its name')
        if self.source == "exchange" and (self.chain or self.address or self.pool):
            raise ValueError('chain, address and pool must be null for source "exchange"')
        return self


def _unique_ids(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            raise ValueError(f'two rules have the id "{rule.id}"; every id must be unique')
        seen.add(rule.id)
    return rules


_MAY_BE_NULL = frozenset({"risk_management", "costs"})


class Strategy(Part):
    """A whole trading strategy: one token, rules that tie conditions to actions, protection, and costs."""

    version: Literal["2.0"] = Field(VERSION, description='Always "2.0".')
    name: Name = Field(description="A short name for people.")
    market: Market
    timeframe: Timeframe = Field(
        "5m",
        description='Length of a candle, such as "5m"; timeframes in conditions are whole multiples of it.',
    )
    rules: Annotated[tuple[Rule, ...], AfterValidator(_unique_ids)] = Field(
        min_length=1, max_length=20, description="Judged in this order."
    )
    risk_management: RiskManagement = Field(default_factory=RiskManagement)
    costs: Costs = Field(default_factory=Costs)

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_the_market(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        filled = {key: value for key, value in data.items() if value is not None or key not in _MAY_BE_NULL}
        market = filled.get("market")
        source = market.get("source") if isinstance(market, dict) else getattr(market, "source", None)
        costs = filled.get("costs", {})
        if source == "exchange" and isinstance(costs, dict):
            filled["costs"] = {**EXCHANGE_COSTS, **costs}
        return filled
