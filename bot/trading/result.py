"""What a backtest gives: facts about the data, events, equity, figures; it may travel between processes by pickle."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from bot.trading.candles import Candles, Seconds, share_missing
from bot.trading.document import Strategy
from bot.trading.events import Event, read_events
from bot.trading.layout import Floats, Records
from bot.trading.metrics import Metrics
from bot.trading.program import Execution
from bot.trading.timeframe import format_timeframe


@dataclass(frozen=True, slots=True)
class OpenPosition:
    """What is still held at the end, marked at the last close; apart from the closed trades.

    `cost` is the money spent on it, costs included; `unrealised_profit` leaves out what selling would cost. `since` is
    when the first of it was bought, epoch seconds.
    """

    quantity: float
    average_price: float
    cost: float
    value: float
    unrealised_profit: float
    since: int

    def to_json(self) -> dict[str, float]:
        """Everything but `since`."""
        return {
            "quantity": self.quantity,
            "average_price": self.average_price,
            "cost": self.cost,
            "value": self.value,
            "unrealised_profit": self.unrealised_profit,
        }


@dataclass(frozen=True, slots=True)
class Holding:
    """Buying once with everything, on candle `bought` of the tested stretch: what is held from there on."""

    bought: int
    initial_balance: float
    cash: float
    quantity: float

    def equity(self, closes: Floats) -> Floats:
        """Cash and holding at every close."""
        equity = self.cash + self.quantity * closes
        equity[: self.bought] = self.initial_balance
        return equity


@dataclass(frozen=True)
class BacktestResult:
    """The result of a backtest; money in quote currency, `timeframe` in seconds.

    `candles` is the tested stretch, whose `missing` are the filled ones in it; `warm_up` candles before it only warmed
    the indicators up, where the strategy asks for `warm_up_wanted`. `equity` is at every tested close. `records` are
    the events as the engine wrote them; `dropped_orders` are the rules, or max_hold or max_drawdown, whose orders
    still waited at the end.
    """

    strategy: Strategy
    timeframe: Seconds
    execution: Execution
    initial_balance: float
    candles: Candles
    warm_up: int
    warm_up_wanted: int
    volume_known: bool
    equity: Floats
    holding: Holding
    metrics: Metrics
    metrics_double_costs: Metrics
    cash: float
    open_position: OpenPosition | None
    dropped_orders: tuple[str, ...]
    records: Records

    @cached_property
    def hold(self) -> Floats:
        """The equity of buying once with everything and holding, with the same costs, at every tested close."""
        return self.holding.equity(self.candles.close)

    def event_list(self) -> tuple[Event, ...]:
        """Everything that happened, in order, as objects."""
        return read_events(self.strategy, self.records)

    def to_json(self) -> dict[str, Any]:
        """The result as a JSON object, without the curves; what means nothing is null.

        Times are ISO 8601 in UTC and name the start of a candle. Keys: name, market, timeframe, execution,
        initial_balance, costs (per fill; not charged with execution "close"); data (first, last, candles,
        warm_up_candles, missing_candles, missing_percent, volume_known); metrics and metrics_at_double_costs (as in
        `Metrics`); open_position (as in `OpenPosition`, or null); dropped_orders; events (as in `Event`).
        """
        candles, position = self.candles, self.open_position
        return {
            "name": self.strategy.name,
            "market": self.strategy.market.model_dump(mode="json"),
            "timeframe": format_timeframe(self.timeframe),
            "execution": self.execution,
            "initial_balance": self.initial_balance,
            "costs": self.strategy.costs.model_dump(mode="json"),
            "data": {
                "first": _moment(candles.start[0]),
                "last": _moment(candles.start[-1]),
                "candles": len(candles),
                "warm_up_candles": self.warm_up,
                "missing_candles": candles.missing,
                "missing_percent": share_missing(candles) * 100.0,
                "volume_known": self.volume_known,
            },
            "metrics": asdict(self.metrics),
            "metrics_at_double_costs": asdict(self.metrics_double_costs),
            "open_position": position.to_json() if position is not None else None,
            "dropped_orders": list(self.dropped_orders),
            "events": [asdict(event) | {"time": _moment(event.time)} for event in self.event_list()],
        }


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")
