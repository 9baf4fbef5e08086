"""The people, for operators: a list of them, and everything about one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.messages import Action, LastingReply, Notice
from bot.numbers import money
from bot.reports.wording import PAGE, ago, counted, many, name_of, owner_id, pager, short, table, when
from bot.tools.plain import plain
from bot.tools.registry import Services
from storage.people import Owner

if TYPE_CHECKING:
    from storage.accounts import SignUp
    from storage.database import Unit
    from storage.operators import AuditRow, Ban
    from storage.overview import Person
    from storage.people import Standing
    from storage.simulations import Simulation
    from storage.trading import Backtest, TradingBot

_LATEST = 5


async def users(services: Services, query: str, page: int) -> tuple[LastingReply, ...]:
    """A page of people whose name or id fits a text, the newest first."""
    now = services.clock()
    async with services.database.view() as view:
        found = await view.overview.people(query, PAGE + 1, (page - 1) * PAGE)
    if not found:
        return (Notice("Nobody fits that." if query or page > 1 else "Nobody has been here yet."),)
    lines = []
    for person in found[:PAGE]:
        kind = "anonymous" if person.owner.anonymous else "account"
        lines.append(
            f"`{short(person.id)}` **{name_of(person)}** · {kind} · {many(person.turns, 'turn')}"
            + (f" · last {ago(person.last_turn_at, now)}" if person.turns else "")
        )
    line = f"/admin users {query}".strip()
    buttons = [Action(_button(person), f"/admin user {short(person.id)}") for person in found[:_LATEST]]
    return (Notice("\n".join(lines), (*buttons, *pager(line, page, more=len(found) > PAGE))),)


async def user(services: Services, owner: Owner) -> tuple[LastingReply, ...]:
    """Everything about one person."""
    now, whole = services.clock(), owner_id(owner)
    async with services.database.view() as view:
        person = await view.overview.person(owner)
        conversations = await view.conversations.count(owner)
        bots = await view.overview.bots(owner, _LATEST)
        backtests = await view.trading.backtests(owner, limit=_LATEST)
        ban = await view.operators.ban_of(owner, now)
        audit = await view.operators.audit(_LATEST, owner=owner)
        counters = await _counters(view, owner)
        standing = await view.people.standing(owner)
        wish = await view.accounts.sign_up(owner.anonymous_token or "")
        simulations = await view.simulations.of_owner(owner, _LATEST)
    rows = [
        ("Kind", _kind(standing, wish)),
        ("Identities", ", ".join(f"{each.platform}:{each.user}" for each in person.identities) or "none"),
        ("Since", when(min((each.created_at for each in person.identities), default=None))),
        ("Last turn", ago(person.last_turn_at, now)),
        *counters,
        ("Conversations", f"{conversations:,}"),
        ("Turns", f"{person.turns:,}"),
        ("Tokens", f"{person.tokens:,}"),
        ("Cost", money(float(person.cost_usd))),
        ("Ban", _ban(ban)),
    ]
    text = f"**{name_of(person)}**\n`{whole}`\n{table(rows)}"
    text += _section("Bots", [_bot(each) for each in bots])
    text += _section("Backtests", [_backtest(each) for each in backtests])
    text += _section("Simulations", [_simulation(each) for each in simulations])
    text += _section("What operators did", [_audit(each) for each in audit])
    key = short(whole)
    decide = (
        Action("Ban", f"/admin ban {key}") if ban is None else Action("Let in again", f"/admin unban {key}")
    )
    return (Notice(text, (Action("Conversations", f"/admin conversations user={key}"), decide)),)


async def _counters(view: Unit, owner: Owner) -> list[tuple[str, str]]:
    if owner.anonymous_token is None:
        return []
    anonymous = await view.people.anonymous(owner.anonymous_token)
    if anonymous is None:
        return []
    counts = {
        "chats": anonymous.chat_count,
        "bots": anonymous.bot_created,
        "backtests": anonymous.backtest_count,
    }
    return [("Counted", counted(counts, "chats", "bots", "backtests"))]


def _button(person: Person) -> str:
    return plain(person.identities[0].name, 20) if person.identities else short(person.id)


def _kind(standing: Standing, wish: SignUp | None) -> str:
    if standing.tier is not None:
        kind = f"account, {standing.tier}"
    else:
        kind = "without an account" if wish is None else f"without an account, sign-up {wish.state}"
    own = ", ".join(
        f"{name} {'no limit' if limit is None else limit}" for name, limit in standing.quota.items()
    )
    return f"{kind}; own limits: {own}" if own else kind


def _ban(ban: Ban | None) -> str:
    if ban is None:
        return "none"
    until = "for good" if ban.until is None else f"until {when(ban.until)}"
    return f"{until}{f': {ban.reason}' if ban.reason else ''}"


def _section(heading: str, lines: list[str]) -> str:
    return "\n\n" + "\n".join([f"**{heading}**", *lines]) if lines else ""


def _bot(bot: TradingBot) -> str:
    gone = "" if bot.deleted_at is None else ", deleted"
    return f"{plain(bot.name)} · version {bot.version}{gone} · {when(bot.created_at)}"


def _backtest(backtest: Backtest) -> str:
    return f"`{short(backtest.id)}` {backtest.state} · {when(backtest.created_at)}"


def _simulation(simulation: Simulation) -> str:
    return f"{plain(simulation.name)} · {simulation.state} · {when(simulation.created_at)}"


def _audit(row: AuditRow) -> str:
    return f"{when(row.at)} · {plain(row.operator_name)}: {row.command} → {plain(row.result, 80)}"
