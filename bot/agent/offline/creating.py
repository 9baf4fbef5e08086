"""From the wish for a new trading bot to the call that creates it: first what is unclear, then what is missing."""

from __future__ import annotations

from collections.abc import Mapping

from bot.agent.offline import replies
from bot.agent.offline.document import document_of, market_of, name_of
from bot.agent.offline.doing import Call, Done, Say, Step, token_of, told
from bot.agent.offline.draft import Draft
from bot.agent.offline.testing import next_test
from bot.agent.offline.wishes import Backtest, Create
from bot.agent.steps import TurnFacts


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
        return Call("create_bot", {"name": name, "strategy": document_of(draft, market_of(token), name)})
    result = done.call("create_bot")
    if not isinstance(result, Mapping):
        return result
    if wish.stretch is not None:
        return next_test(Backtest(str(result.get("bot", "")) or None, None, wish.stretch), done, facts)
    return told("create_bot", result)


def lacking(draft: Draft) -> str | None:
    """The question about what is missing or not understood; None when a document can be written."""
    if draft.others and draft.symbol:
        return replies.question("token", replies.one_token_only((draft.symbol, *draft.others)))
    about = draft.unsure or "buy"
    lead = replies.unknown_words(draft.unknown) if draft.unknown else ""
    if draft.vague or draft.unknown:
        return replies.question(draft.vague[0] if draft.vague else about, lead)
    if not draft.symbol and not draft.address:
        return replies.question("token")
    if not draft.of("buy"):
        return None if draft.of("tell") and not draft.of("sell") else replies.question("buy")
    amounts = [rule.amount or draft.amount for rule in draft.of("buy")]
    if draft.regular and not any(amounts):
        return replies.question("amount")
    return None if draft.regular or draft.has_exit else replies.question("sell")
