"""What the routes of Discord's REST API do to a `DiscordWorld`, with the checks that the documentation tells of."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Any

from tests.fakes.discord_things import (
    ACKNOWLEDGE_SECONDS,
    DM,
    EPHEMERAL,
    LOADING,
    NEWS,
    TEXT,
    TOKEN_SECONDS,
    Made,
    RestError,
    Room,
    Shown,
)
from tests.fakes.discord_world import DiscordWorld

Body = dict[str, Any]

MAX_TEXT = 2000
NONCE_SECONDS = 180.0
_NAME = re.compile(r"[-_'a-z0-9]{1,32}")


def utf16(text: str) -> int:
    """The length of a text in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class DiscordRoutes:
    """Runs one request; `files` are what came with it."""

    def __init__(self, world: DiscordWorld) -> None:
        self._world = world
        self.nonce_seconds = NONCE_SECONDS
        self._nonces: dict[str, tuple[Shown, float]] = {}

    # Who we are

    def me(self) -> Body:
        """GET /users/@me"""
        return self._world.bot.as_user()

    def application(self) -> Body:
        """GET /oauth2/applications/@me"""
        owner = {**self._world.bot.as_user(), "bot": False}
        return {
            "id": str(self._world.application),
            "name": "Randebu",
            "icon": None,
            "description": "",
            "bot_public": True,
            "bot_require_code_grant": False,
            "owner": owner,
            "verify_key": "00",
            "flags": 1 << 19,
            "team": None,
        }

    def commands(self, place: str, told: list[Body]) -> list[Body]:
        """PUT /applications/…/commands"""
        names = [(each["type"], each["name"]) for each in told]
        if len(names) != len(set(names)):
            raise RestError(400, 50035, "Invalid Form Body: APPLICATION_COMMANDS_DUPLICATE_NAME")
        for each in told:
            if each["type"] == 1 and not 1 <= len(each["description"]) <= 100:
                raise RestError(400, 50035, "Invalid Form Body: description must be 1 to 100 letters")
            check_options(each.get("options", []))
            if _letters(each) > 8000:
                raise RestError(400, 50035, "Invalid Form Body: APPLICATION_COMMAND_TOO_LARGE")
        self._world.commands[place] = told
        self._world.syncs.append(place)
        return [{**each, "id": str(self._world.snowflake()), "version": "1"} for each in told]

    # Channels and their messages

    def channel(self, number: str) -> Body:
        """GET /channels/…"""
        return self._room(number, "view").as_channel()

    def change_channel(self, number: str, body: Body) -> Body:
        """PATCH /channels/…"""
        room = self._room(number, "view")
        if room.locked or "manage" in room.forbidden:
            raise RestError(403, 50013, "Missing Permissions")
        room.archived = bool(body.get("archived", room.archived))
        self._world.emit("THREAD_UPDATE", room.as_channel())
        return room.as_channel()

    def typing(self, number: str) -> None:
        """POST /channels/…/typing"""
        self._room(number, "send").typed += 1

    def history(self, number: str, query: dict[str, str]) -> list[Body]:
        """GET /channels/…/messages"""
        room = self._room(number, "read")
        after, before = int(query.get("after", 0)), int(query.get("before", 2**63))
        found = [
            each for each in room.messages.values() if after < each.id < before and each.only_for is None
        ]
        limit = int(query.get("limit", 50))
        chosen = found[:limit] if "after" in query else found[-limit:]
        return [self._world.as_message(each) for each in reversed(chosen)]

    def send(self, number: str, body: Body, files: list[tuple[str, bytes]]) -> Body:
        """POST /channels/…/messages"""
        room = self._room(number, "send")
        nonce = str(body.get("nonce", ""))
        if len(nonce) > 25:
            raise RestError(400, 50035, "Invalid Form Body: nonce must be 25 or fewer in length")
        if body.get("enforce_nonce") and nonce in self._nonces:
            earlier, at = self._nonces[nonce]
            if time.monotonic() - at < self.nonce_seconds:
                return self._world.as_message(earlier)
        if room.archived:
            if room.locked:
                raise RestError(403, 160005, "Thread is locked")
            room.archived = False
        shown = Shown(self._world.snowflake(), room, self._world.bot)
        self._fill(shown, body, files)
        reference = body.get("message_reference")
        if reference is not None:
            answered = int(reference["message_id"])
            if answered in room.messages:
                shown.type, shown.answers = 19, answered
            elif reference.get("fail_if_not_exists", True):
                raise RestError(400, 50035, "Invalid Form Body: message_reference: Unknown message")
        if nonce:
            self._nonces[nonce] = (shown, time.monotonic())
        return self._show(shown)

    def edit(self, number: str, message: str, body: Body, files: list[tuple[str, bytes]]) -> Body:
        """PATCH /channels/…/messages/…"""
        room = self._room(number, "view")
        shown = room.messages.get(int(message))
        if shown is None or shown.only_for is not None:
            raise RestError(404, 10008, "Unknown Message")
        if shown.author is not self._world.bot:
            raise RestError(403, 50005, "Cannot edit a message authored by another user")
        if room.archived:
            raise RestError(400, 50083, "Thread is archived")
        self._fill(shown, body, files)
        return self._world.as_message(shown)

    def delete(self, number: str, message: str) -> None:
        """DELETE /channels/…/messages/…"""
        if self._room(number, "view").messages.pop(int(message), None) is None:
            raise RestError(404, 10008, "Unknown Message")

    def begin_thread(self, number: str, message: str, body: Body) -> Body:
        """POST /channels/…/messages/…/threads"""
        room = self._room(number, "view")
        if room.type not in (TEXT, NEWS):
            raise RestError(400, 50024, "Cannot execute action on this channel type")
        if "threads" in room.forbidden:
            raise RestError(403, 50013, "Missing Permissions")
        if int(message) in self._world.rooms:
            raise RestError(400, 160004, "A thread has already been created for this message")
        if not 1 <= len(body["name"]) <= 100:
            raise RestError(400, 50035, "Invalid Form Body: name")
        thread = self._world.thread(room, self._world.bot, body["name"], int(message))
        return thread.as_channel()

    def let_in(self, number: str, user: str) -> None:
        """PUT /channels/…/thread-members/…"""
        self._room(number, "view").members.add(int(user))

    # Interactions

    def acknowledge(self, number: str, token: str, body: Body) -> Body:
        """POST /interactions/…/…/callback"""
        made = self._world.made.get(int(number))
        if made is None or made.token != token:
            raise RestError(404, 10062, "Unknown interaction")
        if made.acknowledged_after is not None:
            raise RestError(400, 40060, "Interaction has already been acknowledged.")
        after = time.monotonic() - made.at
        if after > ACKNOWLEDGE_SECONDS:
            raise RestError(404, 10062, "Unknown interaction")
        data = body.get("data") or {}
        made.acknowledged_after, made.answer = after, body
        kind = body["type"]
        if kind in (4, 5):
            made.original = self._new_for(made, int(data.get("flags", 0)))
            if kind == 5:
                made.original.flags |= LOADING
            else:
                self._fill(made.original, data, [])
            self._show(made.original)
        elif kind == 6:
            made.original = made.message
        elif kind == 8 and len(data["choices"]) > 25:
            raise RestError(400, 50035, "Invalid Form Body: choices")
        resource = {} if made.original is None else {"message": self._world.as_message(made.original)}
        told = {"id": str(made.id), "type": made.type, "activity_instance_id": None}
        if kind in (4, 5) and made.original is not None:
            told |= {"response_message_id": str(made.original.id), "response_message_loading": kind == 5}
        return {"interaction": told, "resource": {"type": kind, **resource}}

    def original(self, token: str, which: str) -> Body:
        """GET /webhooks/…/…/messages/@original"""
        return self._world.as_message(self._of_interaction(token, which))

    def fill(self, token: str, which: str, body: Body, files: list[tuple[str, bytes]]) -> Body:
        """PATCH /webhooks/…/…/messages/@original"""
        shown = self._of_interaction(token, which)
        shown.flags &= ~LOADING
        self._fill(shown, body, files)
        return self._world.as_message(shown)

    def remove_original(self, token: str, which: str) -> None:
        """DELETE /webhooks/…/…/messages/@original"""
        shown = self._of_interaction(token, which)
        shown.room.messages.pop(shown.id, None)

    def follow(self, token: str, body: Body, files: list[tuple[str, bytes]]) -> Body:
        """POST /webhooks/…/…"""
        made = self._living(token)
        if "nonce" in body:
            raise RestError(400, 50035, "Invalid Form Body: nonce is not known here")
        shown = self._new_for(made, int(body.get("flags", 0)))
        self._fill(shown, body, files)
        return self._show(shown)

    def _living(self, token: str) -> Made:
        made = next((each for each in self._world.made.values() if each.token == token), None)
        if made is None or made.acknowledged_after is None:
            raise RestError(404, 10015, "Unknown Webhook")
        if made.expired or time.monotonic() - made.at > TOKEN_SECONDS:
            raise RestError(401, 50027, "Invalid Webhook Token")
        return made

    def _of_interaction(self, token: str, which: str) -> Shown:
        made = self._living(token)
        shown = made.original if which == "@original" else made.room.messages.get(int(which))
        if shown is None or shown.id not in made.room.messages:
            raise RestError(404, 10008, "Unknown Message")
        return shown

    def _new_for(self, made: Made, flags: int) -> Shown:
        only_for = made.user.id if flags & EPHEMERAL else None
        return Shown(
            self._world.snowflake(),
            made.room,
            self._world.bot,
            flags=flags,
            type=20 if made.type == 2 else 0,
            only_for=only_for,
            made_by=made.id,
        )

    # What they share

    def _room(self, number: str, what: str) -> Room:
        room = self._world.rooms.get(int(number))
        if room is None or room.gone:
            raise RestError(404, 10003, "Unknown Channel")
        if "view" in room.forbidden:
            raise RestError(403, 50001, "Missing Access")
        if what in room.forbidden:
            if room.type == DM:
                raise RestError(403, 50007, "Cannot send messages to this user")
            raise RestError(403, 50013, "Missing Permissions")
        return room

    def _fill(self, shown: Shown, body: Body, files: list[tuple[str, bytes]]) -> None:
        if files and "files" in shown.room.forbidden:
            raise RestError(403, 50013, "Missing Permissions")
        if any(len(content) > 10_000_000 for _, content in files):
            raise RestError(413, 40005, "Request entity too large")
        content = shown.content if "content" not in body else body["content"] or ""
        if utf16(content) > MAX_TEXT:
            raise RestError(400, 50035, "Invalid Form Body: content: Must be 2000 or fewer in length.")
        embeds = body.get("embeds", shown.embeds)
        for embed in embeds:
            check_embed(embed)
        components = body.get("components", shown.components)
        check_components(components)
        if "attachments" in body:
            shown.files = list(files)
        if not content.strip() and not embeds and not shown.files and not components:
            raise RestError(400, 50006, "Cannot send an empty message")
        if shown.content:
            shown.former.append(shown.content)
        shown.content, shown.embeds, shown.components = content, embeds, components
        shown.flags = (shown.flags & (EPHEMERAL | LOADING)) | (
            int(body.get("flags", 0)) & ~(EPHEMERAL | LOADING)
        )
        shown.edited = datetime.now(UTC).isoformat() if shown.id in shown.room.messages else None
        allowed = body.get("allowed_mentions")
        if allowed is None or "everyone" in allowed.get("parse", []):
            shown.pings += ["everyone"] if "@everyone" in content else []
        if allowed is None or allowed.get("parse") or allowed.get("replied_user"):
            shown.pings.append("somebody")
        self._world.tell()

    def _show(self, shown: Shown) -> Body:
        shown.room.messages[shown.id] = shown
        if shown.only_for is None:
            self._world.emit("MESSAGE_CREATE", self._world.event_of(shown))
        self._world.tell()
        return self._world.as_message(shown)


def check_options(options: list[Body]) -> None:
    """Refuse a command's options that Discord would refuse, those of subcommands too; raises `RestError`."""
    names = [each["name"] for each in options]
    required = [bool(each.get("required")) for each in options]
    bad = len(options) > 25 or len(names) != len(set(names)) or required != sorted(required, reverse=True)
    for each in options:
        choices = each.get("choices", [])
        bad |= _NAME.fullmatch(each["name"]) is None or not 1 <= len(each["description"]) <= 100
        bad |= len(choices) > 25 or any(not 1 <= len(choice["name"]) <= 100 for choice in choices)
        bad |= bool(choices) and bool(each.get("autocomplete"))
        bad |= "min_value" in each and each["type"] not in (4, 10)
        bad |= each["type"] != 1 and "options" in each
        check_options(each.get("options", []))
    if bad:
        raise RestError(400, 50035, "Invalid Form Body: options")


def _letters(told: Body) -> int:
    """What counts to the size of a command: names, descriptions and values of it and of everything in it."""
    own = len(told["name"]) + len(told.get("description", "")) + len(str(told.get("value", "")))
    return own + sum(_letters(each) for each in (*told.get("options", ()), *told.get("choices", ())))


def check_embed(embed: Body) -> None:
    """Refuse an embed that Discord would refuse; raises `RestError`."""
    fields = embed.get("fields", [])
    texts = [embed.get("title", ""), embed.get("description", ""), embed.get("footer", {}).get("text", "")]
    texts += [text for each in fields for text in (each["name"], each["value"])]
    too_long = utf16(texts[0]) > 256 or utf16(texts[1]) > 4096 or utf16(texts[2]) > 2048
    bad = any(not 0 < utf16(each["name"]) <= 256 or not 0 < utf16(each["value"]) <= 1024 for each in fields)
    if too_long or bad or len(fields) > 25 or sum(map(utf16, texts)) > 6000:
        raise RestError(400, 50035, "Invalid Form Body: embeds")


def check_components(rows: list[Body]) -> None:
    """Refuse components that Discord would refuse; raises `RestError`."""
    ids = [button["custom_id"] for row in rows for button in row["components"]]
    labels = [button["label"] for row in rows for button in row["components"]]
    too_many = len(rows) > 5 or any(not 1 <= len(row["components"]) <= 5 for row in rows)
    if too_many or len(ids) != len(set(ids)) or any(not 1 <= len(each) <= 100 for each in ids):
        raise RestError(400, 50035, "Invalid Form Body: components")
    if any(not 1 <= len(each) <= 80 for each in labels):
        raise RestError(400, 50035, "Invalid Form Body: label")
