"""One lasting piece → the calls that bring it into its chat, and what is done when Telegram takes it differently."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, assert_never

from aiogram.methods import EditMessageText, SendDocument, SendMessage, SendPhoto, TelegramMethod
from aiogram.types import BufferedInputFile, LinkPreviewOptions, Message, ReplyParameters

from adapters.telegram.calls import (
    LASTING_SECONDS,
    UPLOAD_SECONDS,
    Calls,
    NoFilesHere,
    NoSuchMessage,
    NotAsPhoto,
    NotSoFormatted,
    Unchanged,
)
from adapters.telegram.formatting import EMPTY, Formatted
from adapters.telegram.placeholders import Placeholder
from adapters.telegram.previews import Previews, reply_to, topic
from adapters.telegram.render import Drawn, draw, file_name
from adapters.telegram.updates import message_number
from bot.messages import Choice, Delivery, File, Notice, Picture, Settled, TextFinal

_NO_FILES_HERE = (
    "(This group takes no {what} from me, so it is missing here. Ask me in a private chat and you get it.)"
)
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class Posting:
    """Brings pieces into chats; each call but the first, whose slot was taken before, waits at the gate."""

    def __init__(self, calls: Calls, previews: Previews) -> None:
        self._calls = calls
        self._previews = previews

    async def post(self, delivery: Delivery) -> str:
        """Send a piece; returns the chat and the number of the message that shows it, as `chat:number`."""
        async with self._previews.giving_way(delivery.address, delivery.reply_to) as placeholder:
            match delivery.reply:
                case Settled():
                    number = await self._settle(delivery)
                case TextFinal() | Notice() | Choice():
                    number = await self._say(delivery, placeholder)
                case Picture() | File():
                    number = await self._upload(delivery, placeholder)
                case _:
                    assert_never(delivery.reply)
        return f"{delivery.address.chat}:{number}"

    async def _settle(self, delivery: Delivery) -> int:
        """Redraw a question without its buttons; where its message is gone, say what was decided."""
        chat, _, number = (delivery.target or "").rpartition(":")
        # After a move to another chat the numbers there belong to other messages.
        if chat == delivery.address.chat and number.isdigit():
            drawn = draw(delivery, repeated=False)
            if await self._edit(delivery, int(number), drawn):
                return int(number)
            await self._calls.gate.wait(delivery.address.chat)
        return await self._send(delivery, draw(delivery, repeated=_may_be_here(delivery)))

    async def _say(self, delivery: Delivery, placeholder: Placeholder | None) -> int:
        """Send a text; the placeholder becomes it, if there is one."""
        if placeholder is None or placeholder.piece not in (None, delivery.id):
            return await self._send(delivery, draw(delivery, repeated=_may_be_here(delivery)))
        address = delivery.address
        # An edit that is repeated changes nothing, so it needs no label if every attempt was this edit.
        repeated = _may_be_here(delivery) and placeholder.piece is None
        await self._previews.placeholders.put(address, replace(placeholder, piece=delivery.id))
        done = await self._edit(delivery, placeholder.message, draw(delivery, repeated=repeated))
        await self._previews.placeholders.forget(address)
        if done:
            return placeholder.message
        await self._calls.gate.wait(address.chat)
        return await self._send(delivery, draw(delivery, repeated=repeated))

    async def _upload(self, delivery: Delivery, placeholder: Placeholder | None) -> int:
        """Send a picture or a file; its caption keeps the order, so a placeholder before it goes."""
        reply = delivery.reply
        if not isinstance(reply, Picture | File):
            raise TypeError("Only pictures and files are uploaded.")
        if placeholder is not None:
            await self._previews.remove(delivery.address)
            await self._calls.gate.wait(delivery.address.chat)
        try:
            return await self._attach(delivery, reply)
        except NoFilesHere:
            await self._calls.gate.wait(delivery.address.chat)
        what = "pictures" if isinstance(reply, Picture) else "files"
        words = f"{reply.caption}\n\n{_NO_FILES_HERE.format(what=what)}".strip()
        actions = reply.actions if isinstance(reply, Picture) else ()
        said = replace(delivery, reply=Notice(words, actions))
        return await self._send(said, draw(said, repeated=_may_be_here(delivery)))

    async def _attach(self, delivery: Delivery, reply: Picture | File) -> int:
        """Send a picture or a file as such."""
        drawn = draw(delivery, repeated=_may_be_here(delivery))
        content = BufferedInputFile(reply.content, file_name(reply.name))
        if isinstance(reply, Picture):
            try:
                return await self._formatted(
                    delivery, drawn, lambda text: _photo(delivery, content, text, drawn)
                )
            except NotAsPhoto:
                await self._calls.gate.wait(delivery.address.chat)
        return await self._formatted(
            delivery, drawn, lambda text: _document(delivery, content, text, drawn), UPLOAD_SECONDS
        )

    async def _send(self, delivery: Delivery, drawn: Drawn) -> int:
        return await self._formatted(delivery, drawn, lambda text: _message(delivery, text, drawn))

    async def _edit(self, delivery: Delivery, number: int, drawn: Drawn) -> bool:
        """Change a message of ours; False when it is not there any more."""
        try:
            await self._formatted(delivery, drawn, lambda text: _change(delivery, number, text, drawn))
        except Unchanged:
            return True
        except NoSuchMessage:
            return False
        return True

    async def _formatted(
        self,
        delivery: Delivery,
        drawn: Drawn,
        method: Callable[[Formatted], TelegramMethod[Any]],
        seconds: int = LASTING_SECONDS,
    ) -> int:
        """Make a call with formatting or, where Telegram does not take that, without; returns the message's number."""
        chat = delivery.address.chat
        try:
            sent = await self._calls.lasting(chat, method(drawn.shown), seconds)
        except NotSoFormatted:
            await self._calls.gate.wait(chat)
            sent = await self._calls.lasting(chat, method(drawn.plain), seconds)
        return sent.message_id if isinstance(sent, Message) else 0


def _may_be_here(delivery: Delivery) -> bool:
    return delivery.attempt > 1


def _message(delivery: Delivery, text: Formatted, drawn: Drawn) -> SendMessage:
    return SendMessage(
        chat_id=delivery.address.chat,
        message_thread_id=topic(delivery.address),
        text=text.text,
        entities=list(text.entities),
        parse_mode=None,
        link_preview_options=_NO_PREVIEW,
        reply_markup=drawn.keyboard,
        reply_parameters=_answers(delivery),
    )


def _change(delivery: Delivery, number: int, text: Formatted, drawn: Drawn) -> EditMessageText:
    return EditMessageText(
        chat_id=delivery.address.chat,
        message_id=number,
        text=text.text,
        entities=list(text.entities),
        parse_mode=None,
        link_preview_options=_NO_PREVIEW,
        reply_markup=drawn.keyboard,
    )


def _photo(delivery: Delivery, content: BufferedInputFile, caption: Formatted, drawn: Drawn) -> SendPhoto:
    return SendPhoto(
        chat_id=delivery.address.chat,
        message_thread_id=topic(delivery.address),
        photo=content,
        caption=_caption(caption),
        caption_entities=list(caption.entities),
        parse_mode=None,
        reply_markup=drawn.keyboard,
        reply_parameters=_answers(delivery),
    )


def _document(
    delivery: Delivery, content: BufferedInputFile, caption: Formatted, drawn: Drawn
) -> SendDocument:
    return SendDocument(
        chat_id=delivery.address.chat,
        message_thread_id=topic(delivery.address),
        document=content,
        caption=_caption(caption),
        caption_entities=list(caption.entities),
        parse_mode=None,
        reply_markup=drawn.keyboard,
        reply_parameters=_answers(delivery),
    )


def _caption(caption: Formatted) -> str | None:
    return None if caption.text == EMPTY else caption.text


def _answers(delivery: Delivery) -> ReplyParameters | None:
    """In a group an answer shows what it answers; between two people that is clear, but for what goes on later."""
    chat, _, earlier = (delivery.continues or "").rpartition(":")
    if chat == delivery.address.chat and earlier.isdigit():
        return reply_to(int(earlier))
    number = message_number(delivery.reply_to or "")
    return reply_to(number) if delivery.address.chat.startswith("-") else None
