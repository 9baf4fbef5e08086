"""From the wish for a backtest to the call that runs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from bot.agent.offline import replies
from bot.agent.offline.dates import months_before
from bot.agent.offline.doing import Call, Done, Say, Step
from bot.agent.offline.periods import Stretch
from bot.agent.offline.wishes import Backtest
from bot.agent.steps import TurnFacts


def next_test(wish: Backtest, done: Done, facts: TurnFacts) -> Step:
    """The next step towards a backtest."""
    stretch = wish.stretch
    if wish.changing:
        return Say(replies.TESTED_AS_IT_IS)
    if stretch.unknown:
        return Say(replies.question("period", replies.unknown_stretch(stretch.unknown)))
    if stretch.minutes is not None:
        settled = _months_or_minutes(stretch, stretch.minutes, done, facts.today)
        if not isinstance(settled, Stretch):
            return settled
        stretch = settled
    name = _which(wish, done, facts)
    if isinstance(name, Say | Call):
        return name
    result = done.call(
        "run_backtest",
        bot=name,
        timeframe=stretch.timeframe,
        days=stretch.days,
        start=None if stretch.start is None else stretch.start.isoformat(),
        end=None if stretch.end is None else stretch.end.isoformat(),
        initial_balance=stretch.balance,
    )
    if not isinstance(result, Mapping):
        return result
    return Say(replies.tested(name or facts.current_bot, synthetic=facts.synthetic))


def _months_or_minutes(stretch: Stretch, count: int, done: Done, today: date) -> Stretch | Step:
    """What "2m" means, asked since it can be two things."""
    months = "1 month of prices" if count == 1 else f"{count} months of prices"
    candles = f"Candles of {count} minute{'' if count == 1 else 's'}"
    chosen = done.ask(f"“{count}m” can mean two things. Which one?", [months, candles])
    if not isinstance(chosen, str):
        return chosen
    if chosen == candles:
        return replace(stretch, minutes=None, timeframe=f"{count}m")
    start = months_before(today, count)
    if start is None:
        return Say(replies.question("period", replies.unknown_stretch((f"{count}m",))))
    return replace(stretch, minutes=None, start=start)


def _which(wish: Backtest, done: Done, facts: TurnFacts) -> str | Step | None:
    """The bot to test: named, known by its token, the current one (None), or chosen by the person."""
    if wish.bot is not None:
        return wish.bot
    if not facts.bots:
        return Say(replies.NO_BOT)
    names = list(facts.bots)
    if wish.symbol is not None:
        result = done.call("list_bots")
        if not isinstance(result, Mapping):
            return result
        symbol = wish.symbol.casefold()
        names = [
            str(each.get("bot"))
            for each in result.get("bots", ())
            if str(each.get("symbol", "")).casefold() == symbol
        ]
        if not names:
            return Say(replies.no_bot_for(wish.symbol))
        return names[0] if len(names) == 1 else done.ask(f"Which of your {wish.symbol} bots?", names)
    if facts.current_bot is not None or len(names) == 1:
        return None
    return done.ask("Which bot should be tested?", names)
