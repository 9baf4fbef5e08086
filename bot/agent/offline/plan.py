"""The next step towards a wish: a tool to call, or what to say. A pure function of the conversation so far."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from bot.agent.offline import replies
from bot.agent.offline.changing import next_change
from bot.agent.offline.context import Turn, wish_in
from bot.agent.offline.creating import next_creation
from bot.agent.offline.doing import Done, Say, Step, token_of
from bot.agent.offline.draft import Draft
from bot.agent.offline.simulating import Simulate
from bot.agent.offline.simulating_steps import next_simulation
from bot.agent.offline.testing import next_test
from bot.agent.offline.wishes import Alter, Ask, Backtest, Create, Puzzle, Talk, Wish
from bot.agent.offline.words import Kind, Words
from bot.agent.steps import TurnFacts

MOST_CALLS = 8
"""Calls in one turn; no wish needs more, so more of them would be going round in circles."""


def next_step(turns: Sequence[Turn], facts: TurnFacts, chains: Collection[str]) -> Step:
    """What to do next in the last turn of a conversation; `turns` has at least one."""
    done = Done(turns[-1].events)
    if len(done.events) > MOST_CALLS:
        return Say(replies.not_understood(turns[-1].said))
    return _towards(wish_in(turns, facts, chains), done, facts)


def _towards(wish: Wish, done: Done, facts: TurnFacts) -> Step:
    match wish:
        case Create():
            return next_creation(wish, done, facts)
        case Alter():
            return next_change(wish, done, facts)
        case Backtest():
            return next_test(wish, done, facts)
        case Ask():
            return _answer(wish, done)
        case Simulate():
            return next_simulation(wish, done)
        case Talk(topic=topic):
            return Say(replies.TALK[topic])
        case Puzzle(text=text):
            return Say(replies.not_understood(text))


def _answer(wish: Ask, done: Done) -> Step:
    match wish.tool:
        case "get_price":
            return done.tell("get_price", tokens=list(wish.about))
        case "search_tokens":
            return done.tell("search_tokens", query=wish.about[0])
        case "get_token" | "get_risk":
            return _about_token(wish, done)
    return done.tell(wish.tool, bot=wish.bot)


def _about_token(wish: Ask, done: Done) -> Step:
    """A question about one token, which is found first, since a symbol is no identity."""
    named = wish.about[0]
    is_address = Words(named).at(0).kind is Kind.ADDRESS
    token = token_of(Draft(address=named) if is_address else Draft(symbol=named), done)
    if isinstance(token, Say) and wish.guessed:
        return Say(replies.not_understood(named.lower()))
    if not isinstance(token, Mapping):
        return token
    if wish.tool == "get_risk":
        return done.tell("get_risk", token=token.get("address"))
    return done.tell(
        "get_token", address=token.get("address"), chain=None if is_address else token.get("chain")
    )
