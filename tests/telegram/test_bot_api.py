"""The stand-in of the Bot API behaves as the documentation says, so that what is proven with it holds outside."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession, FormData, web

from tests.fakes.bot_api import TOKEN, BotApi
from tests.fakes.telegram_world import Person, WorldChat


class Client:
    """Calls methods as any bot would: by HTTP, with a form."""

    def __init__(self, api: BotApi, session: ClientSession) -> None:
        self._api, self._session = api, session

    async def __call__(self, method: str, token: str = TOKEN, **parameters: Any) -> dict[str, Any]:
        form = FormData()
        for name, value in parameters.items():
            form.add_field(name, value if isinstance(value, str) else json.dumps(value))
        async with self._session.post(f"{self._api.url}/bot{token}/{method}", data=form) as answer:
            told: dict[str, Any] = await answer.json()
        assert answer.status == told.get("error_code", 200)
        return told

    async def refused(self, method: str, **parameters: Any) -> tuple[int, str]:
        """The code and the words of a refusal."""
        told = await self(method, **parameters)
        assert told["ok"] is False
        return told["error_code"], told["description"]


@pytest.fixture
async def call(api: BotApi) -> AsyncIterator[Client]:
    async with ClientSession() as session:
        yield Client(api, session)


@pytest.fixture
def alice(api: BotApi) -> Person:
    return api.world.person("Alice")


@pytest.fixture
def chat(api: BotApi, alice: Person) -> WorldChat:
    return api.world.private(alice)


async def ids(call: Client, **parameters: Any) -> list[int]:
    return [update["update_id"] for update in (await call("getUpdates", **parameters))["result"]]


async def test_updates_come_again_until_an_offset_confirms_them(
    api: BotApi, call: Client, alice: Person
) -> None:
    for text in ("one", "two", "three"):
        api.world.says(alice, text)
    everything = await ids(call)
    assert len(everything) == 3
    assert await ids(call) == everything
    assert await ids(call, limit=2) == everything[:2]
    assert await ids(call, offset=everything[1]) == everything[1:]
    assert await ids(call) == everything[1:]
    assert await ids(call, offset=everything[-1] + 1) == []
    assert await ids(call) == []


async def test_only_the_wanted_kinds_come(api: BotApi, call: Client, alice: Person) -> None:
    await call("getUpdates", allowed_updates=["callback_query"])
    api.world.says(alice, "hello")
    assert await ids(call) == []


async def test_a_long_poll_ends_when_there_is_news(api: BotApi, call: Client, alice: Person) -> None:
    polling = asyncio.ensure_future(ids(call, timeout=20))
    while not api.calls:
        await api.world.news.wait()
    api.world.says(alice, "hello")
    assert len(await asyncio.wait_for(polling, 2)) == 1


async def test_a_second_poller_ends_the_first_with_409(api: BotApi, call: Client) -> None:
    first = asyncio.ensure_future(call.refused("getUpdates", timeout=20))
    while not api.calls:
        await api.world.news.wait()
    await call("getUpdates")
    code, words = await asyncio.wait_for(first, 2)
    assert code == 409
    assert "terminated by other getUpdates request" in words


async def test_with_a_webhook_there_is_no_polling(call: Client) -> None:
    await call("setWebhook", url="https://example.org/hook", allowed_updates=["message"])
    code, words = await call.refused("getUpdates")
    assert code == 409
    assert "webhook is active" in words
    await call("deleteWebhook", drop_pending_updates="false")
    assert (await call("getUpdates"))["ok"]


async def test_a_webhook_is_brought_updates_with_the_secret_until_it_takes_them(
    api: BotApi, call: Client, alice: Person
) -> None:
    brought: list[tuple[str | None, int]] = []

    async def hook(request: web.Request) -> web.Response:
        secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token")
        brought.append((secret, (await request.json())["update_id"]))
        return web.Response(status=500 if len(brought) < 3 else 200)

    app = web.Application()
    app.router.add_post("/hook", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    try:
        url = f"http://127.0.0.1:{port}/hook"
        bad, good = {"secret_token": "not ours"}, {"secret_token": "our-secret"}
        assert (await call.refused("setWebhook", url=url, allowed_updates=[], **bad))[0] == 400
        await call("setWebhook", url=url, allowed_updates=["message"], **good)
        api.world.says(alice, "hello")
        while api.world.updates:
            await asyncio.wait_for(api.world.news.wait(), 2)
    finally:
        await runner.cleanup()
    assert [secret for secret, _ in brought] == ["our-secret"] * 3
    assert len({number for _, number in brought}) == 1


async def test_pending_updates_go_only_where_that_is_asked_for(
    api: BotApi, call: Client, alice: Person
) -> None:
    api.world.says(alice, "hello")
    await call("deleteWebhook", drop_pending_updates="false")
    assert len(api.world.updates) == 1
    await call("deleteWebhook", drop_pending_updates="true")
    assert api.world.updates == []


async def test_a_wrong_token_and_a_wrong_method(call: Client) -> None:
    assert (await call("getMe", token="1:wrong"))["error_code"] == 401  # noqa: S106
    assert await call.refused("sendCarrierPigeon") == (404, "Not Found: method not found")


async def test_texts_have_4096_utf16_units(call: Client, chat: WorldChat) -> None:
    assert (await call("sendMessage", chat_id=chat.id, text="😀" * 2048))["ok"]
    assert await call.refused("sendMessage", chat_id=chat.id, text="😀" * 2048 + "a") == (
        400,
        "Bad Request: message is too long",
    )
    assert await call.refused("sendMessage", chat_id=chat.id, text=" \n") == (
        400,
        "Bad Request: message text is empty",
    )


@pytest.mark.parametrize(
    "entity",
    [
        {"type": "bold", "offset": 0, "length": 5},
        {"type": "bold", "offset": -1, "length": 2},
        {"type": "bold", "offset": 1, "length": 0},
        {"type": "bold", "offset": 1, "length": 1},
        {"type": "text_link", "offset": 0, "length": 2, "url": "nowhere"},
    ],
)
async def test_bad_entities_are_refused(call: Client, chat: WorldChat, entity: dict[str, Any]) -> None:
    code, words = await call.refused("sendMessage", chat_id=chat.id, text="😀ab", entities=[entity])
    assert code == 400
    assert "can't parse entities" in words


async def test_an_edit_that_changes_nothing_is_refused(call: Client, chat: WorldChat) -> None:
    sent = (await call("sendMessage", chat_id=chat.id, text="hello"))["result"]
    place = {"chat_id": chat.id, "message_id": sent["message_id"]}
    assert (await call("editMessageText", **place, text="changed"))["ok"]
    code, words = await call.refused("editMessageText", **place, text="changed")
    assert code == 400
    assert "message is not modified" in words
    assert (await call.refused("editMessageReplyMarkup", **place))[
        1
    ] == "Bad Request: message is not modified"
    nowhere = place | {"message_id": 99}
    assert "message to edit not found" in (await call.refused("editMessageText", **nowhere, text="x"))[1]


async def test_buttons_carry_64_bytes(call: Client, chat: WorldChat) -> None:
    def keyboard(data: str) -> dict[str, Any]:
        return {"inline_keyboard": [[{"text": "Yes", "callback_data": data}]]}

    place: dict[str, Any] = {"chat_id": chat.id, "text": "Sure?"}
    assert (await call("sendMessage", **place, reply_markup=keyboard("é" * 32)))["ok"]
    refused = await call.refused("sendMessage", **place, reply_markup=keyboard("é" * 32 + "a"))
    assert refused == (400, "Bad Request: BUTTON_DATA_INVALID")


async def test_a_press_can_be_answered_once(
    api: BotApi, call: Client, alice: Person, chat: WorldChat
) -> None:
    markup = {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]}
    await call("sendMessage", chat_id=chat.id, text="Sure?", reply_markup=markup)
    query = api.world.presses(alice, chat.last(), "Yes")
    assert (await call("answerCallbackQuery", callback_query_id=query))["ok"]
    assert "query is too old" in (await call.refused("answerCallbackQuery", callback_query_id=query))[1]


async def test_chats_that_are_closed_gone_or_moved(api: BotApi, call: Client, chat: WorldChat) -> None:
    chat.closed = "bot was blocked by the user"
    blocked = await call.refused("sendMessage", chat_id=chat.id, text="hello")
    assert blocked == (403, "Forbidden: bot was blocked by the user")
    assert await call.refused("sendMessage", chat_id=1, text="hello") == (400, "Bad Request: chat not found")

    group = api.world.group("Traders", plain=True)
    new = api.world.becomes_supergroup(group)
    told = await call("sendMessage", chat_id=group.id, text="hello")
    assert told["error_code"] == 400
    assert told["parameters"] == {"migrate_to_chat_id": new.id}


async def test_topics(api: BotApi, call: Client) -> None:
    forum = api.world.group("Forum", forum=True, topics=[7])
    sent = (await call("sendMessage", chat_id=forum.id, message_thread_id=7, text="hello"))["result"]
    assert (sent["message_thread_id"], sent["is_topic_message"]) == (7, True)
    general = (await call("sendMessage", chat_id=forum.id, text="hello"))["result"]
    assert "message_thread_id" not in general
    refused = await call.refused("sendMessage", chat_id=forum.id, message_thread_id=8, text="hello")
    assert refused == (400, "Bad Request: message thread not found")


async def test_a_429_says_how_long_to_wait(call: Client, chat: WorldChat) -> None:
    chat.quiet_until = asyncio.get_running_loop().time() + 2.5
    told = await call("sendMessage", chat_id=chat.id, text="hello")
    assert told["error_code"] == 429
    assert told["parameters"] == {"retry_after": 3}


async def test_drafts_are_for_private_chats_and_end_with_a_message(
    api: BotApi, call: Client, chat: WorldChat
) -> None:
    assert (await call("sendMessageDraft", chat_id=chat.id, draft_id=5, text="grow"))["ok"]
    assert chat.draft == (5, "grow")
    await call("sendMessage", chat_id=chat.id, text="grown")
    assert chat.draft is None
    group = api.world.group("Traders")
    assert (await call.refused("sendMessageDraft", chat_id=group.id, draft_id=5, text="grow"))[0] == 400
    api.world.knows_drafts = False
    assert (await call.refused("sendMessageDraft", chat_id=chat.id, draft_id=5, text="grow"))[0] == 404


async def test_commands_have_a_form(call: Client) -> None:
    for command, words in (("Price", "ok"), ("a-b", "ok"), ("price", ""), ("price", "x" * 257)):
        listed = [{"command": command, "description": words}]
        assert (await call.refused("setMyCommands", commands=listed))[0] == 400
