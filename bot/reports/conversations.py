"""Everybody's conversations, for operators: a list, what happened in one step by step, and one as a file."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bot.messages import Action, File, LastingReply, Notice
from bot.numbers import money
from bot.reports.wording import (
    NOTHING,
    PAGE,
    many,
    milliseconds,
    name_of,
    owner_id,
    pager,
    short,
    when,
)
from bot.tools.plain import plain, shortened
from bot.tools.registry import Services
from storage.people import Owner

if TYPE_CHECKING:
    from storage.conversations import Conversation
    from storage.database import Unit
    from storage.journal import Step, Turn
    from storage.overview import Moment

_STEPS = 12
_IN_CHAT, _IN_FILE = 240, 20_000
_ANSWERED = {"granted": "yes", "denied": "no", "expired": "nobody answered in time"}


async def conversations(
    services: Services, owner: Owner | None, status: str | None, title: str, page: int
) -> tuple[LastingReply, ...]:
    """A page of conversations that fit, the latest first."""
    async with services.database.view() as view:
        found = await view.overview.conversations(
            PAGE + 1, (page - 1) * PAGE, owner=owner, status=status, title=title
        )
        people = {each.id: await view.overview.person(_owner(each)) for each in found[:PAGE]}
    if not found:
        return (Notice("No conversation fits that."),)
    lines = []
    for each in found[:PAGE]:
        state = each.status if each.resolution_type in (None, each.status) else f"{each.status}, resolved"
        lines.append(
            f"`{short(each.id)}` **{plain(each.title, 50)}** · {name_of(people[each.id])} · "
            f"{many(each.turn_count, 'turn')} · {money(float(each.total_cost_usd))} · {state} · {when(each.updated_at)}"
        )
    wanted = [f"user={short(owner_id(owner))}" if owner else "", status or "", title]
    line = " ".join(["/admin conversations", *(word for word in wanted if word)])
    buttons = [
        Action(f"Replay {number}", f"/admin replay {short(each.id)}")
        for number, each in enumerate(found[:5], 1)
    ]
    return (Notice("\n".join(lines), (*buttons, *pager(line, page, more=len(found) > PAGE))),)


async def replay(services: Services, conversation: Conversation, page: int) -> tuple[LastingReply, ...]:
    """A page of what happened in a conversation; `page` 0 is everything, as a file."""
    async with services.database.view() as view:
        head = await _head(view, conversation)
        numbers = await view.overview.turn_numbers(conversation.id)
        count = await view.overview.count_moments(conversation.id)
        if page == 0:
            moments = await view.overview.moments(conversation.id)
        else:
            moments = await view.overview.moments(conversation.id, _STEPS, (page - 1) * _STEPS)
    key = short(conversation.id)
    if page == 0:
        text = await asyncio.to_thread(_whole, head, moments, numbers)
        return (File(f"replay-{key}.md", text.encode(), f"{plain(conversation.title)}: {count:,} steps"),)
    if not moments:
        return (Notice(f"{head}\n\nNothing happened {'here yet' if page == 1 else 'on this page'}."),)
    pages = -(-count // _STEPS)
    text = "\n".join([f"{head} · page {page} of {pages}", "", *_lines(moments, numbers, _IN_CHAT)])
    buttons = (*pager(f"/admin replay {key}", page, more=page < pages), *_files(key))
    return (Notice(text, buttons),)


async def export(services: Services, conversation: Conversation) -> tuple[LastingReply, ...]:
    """A conversation with its messages, turns and journal, as a JSON file."""
    async with services.database.view() as view:
        messages = await view.conversations.messages(conversation.id)
        turns = await view.journal.turns(conversation.id)
        steps = {turn.id: await view.journal.steps(turn.id) for turn in turns}
    content = {
        "format": "randebu conversation for operators 1",
        "exported_at": services.clock().isoformat(),
        "conversation": _columns(conversation),
        "messages": [_columns(each) for each in messages],
        "turns": [_turn(each, steps[each.id]) for each in turns],
    }
    text = await asyncio.to_thread(json.dumps, content, ensure_ascii=False, indent=1, default=str)
    caption = f"{plain(conversation.title)}: {len(messages):,} messages, {len(turns):,} turns"
    return (File(f"conversation-{short(conversation.id)}.json", text.encode(), caption),)


async def _head(view: Unit, conversation: Conversation) -> str:
    person = await view.overview.person(_owner(conversation))
    return (
        f"**{plain(conversation.title, 60)}** · `{short(conversation.id)}` · {name_of(person)} · "
        f"{many(conversation.turn_count, 'turn')} · {conversation.total_tokens:,} tokens · "
        f"{money(float(conversation.total_cost_usd))} · {conversation.status}"
    )


def _files(key: str) -> tuple[Action, ...]:
    return Action("All of it", f"/admin replay {key} file"), Action("Export", f"/admin export {key}")


def _whole(head: str, moments: Sequence[Moment], numbers: Mapping[str, int]) -> str:
    return "\n".join([head, "", *_lines(moments, numbers, _IN_FILE)]) + "\n"


def _lines(moments: Iterable[Moment], numbers: Mapping[str, int], longest: int) -> list[str]:
    """One or two lines for each step, with a heading where another turn begins."""
    lines, before, day = list[str](), "", ""
    for moment in moments:
        turn = moment.turn_id
        if turn is not None and turn != before:
            before = turn
            lines.append(f"**Turn {numbers.get(turn, 0)}**")
        if f"{moment.at:%d %b %Y}" != day:
            day = f"{moment.at:%d %b %Y}"
            lines.append(f"*{day}, UTC*")
        lines += [f"{moment.at:%H:%M:%S} {line}" for line in _step(moment, longest)]
    return lines


def _step(moment: Moment, longest: int) -> list[str]:
    data = moment.data
    match moment.kind:
        case "user":
            return [f"👤 **{plain(str(data.get('name', '')))}**: {_short(data.get('text'), longest)}"]
        case "response":
            calls = ", ".join(data.get("calls") or ())
            said = _short(data.get("text"), longest)
            what = " · ".join(part for part in (said, f"calls {calls}" if calls else "") if part)
            return [f"🤖 {what or NOTHING}{_effort(moment, str(data.get('model', '')))}"]
        case "tool_result":
            return [
                f"🔧 **{moment.name}** {_short(data.get('arguments'), longest)}",
                f"↳ {data.get('status')}: {_short(data.get('content'), longest)}{_effort(moment)}",
            ]
        case "approval_asked":
            return [f"❓ asked about {moment.name}: {_short(data.get('text'), longest)}"]
        case "approval_answered":
            state = str(data.get("state"))
            answer = data.get("answer") or _ANSWERED.get(state, state)
            return [f"❗ {moment.name or 'the question'}: {_short(answer, longest)} ({state})"]
        case "command":
            return [f"⌨ **{plain(moment.name or '')}**: {_short(moment.text, longest)}"]
        case "notice":
            return [f"💬 {_short(moment.text, longest)}"]
        case kind:
            return [f"{kind}: {_short(data, longest)}"]


def _effort(moment: Moment, model: str = "") -> str:
    tokens = f"{moment.tokens:,} tokens" if moment.tokens else ""
    parts = [part for part in (model, tokens, milliseconds(moment.duration_ms)) if part]
    return f" · *{', '.join(parts)}*" if parts else ""


def _short(value: Any, longest: int) -> str:
    """Anything on one line; in a chat without formatting of its own."""
    if value in (None, "", {}):
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    line = shortened(" ".join(text.split()), longest)
    return line if longest == _IN_FILE else plain(line, longest)


def _owner(conversation: Conversation) -> Owner:
    if conversation.user_id is not None:
        return Owner(user_id=conversation.user_id)
    return Owner(anonymous_token=conversation.anonymous_token)


def _turn(turn: Turn, steps: Sequence[Step]) -> dict[str, Any]:
    return {**_columns(turn), "steps": [_columns(step) for step in steps]}


def _columns(row: Any) -> dict[str, Any]:
    """Every column of a row by its name; times and amounts become text when it is written."""
    return {name: getattr(row, name) for name in row.__table__.columns.keys()}  # noqa: SIM118
