"""The account of the reference engine: cash, position, protective levels, fills, and what is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

from bot.trading.candles import Candles
from bot.trading.document import Strategy
from bot.trading.protection import TakeProfit
from bot.trading.rules import Buy, Rule, Sell
from tests.trading.reference_indicators import Sight

NEAR = 1e-11


@dataclass(frozen=True)
class Happened:
    """One event; `figures` are the money and quantities of a fill, by the names that events have."""

    time: int
    kind: str
    reason: str
    rule: str | None
    figures: dict[str, float] = field(default_factory=dict)


@dataclass
class Position:
    """What is held; `cost` is the money spent on it."""

    quantity: float
    average: float
    cost: float
    since: int
    entries: int
    peak: float
    trailing: bool = False
    break_even: bool = False
    taken: set[int] = field(default_factory=set)


@dataclass
class Order:
    rule: Rule
    place: int
    action: Buy | Sell


@dataclass
class RuleMemory:
    """What a rule remembers: its last judgement, and its fires."""

    was: bool | None = None
    fires: int = 0
    last_fire: float = -inf


class Account:
    """The state of a run, and what changes money in it; `unsure` is the first candle with a near tie."""

    def __init__(
        self,
        strategy: Strategy,
        candles: Candles,
        first: int,
        begin: int = 0,
        initial: float = 10_000.0,
        at_close: bool = False,
    ) -> None:
        self.strategy, self.candles, self.first, self.begin = strategy, candles, first, begin
        self.at_close = at_close
        self.risk, self.costs = strategy.risk_management, strategy.costs
        self.fee, self.slippage, self.buy_tax, self.sell_tax = (
            0.0 if at_close else percent / 100.0
            for percent in (
                self.costs.fee_percent,
                self.costs.slippage_percent,
                self.costs.buy_tax_percent,
                self.costs.sell_tax_percent,
            )
        )
        self.gas = 0.0 if at_close else self.costs.gas_usd
        self.steps: tuple[TakeProfit, ...] = self.risk.take_profits
        if self.risk.take_profit_percent is not None:
            self.steps = (TakeProfit(percent=self.risk.take_profit_percent, sell_percent=100.0),)
        self.volume_known = bool(candles.volume[begin:].any())
        self.sight = Sight(candles, begin)
        self.cash, self.initial = initial, initial
        self.position: Position | None = None
        self.orders: list[Order] = []
        self.exit: str | None = None
        self.entries_ended = False
        self.last_stop = -inf
        self.equity: list[float] = []
        self.equity_peak = initial
        self.memory = {rule.id: RuleMemory() for rule in strategy.rules}
        self.said: dict[tuple[str, int] | None, str] = {}
        self.events: list[Happened] = []
        self.ambiguous = self.exposed = 0
        self.unsure = len(candles)
        self.now = begin
        self.time = int(candles.start[begin])

    def stop(self) -> tuple[float, str]:
        """The highest stop and its name; -inf without one."""
        position, found = self.position, [(-inf, "stop")]
        assert position is not None
        if self.risk.stop_loss_percent is not None:
            found.append((position.average * (1.0 - self.risk.stop_loss_percent / 100.0), "stop"))
        if position.break_even:
            found.append((position.average, "break_even"))
        if self.risk.trailing_stop is not None and position.trailing:
            found.append((position.peak * (1.0 - self.risk.trailing_stop.percent / 100.0), "trailing_stop"))
        best = max(found, key=lambda pair: pair[0])
        for price, name in found:
            if name != best[1] and price != -inf:
                self.at_most(price, best[0])
        return best

    def level(self, number: int) -> float:
        assert self.position is not None
        return self.position.average * (1.0 + self.steps[number].percent / 100.0)

    def at_most(self, low: float, high: float) -> bool:
        """low ≤ high; a near tie makes the rest of the run unsure."""
        if low != -inf and high != -inf and abs(low - high) <= NEAR * max(abs(low), abs(high)):
            self.unsure = min(self.unsure, self.now)
        return low <= high

    def buy(self, order: Order, price: float) -> None:
        action = order.action
        assert isinstance(action, Buy)
        if action.amount_percent is not None:
            money = self.cash * action.amount_percent / 100.0
        elif action.equity_percent is not None:
            money = self.worth(price) * action.equity_percent / 100.0
        else:
            assert action.amount_usd is not None
            money = action.amount_usd
        money = min(money, self.cash)
        if self.below_one(money):
            self.skip(order, "no_cash" if self.cash < 1.0 else "under_1_usd")
            return
        fee = money * self.fee
        into = money - fee - self.gas
        if into <= 0.0:
            self.skip(order, "eaten_by_costs")
            return
        paid = price * (1.0 + self.slippage)
        quantity = into * (1.0 - self.buy_tax) / paid
        self.cash -= money
        position = self.position
        if position is None:
            since = self.time + (self.candles.timeframe if self.at_close else 0)
            self.position = Position(quantity, paid, money, since, entries=1, peak=price)
        else:
            total = position.quantity + quantity
            position.average = (position.average * position.quantity + paid * quantity) / total
            position.quantity = total
            position.cost += money
            position.entries += 1
        self.filled(order)
        self.tell(
            "buy",
            "rule",
            order.rule,
            price=price,
            filled_price=paid,
            quantity=quantity,
            money=money,
            fee=fee,
            gas=self.gas,
            tax=into * self.buy_tax,
        )

    def sell(self, share: float, price: float, reason: str, order: Order | None) -> bool:
        """Sell a share of the position; False when it would bring less than $1 and is skipped."""
        position = self.position
        assert position is not None
        quantity = position.quantity * share
        gross = quantity * price * (1.0 - self.slippage)
        tax = gross * self.sell_tax
        fee = (gross - tax) * self.fee
        brings = gross - tax - fee - self.gas
        if self.below_one(brings):
            self.skip(order, "under_1_usd")
            return False
        cost = position.cost * share
        self.cash += brings
        position.quantity -= quantity
        position.cost -= cost
        if share == 1.0:
            self.position = None
        self.filled(order)
        self.tell(
            "sell",
            reason,
            order.rule if order is not None else None,
            price=price,
            filled_price=price * (1.0 - self.slippage),
            quantity=quantity,
            money=brings,
            fee=fee,
            gas=self.gas,
            tax=tax,
            profit=brings - cost,
            profit_percent=(brings / cost - 1.0) * 100.0,
        )
        return True

    def below_one(self, money: float) -> bool:
        if 0.0 < abs(money - 1.0) <= NEAR:
            self.unsure = min(self.unsure, self.now)
        return money < 1.0

    def worth(self, price: float) -> float:
        return self.cash + (self.position.quantity * price if self.position is not None else 0.0)

    def skip(self, order: Order | None, reason: str) -> None:
        """Say that an order was skipped, once until it fills or has another reason."""
        key = (order.rule.id, order.place) if order is not None else None
        if self.said.get(key) != reason:
            self.said[key] = reason
            self.events.append(Happened(self.time, "skipped", reason, order.rule.id if order else None))

    def tell(self, kind: str, reason: str, rule: Rule | None, *, price: float, **figures: float) -> None:
        figures = {"price": price, **figures, "balance": self.cash, "equity": self.worth(price)}
        self.events.append(Happened(self.time, kind, reason, rule.id if rule else None, figures))

    def filled(self, order: Order | None) -> None:
        """A fill lets an order, and the protective sale, be said again."""
        self.said.pop(None, None)
        if order is not None:
            self.said.pop((order.rule.id, order.place), None)
