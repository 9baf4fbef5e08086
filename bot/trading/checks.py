"""What can be wrong or doubtful about a strategy: problems by path, timeframes, whether it can trade."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from math import gcd
from typing import TYPE_CHECKING

from bot.errors import ToolFailed
from bot.trading.candles import Seconds
from bot.trading.conditions import (
    All,
    Any,
    Leaf,
    PositionProfit,
    PriceDrop,
    PriceRise,
    Schedule,
    Tree,
    leaves,
)
from bot.trading.document import Strategy
from bot.trading.rules import Buy, Hold, Rule, Sell
from bot.trading.timeframe import format_timeframe, parse_timeframe

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Path = tuple[int | str, ...]
"""Where something stands in a document: names of fields and places in lists."""

_MOST_PROBLEMS = 30
_LONGEST_ECHO = 40
_LARGEST_ECHO = 10**15
_PLAIN_NAME = re.compile("[A-Za-z0-9_-]{1,40}")
_SUBJECT = re.compile("^(Input|String|Tuple) (?=should)")


class StrategyInvalid(ToolFailed):
    """A document is not a strategy; `problems` has one "path: what is wrong" for each thing to mend."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        shown = problems[:_MOST_PROBLEMS]
        more = len(problems) - len(shown)
        lines = [f"- {text}" for text in shown] + ([f"- and {more} more"] if more else [])
        super().__init__("The strategy is not valid:\n" + "\n".join(lines))
        self.problems = problems


def written(path: Path) -> str:
    """A path as people write it: `rules[0].when.all[1].value`; the whole document is "document"."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{_field_name(step)}" for step in path)
    return text.removeprefix(".") or "document"


def _field_name(name: str) -> str:
    """A field's name as it is, or in quotes when a document made up something stranger."""
    return name if _PLAIN_NAME.fullmatch(name) else json.dumps(name[:_LONGEST_ECHO])


def problems_of(details: Sequence[ErrorDetails], moved: Mapping[Path, str]) -> list[str]:
    """Validation errors as "path: what is wrong", where `moved` names the places of an older version."""
    paths = [detail["loc"] for detail in details]
    return [
        _problem(detail, moved)
        for detail in details
        # pydantic counts only the valid entries, so a list of one wrong entry is reported as empty too
        if detail["type"] != "too_short" or not any(_below(path, detail["loc"]) for path in paths)
    ]


def _below(path: Path, above: Path) -> bool:
    return len(path) > len(above) and path[: len(above)] == above


def _problem(detail: ErrorDetails, moved: Mapping[Path, str]) -> str:
    path = tuple(step for step in detail["loc"] if not str(step).startswith("<"))
    for length in range(len(path), 0, -1):
        if path[:length] in moved:
            rest = written(path[length:]) if length < len(path) else ""
            separator = "" if not rest or rest.startswith("[") else "."
            return f"{moved[path[:length]]}{separator}{rest}: {_what_is_wrong(detail)}"
    return f"{written(path)}: {_what_is_wrong(detail)}"


def _what_is_wrong(detail: ErrorDetails) -> str:
    match detail["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return "is not a known field"
        case "too_short":
            return "must not be empty"
        case "value_error":
            return str(detail["ctx"]["error"])
    words = _SUBJECT.sub("", detail["msg"])
    given = detail["input"]
    short = isinstance(given, int) and abs(given) <= _LARGEST_ECHO
    if short or given is None or isinstance(given, float | str):
        # what cannot be printed is escaped: a lone surrogate could not be stored or sent
        echo = json.dumps(given, ensure_ascii=not str(given).isprintable())
        words += f" (got {echo})" if len(echo) <= _LONGEST_ECHO else ""
    return words


def check_timeframes(strategy: Strategy, run_timeframe_seconds: Seconds) -> None:
    """Make sure that every time in a condition is a whole multiple of the run's timeframe.

    Raises `StrategyInvalid` with the paths, and with a timeframe that would fit.
    """
    times = _times_in_conditions(strategy)
    fitting = gcd(*(seconds for _, seconds in times))
    candles = format_timeframe(run_timeframe_seconds)
    wrong = tuple(
        f"{path}: {format_timeframe(seconds)} is not a whole multiple of candles of {candles}; "
        f"candles of {format_timeframe(fitting)} would fit"
        for path, seconds in times
        if seconds % run_timeframe_seconds
    )
    if wrong:
        raise StrategyInvalid(wrong)


def _times_in_conditions(strategy: Strategy) -> list[tuple[str, Seconds]]:
    times = []
    for index, rule in enumerate(strategy.rules):
        for path, leaf in leaves(rule.when, f"rules[{index}].when"):
            if isinstance(leaf, PriceDrop | PriceRise) and leaf.timeframe is not None:
                times.append((f"{path}.timeframe", parse_timeframe(leaf.timeframe)))
            elif isinstance(leaf, Schedule):
                times.append((f"{path}.every", parse_timeframe(leaf.every)))
    return times


def cannot_trade(strategy: Strategy) -> str | None:
    """Why this strategy can never trade, as sentences, or None; one that only notifies is a mere alert."""
    actions = [action for rule in strategy.rules for action in rule.then]
    if all(isinstance(action, Hold) for action in actions):
        return "No rule buys, sells or notifies, so this strategy does nothing."
    buying = [rule for rule in strategy.rules if any(isinstance(action, Buy) for action in rule.then)]
    if not buying and any(isinstance(action, Sell) for action in actions):
        return "It sells but never buys, so there is never anything to sell. Add a rule that buys."
    if buying and not any(_can_fire_while_flat(rule) for rule in buying):
        return (
            "Every rule that buys needs an open position, so the first buy never happens. "
            'Let one of them buy without only_if "in_position" and without position_profit.'
        )
    return None


def doubts(strategy: Strategy) -> tuple[str, ...]:
    """What is allowed but looks unintended, as sentences."""
    found = []
    for rule in strategy.rules:
        buys, sells = (any(isinstance(action, kind) for action in rule.then) for kind in (Buy, Sell))
        if buys and sells:
            found.append(
                f'Rule "{rule.id}" buys and sells at once, whichever of its conditions is true. '
                "Ask which condition goes with which action, and write one rule for each."
            )
        elif sells and rule.only_if == "flat":
            found.append(f'Rule "{rule.id}" sells only while nothing is held, so it never sells anything.')
        elif rule.only_if == "flat" and not _possible_while_flat(rule.when):
            found.append(f'Rule "{rule.id}" needs a position and none at once, so it never fires.')
    most = strategy.risk_management.max_entries
    for rule in strategy.rules:
        buys_at_once = sum(isinstance(action, Buy) for action in rule.then)
        if most is not None and buys_at_once > most:
            found.append(
                f'Rule "{rule.id}" buys {buys_at_once} times at once, and max_entries allows {most}, so it never fires.'
            )
    if not cannot_trade(strategy) and _buys(strategy) and not _ever_sells(strategy):
        found.append(
            "Nothing in this strategy ever sells: no selling rule, stop, take profit or longest holding."
        )
    return tuple(found)


def _buys(strategy: Strategy) -> bool:
    return any(isinstance(action, Buy) for rule in strategy.rules for action in rule.then)


def _ever_sells(strategy: Strategy) -> bool:
    risk = strategy.risk_management
    return any(isinstance(action, Sell) for rule in strategy.rules for action in rule.then) or any(
        (
            risk.stop_loss_percent,
            risk.take_profit_percent,
            risk.take_profits,
            risk.trailing_stop,
            risk.break_even_at_percent,
            risk.max_hold,
            risk.max_drawdown_percent,
        )
    )


def _can_fire_while_flat(rule: Rule) -> bool:
    return rule.only_if != "in_position" and _possible_while_flat(rule.when)


def _possible_while_flat(node: Leaf | Tree) -> bool:
    """Whether a tree can be true without a position, where `position_profit` never is."""
    match node:
        case All():
            return all(map(_possible_while_flat, node.all))
        case Any():
            return any(map(_possible_while_flat, node.any))
    return not isinstance(node, PositionProfit)
