"""The table of all operators' commands."""

from __future__ import annotations

from bot.handlers.admin import conversations, people, service, watching
from bot.handlers.admin.accounts import ACCOUNT_COMMANDS
from bot.handlers.admin.command import AdminCommand
from bot.handlers.admin.context import Desk


def admin_commands(desk: Desk) -> tuple[AdminCommand, ...]:
    """Every command, in the order in which they are listed."""
    return (
        AdminCommand("stats", "/admin stats [7d]", "what the last days brought", watching.stats(desk)),
        AdminCommand("users", "/admin users [query]", "people", people.users(desk)),
        AdminCommand("user", "/admin user ID", "everything about one person", people.user(desk)),
        AdminCommand(
            "ban", "/admin ban ID [reason] [3d]", "keep somebody out, after asking; m, h, d or w", people.ban
        ),
        AdminCommand("unban", "/admin unban ID", "let somebody in again", people.unban),
        *ACCOUNT_COMMANDS,
        AdminCommand(
            "conversations",
            "/admin conversations [open|resolved] [user=…] [words]",
            "everybody's conversations",
            conversations.conversations(desk),
        ),
        AdminCommand(
            "replay",
            "/admin replay ID [page|file]",
            "what happened in one, step by step",
            conversations.replay(desk),
        ),
        AdminCommand("export", "/admin export ID", "one as a file", conversations.export(desk)),
        AdminCommand(
            "broadcast",
            "/admin broadcast TEXT",
            "write to everybody, after asking; status, stop",
            service.broadcast(desk),
        ),
        AdminCommand("pause", "/admin pause [text]", "serve nobody for a while", service.pause),
        AdminCommand("resume", "/admin resume", "serve everybody again", service.resume),
        AdminCommand(
            "limit", "/admin limit system N", "chats of everybody in 5 hours; none, default", service.limit
        ),
        AdminCommand("health", "/admin health", "how the house is", watching.health(desk)),
        AdminCommand("jobs", "/admin jobs", "what the clock does", watching.jobs(desk)),
        AdminCommand(
            "outbox", "/admin outbox [retry|drop ID]", "what waits to be sent", watching.outbox(desk)
        ),
        AdminCommand(
            "errors", "/admin errors [reference]", "what went wrong; a traceback", watching.errors(desk)
        ),
        AdminCommand("audit", "/admin audit", "what operators did", watching.audit(desk)),
    )
