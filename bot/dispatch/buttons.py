"""What stands behind the buttons of a platform that can only carry an id: looked up in the stored rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.accounts.questions import options_of
from bot.messages import ChatAddress

if TYPE_CHECKING:
    from storage.database import Database


@dataclass(frozen=True, slots=True)
class StoredOption:
    """An option of a question: its value, where and of whom it was asked, and whether it can still be chosen."""

    value: str
    address: ChatAddress
    open: bool
    asker: str


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """Something that was said in answer: the id of its delivery, and where it stands."""

    delivery: int
    address: ChatAddress


class Buttons:
    """Finds what a pressed button means."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def option(self, choice: str, place: int) -> StoredOption | None:
        """The option of a question at a place, counted from 0; None where there is none."""
        async with self._database.view() as view:
            approval = await view.approvals.get(choice)
        if approval is None or not 0 <= place < len(approval.options):
            return None
        address = ChatAddress(approval.platform, approval.chat, approval.thread)
        return StoredOption(
            options_of(approval)[place].value, address, approval.state == "open", approval.asker_user
        )

    async def line(self, delivery: int, place: int, address: ChatAddress) -> str | None:
        """The line of an action under a delivered piece; None where there is none, or it stands in another chat."""
        async with self._database.view() as view:
            row = await view.deliveries.get(delivery)
        if row is None or (row.platform, row.chat) != (address.platform, address.chat):
            return None
        actions = row.payload.get("actions") or []
        return str(actions[place]["line"]) if 0 <= place < len(actions) else None

    async def answer(self, platform: str, chat: str, receipt: str) -> StoredAnswer | None:
        """The answer that a platform knows by a receipt; None for a question, and for what is not ours."""
        async with self._database.view() as view:
            row = await view.overview.delivered_as(platform, chat, receipt)
        if row is None or row.kind in ("Choice", "Settled"):
            return None
        return StoredAnswer(row.id, ChatAddress(row.platform, row.chat, row.thread))

    async def thread(self, delivery: int) -> str | None:
        """The chat's thread in which a delivered piece stands; None where there is no such piece."""
        async with self._database.view() as view:
            row = await view.deliveries.get(delivery)
        return None if row is None else row.thread

    async def receipt(self, choice: str) -> str | None:
        """The platform's id of the message that shows a question now; an earlier copy of it has another."""
        async with self._database.view() as view:
            return await view.deliveries.receipt_of_choice(choice)
