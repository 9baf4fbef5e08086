"""Updates that are brought by Telegram instead of fetched."""

from __future__ import annotations

import json
import socket

import pytest
from aiohttp import ClientSession

from bot.errors import SettingsError
from tests.fakes.bot_api import BotApi
from tests.telegram.conftest import OpenTelegram

SECRET = "only-telegram-knows"  # noqa: S105
HEADER = "X-Telegram-Bot-Api-Secret-Token"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def webhook() -> dict[str, object]:
    port = free_port()
    return {
        "webhook_url": f"http://127.0.0.1:{port}/telegram",
        "webhook_secret": SECRET,
        "webhook_port": port,
    }


async def test_updates_are_brought_and_answered(
    open_telegram: OpenTelegram, webhook: dict[str, object]
) -> None:
    async with open_telegram(**webhook) as house:
        alice = house.world.person("Alice")
        house.world.says(alice, "/help")
        assert "Just talk to me" in (await house.reads(house.world.private(alice)))[-1].text
        assert house.api.webhook is not None
        assert house.api.webhook["secret_token"] == SECRET
        assert not any(call.method == "getUpdates" for call in house.api.calls)


@pytest.mark.parametrize("secret", [None, "guessed", "gues\xdfed"])
async def test_a_wrong_secret_is_refused(
    open_telegram: OpenTelegram, webhook: dict[str, object], secret: str | None
) -> None:
    async with open_telegram(**webhook) as house, ClientSession() as session:
        await house.until(lambda: house.api.webhook)
        headers = {} if secret is None else {HEADER: secret}
        async with session.post(str(webhook["webhook_url"]), data="{}", headers=headers) as answer:
            assert answer.status == 401


async def test_yes_is_said_only_after_the_commit(
    open_telegram: OpenTelegram, webhook: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_telegram(**webhook) as house:
        receive, failures = house.randebu.receive, [OSError("disk full"), OSError("disk full")]

        async def flaky(incoming: object) -> None:
            if failures:
                raise failures.pop()
            await receive(incoming)  # type: ignore[arg-type]

        monkeypatch.setattr(house.randebu, "receive", flaky)
        alice = house.world.person("Alice")
        house.world.says(alice, "/help")
        assert await house.reads(house.world.private(alice))
        assert house.api.webhook_refusals == 2


@pytest.mark.parametrize("body", ["", "no json", "[]", "null", '{"update_id": "?"}', "[" * 100_000])
async def test_nonsense_is_taken_once_and_left(
    open_telegram: OpenTelegram, webhook: dict[str, object], body: str
) -> None:
    async with open_telegram(**webhook) as house, ClientSession() as session:
        await house.until(lambda: house.api.webhook)
        headers = {HEADER: SECRET}
        async with session.post(str(webhook["webhook_url"]), data=body, headers=headers) as answer:
            assert answer.status == 200


async def test_without_a_secret_one_is_made_up(
    open_telegram: OpenTelegram, webhook: dict[str, object]
) -> None:
    async with open_telegram(**{**webhook, "webhook_secret": None}) as house:
        await house.until(lambda: house.api.webhook)
        assert house.api.webhook is not None
        assert len(house.api.webhook["secret_token"]) > 20


async def test_an_address_that_telegram_refuses_is_one_sentence(
    open_telegram: OpenTelegram, webhook: dict[str, object]
) -> None:
    async with open_telegram(**{**webhook, "webhook_url": "ftp://example.org/hook"}) as house:
        with pytest.raises(
            SettingsError, match=r"^TELEGRAM_WEBHOOK_URL is not an address that Telegram takes: "
        ):
            await house.running


async def test_a_port_that_is_taken_is_one_sentence(
    open_telegram: OpenTelegram, webhook: dict[str, object]
) -> None:
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", int(str(webhook["webhook_port"]))))  # noqa: S104
        taken.listen()
        async with open_telegram(**webhook) as house:
            with pytest.raises(SettingsError, match=r"^TELEGRAM_WEBHOOK_PORT is \d+, which cannot be opened"):
                await house.running


async def test_a_redelivered_update_is_answered_once(
    open_telegram: OpenTelegram, webhook: dict[str, object]
) -> None:
    async with open_telegram(**webhook) as house, ClientSession() as session:
        alice = house.world.person("Alice")
        house.world.says(alice, "/help")
        update = json.dumps(house.world.updates[-1])
        before = len(await house.reads(house.world.private(alice)))
        headers = {HEADER: SECRET}
        for _ in range(3):
            async with session.post(str(webhook["webhook_url"]), data=update, headers=headers) as answer:
                assert answer.status == 200
        assert len(await house.reads(house.world.private(alice))) == before


async def test_polling_leaves_an_earlier_webhook_and_loses_nothing(
    open_telegram: OpenTelegram, api: BotApi, webhook: dict[str, object]
) -> None:
    async with open_telegram(api=api, **webhook) as house:
        await house.until(lambda: api.webhook)
    alice = api.world.person("Alice")
    api.world.says(alice, "/help")
    async with open_telegram(api=api) as house:
        assert await house.reads(house.world.private(alice))
        assert api.webhook is None
