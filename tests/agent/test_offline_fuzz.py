"""Any text gets an answer, at once, and never an exception."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.agent.offline.context import Event, Turn
from bot.agent.offline.doing import Call, Say
from bot.agent.offline.plan import next_step
from bot.agent.offline.scanning import FILLERS
from bot.agent.offline.vocabulary import FALLS, RISES, one_of
from bot.trading.strategy import parse_strategy
from tests.agent.conversing import FACTS, STRATEGY, Talk, facts_with
from tests.agent.more_sentences import MORE_SENTENCES
from tests.agent.sentences import SENTENCES
from tests.agent.test_offline_changing import after

LIMIT_SECONDS = 0.05

NUMBERS = (
    "5% 1h $200 0.00001 -3% 9/21 RSI ( ) , . ; not half rest stop loss take profit trailing once at most"
)
COMMANDS = (
    "create bot delete list backtest from 2026-01-01 to 9999-99-99 March 31 price trending risk PEPE 0x25d800"
)
KNOWN = [sentence for sentence, _, _ in SENTENCES + MORE_SENTENCES]
PHRASES = KNOWN + sorted(FILLERS | FALLS | RISES | one_of(NUMBERS) | one_of(COMMANDS))
chatter = st.lists(st.sampled_from(PHRASES), max_size=30).map(" ".join)


def answered_in_time(text: str, *bots: str) -> None:
    """The answer to any text comes in time; the best of five, since the machine does other things too."""
    talk = Talk(facts_with(*bots))
    assert talk.says(text)
    for name, arguments in talk.calls:
        if name == "create_bot":
            assert arguments["strategy"]["rules"]
    best = min(_seconds(text, *bots) for _ in range(5))
    assert best < LIMIT_SECONDS, f"{best:.3f} s for {text[:200]!r}"


def _seconds(text: str, *bots: str) -> float:
    started = time.perf_counter()
    next_step([Turn(text)], facts_with(*bots), ("bsc",))
    return time.perf_counter() - started


@settings(deadline=None, max_examples=150)
@given(st.text(max_size=3000))
def test_any_text_is_answered(text: str) -> None:
    answered_in_time(text)


@settings(deadline=None, max_examples=200)
@given(chatter, st.sampled_from([(), ("PEPE dip",), ("it", "a")]))
def test_any_mixture_of_known_words_is_answered(text: str, bots: tuple[str, ...]) -> None:
    answered_in_time(text, *bots)


@settings(deadline=None, max_examples=100)
@given(st.lists(chatter | st.text(max_size=60), min_size=1, max_size=6))
def test_any_conversation_is_answered(said: list[str]) -> None:
    talk = Talk(facts_with("PEPE dip"))
    for text in said:
        assert talk.says(text)


@settings(deadline=None, max_examples=100)
@given(
    st.sampled_from(
        [sentence for sentence, _, _ in SENTENCES] + ["set the stop loss to 5%", "is PEPE safe?"]
    ),
    st.recursive(
        st.none() | st.text(max_size=9) | st.integers(),
        lambda inner: st.dictionaries(st.text(max_size=9), inner),
    ),
    st.sampled_from(["success", "failed", "denied", "interrupted"]),
)
def test_results_of_any_shape_are_answered(sentence: str, content: object, outcome: str) -> None:
    turns = [Turn(sentence)]
    for _ in range(12):
        step = next_step(turns, facts_with("PEPE dip"), ("bsc",))
        if isinstance(step, Say):
            return
        event = Event(step.name, dict(step.arguments), outcome, content)
        turns = [Turn(sentence, (*turns[0].events, event))]
    pytest.fail(f"{sentence!r} goes round in circles")


@pytest.mark.parametrize(
    "word",
    ["a ", "the ", "stop ", "at ", "5% ", "1h ", "9 ", "or ", "( ", "0x", "- ", "buy ", "of ", "once "],
)
def test_repetition_is_no_burden(word: str) -> None:
    answered_in_time(word * 2000, "PEPE dip")


def test_every_created_document_of_shuffled_sentences_is_valid_or_asked_about() -> None:
    chance = random.Random(7)
    made = 0
    for _ in range(400):
        parts = [chance.choice(KNOWN) for _ in range(2)]
        talk = Talk(FACTS)
        talk.says(", ".join(parts))
        if "create_bot" in talk.called:
            parse_strategy(talk.last("create_bot")["strategy"])
            made += 1
    assert made > 50


def test_a_change_leaves_the_document_that_was_read_as_it_is() -> None:
    before = str(STRATEGY)
    after("set the stop loss to 7%")
    assert str(STRATEGY) == before


def test_a_step_is_a_pure_function() -> None:
    turns = [Turn("buy PEPE when it drops 5% in 1h, sell at 10%")]
    first, second = (next_step(turns, FACTS, ("bsc",)) for _ in range(2))
    assert first == second == Call("search_tokens", {"query": "PEPE"})
