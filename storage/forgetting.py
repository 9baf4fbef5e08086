"""Everything that is stored about one person: gathered from every table, or taken out of every table."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    String,
    Table,
    and_,
    case,
    cast,
    delete,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from storage.base import Base
from storage.deliveries import Deliveries
from storage.forgotten import Forgotten, make_digest
from storage.journal import IncomingRow
from storage.operators import Ban
from storage.people import AnonymousUser, Owner, PlatformIdentity, User, owned_by
from storage.privacy import Personal, Traces, belongs, names_user

_CHUNK = 200
"""Rows that are changed by one statement."""

_READ = 25
"""Rows that are read at a time: a result of a backtest can be a megabyte."""


@dataclass(frozen=True, slots=True)
class JsonText:
    """A JSON value as it is stored: whoever wants it parsed does so where it holds nobody up."""

    text: str


class Forgetting:
    """Queries over whatever mentions a person, as the tables declare it with `__privacy__`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def traces(self, owner: Owner) -> Traces:
        """By what a person can be found, also under former names, merged accounts and earlier tokens."""
        identities = (
            await self._session.scalars(
                select(PlatformIdentity)
                .where(owned_by(PlatformIdentity, owner))
                .order_by(PlatformIdentity.id)
            )
        ).all()
        users: Sequence[User] = []
        tokens = {each.anonymous_token for each in identities}
        if owner.user_id is not None:
            own = or_(User.id == owner.user_id, User.merged_into == owner.user_id)
            users = (await self._session.scalars(select(User).where(own))).all()
            claimed = select(AnonymousUser.id).where(AnonymousUser.user_id.in_([each.id for each in users]))
            tokens |= set((await self._session.scalars(claimed)).all())
        pairs = tuple((each.platform, each.user) for each in identities)
        known = names_user(IncomingRow.platform, IncomingRow.sender_user, Traces(identities=pairs))
        called = (await self._session.scalars(select(IncomingRow.sender_name).where(known).distinct())).all()
        names = {each.name for each in identities} | {each.name for each in users} | set(called)
        return Traces(
            users=tuple(each.id for each in users),
            tokens=tuple(sorted(filter(None, tokens | {owner.anonymous_token}))),
            identities=pairs,
            names=tuple(sorted(filter(None, names))),
        )

    async def rows(self, person: Traces) -> AsyncIterator[tuple[str, Sequence[dict[str, Any]]]]:
        """Every row that mentions a person, some at a time, with the name of its table; JSON as `JsonText`."""
        for _, table, privacy in _personal():
            hidden = {} if privacy.others is None else privacy.others(person)
            columns = [_shown(column, hidden.get(column.name)) for column in table.columns]
            mentioning = select(*columns).where(privacy.mentions(person)).order_by(*table.primary_key)
            streamed = await self._session.stream(mentioning.execution_options(yield_per=_READ))
            async for some in streamed.mappings().partitions(_READ):
                yield table.name, [_row(table, row) for row in some]

    async def erase(self, person: Traces, at: datetime) -> None:
        """Take a person out of every table; what is on its way to them still arrives, and goes then."""
        # All rows are found before the first is changed: many are found by what stands in other tables.
        found = [
            (model, table, privacy, await self._keys(table, privacy, person))
            for model, table, privacy in _personal()
        ]
        for model, table, privacy, keys in found:
            for start in range(0, len(keys), _CHUNK):
                these = _with_keys(table, keys[start : start + _CHUNK])
                statement = (
                    delete(model)
                    if privacy.blank is None
                    else update(model).values(**privacy.blank(person, at))
                )
                await self._session.execute(
                    statement.where(these), execution_options={"synchronize_session": False}
                )
        await Deliveries(self._session).wipe()

    async def forgotten(self, identity: PlatformIdentity, locked_until: datetime | None) -> Forgotten:
        """What stays of somebody, so that being forgotten wins nothing."""
        digest = await make_digest(self._session, identity.platform, identity.user)
        person = await self._session.get(AnonymousUser, identity.anonymous_token or "")
        owned = belongs(
            Ban, Traces(users=(identity.user_id or "",), tokens=(identity.anonymous_token or "",))
        )
        ban = await self._session.scalar(select(Ban).where(owned).limit(1))
        return Forgotten(
            digest=digest,
            chat_count=0 if person is None else person.chat_count,
            bot_created=0 if person is None else person.bot_created,
            backtest_count=0 if person is None else person.backtest_count,
            locked_until=locked_until,
            banned_at=None if ban is None else ban.at,
            banned_until=None if ban is None else ban.until,
        )

    async def _keys(self, table: Table, privacy: Personal, person: Traces) -> Sequence[Any]:
        return (await self._session.execute(select(*table.primary_key).where(privacy.mentions(person)))).all()


def _personal() -> list[tuple[type[Base], Table, Personal]]:
    """The mapped classes that know people, those first that point at others."""
    by_table = {mapper.local_table: mapper.class_ for mapper in Base.registry.mappers}
    classes = [(by_table[table], table) for table in reversed(Base.metadata.sorted_tables)]
    return [
        (model, table, model.__privacy__)
        for model, table in classes
        if isinstance(model.__privacy__, Personal)
    ]


def _shown(column: Any, condition: ColumnElement[bool] | None) -> ColumnElement[Any]:
    if condition is not None:
        return case((condition, column), else_=literal("(somebody else)")).label(column.name)
    return cast(column, String).label(column.name) if isinstance(column.type, JSON) else column


def _row(table: Table, row: Mapping[Any, Any]) -> dict[str, Any]:
    texts = {column.name for column in table.columns if isinstance(column.type, JSON)}
    return {
        name: JsonText(value) if name in texts and value is not None else value for name, value in row.items()
    }


def _with_keys(table: Table, keys: Sequence[Any]) -> Any:
    columns = list(table.primary_key)
    if len(columns) == 1:
        return columns[0].in_([key[0] for key in keys])
    return or_(
        *(and_(*(column == value for column, value in zip(columns, key, strict=True))) for key in keys)
    )
