"""Strategy documents of version 1.0, turned into version 2.0 by one pure function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import gcd
from typing import Any

from bot.trading.checks import written
from bot.trading.timeframe import HOUR, WEEK, format_timeframe, parse_timeframe

_VERSION_1 = (1, 1.0, "1", "1.0")
_FIELDS = ("version", "name", "timeframe", "conditions", "actions", "risk_management")
_IDENTITY = {"token": "symbol", "token_address": "address", "chain": "chain"}
_TIMED = ("price_drop", "price_rise")


@dataclass(frozen=True, slots=True)
class Upgrade:
    """A document of version 2.0, not validated yet, and what was found on the way.

    `moved` maps places in it to the places in the original; `problems` are "path: what is wrong".
    """

    document: Mapping[str, Any]
    moved: Mapping[tuple[int | str, ...], str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Entry:
    """One condition or action of version 1.0: its fields without `params` and nulls, and where it stands."""

    path: str
    fields: Any


def is_version_1(document: Mapping[str, Any]) -> bool:
    """Whether a document says that it is of version 1.0, or has no version and that shape."""
    if "version" in document:
        return document["version"] in _VERSION_1
    return "rules" not in document and any(key in document for key in ("conditions", "actions", "params"))


def upgrade(document: Mapping[str, Any]) -> Upgrade:
    """Turn version 1.0 into version 2.0: any of the conditions does all of the actions, as one level rule.

    Fields may be flat or nested in `params`, of the document and of each condition and action.
    """
    problems: list[str] = []
    whole = _flat("", document, problems)
    inside = (
        "params." if isinstance(document.get("params"), dict) and "conditions" in document["params"] else ""
    )
    problems += [f"{inside}{written((key,))}: is not a known field" for key in whole if key not in _FIELDS]
    conditions = _entries(whole.get("conditions"), f"{inside}conditions", problems)
    actions = _entries(whole.get("actions"), f"{inside}actions", problems)
    market = _market([*conditions, *actions], f"{inside}conditions", problems)
    timeframe = whole.get("timeframe") or _common_timeframe(conditions)
    warnings = _unused_timeframes(conditions, timeframe)
    upgraded = {
        "version": "2.0",
        "name": whole.get("name") or f"{market.get('symbol', '')} strategy".strip()[:80],
        "market": market,
        "timeframe": timeframe,
        "rules": [
            {
                "id": "1",
                "only_if": None,
                "trigger": "level",
                "when": {"any": [_condition(entry) for entry in conditions]},
                "then": [_action(entry, market) for entry in actions],
            }
        ],
        "risk_management": whole.get("risk_management"),
    }
    return Upgrade(upgraded, _moved(conditions, actions, inside), tuple(problems), warnings)


def _flat(path: str, entry: Mapping[str, Any], problems: list[str]) -> dict[str, Any]:
    """The fields of an entry and of its `params` together, without nulls."""
    params = entry.get("params")
    own = {key: value for key, value in entry.items() if key != "params" and value is not None}
    if params is None:
        return own
    if not isinstance(params, dict):
        problems.append(f"{path}params: must be an object")
        return own
    nested = {key: value for key, value in params.items() if value is not None}
    problems += [
        f"{path}params.{written((key,))}: differs from {path}{written((key,))}"
        for key in nested
        if key in own and own[key] != nested[key]
    ]
    return {**nested, **own}


def _entries(value: object, path: str, problems: list[str]) -> list[_Entry]:
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        problems.append(f"{path}: must be a list")
        return []
    entries = []
    for index, entry in enumerate(value):
        place = f"{path}[{index}]"
        if not isinstance(entry, dict):
            entries.append(_Entry(place, entry))
            continue
        nested = ".params" if isinstance(entry.get("params"), dict) else ""
        entries.append(_Entry(f"{place}{nested}", _flat(f"{place}.", entry, problems)))
    return entries


def _market(entries: list[_Entry], conditions: str, problems: list[str]) -> dict[str, Any]:
    """The one token that all conditions and actions name; a second one is a problem."""
    market: dict[str, Any] = {"source": "dex"}
    first_path: dict[str, str] = {}
    for entry in entries:
        for old, new in _IDENTITY.items():
            value = entry.fields.get(old) if isinstance(entry.fields, dict) else None
            if value is None:
                continue
            if new == "chain" and isinstance(value, str):
                value = value.lower()
            if new not in market:
                market[new] = value
                first_path[new] = f"{entry.path}.{old}"
            elif _folded(market[new]) != _folded(value):
                problems.append(f"{entry.path}.{old}: differs from {first_path[new]}; one bot, one token")
    if "symbol" not in market:
        problems.append(f"{conditions}[0].token: is missing")
        market["symbol"] = "token"
    return market


def _folded(value: object) -> object:
    return value.casefold() if isinstance(value, str) else value


def _common_timeframe(conditions: list[_Entry]) -> str:
    """The longest candle that fits into every timeframe that a condition names; an hour without any."""
    lengths = []
    for entry in conditions:
        timeframe = entry.fields.get("timeframe") if isinstance(entry.fields, dict) else None
        if isinstance(timeframe, str):
            try:
                lengths.append(parse_timeframe(timeframe))
            except ValueError:
                continue
    common = gcd(*lengths) or HOUR
    return format_timeframe(common if common <= WEEK else gcd(common, WEEK))


def _condition(entry: _Entry) -> object:
    """A condition without its token, and without a timeframe where version 2.0 has none."""
    if not isinstance(entry.fields, dict):
        return entry.fields
    dropped = {*_IDENTITY, *(() if entry.fields.get("type") in _TIMED else ("timeframe",))}
    return {key: value for key, value in entry.fields.items() if key not in dropped}


def _action(entry: _Entry, market: Mapping[str, Any]) -> object:
    """An action without its token; a notification without words gets some."""
    if not isinstance(entry.fields, dict):
        return entry.fields
    kept = {key: value for key, value in entry.fields.items() if key not in _IDENTITY}
    if kept.get("type") == "notify":
        return {"message": f"A condition for {market['symbol']} is met.", **kept}
    return kept


def _unused_timeframes(conditions: list[_Entry], timeframe: str) -> tuple[str, ...]:
    """A timeframe that says nothing in version 2.0, unless it happens to be the candle's."""
    return tuple(
        f"{entry.path}.timeframe is not used: {entry.fields['type']} looks at candles of {timeframe}."
        for entry in conditions
        if isinstance(entry.fields, dict)
        and entry.fields.get("type") in ("volume_spike", "price_level")
        and entry.fields.get("timeframe") not in (None, timeframe)
    )


def _moved(conditions: list[_Entry], actions: list[_Entry], inside: str) -> dict[tuple[int | str, ...], str]:
    """Where the author of version 1.0 finds what version 2.0 calls by another path."""
    moved: dict[tuple[int | str, ...], str] = {
        ("rules", 0, "when"): f"{inside}conditions",
        ("rules", 0, "when", "any"): f"{inside}conditions",
        ("rules", 0, "then"): f"{inside}actions",
        ("risk_management",): f"{inside}risk_management",
        ("timeframe",): f"{inside}timeframe",
        ("name",): f"{inside}name",
    }
    for old, new in _IDENTITY.items():
        naming = (
            entry
            for entry in [*conditions, *actions]
            if isinstance(entry.fields, dict) and old in entry.fields
        )
        if (first := next(naming, None)) is not None:
            moved["market", new] = f"{first.path}.{old}"
    for key, entries in ((("when", "any"), conditions), (("then",), actions)):
        moved |= {("rules", 0, *key, index): entry.path for index, entry in enumerate(entries)}
    return moved
