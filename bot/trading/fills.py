"""Fills: what a buy and a sale cost and bring, the protective levels, and the account that keeps the books."""

from __future__ import annotations

from bot.trading.compiled import inner
from bot.trading.layout import (
    BOUGHT,
    BREAK_EVEN,
    BUY_CASH_PERCENT,
    BUY_EQUITY_PERCENT,
    BY_RULE,
    EATEN_BY_COSTS,
    NO_CASH,
    NO_PRICE,
    NONE,
    SKIPPED,
    SOLD,
    STOP,
    TRAILING,
    UNDER_ONE,
    Record,
)

SMALLEST_FILL = 1.0
"""In quote currency: a buy that spends less, or a sale that brings less, is skipped and said."""


@inner
def write_event(
    book: Record,
    page: Record,
    time: int,
    kind: int,
    reason: int,
    rule: int,
    action: int,
    price: float,
) -> Record:
    """Add an event in which no money moves; a fill writes the rest into what is returned."""
    event = page["rows"][page["count"]]
    page["count"] += 1
    event["time"] = time
    event["kind"] = kind
    event["reason"] = reason
    event["rule"] = rule
    event["action"] = action
    event["price"] = price
    event["filled_price"] = 0.0
    event["quantity"] = 0.0
    event["money"] = 0.0
    event["fee"] = 0.0
    event["gas"] = 0.0
    event["tax"] = 0.0
    event["profit"] = 0.0
    event["profit_percent"] = 0.0
    event["balance"] = book["cash"]
    event["equity"] = book["cash"] + book["quantity"] * price
    return event


@inner
def skip_order(
    program: Record, book: Record, page: Record, time: int, reason: int, action: int, price: float
) -> None:
    """Say that a rule's order was skipped, but not twice in a row for the same reason."""
    book["skipped"] += 1
    if book["said"][action] != reason:
        book["said"][action] = reason
        write_event(book, page, time, SKIPPED, reason, program["actions"][action]["rule"], action, price)


@inner
def buy(program: Record, book: Record, page: Record, time: int, action: int, price: float) -> bool:
    """Fill a rule's buy at a price before slippage; false when it was skipped."""
    kind, amount = program["actions"][action]["kind"], program["actions"][action]["amount"]
    money = amount
    if kind == BUY_CASH_PERCENT:
        money = book["cash"] * amount / 100.0
    elif kind == BUY_EQUITY_PERCENT:
        money = (book["cash"] + book["quantity"] * price) * amount / 100.0
    money = min(money, book["cash"])
    fee = money * program["fee"]
    left = money - fee - program["gas"]
    filled_price = price * (1.0 + program["slippage"])
    quantity = left * (1.0 - program["buy_tax"]) / filled_price
    if money < SMALLEST_FILL or quantity <= 0.0:
        reason = EATEN_BY_COSTS
        if money < SMALLEST_FILL:
            reason = NO_CASH if book["cash"] < SMALLEST_FILL else UNDER_ONE
        skip_order(program, book, page, time, reason, action, price)
        return False
    held = book["quantity"]
    if held > 0.0:
        worth = book["average"] * held + filled_price * quantity
        book["average"] = worth / (held + quantity)
    else:
        book["average"] = filled_price
        book["peak"] = price
        book["entry_time"] = time + program["timeframe"] * program["at_close"]
    book["quantity"] = held + quantity
    book["cash"] -= money
    book["cost"] += money
    book["entries"] += 1
    tax = left * program["buy_tax"]
    _pay(book, fee, program["gas"], tax)
    book["said"][action] = 0
    event = write_event(book, page, time, BOUGHT, BY_RULE, program["actions"][action]["rule"], action, price)
    _complete(event, filled_price, quantity, money, fee, program["gas"], tax)
    _set_stop(program, book)
    _set_take_profit(program, book)
    # The average price has moved and the levels with it: whatever the high, look at them after this candle.
    book["alert"] = 0.0
    return True


@inner
def sell(
    program: Record,
    book: Record,
    page: Record,
    time: int,
    reason: int,
    action: int,
    percent: float,
    price: float,
) -> bool:
    """Sell a share of the position at a price before slippage; false when it was skipped.

    `action` is NONE for a protective sale.
    """
    held = book["quantity"]
    whole = percent >= 100.0
    quantity = held if whole else held * percent / 100.0
    filled_price = price * (1.0 - program["slippage"])
    untaxed = quantity * filled_price * (1.0 - program["sell_tax"])
    money = untaxed * (1.0 - program["fee"]) - program["gas"]
    if money < SMALLEST_FILL:
        if action >= 0:
            skip_order(program, book, page, time, UNDER_ONE, action, price)
        else:
            book["skipped"] += 1
            if not book["unsellable_said"]:
                book["unsellable_said"] = 1
                write_event(book, page, time, SKIPPED, UNDER_ONE, NONE, NONE, price)
        return False
    cost = book["cost"] if whole else book["cost"] * (quantity / held)
    profit = money - cost
    book["cash"] += money
    book["cost"] = 0.0 if whole else book["cost"] - cost
    book["quantity"] = 0.0 if whole else held - quantity
    book["trip_profit"] += profit
    book["trip_cost"] += cost
    fee, tax = untaxed * program["fee"], quantity * filled_price * program["sell_tax"]
    _pay(book, fee, program["gas"], tax)
    rule = NONE
    if action >= 0:
        rule = program["actions"][action]["rule"]
        book["said"][action] = 0
    event = write_event(book, page, time, SOLD, reason, rule, action, price)
    _complete(event, filled_price, quantity, money, fee, program["gas"], tax)
    event["profit"] = profit
    event["profit_percent"] = profit / cost * 100.0
    if whole:
        _end_trade(book)
    return True


@inner
def _pay(book: Record, fee: float, gas: float, tax: float) -> None:
    book["fees"] += fee
    book["gas"] += gas
    book["taxes"] += tax
    book["unsellable_said"] = 0


@inner
def _complete(
    event: Record, filled_price: float, quantity: float, money: float, fee: float, gas: float, tax: float
) -> None:
    event["filled_price"] = filled_price
    event["quantity"] = quantity
    event["money"] = money
    event["fee"] = fee
    event["gas"] = gas
    event["tax"] = tax


@inner
def _end_trade(book: Record) -> None:
    """Count the round trip that has just become flat, and forget everything about its position."""
    profit = book["trip_profit"]
    book["trades"] += 1
    if profit > 0.0:
        book["wins"] += 1
        book["won"] += profit
    elif profit < 0.0:
        book["losses"] += 1
        book["lost"] -= profit
    book["trade_percents"] += profit / book["trip_cost"] * 100.0
    book["trip_profit"] = 0.0
    book["trip_cost"] = 0.0
    book["average"] = 0.0
    book["entries"] = 0
    book["peak"] = 0.0
    book["trailing_armed"] = 0
    book["break_even_armed"] = 0
    book["stop"] = 0.0
    book["take_profit"] = NO_PRICE
    book["steps_done"] = 0
    book["alert"] = NO_PRICE


@inner
def _set_stop(program: Record, book: Record) -> None:
    """Put the stop at the highest of the fixed, the break-even and the trailing one."""
    average = book["average"]
    stop = average * program["stop"] / 100.0
    reason = STOP
    if book["break_even_armed"] and average > stop:
        stop = average
        reason = BREAK_EVEN
    if book["trailing_armed"]:
        trailing = book["peak"] * program["trailing"] / 100.0
        if trailing > stop:
            stop = trailing
            reason = TRAILING
    book["stop"] = stop
    book["stop_reason"] = reason


@inner
def _set_take_profit(program: Record, book: Record) -> None:
    """Remember the price of the lowest step of the take profits that is still open."""
    book["take_profit"] = NO_PRICE
    for step in range(program["step_count"]):
        if not (book["steps_done"] >> step) & 1:
            book["take_profit"] = book["average"] * program["steps"][step]["level"] / 100.0
            return


@inner
def raise_peak(program: Record, book: Record, high: float) -> None:
    """Let the peak rise to a candle's high and arm what arms there, for the next candle on."""
    book["peak"] = max(book["peak"], high)
    book["alert"] = NO_PRICE
    if program["trailing"] > 0.0:
        arms = book["average"] * program["trailing_arms"] / 100.0
        # What arms at the average price itself works from the entry on, also when the price only falls.
        if high >= arms or program["trailing_arms"] <= 100.0:
            book["trailing_armed"] = 1
        book["alert"] = book["peak"] if book["trailing_armed"] else min(book["peak"], arms)
    if program["break_even_arms"] > 0.0 and not book["break_even_armed"]:
        arms = book["average"] * program["break_even_arms"] / 100.0
        if high >= arms:
            book["break_even_armed"] = 1
        else:
            book["alert"] = min(book["alert"], arms)
    _set_stop(program, book)


@inner
def take_profits(
    program: Record, book: Record, page: Record, time: int, reason: int, open_price: float, reach: float
) -> None:
    """Sell the share of every open step that the price has reached, in ascending order at their own prices.

    A step that lies at or below the open fills at the open. What is skipped stays open.
    """
    for step in range(program["step_count"]):
        price = book["average"] * program["steps"][step]["level"] / 100.0
        if price > reach or book["quantity"] == 0.0:
            break
        if not (book["steps_done"] >> step) & 1:
            share = program["steps"][step]["sell_percent"]
            sold = sell(program, book, page, time, reason, NONE, share, max(price, open_price))
            # A sale of everything has cleared the steps for the next position.
            if sold and book["quantity"] > 0.0:
                book["steps_done"] |= 1 << step
    if book["quantity"] > 0.0:
        _set_take_profit(program, book)
