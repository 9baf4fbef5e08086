"""From the wish for a backtest to the call that runs it."""

from __future__ import annotations

from collections.abc import Mapping

from bot.agent.offline import replies
from bot.agent.offline.doing import Call, Done, Say, Step
from bot.agent.offline.wishes import Backtest
from bot.agent.steps import TurnFacts


def next_test(wish: Backtest, done: Done, facts: TurnFacts) -> Step:
    """The next step towards a backtest."""
    name = _which(wish, done, facts)
    if isinstance(name, Say | Call):
        return name
    stretch = wish.stretch
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
