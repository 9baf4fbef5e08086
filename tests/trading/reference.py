"""A second engine, slow and plain, written straight from the rules of strategies: the real one must agree with it.

It shares the document's types with the real engine and nothing else. Where a comparison hangs on the last digits
of a computed number it notes the candle in `unsure`: from there on, two right engines may differ.
"""

from __future__ import annotations

from bot.trading.conditions import All, Any, Leaf, Not, PositionProfit, Schedule, Tree, leaves
from bot.trading.rules import Buy, Hold, Notify, Rule, Sell
from bot.trading.timeframe import parse_timeframe
from tests.trading.reference_account import Account, Order, RuleMemory


class Reference(Account):
    """Runs a strategy over candles; afterwards `events`, `equity` and the counters are there to compare."""

    def run(self) -> Reference:
        for index in range(self.begin, len(self.candles)):
            self.now = index
            self.step()
        return self

    # One candle.

    def step(self) -> None:
        candles, now = self.candles, self.now
        self.time = int(candles.start[now])
        open_, high, low, close = (
            float(column[now]) for column in (candles.open, candles.high, candles.low, candles.close)
        )
        gap = self.volume_known and candles.volume[now] == 0.0 and not self.at_close
        firing = now >= self.first
        held, self.held_inside = self.position is not None, False
        if firing and not gap:
            if self.at_close:
                self.protect_at_close(close)
            else:
                self.trade(open_, high, low)
        self.sight.see(now)
        if not firing:
            self.judge(close, firing=False)
            return
        self.exposed += held or self.held_inside
        self.mark(close)
        self.judge(close, firing=True)
        self.drop_buys()
        if self.at_close:
            self.fill_orders(close, stopped=False)
            if self.position is not None:
                self.raise_peak(close)

    def trade(self, open_: float, high: float, low: float) -> None:
        stopped = self.protect_at_open(open_)
        self.fill_orders(open_, stopped)
        if self.position is not None:
            self.held_inside = True
            self.protect_inside(open_, high, low)
        if self.position is not None:
            self.raise_peak(high)

    def protect_at_open(self, open_: float) -> bool:
        if self.position is None:
            return False
        stop, reason = self.stop()
        if self.at_most(open_, stop):
            if self.sell(1.0, open_, f"{reason}_gap", None):
                self.last_stop = self.time
                return True
            return False
        self.take_profits(open_, open_, "take_profit_gap")
        return False

    def protect_inside(self, open_: float, high: float, low: float) -> None:
        stop, reason = self.stop()
        if self.at_most(low, stop):
            reached = any(
                self.at_most(self.level(number), high)
                for number in range(len(self.steps))
                if self.position is not None and number not in self.position.taken
            )
            if self.sell(1.0, min(stop, open_), reason, None):
                self.ambiguous += reached
                self.last_stop = self.time
            return
        self.take_profits(high, open_, "take_profit")

    def protect_at_close(self, close: float) -> None:
        if self.position is None:
            return
        stop, reason = self.stop()
        if self.at_most(close, stop):
            if self.sell(1.0, close, reason, None):
                self.last_stop = self.time
            return
        self.take_profits(close, close, "take_profit")
        if self.position is not None:
            self.raise_peak(close)

    def take_profits(self, reached: float, open_: float, reason: str) -> None:
        """Sell the share of every step that `reached` reaches at its own price, or at the open above it."""
        for number, step in enumerate(self.steps):
            if self.position is None:
                return
            level = self.level(number)
            if number not in self.position.taken and self.at_most(level, reached):
                position = self.position
                if self.sell(step.sell_percent / 100.0, max(level, open_), reason, None):
                    position.taken.add(number)

    def raise_peak(self, high: float) -> None:
        position = self.position
        assert position is not None
        position.peak = max(position.peak, high)
        trailing, break_even = self.risk.trailing_stop, self.risk.break_even_at_percent
        if trailing is not None:
            arms = position.average * (1.0 + trailing.arm_percent / 100.0)
            # Zero percent means from the entry on, even where slippage holds the average above every high.
            if trailing.arm_percent == 0.0 or self.at_most(arms, high):
                position.trailing = True
        if break_even is not None and self.at_most(position.average * (1.0 + break_even / 100.0), high):
            position.break_even = True

    def fill_orders(self, price: float, stopped: bool) -> None:
        orders, self.orders = self.orders, []
        reason, self.exit = self.exit, None
        if reason is not None and self.position is not None:
            self.sell(1.0, price, reason, None)
        for order in orders:
            if isinstance(order.action, Sell):
                if self.position is None:
                    self.skip(order, "no_position")
                else:
                    self.sell(order.action.amount_percent / 100.0, price, "rule", order)
        for order in orders:
            if isinstance(order.action, Buy):
                if stopped:
                    self.skip(order, "just_stopped_out")
                else:
                    self.buy(order, price)

    # The close.

    def mark(self, close: float) -> None:
        equity = self.worth(close)
        self.equity.append(equity)
        self.equity_peak = max(self.equity_peak, equity)
        limit = self.risk.max_drawdown_percent
        ends = limit is not None and self.at_most(equity, self.equity_peak * (1.0 - limit / 100.0))
        if ends and not self.entries_ended:
            self.entries_ended = True
            self.tell("entries_ended", "max_drawdown", None, price=close)
            if self.position is not None:
                self.exit = "max_drawdown"
        longest = self.risk.max_hold
        if longest is not None and self.position is not None and self.exit is None:
            timeframe = self.candles.timeframe
            if self.time + timeframe - self.position.since >= parse_timeframe(longest):
                self.exit = "max_hold"

    def drop_buys(self) -> None:
        """Buys do not wait beside a sale of everything, nor after entries have ended."""
        selling_all = self.position is not None and any(
            isinstance(order.action, Sell) and order.action.amount_percent == 100.0 for order in self.orders
        )
        leaving = self.exit is not None or selling_all
        if not leaving and not self.entries_ended:
            return
        reason = "exit_waits" if leaving else "entries_ended"
        for order in [order for order in self.orders if isinstance(order.action, Buy)]:
            self.orders.remove(order)
            self.skip(order, reason)

    def judge(self, close: float, firing: bool) -> None:
        for rule in self.strategy.rules:
            if any(not self.is_warm(leaf) for _, leaf in leaves(rule.when)):
                continue
            memory = self.memory[rule.id]
            was, memory.was = memory.was, self.truth(rule.when, close)
            triggered = memory.was if rule.trigger == "level" else memory.was and was is False
            if firing and triggered and not self.blocked(rule, memory):
                memory.fires += 1
                memory.last_fire = self.time
                self.fire(rule, close)

    def is_warm(self, leaf: Leaf) -> bool:
        if leaf.type == "volume_spike" and not self.volume_known:
            return False
        return self.sight.is_warm(leaf)

    def truth(self, node: Leaf | Tree, close: float) -> bool:
        match node:
            case All():
                return all(self.truth(child, close) for child in node.all)
            case Any():
                return any(self.truth(child, close) for child in node.any)
            case Not():
                return not self.truth(node.condition, close)
            case PositionProfit():
                if self.position is None:
                    return False
                level = self.position.average * (1.0 + node.value / 100.0)
                above = self.at_most(level, close)
                return above if node.direction == "above" else self.at_most(close, level)
            case Schedule():
                return (self.time_of_close()) % parse_timeframe(node.every) == 0
            case _:
                truth, sure = self.sight.judge(node)
                if not sure:
                    self.unsure = min(self.unsure, self.now)
                return truth

    def time_of_close(self) -> int:
        return int(self.candles.start[self.now]) + self.candles.timeframe

    def blocked(self, rule: Rule, memory: RuleMemory) -> bool:
        if rule.only_if == "flat" and self.position is not None:
            return True
        if rule.only_if == "in_position" and self.position is None:
            return True
        if rule.cooldown is not None and self.time - memory.last_fire < parse_timeframe(rule.cooldown):
            return True
        if rule.max_fires is not None and memory.fires >= rule.max_fires:
            return True
        if any(order.rule is rule for order in self.orders):
            return True
        buys = sum(isinstance(action, Buy) for action in rule.then)
        if buys == 0:
            return False
        if self.entries_ended:
            return True
        rest = self.risk.cooldown_after_stop
        if rest is not None and self.time - self.last_stop < parse_timeframe(rest):
            return True
        if self.risk.max_entries is not None:
            buys += sum(isinstance(order.action, Buy) for order in self.orders)
            buys += self.position.entries if self.position is not None else 0
            return buys > self.risk.max_entries
        return False

    def fire(self, rule: Rule, close: float) -> None:
        for place, action in enumerate(rule.then):
            match action:
                case Notify():
                    self.tell("notify", "rule", rule, price=close)
                case Hold():
                    self.tell("hold", "rule", rule, price=close)
                case _:
                    self.orders.append(Order(rule, place, action))
