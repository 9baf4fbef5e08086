"""Commands that say what there is: /start, /help and / alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.handlers.context import CommandSpec, Handler, Request
from bot.messages import Action, Notice
from bot.tools.registry import Outcome
from bot.tools.wording import SYNTHETIC

Groups = Sequence[tuple[str, Sequence[str]]]
"""How /help groups commands: a heading, and the names under it."""

EXAMPLE = "create a bot that buys PEPE when it drops 5% in 1h and sells at 10% profit with a 3% stop loss"

_GREETING = f"""\
Hello! Tell me in plain words when to buy and when to sell. I make a trading bot of it and test it on past \
prices. Nothing is traded for real.

For instance: “{EXAMPLE}”.

Then: “backtest it on 15m candles for the last 90 days”. /help lists everything else."""

_EXAMPLES = (
    Action("A first bot", EXAMPLE),
    Action("What is traded most", "/trending"),
    Action("The price of PEPE", "/price PEPE"),
)


async def start(request: Request) -> Outcome:
    """/start: what Randebu is for, and how to begin."""
    synthetic = f"\n\n{SYNTHETIC}" if request.services.market.synthetic else ""
    return Outcome(replies=(Notice(_GREETING + synthetic, _EXAMPLES),))


def help_(table: Mapping[str, CommandSpec], groups: Groups) -> Handler:
    """The handler of /help: the commands of `table` in `groups`, one short line each."""

    async def handle(request: Request) -> Outcome:
        sections = [
            "\n".join([f"**{heading}**", *_lines(table, names, request)]) for heading, names in groups
        ]
        text = "\n\n".join(["Just talk to me, or use a command:", *sections])
        return Outcome(replies=(Notice(text),))

    return handle


def listing(table: Mapping[str, CommandSpec], groups: Groups) -> Handler:
    """The handler of / alone: every command in a short line."""

    async def handle(request: Request) -> Outcome:
        names = [name for _, group in groups for name in group if _fits(table[name], request)]
        lines = [f"/{name} {table[name].summary}" for name in names]
        return Outcome(replies=(Notice("\n".join(lines)),))

    return handle


def _lines(table: Mapping[str, CommandSpec], names: Sequence[str], request: Request) -> list[str]:
    return [f"`{table[name].usage}` {table[name].summary}" for name in names if _fits(table[name], request)]


def _fits(spec: CommandSpec, request: Request) -> bool:
    return spec.listed and (request.incoming.private or not spec.private_only)
