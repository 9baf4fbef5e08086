"""The outbox on disk: every lasting piece that Randebu has to say, until its platform has acknowledged it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Index,
    String,
    and_,
    cast,
    delete,
    exists,
    false,
    func,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, aliased, mapped_column

from storage.approvals import Approval, asked_of_others, questions_of
from storage.base import Base, change, to_json
from storage.journal import IncomingRow, group_chats, private_chats
from storage.privacy import Personal, Traces, belongs, names_user
from storage.simulations import Simulation

_UNACKNOWLEDGED = ("pending", "attempting")
_SHORTEST_NAME = 3
_SHORT_ID = 8
_ERASED = text("erase IS TRUE")


class DeliveryRow(Base):
    """One piece on its way, and the question that it shows, if any, as `choice`.

    `state` is pending, attempting, delivered or failed. `about` is the platform's id of the message that led to it;
    with `erase` the row goes as soon as nothing more is on its way there. `subject` names it for later ones, whose
    `continues` is that name: they answer its message.
    """

    __tablename__ = "deliveries"
    __privacy__ = Personal(
        lambda of: _told(of),
        lambda _of, _at: {"erase": True},
        lambda of: dict.fromkeys(("chat", "thread", "receipt"), _told_themselves(of)),
    )
    __table_args__ = (
        Index("ix_deliveries_state_thread", "state", "platform", "chat", "thread", "id"),
        Index("ix_deliveries_choice", "choice"),
        # Nearly always empty: asked for after every delivery.
        Index("ix_deliveries_erase", "erase", sqlite_where=_ERASED, postgresql_where=_ERASED),
        Index("ix_deliveries_receipt", "platform", "receipt"),
        Index("ix_deliveries_subject", "subject"),
        # Platforms tell repetitions by this id, so it must never come again.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    platform: Mapped[str]
    chat: Mapped[str]
    thread: Mapped[str]
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    content: Mapped[bytes | None]
    choice: Mapped[str | None]
    reply_to: Mapped[str | None]
    about: Mapped[str | None]
    erase: Mapped[bool] = mapped_column(default=False, server_default=false())
    state: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime | None]
    first_attempt_at: Mapped[datetime | None]
    receipt: Mapped[str | None]
    error: Mapped[str | None]
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    subject: Mapped[str | None]
    continues: Mapped[str | None]


class Deliveries:
    """Queries over what is on its way."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: DeliveryRow) -> None:
        """Write down a piece before it is sent."""
        self._session.add(row)
        await self._session.flush()

    async def waiting_threads(self, platforms: Sequence[str]) -> Sequence[tuple[str, str, str]]:
        """The chat threads (platform, chat, thread) of these platforms that have pieces to be sent."""
        rows = await self._session.execute(
            select(DeliveryRow.platform, DeliveryRow.chat, DeliveryRow.thread)
            .where(DeliveryRow.state.in_(_UNACKNOWLEDGED), DeliveryRow.platform.in_(platforms))
            .distinct()
        )
        return [(platform, chat, thread) for platform, chat, thread in rows.all()]

    async def next(self, platform: str, chat: str, thread: str) -> DeliveryRow | None:
        """The oldest piece of a chat thread that is not yet acknowledged."""
        return await self._session.scalar(
            select(DeliveryRow)
            .where(
                DeliveryRow.platform == platform,
                DeliveryRow.chat == chat,
                DeliveryRow.thread == thread,
                DeliveryRow.state.in_(_UNACKNOWLEDGED),
            )
            .order_by(DeliveryRow.id)
            .limit(1)
        )

    async def attempt(self, delivery_id: int, at: datetime) -> None:
        """Write down that a piece is being sent, before it is."""
        first = func.coalesce(DeliveryRow.first_attempt_at, at)
        attempts = DeliveryRow.attempts + 1
        await self._change(delivery_id, state="attempting", attempts=attempts, first_attempt_at=first)

    async def delivered(self, delivery_id: int, receipt: str, at: datetime) -> None:
        """Write down the platform's acknowledgement."""
        await self._change(delivery_id, state="delivered", receipt=receipt, delivered_at=at, error=None)
        await self.wipe()

    async def later(self, delivery_id: int, not_before: datetime, error: str, *, counts: bool) -> None:
        """Send a piece again, not before a time.

        A wait that the platform asked for is no failure and, since nothing arrived, no attempt either.
        """
        await self._change(
            delivery_id,
            state="pending",
            not_before=not_before,
            error=error,
            failures=DeliveryRow.failures + int(counts),
            attempts=DeliveryRow.attempts - int(not counts),
        )

    async def failed(self, delivery_id: int, error: str) -> None:
        """Give a piece up."""
        await self._change(delivery_id, state="failed", error=error)
        await self.wipe()

    async def fail_thread(self, platform: str, chat: str, thread: str, error: str) -> int:
        """Give up everything that waits for a chat that is closed to us; returns how many pieces."""
        statement = update(DeliveryRow).where(
            DeliveryRow.platform == platform,
            DeliveryRow.chat == chat,
            DeliveryRow.thread == thread,
            DeliveryRow.state.in_(_UNACKNOWLEDGED),
        )
        failed = await change(self._session, DeliveryRow, statement.values(state="failed", error=error))
        await self.wipe()
        return len(failed)

    async def wipe(self) -> None:
        """Delete what is kept only to arrive, in the chat threads where everything has."""
        other = aliased(DeliveryRow)
        on_its_way = exists().where(
            other.platform == DeliveryRow.platform,
            other.chat == DeliveryRow.chat,
            other.thread == DeliveryRow.thread,
            other.state.in_(_UNACKNOWLEDGED),
        )
        await self._session.execute(
            delete(DeliveryRow).where(_ERASED, ~on_its_way),
            execution_options={"synchronize_session": False},
        )

    async def get(self, delivery_id: int) -> DeliveryRow | None:
        """One piece, sent or not."""
        return await self._session.get(DeliveryRow, delivery_id)

    async def receipt_of_choice(self, choice: str) -> str | None:
        """The platform's id of the message that shows a question, if it was delivered."""
        return await self._session.scalar(
            select(DeliveryRow.receipt)
            .where(
                DeliveryRow.choice == choice, DeliveryRow.kind == "Choice", DeliveryRow.receipt.is_not(None)
            )
            .order_by(DeliveryRow.id.desc())
            .limit(1)
        )

    async def receipt_of_subject(self, subject: str) -> str | None:
        """The platform's id of the message with this name, if it was delivered."""
        return await self._session.scalar(
            select(DeliveryRow.receipt)
            .where(DeliveryRow.subject == subject, DeliveryRow.receipt.is_not(None))
            .order_by(DeliveryRow.id)
            .limit(1)
        )

    async def _change(self, delivery_id: int, **values: Any) -> None:
        statement = update(DeliveryRow).where(DeliveryRow.id == delivery_id).values(**values)
        await change(self._session, DeliveryRow, statement)


def _told(person: Traces) -> ColumnElement[bool]:
    """What was said to a person: in private, in answer to them, as a question, or about them by name."""
    here = tuple_(DeliveryRow.platform, DeliveryRow.chat)
    known = names_user(IncomingRow.platform, IncomingRow.sender_user, person)
    messages = select(IncomingRow.platform, IncomingRow.external_id).where(known)
    questions = questions_of(person)
    # Texts are found as JSON writes them; a name of a letter or two would be found everywhere.
    ids = (*person.users, *person.tokens)
    names = [to_json(name)[1:-1] for name in (*person.names, *ids) if len(name) >= _SHORTEST_NAME]
    said = cast(DeliveryRow.payload, String)
    # Whatever a simulation says has buttons that name it.
    of_simulation = exists().where(
        belongs(Simulation, person),
        Simulation.platform == DeliveryRow.platform,
        Simulation.chat == DeliveryRow.chat,
        said.contains(func.substr(Simulation.id, 1, _SHORT_ID)),
    )
    named = or_(false(), *(said.contains(name, autoescape=True) for name in names))
    return or_(
        here.in_(private_chats(person)),
        tuple_(DeliveryRow.platform, DeliveryRow.about).in_(messages),
        DeliveryRow.choice.in_(questions),
        and_(or_(here.in_(group_chats(person)), _for_operators(person)), named),
        of_simulation,
    )


def _told_themselves(person: Traces) -> ColumnElement[bool]:
    asked_of_them = or_(DeliveryRow.choice.is_(None), DeliveryRow.choice.not_in(asked_of_others(person)))
    return and_(asked_of_them, or_(DeliveryRow.about.is_(None), ~_for_operators(person)))


def _for_operators(person: Traces) -> ColumnElement[bool]:
    """What answers an operator's command that somebody else has given, or their answer to what it asked."""
    said = cast(IncomingRow.body, String)
    asked = Approval.id.in_(asked_of_others(person))
    commands = select(IncomingRow.platform, IncomingRow.external_id).where(
        or_(said.contains('"admin'), exists().where(asked, said.contains(Approval.id))),
        ~names_user(IncomingRow.platform, IncomingRow.sender_user, person),
    )
    return tuple_(DeliveryRow.platform, DeliveryRow.about).in_(commands)
