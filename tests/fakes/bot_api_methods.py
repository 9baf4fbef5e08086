"""What the methods of the Bot API do to a `World`, with the checks that the documentation tells of."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any

from tests.fakes.telegram_world import BOT_ID, BOT_NAME, ApiError, Shown, World, WorldChat, utf16

Parameters = dict[str, Any]

MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_BUTTON_BYTES = 64
MAX_COMMANDS = 100
MAX_COMMAND_WORDS = 256
MAX_DESCRIPTION = 512
MAX_SHORT_DESCRIPTION = 120

_COMMAND_NAME = re.compile(r"[a-z0-9_]{1,32}")


class Methods:
    """Runs one method; its parameters are strings, as they come in a form, and bytes for files."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._methods: dict[str, Callable[[Parameters], Any]] = {
            "getMe": self._get_me,
            "sendMessage": self._send_message,
            "sendMessageDraft": self._send_draft,
            "sendPhoto": self._send_photo,
            "sendDocument": self._send_document,
            "sendChatAction": lambda parameters: bool(self._chat(parameters)),
            "editMessageText": self._edit_text,
            "editMessageReplyMarkup": self._edit_keyboard,
            "deleteMessage": self._delete,
            "answerCallbackQuery": self._answer_query,
            **{
                name: self._present(name)
                for name in (
                    "setMyCommands",
                    "deleteMyCommands",
                    "setMyDescription",
                    "setMyShortDescription",
                    "setChatMenuButton",
                )
            },
        }

    def run(self, name: str, parameters: Parameters) -> Any:
        """The result of a method; raises `ApiError`."""
        method = self._methods.get(name)
        if method is None:
            raise ApiError(404, "Not Found: method not found")
        return method(parameters)

    def _get_me(self, parameters: Parameters) -> dict[str, Any]:
        return {
            "id": BOT_ID,
            "is_bot": True,
            "first_name": "Randebu",
            "username": BOT_NAME,
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
        }

    def _present(self, name: str) -> Callable[[Parameters], bool]:
        def run(parameters: Parameters) -> bool:
            _check_presentation(parameters)
            self._world.presented[name + parameters.get("scope", "")] = parameters
            return True

        return run

    def _send_message(self, parameters: Parameters) -> dict[str, Any]:
        chat = self._chat(parameters)
        text = self._text(parameters, "text", "entities", MAX_TEXT)
        return self._show(chat, parameters, text)

    def _send_photo(self, parameters: Parameters) -> dict[str, Any]:
        chat = self._chat(parameters)
        _require_files(chat, "photos")
        content = _attached(parameters, "photo")
        if self._world.refuses_photos or not content.startswith(b"\x89PNG"):
            raise ApiError(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
        caption = self._text(parameters, "caption", "caption_entities", MAX_CAPTION)
        return self._show(chat, parameters, caption, photo=content)

    def _send_document(self, parameters: Parameters) -> dict[str, Any]:
        chat = self._chat(parameters)
        _require_files(chat, "documents")
        content = _attached(parameters, "document")
        caption = self._text(parameters, "caption", "caption_entities", MAX_CAPTION)
        name = parameters.get("filename of " + parameters["document"].removeprefix("attach://"), "")
        return self._show(chat, parameters, caption, document=(name, content))

    def _show(self, chat: WorldChat, parameters: Parameters, text: str, **content: Any) -> dict[str, Any]:
        thread = self._thread(chat, parameters)
        answers = json.loads(parameters.get("reply_parameters", "{}"))
        number = answers.get("message_id")
        if number is not None and number not in chat.messages:
            if not answers.get("allow_sending_without_reply"):
                raise ApiError(400, "Bad Request: message to be replied not found")
            number = None
        shown = Shown(
            next(chat.numbers),
            text,
            ours=True,
            at=time.monotonic(),
            entities=json.loads(parameters.get("entities") or parameters.get("caption_entities") or "[]"),
            keyboard=_keyboard(parameters),
            thread=thread,
            answers=number,
            **content,
        )
        chat.messages[shown.number] = shown
        chat.draft = None
        return self._world.as_sent(chat, shown)

    def _edit_text(self, parameters: Parameters) -> dict[str, Any]:
        chat, shown = self._message_of_ours(parameters)
        text = self._text(parameters, "text", "entities", MAX_TEXT)
        entities, keyboard = json.loads(parameters.get("entities", "[]")), _keyboard(parameters)
        if (text, entities, keyboard) == (shown.text, shown.entities, shown.keyboard):
            raise ApiError(
                400,
                "Bad Request: message is not modified: specified new message content and reply markup are exactly "
                "the same as a current content and reply markup of the message",
            )
        shown.former.append(shown.text)
        shown.text, shown.entities, shown.keyboard = text, entities, keyboard
        return self._world.as_sent(chat, shown)

    def _edit_keyboard(self, parameters: Parameters) -> dict[str, Any]:
        chat, shown = self._message_of_ours(parameters)
        keyboard = _keyboard(parameters)
        if keyboard == shown.keyboard:
            raise ApiError(400, "Bad Request: message is not modified")
        shown.keyboard = keyboard
        return self._world.as_sent(chat, shown)

    def _delete(self, parameters: Parameters) -> bool:
        chat = self._chat(parameters)
        if chat.messages.pop(int(parameters["message_id"]), None) is None:
            raise ApiError(400, "Bad Request: message to delete not found")
        return True

    def _send_draft(self, parameters: Parameters) -> bool:
        if not self._world.knows_drafts:
            raise ApiError(404, "Not Found: method not found")
        chat = self._chat(parameters)
        if chat.type != "private" or int(parameters["draft_id"]) == 0:
            raise ApiError(400, "Bad Request: TEXTDRAFT_PEER_INVALID")
        text = parameters.get("text", "")
        if utf16(text) > MAX_TEXT:
            raise ApiError(400, "Bad Request: message is too long")
        chat.draft = (int(parameters["draft_id"]), text)
        chat.drafts.append(text)
        return True

    def _answer_query(self, parameters: Parameters) -> bool:
        query = parameters.get("callback_query_id", "")
        if query not in self._world.open_queries:
            raise ApiError(
                400, "Bad Request: query is too old and response timeout expired or query ID is invalid"
            )
        self._world.open_queries.discard(query)
        self._world.answered_queries[query] = time.monotonic()
        return True

    def _chat(self, parameters: Parameters) -> WorldChat:
        given = str(parameters.get("chat_id", ""))
        chat = self._world.chats.get(int(given)) if given.lstrip("-").isdigit() else None
        if chat is None:
            raise ApiError(400, "Bad Request: chat not found")
        if chat.moved_to is not None:
            raise ApiError(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                migrate_to_chat_id=chat.moved_to,
            )
        if chat.closed is not None:
            raise ApiError(403, f"Forbidden: {chat.closed}")
        wait = chat.quiet_until - time.monotonic()
        if wait > 0:
            seconds = int(wait) + 1
            raise ApiError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
        return chat

    def _message_of_ours(self, parameters: Parameters) -> tuple[WorldChat, Shown]:
        chat = self._chat(parameters)
        shown = chat.messages.get(int(parameters["message_id"]))
        if shown is None:
            raise ApiError(400, "Bad Request: message to edit not found")
        if not shown.ours:
            raise ApiError(400, "Bad Request: message can't be edited")
        return chat, shown

    def _thread(self, chat: WorldChat, parameters: Parameters) -> int | None:
        if "message_thread_id" not in parameters:
            return None
        thread = int(parameters["message_thread_id"])
        if thread not in chat.topics or thread in chat.gone_topics:
            raise ApiError(400, "Bad Request: message thread not found")
        return thread

    def _text(self, parameters: Parameters, text_name: str, entities_name: str, limit: int) -> str:
        text = str(parameters.get(text_name, ""))
        if text_name == "text" and not text.strip():
            raise ApiError(400, "Bad Request: message text is empty")
        if utf16(text) > limit:
            what = "message is too long" if text_name == "text" else "message caption is too long"
            raise ApiError(400, f"Bad Request: {what}")
        entities = json.loads(parameters.get(entities_name, "[]"))
        if entities and self._world.refuses_entities:
            raise ApiError(400, "Bad Request: can't parse entities: unsupported entity")
        for entity in entities:
            check_entity(entity, text)
        return text


def check_entity(entity: dict[str, Any], text: str) -> None:
    """Refuse an entity that Telegram would refuse; raises `ApiError`."""
    start, end = entity["offset"], entity["offset"] + entity["length"]
    units = text.encode("utf-16-le", "surrogatepass")
    if start < 0 or end <= start or end > len(units) // 2:
        raise ApiError(400, "Bad Request: can't parse entities: ENTITY_BOUNDS_INVALID")
    for edge in (start, end):
        if 0xDC00 <= int.from_bytes(units[2 * edge : 2 * edge + 2], "little") <= 0xDFFF:
            raise ApiError(
                400, "Bad Request: can't parse entities: entity begins or ends inside of a character"
            )
    if entity["type"] == "text_link" and "://" not in entity.get("url", ""):
        raise ApiError(400, "Bad Request: can't parse entities: ENTITY_URL_INVALID")


def _check_presentation(parameters: Parameters) -> None:
    """Refuse commands and descriptions that Telegram would refuse; raises `ApiError`."""
    commands = json.loads(parameters.get("commands", "[]"))
    if len(commands) > MAX_COMMANDS:
        raise ApiError(400, "Bad Request: BOT_COMMANDS_TOO_MUCH")
    for each in commands:
        if not _COMMAND_NAME.fullmatch(each["command"]):
            raise ApiError(400, "Bad Request: BOT_COMMAND_INVALID")
        if not 1 <= utf16(each["description"]) <= MAX_COMMAND_WORDS:
            raise ApiError(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
    for name, limit in (("description", MAX_DESCRIPTION), ("short_description", MAX_SHORT_DESCRIPTION)):
        if utf16(parameters.get(name, "")) > limit:
            raise ApiError(400, f"Bad Request: {name} is too long")


def _keyboard(parameters: Parameters) -> list[list[dict[str, Any]]]:
    rows: list[list[dict[str, Any]]] = json.loads(parameters.get("reply_markup", "{}")).get(
        "inline_keyboard", []
    )
    for button in (button for row in rows for button in row):
        if not 1 <= len(button.get("callback_data", "").encode()) <= MAX_BUTTON_BYTES:
            raise ApiError(400, "Bad Request: BUTTON_DATA_INVALID")
        if not button.get("text"):
            raise ApiError(400, "Bad Request: inline keyboard button text must be non-empty")
    return rows


def _require_files(chat: WorldChat, what: str) -> None:
    if chat.words_only:
        raise ApiError(400, f"Bad Request: not enough rights to send {what} to the chat")


def _attached(parameters: Parameters, name: str) -> bytes:
    content = parameters.get(parameters[name].removeprefix("attach://"))
    if not isinstance(content, bytes) or not content:
        raise ApiError(400, "Bad Request: file must be non-empty")
    return content
