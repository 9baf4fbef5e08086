"""From the wish for a new trading bot to the call that creates it: first what is unclear, then what is missing."""

from __future__ import annotations

from collections.abc import Mapping

from bot.agent.offline import replies
from bot.agent.offline.document import document_of, market_of, misfit, name_of, overfull
from bot.agent.offline.doing import Call, Done, Say, Step, token_of, told
from bot.agent.offline.draft import Draft
from bot.agent.offline.testing import next_test
from bot.agent.offline.wishes import Backtest, Create
from bot.agent.steps import TurnFacts
from bot.tools.trading_bots import MOST_LEFT_OUT


def next_creation(wish: Create, done: Done, facts: TurnFacts) -> Step:
    """The next step towards a new trading bot."""
    draft = wish.draft
    if draft.unclear:
        first = draft.unclear[0]
        asked = done.ask(first.question, [label for label, _ in first.options])
        return Say(replies.NOT_CREATED) if isinstance(asked, str) else asked
    missing = lacking(draft)
    if missing is not None:
        return Say(missing)
    token = token_of(draft, done)
    if not isinstance(token, Mapping):
        return token
    made = done.last("create_bot")
    if made is None:
        name = name_of(draft, str(token.get("symbol")), facts.bots)
        document = document_of(draft, market_of(token), name)
        if (found := misfit(document)) is not None:
            return Say(replies.question("candles", replies.candles_do_not_fit(document["timeframe"], *found)))
        return Call("create_bot", {"name": name, "strategy": document, **left_out(draft)})
    result = done.call("create_bot")
    if not isinstance(result, Mapping):
        return result
    if wish.stretch is not None:
        step = next_test(Backtest(str(result.get("bot", "")) or None, None, wish.stretch), done, facts)
        if isinstance(step, Say) and done.last("run_backtest") is None:
            return Say(f"{told('create_bot', result).text}\n\n{step.text}")
        return step
    return told("create_bot", result)


def left_out(draft: Draft) -> dict[str, list[str]]:
    """The argument that lets a proposal say which words it has not used."""
    return {"left_out": list(draft.unused[:MOST_LEFT_OUT])} if draft.unused else {}


def not_clear(draft: Draft, about: str) -> str | None:
    """The question about words that were not understood or cannot be done; None when there are none."""
    if draft.lasting:
        return replies.question(about, replies.only_moments(draft.lasting))
    lead = replies.unknown_words(draft.unknown) if draft.unknown else ""
    if draft.vague or draft.unknown:
        amount = about == "buy" and draft.regular and not draft.vague and draft.of("buy")
        return replies.question(draft.vague[0] if draft.vague else "amount" if amount else about, lead)
    return replies.question("steps", replies.NOTHING_LEFT) if overfull(draft) else None


def lacking(draft: Draft) -> str | None:
    """The question about what is missing or not understood; None when a document can be written."""
    if draft.others and draft.symbol:
        return replies.question("token", replies.one_token_only((draft.symbol, *draft.others)))
    if (question := not_clear(draft, draft.unsure or "buy")) is not None:
        return question
    if not draft.symbol and not draft.address:
        return replies.question("token")
    if not draft.of("buy"):
        lead = replies.unknown_words(draft.unused) if draft.unused else ""
        return None if draft.of("tell") and not draft.of("sell") else replies.question("buy", lead)
    amounts = [rule.amount or draft.amount for rule in draft.of("buy")]
    if draft.regular and not any(amounts):
        return replies.question("amount")
    return None if draft.regular or draft.has_exit else replies.question("sell")
