"""What is kept for operators: bans that nothing evades, an audit that outlives people, totals that add up."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from sqlalchemy import update

from storage.broadcasts import Broadcast
from storage.database import Database, Unit
from storage.faults import Fault
from storage.operators import AuditRow
from storage.people import Owner, PlatformIdentity, User
from storage.privacy import FORGOTTEN, Traces
from tests.storage.rows import START, accepted, delivery, later, somebody, turn


def audit(key: str, **fields: object) -> AuditRow:
    given: dict[str, object] = {
        "key": key,
        "operator_platform": "telegram",
        "operator_user": "1",
        "operator_name": "Boss",
        "command": "/admin ban",
        "arguments": "ann spam",
        "result": "begun",
        "at": START,
    }
    return AuditRow(**(given | fields))


def fault(reference: str, **fields: object) -> Fault:
    given: dict[str, object] = {
        "reference": reference,
        "kind": "KeyError",
        "place": "text",
        "text": "one",
        "traceback": "Traceback",
        "at": START,
    }
    return Fault(**(given | fields))


async def test_a_ban_holds_for_the_account_that_an_identity_gets_later(database: Database) -> None:
    async with database.unit() as unit:
        ann = await somebody(unit)
        await unit.operators.ban(ann, "spam", START, None)
        account = User(id="account", name="Ann", created_at=START)
        unit.session.add(account)
        await unit.session.flush()
        await unit.accounts.take_in(ann, "account")
        assert await unit.operators.ban_of_identity("terminal", "ann", START) is not None
        assert await unit.operators.ban_of(Owner(user_id="account"), START) is not None
        assert await unit.operators.unban(Owner(user_id="account"))
        assert await unit.operators.ban_of_identity("terminal", "ann", START) is None


async def test_banning_again_replaces_the_ban_and_time_ends_it(database: Database) -> None:
    async with database.unit() as unit:
        ann = await somebody(unit)
        await unit.operators.ban(ann, "spam", START, None)
        await unit.operators.ban(ann, "more spam", START, later(60))
        found = await unit.operators.ban_of(ann, later(59))
        assert found is not None
        assert found.reason == "more spam"
        assert await unit.operators.ban_of(ann, later(60)) is None


async def test_the_audit_has_one_row_for_a_request_and_keeps_how_it_ended(database: Database) -> None:
    async with database.unit() as unit:
        await unit.operators.begin_audit(audit("one"))
        await unit.operators.begin_audit(audit("one", arguments="another"))
        await unit.operators.end_audit("one", "done")
        await unit.operators.end_audit("one", "failed")
        (row,) = await unit.operators.audit(5)
    assert (row.arguments, row.result) == ("ann spam", "done")


async def test_whoever_is_forgotten_is_named_nowhere(database: Database) -> None:
    async with database.unit() as unit:
        ann, ben = await somebody(unit), await somebody(unit, "ben")
        token = {"anonymous_token": ann.anonymous_token}
        await unit.operators.ban(ann, "spam", START, None)
        await unit.operators.begin_audit(audit("about", **token))
        await unit.operators.begin_audit(audit("named", arguments="terminal:ann"))
        await unit.operators.begin_audit(
            audit("by", operator_platform="terminal", operator_user="ann", arguments="ben spam")
        )
        await unit.operators.begin_audit(
            audit("other", anonymous_token=ben.anonymous_token, arguments="ben spam")
        )
        await unit.operators.told_of_pause("now", "terminal", "ann")
        await unit.faults.add(fault("a", **token))
        person = await unit.forgetting.traces(ann)
        assert await tables_with(unit, person) == {"audit": 3, "bans": 1, "pause_notices": 1, "faults": 1}
        await unit.forgetting.erase(person, START)
        assert await tables_with(unit, person) == {}
        rows = {row.key: row for row in await unit.operators.audit(5)}
        found = await unit.faults.find("a")
        assert found is not None
    assert (found.kind, found.text, found.traceback) == ("KeyError", FORGOTTEN, FORGOTTEN)
    assert (rows["about"].arguments, rows["about"].operator_name) == (FORGOTTEN, "Boss")
    assert (rows["named"].arguments, rows["named"].operator_name) == (FORGOTTEN, "Boss")
    assert (rows["by"].operator_user, rows["by"].operator_name) == ("", FORGOTTEN)
    assert rows["by"].arguments == rows["other"].arguments == "ben spam"


async def tables_with(unit: Unit, person: Traces) -> dict[str, int]:
    """How many rows of the operators' tables mention somebody."""
    found: Counter[str] = Counter()
    async for table, rows in unit.forgetting.rows(person):
        if table in ("audit", "bans", "pause_notices", "faults"):
            found[table] += len(rows)
    return dict(found)


async def test_whoever_gave_a_command_is_not_shown_to_whom_it_was_about(database: Database) -> None:
    async with database.unit() as unit:
        ann = await somebody(unit)
        await unit.operators.begin_audit(audit("about", anonymous_token=ann.anonymous_token))
        await unit.operators.begin_audit(audit("by", operator_platform="terminal", operator_user="ann"))
        person = await unit.forgetting.traces(ann)
        shown = {
            row["key"]: row["operator_user"]
            async for table, rows in unit.forgetting.rows(person)
            for row in rows
            if table == "audit"
        }
    assert shown == {"about": "(somebody else)", "by": "ann"}


async def test_of_two_bans_that_become_one_the_longer_stays(database: Database) -> None:
    for number, (first, second) in enumerate([(None, later(60)), (later(60), None), (later(5), later(60))]):
        async with database.unit() as unit:
            ann = await somebody(unit, f"ann {number}")
            account = await unit.accounts.add("Ann", START)
            await unit.operators.ban(ann, "spam", START, first)
            await unit.operators.ban(Owner(user_id=account.id), "spam", START, second)
            await unit.accounts.take_in(ann, account.id)
            ban = await unit.operators.ban_of(ann, START)
            assert ban is not None
            assert ban.until == (None if None in (first, second) else later(60))
            assert await unit.operators.unban(Owner(user_id=account.id))
            assert await unit.operators.ban_of_identity("terminal", f"ann {number}", START) is None


async def test_what_fails_inside_a_savepoint_is_undone_alone(database: Database) -> None:
    async with database.unit() as unit:
        await unit.operators.begin_audit(audit("one"))
        try:
            async with unit.savepoint():
                await unit.facts.set("half", {"done": True})
                raise ValueError("refused")
        except ValueError:
            await unit.operators.end_audit("one", "refused")
    async with database.view() as view:
        assert await view.facts.get("half") is None
        assert (await view.operators.audit(1))[0].result == "refused"


async def test_everybody_is_written_to_once_where_they_were_last(database: Database) -> None:
    async with database.unit() as unit:
        for user in ("ann", "ben", "cid", "dan"):
            await somebody(unit, user)
        unit.session.add(User(id="account", name="Ann", created_at=START))
        await unit.session.flush()
        same = update(PlatformIdentity).where(PlatformIdentity.user.in_(("ann", "ben")))
        await unit.session.execute(same.values(user_id="account"))
        await accepted(unit, "1", sender_user="ben", chat="of ben")
        await accepted(unit, "2", sender_user="ann", chat="of ann")
        await accepted(unit, "3", sender_user="cid", chat="traders", private=False)
        await accepted(unit, "4", sender_user="dan", chat="of dan")
        await accepted(unit, "5", sender_user="dan", chat="of dan", thread="7")
        found = await unit.broadcasts.receivers(("terminal",), 0, 10, START)
        assert [(each.chat, each.thread) for each in found] == [("of ann", ""), ("of dan", "7")]
        assert await unit.broadcasts.count_receivers(("terminal",), START) == 2
        assert await unit.broadcasts.count_receivers(("telegram",), START) == 0
        (rest,) = await unit.broadcasts.receivers(("terminal",), found[0].identity, 10, START)
        assert rest.chat == "of dan"


async def test_a_broadcast_ends_once_with_its_count(database: Database) -> None:
    async with database.unit() as unit:
        begun = Broadcast(
            key="k", text="hello", state="running", platforms="terminal", platform="terminal", chat="boss",
            thread="", created_at=START, receivers=3,
        )  # fmt: skip
        assert await unit.broadcasts.begin(begun)
        pieces = [delivery(state=state) for state in ("delivered", "failed", "pending")]
        for piece in pieces:
            await unit.deliveries.add(piece)
        await unit.broadcasts.wrote(begun.id, [piece.id for piece in pieces], 9, 3)
        await unit.broadcasts.withdraw(begun.id, "stopped")
        ended = await unit.broadcasts.end(begun.id, "stopped", START)
        assert ended is not None
        assert (ended.delivered, ended.failed, ended.position) == (1, 2, 9)
        assert await unit.broadcasts.end(begun.id, "done", START) is None


async def test_totals_and_hours_add_up(database: Database) -> None:
    async with database.unit() as unit:
        ann, ben = await somebody(unit), await somebody(unit, "ben")
        conversation = await unit.conversations.begin(ann, "terminal", "here", "", START)
        for number, owner in enumerate((ann, ann, ben)):
            at = START + timedelta(minutes=40 * number)
            await unit.journal.add_turn(turn(conversation, owner, created_at=at, tokens=10, state="done"))
        await unit.conversations.add_to_tally(conversation.id, START, turns=3)
        found = await unit.statistics.activity(START)
        assert (found.turns, found.active_people, found.tokens, found.conversations) == (3, 2, 30, 1)
        hours = await unit.statistics.spells(START, "hour")
        assert [(each.name, each.turns, each.people) for each in hours] == [
            ("2026-03-01 12", 2, 1),
            ("2026-03-01 13", 1, 1),
        ]
        (day,) = await unit.statistics.spells(START, "day")
        assert (day.name, day.turns, day.people, day.tokens) == ("2026-03-01", 3, 2, 30)
        assert await unit.statistics.database_bytes() > 10_000
        assert not await unit.statistics.empty()


async def test_faults_are_grouped_by_kind(database: Database) -> None:
    async with database.unit() as unit:
        await unit.faults.add(fault("a"))
        await unit.faults.add(fault("b"))
        await unit.faults.add(fault("c", kind="OSError"))
        first, second = await unit.faults.untold()
        assert (first.kind, first.count, first.latest.reference, first.last_told_at) == (
            "KeyError",
            2,
            "b",
            None,
        )
        await unit.faults.told("KeyError", first.latest.id, later(5))
        await unit.faults.add(fault("d"))
        again = (await unit.faults.untold())[0]
        assert (again.count, again.last_told_at) == (1, later(5))
        assert second.kind == "OSError"
        found = await unit.faults.find("B")
        assert found is not None
        assert found.traceback == "Traceback"
