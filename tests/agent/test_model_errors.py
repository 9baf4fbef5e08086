"""What goes wrong with a model service: asked again, shortened, given to another model, or said in a sentence."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
import structlog

from bot.agent.assistant import Patience
from bot.agent.errors import (
    ModelDeclined,
    ModelDown,
    ModelKeyRefused,
    ModelMisconfigured,
    ModelQuotaUsedUp,
    TooLongForModel,
)
from bot.agent.history import plain_text, stopped_response
from bot.errors import ProviderDown, Refused
from tests.agent.desk import KEY, Desk, open_desk, turn
from tests.fakes.messages_api import Drops, Fails, Says, Silent

OVERLOADED = Fails(529, "overloaded_error", "Overloaded")
TOO_LONG = Fails(400, "invalid_request_error", "prompt is too long: 200001 tokens > 200000 maximum")


async def test_an_overloaded_model_is_asked_again(desk: Desk) -> None:
    desk.api.will(OVERLOADED, Fails(500, "api_error", "oops"), Says(("Here.",)))

    assert (await desk.step()).text == "Here."


async def test_a_model_that_stays_down_is_said(desk: Desk) -> None:
    desk.api.will(*[OVERLOADED] * 4)
    with pytest.raises(ModelDown, match="not answering at the moment"):
        await desk.step()

    assert not desk.streamed


@pytest.mark.parametrize(("wait", "requests"), [("0", 2), ("29", 1), ("31", 1)])
async def test_the_wait_that_was_asked_for_is_kept(tmp_path: Path, wait: str, requests: int) -> None:
    limited = Fails(429, "rate_limit_error", "slow down", {"retry-after": wait})
    async with open_desk(tmp_path, Patience(attempts=2, first_wait=0, longest_wait=20)) as desk:
        desk.api.will(*[limited] * requests)
        with pytest.raises(ModelDown) as error:
            await desk.step()

    assert error.value.retry_after == float(wait)


async def test_a_refused_key_is_told_to_both_and_shown_to_nobody(desk: Desk) -> None:
    desk.api.will(Fails(401, "authentication_error", f"invalid x-api-key {KEY}"))
    with structlog.testing.capture_logs() as logs, pytest.raises(ModelKeyRefused) as error:
        await desk.step()

    assert str(error.value).startswith("The model's key was refused; the operator has been told.")
    assert [each["event"] for each in logs if each["log_level"] == "error"] == ["model_key_refused"]
    assert KEY not in f"{logs}{error.value!r}{desk.assistant!r}"


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (Fails(402, "billing_error", "no money"), ModelQuotaUsedUp),
        (Fails(400, "invalid_request_error", "Your credit balance is too low"), ModelQuotaUsedUp),
        (Fails(404, "not_found_error", "model: claude-sonnet-5-5"), ModelMisconfigured),
        (Fails(400, "invalid_request_error", "tools.0: nonsense"), ModelMisconfigured),
        (Fails(403, "permission_error", "not for you"), ModelKeyRefused),
    ],
)
async def test_what_another_try_cannot_mend_is_said_at_once(
    desk: Desk, failure: Fails, kind: type[ProviderDown]
) -> None:
    desk.api.will(failure)
    with pytest.raises(kind, match="the operator has been told"):
        await desk.step()


@pytest.mark.parametrize(
    "too_long", [TOO_LONG, Fails(413, "request_too_large", "Request exceeds the maximum size")]
)
async def test_the_oldest_whole_turns_are_left_out_when_it_is_too_long(desk: Desk, too_long: Fails) -> None:
    desk.api.will(too_long, too_long, Says(("Short enough.",)))
    history = [body for number in range(1, 9) for body in turn(number)]
    step = await desk.step("question 9", history)

    assert step.text == "Short enough."
    sent = [json.dumps(asked["messages"]) for asked in desk.api.asked]
    left = [[number for number in range(1, 10) if f"question {number}" in each] for each in sent]
    assert left == [[*range(1, 10)], [*range(3, 10)], [*range(5, 10)]]
    assert all(each.count('"tool_use"') == each.count('"tool_result"') for each in sent)


async def test_a_turn_that_alone_is_too_long_is_said(desk: Desk) -> None:
    desk.api.will(TOO_LONG, TOO_LONG)
    with pytest.raises(TooLongForModel, match="too long for the language model"):
        await desk.step("question 2", turn(1))


async def test_a_refusal_is_said(desk: Desk) -> None:
    desk.api.will(Says(("I",), stop_reason="refusal"))
    with pytest.raises(ModelDeclined) as error:
        await desk.step()

    assert isinstance(error.value, Refused)


async def test_an_answer_that_breaks_off_is_not_begun_again(desk: Desk) -> None:
    desk.api.will(Drops(("Once upon ", "a time")))
    with pytest.raises(ModelDown, match="broke off in the middle"):
        await desk.step()

    assert desk.streamed[-1][1] == "Once upon a time"


async def test_a_connection_that_breaks_before_the_first_word_is_tried_again(desk: Desk) -> None:
    desk.api.will(Drops(), Says(("Here.",)))

    assert (await desk.step()).text == "Here."


async def test_a_model_that_falls_silent_is_not_waited_for(tmp_path: Path) -> None:
    async with open_desk(tmp_path, Patience(attempts=2, first_wait=0, silence=0.1)) as desk:
        desk.api.will(Silent(), Says(("Here.",)))

        assert (await desk.step()).text == "Here."


async def test_a_service_that_is_not_there_is_down(tmp_path: Path) -> None:
    async with open_desk(
        tmp_path, Patience(attempts=2, first_wait=0), anthropic_base_url="http://127.0.0.1:9"
    ) as desk:
        with pytest.raises(ModelDown):
            await desk.step()


async def test_a_slow_answer_can_be_stopped_and_what_was_said_is_kept(desk: Desk) -> None:
    desk.api.will(Says(("The first word", " and the rest"), gate=asyncio.Event()))
    asking = asyncio.create_task(desk.step())
    await desk.heard.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

    await asyncio.wait_for(desk.api.hung_up.wait(), 5)
    kept = stopped_response(desk.streamed[-1][1])
    assert plain_text(kept) == "The first word"
    desk.api.will(Says(("Going on.",)))
    first = {"kind": "request", "parts": [{"part_kind": "user-prompt", "content": "hello"}]}
    await desk.step("go on", [first, kept])
    assert desk.api.asked[1]["messages"][1] == {
        "role": "assistant",
        "content": [{"type": "text", "text": "The first word"}],
    }


async def test_the_second_model_answers_when_the_first_is_down(tmp_path: Path) -> None:
    async with open_desk(tmp_path, llm_fallback="offline") as desk:
        desk.api.will(OVERLOADED, OVERLOADED)
        step = await desk.step("hello")

    assert step.model == "offline"
    assert "Hello" in step.text
    assert step.cost_usd == 0


async def test_a_broken_off_answer_is_not_given_to_the_second_model(tmp_path: Path) -> None:
    async with open_desk(tmp_path, llm_fallback="offline") as desk:
        desk.api.will(Drops(("Once",)))
        with pytest.raises(ModelDown):
            await desk.step("hello")
