"""What the results of reading tools say, in words for a person: Markdown, tables at most 44 columns wide."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bot.numbers import percent, readable, roughly, signed_percent
from bot.tools import simulation_words
from bot.tools.strategies import note

Facts = Mapping[str, Any]
"""The `result` of a tool's outcome."""

OLD_SECONDS = 180
"""From this age on an answer is said to be old."""

SYNTHETIC = "Prices are synthetic: made up, for trying things out."


def in_words(name: str, facts: Facts) -> str | None:
    """The result of a tool in words; None for a tool whose outcome speaks for itself."""
    say = _WORDS.get(name)
    return None if say is None else say(facts)


def price(facts: Facts, key: str) -> str:
    """A price in US dollars with four significant digits; "?" while unknown."""
    value = facts.get(key)
    return "?" if value is None else f"${readable(value)}"


def change(facts: Facts) -> str:
    """The change over 24 hours in percent with its sign; "?" while unknown."""
    value = facts.get("change_24h_percent")
    return "?" if value is None else signed_percent(value)


def _prices(facts: Facts) -> str:
    rows = [
        f"{each['symbol'][:14]:<14} {price(each, 'usd'):>14} {change(each):>10}" for each in facts["prices"]
    ]
    lines = ["```", *rows, "```", "The change is over 24 hours."]
    for each in facts["prices"]:
        others = each.get("others_with_this_symbol", 0)
        if others:
            more = "another token is" if others == 1 else f"{others} other tokens are"
            lines.append(
                f"{more.capitalize()} called {each['symbol']}; the most liquid is `{each['address']}`."
            )
    if facts["unknown"]:
        lines.append(f"Not found: {', '.join(facts['unknown'])}.")
    if facts.get("without_price"):
        lines.append(f"Without a price now: {', '.join(facts['without_price'])}.")
    return "\n".join([*lines, *_origin(facts)])


def _found(facts: Facts) -> str:
    if not facts["tokens"]:
        return f"Nothing was found for {facts['query']}. Try its symbol, its name or its address."
    blocks = [
        f"{each['symbol']} · {each['name']}"[:44]
        + f"\n{price(each, 'price_usd')}  {change(each)}  {each['chain']}"
        + f"\nliquidity {price(each, 'liquidity_usd')}{_how_old(each)}\n{each['address']}"
        for each in facts["tokens"]
    ]
    return "\n".join(["```", "\n\n".join(blocks), "```", *_origin(facts)])


def _trending(facts: Facts) -> str:
    if not facts["tokens"]:
        return "Nothing is known of what is traded most now. Try again in some minutes."
    rows = [
        f"{number:>2} {each['symbol'][:11]:<11} {price(each, 'price_usd'):>13} {change(each):>10}"
        for number, each in enumerate(facts["tokens"], 1)
    ]
    head = "Traded most now, with the change over 24 hours:"
    return "\n".join([head, "```", *rows, "```", *_origin(facts)])


def _token(facts: Facts) -> str:
    token = facts["token"]
    rows = {
        "Price": price(token, "price_usd"),
        "24 hours": change(token),
        "Liquidity": price(token, "liquidity_usd"),
        "Volume 24 h": price(token, "volume_24h_usd"),
        "Market cap": price(token, "market_cap_usd"),
        "Created": token.get("created_at", "?")[:10],
    }
    table = [f"{label:<12} {value}" for label, value in rows.items()]
    head = f"**{token['symbol']}** ({token['name']}) on {token['chain']}"
    return "\n".join([head, f"`{token['address']}`", "```", *table, "```", *_origin(facts)])


def _risk(facts: Facts) -> str:
    taxes = f"buy tax {_tax(facts['buy_tax_percent'])}, sell tax {_tax(facts['sell_tax_percent'])}"
    head = f"**{facts['symbol']}** on {facts['chain']}: **{facts['verdict']}**"
    reasons = [f"- {reason}" for reason in facts["reasons"]]
    caution = {
        "danger": "Money put into this token may be lost at once.",
        "unknown": "Unknown is not good news: nobody could check it.",
    }.get(facts["verdict"], "No warning found is no promise: tokens can change after a check.")
    checked = f", checked {roughly(facts['age_seconds'])} ago" if facts.get("age_seconds") else ""
    origin = (
        "This check is synthetic: made up."
        if facts["synthetic"]
        else f"Source: {facts['risk_source']}{checked}."
    )
    return "\n".join([head, f"`{facts['address']}`", *reasons, f"- {taxes}", caution, origin])


def _tax(value: float | None) -> str:
    return "unknown" if value is None else percent(value)


def _bots(facts: Facts) -> str:
    if not facts["bots"]:
        return "You have no trading bot yet. Describe one in plain words and I make it."
    return "\n".join(
        f"{number}. **{each['bot']}** · {each['symbol']} · {each['timeframe']} candles"
        + (" ← this conversation's" if each["current"] else "")
        for number, each in enumerate(facts["bots"], 1)
    )


def _bot(facts: Facts) -> str:
    head = f"Version {facts['version']}, created {facts['created']}, id `{facts['id']}`."
    tests = [
        f"- Backtest `{each['id']}` of version {each['version']}, {each['at'][:10]}: {each['state']}"
        for each in facts["backtests"]
    ]
    return "\n".join([facts["rules"], "", head, *tests])


def _chosen(facts: Facts) -> str:
    return f"This conversation is now about **{facts['bot']}**."


def _created(facts: Facts) -> str:
    return _with_notes(
        f"Created **{facts['bot']}**. To test it, say for how long: “backtest it for 90 days”.", facts
    )


def _updated(facts: Facts) -> str:
    return _with_notes(f"Changed **{facts['bot']}**; this is version {facts['version']}.", facts)


def _deleted(facts: Facts) -> str:
    return f"Deleted **{facts['deleted']}**."


def _simulation(facts: Facts) -> str:
    say = {"start": simulation_words.started, "stop": simulation_words.stopped}
    return say.get(facts["action"], simulation_words.status)(facts)


def _with_notes(text: str, facts: Facts) -> str:
    return "\n".join([text, *map(note, facts["warnings"])])


def _origin(facts: Facts) -> list[str]:
    """Where an answer is from, and how old it is."""
    if facts["synthetic"]:
        return [SYNTHETIC]
    seconds = facts.get("age_seconds")
    if seconds is None:
        return [f"Source: {facts['source']}."]
    at = f"{datetime.fromisoformat(facts['as_of']):%d %b %H:%M} UTC"
    if seconds < OLD_SECONDS:
        return [f"Source: {facts['source']}, {f'{seconds} s old' if seconds > 1 else 'just now'}."]
    return [f"Source: {facts['source']}, as of {at}, {roughly(seconds)} ago; nothing newer is known."]


def _how_old(facts: Facts) -> str:
    return f" · {facts['age']} old" if facts.get("age") else ""


_WORDS: dict[str, Callable[[Facts], str]] = {
    "search_tokens": _found,
    "get_token": _token,
    "get_price": _prices,
    "get_risk": _risk,
    "get_trending": _trending,
    "list_bots": _bots,
    "get_bot_info": _bot,
    "set_bot": _chosen,
    "create_bot": _created,
    "update_strategy": _updated,
    "delete_bot": _deleted,
    "manage_simulation": _simulation,
    "list_simulations": simulation_words.listing,
    "set_notifications": simulation_words.notified,
}
