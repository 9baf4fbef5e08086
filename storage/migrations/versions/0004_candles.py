"""Closed candles, kept in pages of columns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table of pages."""
    op.create_table(
        "candle_pages",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("market", sa.String(), nullable=False),
        sa.Column("timeframe", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("page", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("until", _NUMBER, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("source", "market", "timeframe", "page", name="pk_candle_pages"),
    )


def downgrade() -> None:
    """Drop it; everything in it can be fetched again."""
    op.drop_table("candle_pages")
