"""A strategy document on its way into a trading bot: checked, its token found and pinned, its taxes known."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from bot.errors import NoData, ProviderDown, ToolFailed
from bot.market.provider import Market, NotServed, Risk, Token
from bot.setting_kinds import EXCHANGE
from bot.tools.finding_tokens import one_token
from bot.tools.plain import plain
from bot.trading.paraphrase import paraphrase
from bot.trading.strategy import Strategy, cannot_trade, parse_strategy

DANGER = "Danger:"
"""How a warning begins that should stop most people."""


class _ShownAsStrategy:
    """Shows the model the schema of version 2.0 where the argument itself takes any version."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return handler(Strategy.__pydantic_core_schema__)


def _object_from_text(value: object) -> object:
    """Some models write an object argument as JSON text; what is no JSON is left for validation to refuse."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


StrategyDocument = Annotated[dict[str, Any], BeforeValidator(_object_from_text), _ShownAsStrategy()]
"""A strategy of any version as the model wrote it; what is wrong with it is told by `prepare`, with paths."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A strategy that can be saved, its token pinned; `warnings` are sentences for the assistant.

    `caution` is why a person is asked once more before a bot trades this token; None where nothing speaks against it.
    """

    strategy: Strategy
    warnings: tuple[str, ...]
    caution: str | None = None

    def document(self, name: str) -> dict[str, Any]:
        """The document as it is stored, under the name of its bot."""
        return self._named(name).model_dump(mode="json")

    def in_words(self, name: str) -> str:
        """What the strategy does, in Markdown, with whatever should give pause."""
        notes = "\n".join(map(note, self.warnings))
        return f"{paraphrase(self._named(name))}\n\n{notes}".rstrip()

    def _named(self, name: str) -> Strategy:
        return self.strategy.model_copy(update={"name": name})


def note(warning: str) -> str:
    """A warning as a line for the person."""
    return f"**{warning}**" if warning.startswith(DANGER) else f"Note: {warning}"


async def prepare(market: Market, document: dict[str, Any]) -> Prepared:
    """Check a document, find its token, and pin address, pool and known taxes.

    Raises `ToolFailed` with the paths of what is wrong, and `ProviderDown`.
    """
    strategy, warnings = parse_strategy(document)
    reason = cannot_trade(strategy)
    if reason is not None:
        raise ToolFailed(f"This strategy cannot trade. {reason}")
    exchange = market.source.removeprefix(EXCHANGE) if market.source.startswith(EXCHANGE) else None
    if strategy.market.source == "exchange" and strategy.market.exchange != exchange:
        raise ToolFailed(
            f"market.source: prices come from {market.source} now, not from {strategy.market.exchange}; "
            + ('name a token on a chain, with source "dex".' if exchange is None else f"name {exchange}.")
        )
    token = await _token(market, strategy, exchange)
    risk = await _risk(market, token)
    if exchange is not None:
        strategy = _on_exchange(strategy, token, exchange)
    return Prepared(_pinned(strategy, token, risk), (*warnings, *_dangers(risk)), _caution(token, risk))


async def _token(market: Market, strategy: Strategy, exchange: str | None) -> Token:
    wanted = strategy.market
    if wanted.source == "exchange" and wanted.quote != "USD":
        wanted = wanted.model_copy(update={"address": f"{wanted.symbol}/{wanted.quote}"})
    if wanted.address is None:
        return await one_token(market, wanted.symbol, exchange or wanted.chain)
    try:
        token = await market.token(wanted.address, exchange or wanted.chain or "")
    except NotServed as other:
        raise ToolFailed(f"market.chain: {other}") from other
    except NoData as missing:
        raise ToolFailed(f"market.address: {missing}") from missing
    symbols = {token.symbol.casefold(), plain(token.symbol).casefold()}
    if wanted.symbol.lstrip("$").casefold() not in symbols:
        raise ToolFailed(
            f"market.address: {wanted.address} belongs to {plain(token.symbol)} ({plain(token.name)}), not "
            f"to {plain(wanted.symbol)}. Search for the token, or leave the address null."
        )
    return token


async def _risk(market: Market, token: Token) -> Risk | None:
    """What is known against a token; nothing while the source is away, since that does not stop anybody."""
    try:
        return await market.risk(token)
    except ProviderDown:
        return None


def _on_exchange(strategy: Strategy, token: Token, exchange: str) -> Strategy:
    """The strategy for a pair of an exchange, with the costs of exchanges where it names none."""
    quote = token.address.rpartition("/")[2]
    place = {"source": "exchange", "exchange": exchange, "symbol": plain(token.symbol), "quote": quote}
    return Strategy.model_validate({**strategy.model_dump(exclude_unset=True), "market": place})


def _pinned(strategy: Strategy, token: Token, risk: Risk | None) -> Strategy:
    place = strategy.market
    if place.source == "dex":
        place = place.model_copy(
            update={
                "symbol": plain(token.symbol),
                "chain": token.chain,
                "address": token.address,
                "pool": place.pool or token.pool,
            }
        )
    taxes: dict[str, float | None] = {}
    if risk is not None:
        taxes = {"buy_tax_percent": risk.buy_tax_percent, "sell_tax_percent": risk.sell_tax_percent}
    known = {
        name: tax
        for name, tax in taxes.items()
        if tax is not None and 0 <= tax < 100 and name not in strategy.costs.model_fields_set
    }
    update: dict[str, Any] = {"market": place}
    if known:
        update["costs"] = strategy.costs.model_copy(update=known)
    return strategy.model_copy(update=update)


def _dangers(risk: Risk | None) -> tuple[str, ...]:
    if risk is None or risk.verdict == "unknown":
        return ("Whether this token is a honeypot or taxes trades is unknown.",)
    if risk.verdict == "danger":
        return (f"{DANGER} {_reasons(risk)}",)
    return ()


def _caution(token: Token, risk: Risk | None) -> str | None:
    """Why to think again; the first yes was to the whole strategy, and this line is easily missed in it."""
    symbol = plain(token.symbol)
    if risk is None or risk.verdict == "unknown":
        known = "" if risk is None else f" {_reasons(risk)}"
        return (
            f"Nobody could check whether **{symbol}** (`{token.address}`) can be sold again, and unknown is not "
            f"good news.{known}"
        )
    if risk.verdict == "danger":
        return (
            f"**{DANGER} {symbol}** (`{token.address}`): {_reasons(risk)} "
            "Money put into this token may be lost at once."
        )
    return None


def _reasons(risk: Risk) -> str:
    return " ".join(plain(reason, 200) for reason in risk.reasons)
