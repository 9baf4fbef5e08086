"""The table of all slash commands, the same on every platform."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from bot.handlers import accounts, basics, conversations, linking, simulations, tokens, trading
from bot.handlers.context import CommandSpec, Handler, Request
from bot.messages import Notice
from bot.tools.registry import Outcome

_GROUPS = (
    ("Trading bots", ("bots", "bot", "strategy", "backtest", "deletebot")),
    ("Simulations", ("simulate", "simulations", "notify", "why")),
    ("Tokens", ("price", "search", "trending", "token", "risk")),
    ("Conversations", ("new", "chats", "open", "rename", "done", "delete", "export")),
    ("You", ("account", "signup", "link", "unlink", "mydata", "forget")),
    ("The rest", ("usage", "stop", "status", "help", "start")),
)


async def idle(request: Request) -> Outcome:  # noqa: ARG001
    """/stop and /status in their turn, when nothing else runs: before that the dispatcher answers them."""
    return Outcome(replies=(Notice("Nothing is running here."),))


def build_commands(
    usage: accounts.UsageReport, stop: Handler = idle, status: Handler = idle
) -> dict[str, CommandSpec]:
    """Every command by its name; the empty name is / alone."""
    table: dict[str, CommandSpec] = {}
    specs = [
        CommandSpec("start", "/start", "what this is, and how to begin", basics.start),
        CommandSpec("help", "/help", "this list", basics.help_(table, _GROUPS)),
        CommandSpec("", "/", "every command in short", basics.listing(table, _GROUPS), listed=False),
        CommandSpec("bots", "/bots", "your trading bots", trading.bots),
        CommandSpec("bot", "/bot [name]", "show a bot and talk about it; /bot delete NAME", trading.bot),
        CommandSpec("deletebot", "/deletebot NAME", "delete a bot, after asking", trading.delete),
        CommandSpec("strategy", "/strategy [bot]", "its rules in words and as a file", trading.strategy),
        CommandSpec(
            "backtest",
            "/backtest [bot] [15m] [90d]",
            "test it on past prices; or from a day to a day: 2026-01-01 2026-03-01",
            trading.backtest,
        ),
        CommandSpec(
            "simulate",
            "/simulate start [bot] [1m] [500]",
            "let it trade on paper from now on; also stop, status, results",
            simulations.simulate,
        ),
        CommandSpec("simulations", "/simulations", "your simulations", simulations.simulations),
        CommandSpec(
            "notify",
            "/notify all|trades|summary|off",
            "what a simulation tells; /notify quiet 22-7 Europe/Berlin",
            simulations.notify,
        ),
        CommandSpec("why", "/why [bot]", "why a simulation does nothing now", simulations.why),
        CommandSpec("price", "/price PEPE CAKE", "what tokens cost now", tokens.prices),
        CommandSpec("search", "/search moon", "find tokens", tokens.search),
        CommandSpec("trending", "/trending", "what is traded most", tokens.trending),
        CommandSpec("token", "/token PEPE", "what is known of a token", tokens.token),
        CommandSpec("risk", "/risk PEPE", "what is known against a token", tokens.risk),
        CommandSpec("new", "/new", "begin another conversation", conversations.new),
        CommandSpec("chats", "/chats", "your conversations", conversations.chats, private_only=True),
        CommandSpec("open", "/open 2", "go on with an earlier conversation", conversations.open_),
        CommandSpec("rename", "/rename TITLE", "give this conversation a title", conversations.rename),
        CommandSpec(
            "done", "/done", "say that this is settled; or put 👍 under an answer", conversations.done
        ),
        CommandSpec("delete", "/delete", "delete this conversation, after asking", conversations.delete),
        CommandSpec(
            "export", "/export", "this conversation as a file", conversations.export, private_only=True
        ),
        CommandSpec(
            "usage",
            "/usage",
            "what you have used, and what is left",
            accounts.usage(usage),
            private_only=True,
        ),
        CommandSpec("account", "/account", "your account and its ways in", accounts.account(usage), True),
        CommandSpec("signup", "/signup", "make an account of what you have", accounts.sign_up, True),
        CommandSpec(
            "link",
            "/link [CODE]",
            "let another platform into your account",
            linking.link,
            private_only=True,
            overheard=linking.overheard,
        ),
        CommandSpec("unlink", "/unlink 2", "take a platform out of your account", linking.unlink, True),
        CommandSpec("mydata", "/mydata", "everything stored about you, as a file", accounts.my_data, True),
        CommandSpec("forget", "/forget", "delete everything about you, after asking", accounts.forget, True),
        CommandSpec("stop", "/stop", "end what is running", stop),
        CommandSpec("status", "/status", "what is running", status),
    ]
    table.update((spec.name, spec) for spec in specs)
    return table


def suggest(name: str, table: Mapping[str, CommandSpec]) -> str:
    """What is said to an unknown command: the closest known one, and where all are listed."""
    listed = [known for known, spec in table.items() if spec.listed]
    close = difflib.get_close_matches(name.lower(), listed, n=1, cutoff=0.6)
    known = f" Did you mean /{close[0]}?" if close else ""
    shown = "".join(letter for letter in name if letter.isalnum() or letter == "_")[:32]
    return f"There is no command /{shown}.{known} /help lists all of them."
