"""Commands about trading bots: list, choose, show, delete, test."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bot.errors import Refused
from bot.handlers.backtest_arguments import parse
from bot.handlers.calling import ask_first, naming, use
from bot.handlers.context import Request
from bot.messages import Action, File, Notice
from bot.tools.finding_bots import SHORT_ID, find_bot
from bot.tools.plain import file_name, plain
from bot.tools.registry import Outcome
from bot.tools.wording import SYNTHETIC, in_words
from bot.trading.report import details_text, trades_csv

if TYPE_CHECKING:
    from storage.database import Unit
    from storage.trading import Backtest

_MOST_BUTTONS = 6
_AFTER_A_BACKTEST = ("details", "trades", "again")
_DATES = (("7 days", "7d"), ("30 days", "30d"), ("90 days", "90d"), ("A year", "365d"), ("The same", "same"))
_WHICH_DATES = (
    "For which time shall I test it again? Choose one, or type the dates yourself, for instance: "
    "“backtest it from 2026-01-01 to 2026-03-01”."
)


async def bots(request: Request) -> Outcome:
    """/bots: the person's trading bots, with a button for each."""
    listed = await use(request, "list_bots")
    buttons = tuple(
        Action(each["bot"], f"/bot {each['id']}") for each in listed.result["bots"][:_MOST_BUTTONS]
    )
    return Outcome(replies=(Notice(in_words("list_bots", listed.result) or "", buttons),))


async def bot(request: Request) -> Outcome:
    """/bot: show a trading bot, and make it the conversation's when it is named; /bot delete NAME deletes."""
    first, _, rest = request.arguments.partition(" ")
    if first.lower() == "delete" and rest:
        return await _delete(request, rest, "delete ")
    info = (await use(request, "get_bot_info", bot=request.arguments or None)).result
    buttons = (
        Action("Backtest it", f"/backtest {info['id']}"),
        Action("Its file", f"/strategy {info['id']}"),
    )
    shown = Outcome(replies=(Notice(in_words("get_bot_info", info) or "", buttons),))
    if not request.arguments:
        return shown
    chosen = await use(request, "set_bot", bot=request.arguments)

    async def write(unit: Unit) -> Outcome:
        if chosen.write is not None:
            await chosen.write(unit)
        return shown

    return Outcome(write=write)


async def delete(request: Request) -> Outcome:
    """/deletebot: delete a trading bot, after asking."""
    if not request.arguments:
        raise Refused("Which bot? For instance: /deletebot PEPE dip. /bots lists yours.")
    return await _delete(request, request.arguments, "")


async def strategy(request: Request) -> Outcome:
    """/strategy: the rules of a trading bot in words, and its document as a file."""
    info = (await use(request, "get_bot_info", bot=request.arguments or None)).result
    name = f"{file_name(info['bot'])}-v{info['version']}.json"
    caption = f"The strategy of {info['bot']}, version {info['version']}"
    document = json.dumps(info["strategy"], ensure_ascii=False, indent=2)
    return Outcome(replies=(Notice(info["rules"]), File(name, document.encode(), caption)))


async def backtest(request: Request) -> Outcome:
    """/backtest: test a trading bot on past prices, or look at an earlier test again."""
    words = request.arguments.split()
    if len(words) == 2 and words[0].lower() in _AFTER_A_BACKTEST:
        return await _after(request, words[0].lower(), words[1])
    if len(words) > 2 and words[0].lower() == "again":
        return await _again(request, words[1], " ".join(words[2:]))
    asked = parse(request.arguments)
    return await use(
        request,
        "run_backtest",
        bot=asked.bot,
        timeframe=asked.timeframe,
        days=asked.days,
        start=asked.start,
        end=asked.end,
    )


async def _after(request: Request, what: str, backtest_id: str) -> Outcome:
    """What a person may ask of an earlier backtest of theirs: its fills as text or as a file, or other dates."""
    row = await _earlier(request, backtest_id, to_run=what == "again")
    if what == "again":
        return Outcome(replies=(Notice(_WHICH_DATES, _dates_of(backtest_id)),))
    result = row.result
    if result is None:
        raise Refused("This backtest has no result: it failed or was stopped. Run it again with /backtest.")
    if what == "details":
        return Outcome(replies=(Notice(_with_origin(details_text(result), result)),))
    left_out = result["events_left_out"]
    note = f"; {left_out:,} earlier events are left out" if left_out else ""
    caption = (
        f"The trades of {plain(result['name'])}{' on synthetic prices' if result['synthetic'] else ''}{note}"
    )
    name = f"{file_name(result['name'])}-{backtest_id[:SHORT_ID]}-trades.csv"
    return Outcome(replies=(File(name, trades_csv(result["events"]), caption),))


async def _again(request: Request, backtest_id: str, dates: str) -> Outcome:
    """An earlier test once more: on the `same` dates, or on others, said as to /backtest."""
    row = await _earlier(request, backtest_id, to_run=True)
    before: dict[str, Any] = row.request["asked"]
    if dates.lower() == "same":
        return await use(request, "run_backtest", bot=row.bot_id, **before)
    asked = parse(dates)
    if asked.bot is not None:
        raise Refused(_WHICH_DATES)
    kept = {name: before[name] for name in ("timeframe", "initial_balance") if name in before}
    if asked.timeframe is not None:
        kept["timeframe"] = asked.timeframe
    return await use(
        request, "run_backtest", bot=row.bot_id, days=asked.days, start=asked.start, end=asked.end, **kept
    )


async def _earlier(request: Request, backtest_id: str, *, to_run: bool) -> Backtest:
    """A backtest of this person's; raises `Refused` where there is none, or none that can be run again."""
    async with request.services.database.view() as view:
        row = await view.trading.backtest(backtest_id, request.caller.owner)
        if row is None:
            raise Refused("You have no such backtest. /bot shows the latest ones of a bot.")
        if to_run and await view.trading.bot(row.bot_id, request.caller.owner) is None:
            raise Refused("The bot of this backtest has been deleted, so it cannot be run again.")
    return row


def _dates_of(backtest_id: str) -> tuple[Action, ...]:
    """Buttons for the same test on other dates."""
    return tuple(Action(label, f"/backtest again {backtest_id} {dates}") for label, dates in _DATES)


def _with_origin(text: str, result: Mapping[str, Any]) -> str:
    return f"{text}\n\n{SYNTHETIC}" if result["synthetic"] else text


async def _delete(request: Request, named: str, prefix: str) -> Outcome:
    async with request.services.database.view() as view:
        if request.confirmed and await view.trading.bot(named, request.caller.owner) is None:
            raise Refused("This bot has been deleted already.")
        trading_bot = await find_bot(view, request.caller, named)
    pinned = naming(request, f"{prefix}{trading_bot.id}")
    return await ask_first(pinned, "delete_bot", "Delete", bot=trading_bot.id)
