"""Judging: which rules fire on a closed candle, the orders they queue, and how a queue is filled."""

from __future__ import annotations

from bot.trading.compiled import inner
from bot.trading.fills import buy, sell, skip_order, write_event
from bot.trading.layout import (
    ALL,
    ANY,
    BY_RULE,
    EXIT_WAITS,
    FLAT,
    HELD,
    HOLD,
    IN_POSITION,
    JUST_STOPPED,
    NO_MORE_ENTRIES,
    NO_POSITION,
    NONE,
    NOTIFIED,
    NOTIFY,
    POSITION_PROFIT,
    PUSH,
    SELL,
    Record,
)


@inner
def judge(
    program: Record, book: Record, page: Record, sight: Record, triggered: int, time: int, close: float
) -> None:
    """Fire every rule that triggers on this candle and is not blocked: queue its orders, write the rest down."""
    for index in range(program["rule_count"]):
        rule, state = program["rules"][index], book["rules"][index]
        if rule["live"]:
            triggers = _live_rule_triggers(program, book, rule, state, sight, close)
        else:
            triggers = (triggered >> index) & 1 == 1
        if triggers and book["firing"] and not _is_blocked(program, book, rule, state, time):
            state["fires"] += 1
            state["last_fire"] = time
            _act(program, book, page, rule, state, time, close)


@inner
def _live_rule_triggers(
    program: Record, book: Record, rule: Record, state: Record, sight: Record, close: float
) -> bool:
    """Judge a rule that looks at the position; a first judgement only sets the memory of the edge."""
    if book["seen"] < rule["needed"] or (rule["needs_volume"] and not book["volume_known"]):
        return False
    # The stack is the bits of one number, the last result the lowest.
    stack = 0
    for place in range(rule["code_from"], rule["code_to"]):
        operation, argument = program["code"][place]["kind"], program["code"][place]["argument"]
        if operation == PUSH:
            leaf = program["leaves"][argument]
            true = sight["truth"][argument] != 0
            if leaf["kind"] == POSITION_PROFIT:
                true = _profit_is_beyond(leaf, book, close)
            stack = stack << 1 | (1 if true else 0)
        else:
            several = (1 << argument) - 1
            result = 0
            if operation == ALL:
                result = 1 if stack & several == several else 0
            elif operation == ANY:
                result = 1 if stack & several != 0 else 0
            else:
                result = 1 - (stack & 1)
            stack = (stack >> argument) << 1 | result
    triggers: bool = stack == 1 and (rule["level"] != 0 or state["was"] == 0)
    state["was"] = stack
    return triggers


@inner
def _profit_is_beyond(leaf: Record, book: Record, close: float) -> bool:
    if book["quantity"] == 0.0:
        return False
    level = book["average"] * leaf["level"]
    beyond: bool = close * 100.0 > level if leaf["above"] else close * 100.0 < level
    return beyond


@inner
def _is_blocked(program: Record, book: Record, rule: Record, state: Record, time: int) -> bool:
    held = book["quantity"] > 0.0
    if (rule["only_if"] == FLAT and held) or (rule["only_if"] == IN_POSITION and not held):
        return True
    if state["waiting"] > 0 or time - state["last_fire"] < rule["cooldown"]:
        return True
    if rule["max_fires"] > 0 and state["fires"] >= rule["max_fires"]:
        return True
    if rule["buys"] == 0:
        return False
    if book["entries_ended"] or time - book["last_stop"] < program["cooldown_after_stop"]:
        return True
    if program["max_entries"] == 0:
        return False
    entries = book["entries"] + rule["buys"]
    for place in range(book["queued"]):
        if program["actions"][book["queue"][place]]["kind"] < SELL:
            entries += 1
    too_many: bool = entries > program["max_entries"]
    return too_many


@inner
def _act(
    program: Record, book: Record, page: Record, rule: Record, state: Record, time: int, close: float
) -> None:
    for action in range(rule["action_from"], rule["action_to"]):
        kind = program["actions"][action]["kind"]
        if kind <= SELL:
            book["queue"][book["queued"]] = action
            book["queued"] += 1
            state["waiting"] += 1
        elif kind == HOLD:
            write_event(book, page, time, HELD, BY_RULE, program["actions"][action]["rule"], action, close)
        elif kind == NOTIFY:
            write_event(
                book, page, time, NOTIFIED, BY_RULE, program["actions"][action]["rule"], action, close
            )


@inner
def drop_entries(program: Record, book: Record, page: Record, time: int, close: float) -> None:
    """Drop the queued buys when the whole position waits to be sold, or when entries have ended."""
    queue = book["queue"]
    leaving = book["exit"] > 0
    for place in range(book["queued"]):
        action = program["actions"][queue[place]]
        sells_all = action["kind"] == SELL and action["amount"] >= 100.0
        leaving = leaving or (sells_all and book["quantity"] > 0.0)
    if not leaving and not book["entries_ended"]:
        return
    kept = 0
    for place in range(book["queued"]):
        action = queue[place]
        if program["actions"][action]["kind"] == SELL:
            queue[kept] = action
            kept += 1
        else:
            book["rules"][program["actions"][action]["rule"]]["waiting"] -= 1
            reason = EXIT_WAITS if leaving else NO_MORE_ENTRIES
            skip_order(program, book, page, time, reason, action, close)
    book["queued"] = kept


@inner
def fill_queue(
    program: Record, book: Record, page: Record, time: int, price: float, just_stopped: bool
) -> None:
    """Fill what is queued, at one price: the forced sale, then the rules' sales, then their buys."""
    queue = book["queue"]
    if book["exit"] > 0:
        if book["quantity"] > 0.0:
            sell(program, book, page, time, book["exit"], NONE, 100.0, price)
        book["exit"] = 0
    for place in range(book["queued"]):
        action = queue[place]
        if program["actions"][action]["kind"] == SELL:
            if book["quantity"] > 0.0:
                share = program["actions"][action]["amount"]
                sell(program, book, page, time, BY_RULE, action, share, price)
            else:
                skip_order(program, book, page, time, NO_POSITION, action, price)
    for place in range(book["queued"]):
        action = queue[place]
        if program["actions"][action]["kind"] != SELL:
            if just_stopped:
                skip_order(program, book, page, time, JUST_STOPPED, action, price)
            else:
                buy(program, book, page, time, action, price)
        book["rules"][program["actions"][action]["rule"]]["waiting"] = 0
    book["queued"] = 0
