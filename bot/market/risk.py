"""What is known against a token, put together from several services; nobody's silence counts as good news.

Reasons are Randebu's own words: no text of a provider is passed on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol

from pydantic import BeforeValidator, TypeAdapter

from bot.errors import NoData, ProviderDown
from bot.market.ave import Ave
from bot.market.decoding import Shape, is_address, number
from bot.market.provider import MarketHealth, Risk, Token
from bot.market.service import HttpService, Params

CHAIN_IDS = {
    "bsc": 56,
    "eth": 1,
    "ethereum": 1,
    "base": 8453,
    "arbitrum": 42161,
    "polygon": 137,
    "avax": 43114,
}
"""The numbers of the chains that GoPlus and honeypot.is look at."""

HIGH_TAX_PERCENT = 20.0
"""A tax on sales from here on is a danger."""

_WHOLE = 100.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What one service says: None where it does not say; taxes in percent; `dangers` and `notes` are sentences."""

    source: str
    honeypot: bool | None = None
    buy_tax_percent: float | None = None
    sell_tax_percent: float | None = None
    dangers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class RiskSource(Protocol):
    """A service that looks at contracts."""

    @property
    def name(self) -> str:
        """What people know it as."""
        ...

    async def look_at(self, token: Token) -> Finding:
        """What it says. Raises `NoData` when it does not know the token, and `ProviderDown`."""
        ...

    def health(self) -> MarketHealth:
        """How it is doing."""
        ...


def _flag(value: object) -> bool | None:
    """ "0" and "1" as GoPlus writes them; anything else is unknown."""
    return {"0": False, "1": True, 0: False, 1: True}.get(value) if isinstance(value, str | int) else None


def _percent_tax(value: object) -> float | None:
    read = number(value)
    return read if read is not None and 0 <= read <= _WHOLE else None


def _fraction_tax(value: object) -> float | None:
    read = number(value)
    # Rounded, since 0.07 times 100 is not quite 7.
    return None if read is None else _percent_tax(round(read * _WHOLE, 6))


_Flag = Annotated[bool | None, BeforeValidator(_flag)]


class _GoPlusToken(Shape):
    is_honeypot: _Flag = None
    cannot_sell_all: _Flag = None
    cannot_buy: _Flag = None
    is_open_source: _Flag = None
    is_mintable: _Flag = None
    hidden_owner: _Flag = None
    transfer_pausable: _Flag = None
    is_blacklisted: _Flag = None
    owner_change_balance: _Flag = None
    buy_tax: Annotated[float | None, BeforeValidator(_fraction_tax)] = None
    sell_tax: Annotated[float | None, BeforeValidator(_fraction_tax)] = None


class _GoPlusAnswer(Shape):
    code: Literal[1]
    result: dict[str, _GoPlusToken] | None = None


_DANGERS = {
    "cannot_sell_all": (True, "Not everything can be sold."),
    "cannot_buy": (True, "It cannot be bought."),
    "is_open_source": (False, "Its program is not published, so nobody can check it."),
    "hidden_owner": (True, "It has a hidden owner."),
    "transfer_pausable": (True, "Its owner can stop all trading."),
    "is_blacklisted": (True, "Its owner can keep addresses from selling."),
    "owner_change_balance": (True, "Its owner can change what people hold."),
}
"""Flags of GoPlus, the value that is a danger, and what that means."""


class GoPlus:
    """GoPlus, keyless: implements `RiskSource`."""

    name = "GoPlus"

    def __init__(self, service: HttpService) -> None:
        self._service = service

    async def look_at(self, token: Token) -> Finding:
        """The flags of a contract."""
        path = f"api/v1/token_security/{_chain_id(token)}"
        params = {"contract_addresses": token.address}
        result = (await self._service.get(path, TypeAdapter(_GoPlusAnswer), params)).result or {}
        told = next((each for key, each in result.items() if key.lower() == token.address.lower()), None)
        if told is None:
            raise NoData("GoPlus does not know this token.")
        dangers = [text for flag, (bad, text) in _DANGERS.items() if getattr(told, flag) is bad]
        notes = ["Its owner can make more of it."] if told.is_mintable else []
        return Finding(self.name, told.is_honeypot, told.buy_tax, told.sell_tax, tuple(dangers), tuple(notes))

    def health(self) -> MarketHealth:
        """How it is doing."""
        return self._service.health()


class _HoneypotResult(Shape):
    isHoneypot: bool | None = None  # noqa: N815


class _SimulationResult(Shape):
    buyTax: Annotated[float | None, BeforeValidator(_percent_tax)] = None  # noqa: N815
    sellTax: Annotated[float | None, BeforeValidator(_percent_tax)] = None  # noqa: N815


class _HoneypotAnswer(Shape):
    simulationSuccess: bool | None = None  # noqa: N815
    honeypotResult: _HoneypotResult | None = None  # noqa: N815
    simulationResult: _SimulationResult | None = None  # noqa: N815


class HoneypotIs:
    """honeypot.is, keyless: it tries to buy and to sell. Implements `RiskSource`."""

    name = "honeypot.is"

    def __init__(self, service: HttpService) -> None:
        self._service = service

    async def look_at(self, token: Token) -> Finding:
        """What came of trying; a trial that failed says nothing."""
        params: Params = {"address": token.address, "chainID": _chain_id(token)}
        told = await self._service.get("v2/IsHoneypot", TypeAdapter(_HoneypotAnswer), params)
        honeypot = told.honeypotResult.isHoneypot if told.honeypotResult else None
        if not told.simulationSuccess:
            return Finding(self.name, honeypot or None)
        taxes = told.simulationResult or _SimulationResult()
        return Finding(self.name, honeypot, taxes.buyTax, taxes.sellTax)

    def health(self) -> MarketHealth:
        """How it is doing."""
        return self._service.health()


class AveContracts:
    """AVE's look at contracts: implements `RiskSource`.

    It is nowhere written whether its taxes are fractions or percent, so only a tax of nothing is taken from it.
    """

    name = "AVE"

    def __init__(self, ave: Ave) -> None:
        self._ave = ave

    async def look_at(self, token: Token) -> Finding:
        """Whether it is a honeypot."""
        told = await self._ave.contract(token.address, token.chain)
        if told is None:
            raise NoData("AVE does not know this token.")
        honeypot = {0.0: False, 1.0: True}.get(-1.0 if told.is_honeypot is None else told.is_honeypot)
        notes = ["It taxes trades, says AVE."] if told.buy_tax or told.sell_tax else []
        return Finding(
            self.name,
            honeypot,
            0.0 if told.buy_tax == 0 else None,
            0.0 if told.sell_tax == 0 else None,
            notes=tuple(notes),
        )

    def health(self) -> MarketHealth:
        """How it is doing."""
        return self._ave.health()


class NoContract:
    """An exchange, where no contract stands between buying and selling: implements `RiskSource`."""

    name = "the exchange"

    async def look_at(self, token: Token) -> Finding:  # noqa: ARG002
        """No taxes; of the token itself nothing."""
        note = "On an exchange no contract can keep anybody from selling; the token itself was not looked at."
        return Finding(self.name, False, 0.0, 0.0, notes=(note,))

    def health(self) -> MarketHealth:
        """There is nothing to ask."""
        return MarketHealth(self.name)


async def weigh(token: Token, sources: Sequence[RiskSource]) -> Risk:
    """Ask all services and take the worst that any of them says; those that say nothing are named.

    It is danger when anyone says so, unknown when nobody knows whether it is a honeypot or what selling costs.
    """
    found = await asyncio.gather(*(_asked(source, token) for source in sources))
    findings = [each for each in found if isinstance(each, Finding)]
    silent = [each for each in found if isinstance(each, str)]
    honeypot = [each.source for each in findings if each.honeypot]
    cleared = [each.source for each in findings if each.honeypot is False]
    buy_tax, sell_tax = (
        _worst(getattr(each, name) for each in findings) for name in ("buy_tax_percent", "sell_tax_percent")
    )
    dangers = (
        [f"It is a honeypot, says {' and '.join(honeypot)}: it can be bought and not sold."]
        if honeypot
        else []
    )
    dangers += dict.fromkeys(text for each in findings for text in each.dangers)
    dangers += [
        f"The tax on {name} is {tax:g} %."
        for name, tax in (("sales", sell_tax), ("purchases", buy_tax))
        if tax is not None and tax >= HIGH_TAX_PERCENT
    ]
    open_questions = [] if honeypot or cleared else ["Whether it is a honeypot is unknown."]
    open_questions += [] if sell_tax is not None else ["What selling it costs in taxes is unknown."]
    notes = list(dict.fromkeys(text for each in findings for text in each.notes))
    verdict: Literal["danger", "no warning found", "unknown"] = (
        "danger" if dangers else "unknown" if open_questions else "no warning found"
    )
    names = ", ".join(each.source for each in findings) or "nobody"
    return Risk(token, verdict, (*dangers, *open_questions, *notes, *silent), buy_tax, sell_tax, names)


async def _asked(source: RiskSource, token: Token) -> Finding | str:
    """What a service says, or a sentence about its silence."""
    try:
        return await source.look_at(token)
    except NoData:
        return f"{source.name} does not know it."
    except ProviderDown:
        return f"{source.name} could not be asked now."


def _worst(taxes: Iterable[float | None]) -> float | None:
    return max((tax for tax in taxes if tax is not None), default=None)


def _chain_id(token: Token) -> int:
    chain_id = CHAIN_IDS.get(token.chain)
    if chain_id is None or not is_address(token.address):
        raise NoData(f"There is no look at contracts on {token.chain}.")
    return chain_id
