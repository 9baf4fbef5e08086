"""What operators do with accounts, and what the people concerned are told."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.errors import Refused
from bot.handlers.admin.accounts import ACCOUNT_COMMANDS
from bot.messages import Notice
from bot.tools.registry import Outcome
from bot.workers import Workers
from tests.handlers.test_conversations import words
from tests.tools.desk import Desk, Person, open_desk
from tests.tools.documents import dip


@pytest.fixture
async def desk(tmp_path: Path, workers: Workers) -> AsyncIterator[Desk]:
    """A desk whose table has the operators' words too, as a command each."""
    async with open_desk(tmp_path, workers, signup="approval") as opened:
        yield with_words(opened)


def with_words(desk: Desk) -> Desk:
    from bot.handlers.context import CommandSpec

    for each in ACCOUNT_COMMANDS:
        desk.table[each.name] = CommandSpec(each.name, each.usage, each.summary, each.handler)
    return desk


async def refusal(person: Person, line: str) -> str:
    with pytest.raises(Refused) as refused:
        await person.commands(line)
    return str(refused.value)


def told(outcome: Outcome) -> list[tuple[str, str]]:
    """What an outcome says elsewhere: where, and what."""
    return [
        (each.address.chat, each.reply.text) for each in outcome.elsewhere if isinstance(each.reply, Notice)
    ]


async def test_an_approved_sign_up_makes_the_account_and_tells_the_person(desk: Desk) -> None:
    boss, alice = await desk.person("boss"), await desk.person("alice")
    assert "has not asked" in await refusal(boss, "/approve fake:alice")
    await alice.commands("/signup")
    done = await boss.commands("/approve fake:alice")
    assert "Alice has an account now" in words(done)
    ((chat, text),) = told(done)
    assert chat == "dm-alice"
    assert "You have an account now" in text
    assert "since" in words(await alice.commands("/account"))
    assert "already" in await refusal(boss, "/approve fake:alice")
    async with desk.services.database.view() as view:
        assert list(await view.accounts.pending()) == []


async def test_a_rejected_sign_up_is_told_and_can_still_be_approved(desk: Desk) -> None:
    boss, alice = await desk.person("boss"), await desk.person("alice")
    await alice.commands("/signup")
    assert "turned your sign-up down" in told(await boss.commands("/reject fake:alice"))[0][1]
    assert "already" in await refusal(boss, "/reject fake:alice")
    assert "turned down" in words(await alice.commands("/signup"))
    assert "no account" in words(await alice.commands("/account"))
    await boss.commands("/approve fake:alice")
    assert "since" in words(await alice.commands("/account"))


async def test_a_tier_brings_its_allowance(desk: Desk) -> None:
    boss, alice = await desk.person("boss"), await desk.person("alice")
    assert "has no account" in await refusal(boss, "/tier fake:alice pro")
    await alice.commands("/signup")
    await boss.commands("/approve fake:alice")
    assert "0 of 3" in words(await alice.commands("/usage"))
    assert "it was free" in words(await boss.commands("/tier fake:alice pro"))
    said = words(await alice.commands("/account"))
    assert "pro, since" in said
    assert "0 of 20" in said
    assert "0, no limit" in said
    for wrong in ("/tier", "/tier pro", "/tier fake:alice gold"):
        assert "For instance: tier" in await refusal(boss, wrong)


async def test_a_quota_is_set_reset_and_taken_back(desk: Desk) -> None:
    boss, alice = await desk.person("boss"), await desk.person("alice")
    await alice.call("create_bot", strategy=dip(name="one"))
    assert "limit" in (await refused_bot(alice, "two"))
    said = words(await boss.commands("/quota fake:alice set bots=2, chats=none"))
    assert "bots 2, chats no limit" in said
    await alice.call("create_bot", strategy=dip(name="two"))
    assert "2 of 2" in words(await alice.commands("/usage"))
    await boss.commands("/quota fake:alice set bots=usual")
    assert "limit" in (await refused_bot(alice, "three"))
    assert "begins anew" in words(await boss.commands("/quota fake:alice reset"))
    await alice.call("create_bot", strategy=dip(name="three"))


async def refused_bot(person: Person, name: str) -> str:
    with pytest.raises(Refused) as refused:
        await person.call("create_bot", strategy=dip(name=name))
    return str(refused.value)


async def test_the_quota_of_an_account(desk: Desk) -> None:
    boss, alice = await desk.person("boss"), await desk.person("alice")
    await alice.commands("/signup")
    await boss.commands("/approve fake:alice")
    await boss.commands("/quota fake:alice set bots=1 backtests=0")
    await alice.call("create_bot", strategy=dip(name="one"))
    assert "has room for 1 bot." in await refused_bot(alice, "two")
    with pytest.raises(Refused, match=r"runs 0 backtests in 24 hours\. Ask an operator for the pro tier"):
        await alice.call("run_backtest", days=10)
    assert "limits of bots, simulations, backtests" in await refusal(boss, "/quota fake:alice set chats=5")


@pytest.mark.parametrize(
    "line",
    [
        "/quota",
        "/quota fake:alice",
        "/quota fake:alice set",
        "/quota fake:alice reset now",
        "/quota fake:alice drop",
    ],
)
async def test_a_quota_that_is_not_understood_says_how(desk: Desk, line: str) -> None:
    await desk.person("alice")
    assert "For instance: quota" in await refusal(await desk.person("boss"), line)


@pytest.mark.parametrize("pair", ["bots=-1", "bots=many", "coins=3", "bots", "bots=9999999999"])
async def test_a_limit_that_is_none_is_refused(desk: Desk, pair: str) -> None:
    await desk.person("alice")
    await refusal(await desk.person("boss"), f"/quota fake:alice set {pair}")


async def test_invitations_work_once_and_are_not_kept(tmp_path: Path, workers: Workers) -> None:
    async with open_desk(tmp_path, workers, signup="invite") as opened:
        desk = with_words(opened)
        boss, alice, bob = [await desk.person(name) for name in ("boss", "alice", "bob")]
        outcome = await boss.commands("/invite 2")
        assert outcome.secret
        first, second = re.findall(r"/signup ([A-Z2-9]{8})", words(outcome))
        assert first != second
        assert "no invitation" in words(await alice.commands("/signup AAAA2222"))
        signed_up = await alice.commands(f"/signup {first.lower()}")
        assert "You have an account now" in words(signed_up)
        assert signed_up.secret
        assert "no invitation" in words(await bob.commands(f"/signup {first}"))
        for _ in range(4):
            said = words(await bob.commands("/signup AAAA2222"))
        assert "locked" in said
        assert "locked" in words(await bob.commands(f"/signup {second}"))
        for wrong in ("/invite 0", "/invite 51", "/invite some"):
            assert "from 1 to 50" in await refusal(boss, wrong)


async def test_people_are_found_by_platform_user_or_id(desk: Desk) -> None:
    boss, alice, _ = [await desk.person(name) for name in ("boss", "alice", "alison")]
    token = alice.owner.anonymous_token or ""
    for named in ("fake:alice", "FAKE:alice", "alice", token, token[:8].upper()):
        assert "begins anew" in words(await boss.commands(f"/quota {named} reset"))
    for unknown in ("fake:nobody", "ali", "zzzzzzzz", "other:alice"):
        assert "I know nobody" in await refusal(boss, f"/quota {unknown} reset")


async def test_a_name_that_fits_several_people_is_asked_about(desk: Desk) -> None:
    boss = await desk.person("boss")
    await desk.person("alice")
    async with desk.services.database.unit() as unit:
        await unit.people.add_anonymous("other", "alice", "Alice", desk.clock())
    assert "several people" in await refusal(boss, "/quota alice reset")
