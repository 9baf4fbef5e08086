"""Closed candles, kept in pages of columns: rows took a hundred milliseconds for a year, pages take a few.

A page is a fixed stretch of `PAGE` candles of one series, so that everybody who wants a stretch wants the same pages.
Of a page everything from its beginning up to `until` is known; a candle that is not there had no trade.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import LargeBinary, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, insert_for
from storage.privacy import Impersonal

PAGE = 1000
"""How many candles a page has room for."""

COLUMNS = ("start", "open", "high", "low", "close", "volume")

Table = NDArray[np.float64]
"""Candles as six rows of equal length, in the order of `COLUMNS`; starts in epoch seconds, exact as floats."""


class CandlePage(Base):
    """A page of one series: `page` counts pages since 1970, `until` is in epoch seconds.

    `content` holds the columns of the candles that are there, one after the other, little-endian float64.
    """

    __tablename__ = "candle_pages"
    __privacy__ = Impersonal("prices of the market, shared by everybody")

    source: Mapped[str] = mapped_column(primary_key=True)
    market: Mapped[str] = mapped_column(primary_key=True)
    timeframe: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    page: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    until: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary)


@dataclass(frozen=True, slots=True)
class Series:
    """The candles of one market from one source; `market` is that source's own key, `timeframe` in seconds."""

    source: str
    market: str
    timeframe: int

    @property
    def page_seconds(self) -> int:
        """How long a page lasts."""
        return PAGE * self.timeframe


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a page: everything up to `until`, epoch seconds."""

    until: int
    content: bytes = field(repr=False)


class CandlePages:
    """Queries over pages of candles."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def load(self, series: Series, first: int, last: int) -> dict[int, Known]:
        """The known pages from number `first` to `last`, by their number."""
        rows = await self._session.execute(
            select(CandlePage.page, CandlePage.until, CandlePage.content).where(
                CandlePage.source == series.source,
                CandlePage.market == series.market,
                CandlePage.timeframe == series.timeframe,
                CandlePage.page.between(first, last),
            )
        )
        return {page: Known(until, content) for page, until, content in rows.all()}

    async def save(self, series: Series, page: int, known: Known) -> None:
        """Keep what is known of a page, unless more of it is kept already."""
        insert = insert_for(self._session, CandlePage).values(
            source=series.source,
            market=series.market,
            timeframe=series.timeframe,
            page=page,
            until=known.until,
            content=known.content,
        )
        await self._session.execute(
            insert.on_conflict_do_update(
                index_elements=["source", "market", "timeframe", "page"],
                set_={"until": insert.excluded.until, "content": insert.excluded.content},
                where=CandlePage.until < insert.excluded.until,
            )
        )


def packed(table: Table) -> bytes:
    """Candles as the content of a page."""
    return np.ascontiguousarray(table, dtype="<f8").tobytes()


def unpacked(content: bytes) -> Table:
    """The candles in a page, read only. Raises `ValueError` for what is no page."""
    return np.frombuffer(content, dtype="<f8").reshape(len(COLUMNS), -1)


def joined(pages: Mapping[int, Known]) -> Table:
    """The candles of several pages in the order of their numbers."""
    parts = [unpacked(pages[page].content) for page in sorted(pages)]
    return np.concatenate(parts, axis=1) if parts else np.empty((len(COLUMNS), 0))
