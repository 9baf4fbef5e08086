"""Simulations: their states, events and the candles that they were given; deliveries that continue others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)
_JSON = sa.JSON(none_as_null=True)
_RUNNING = sa.text("state = 'running'")


def upgrade() -> None:
    """Make the tables of simulations, and let a delivery name itself and an earlier one."""
    _make_feeds()
    _make_simulations()
    with _altered_deliveries() as deliveries:
        deliveries.add_column(sa.Column("subject", sa.String(), nullable=True))
        deliveries.add_column(sa.Column("continues", sa.String(), nullable=True))
        deliveries.create_index("ix_deliveries_subject", ["subject"])


def downgrade() -> None:
    """Drop them."""
    with _altered_deliveries() as deliveries:
        deliveries.drop_index("ix_deliveries_subject")
        deliveries.drop_column("continues")
        deliveries.drop_column("subject")
    for table in ("simulation_events", "simulations", "candle_blocks", "feeds"):
        op.drop_table(table)


@contextmanager
def _altered_deliveries() -> Iterator[BatchOperations]:
    """Alter the deliveries; on SQLite the table is copied, and its counter of ids, which never come again, with it."""
    connection = op.get_bind()
    sqlite = connection.dialect.name == "sqlite"
    read = sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'deliveries'")
    last = connection.scalar(read) if sqlite else None
    copied = {"sqlite_autoincrement": True}
    how: Literal["always", "never"] = "always" if sqlite else "never"
    with op.batch_alter_table("deliveries", recreate=how, table_kwargs=copied) as deliveries:
        yield deliveries
    if last is not None:
        connection.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = 'deliveries'"))
        connection.execute(
            sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('deliveries', :last)"), {"last": last}
        )


def _make_feeds() -> None:
    op.create_table(
        "feeds",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("chain", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("pool", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("timeframe", _NUMBER, nullable=False),
        sa.Column("next_start", _NUMBER, nullable=True),
        sa.Column("revised", _NUMBER, nullable=False),
        sa.Column("failing_since", _TIME, nullable=True),
        sa.Column("outage_told", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_feeds"),
        sa.UniqueConstraint(
            "source",
            "chain",
            "address",
            "pool",
            "timeframe",
            name="uq_feeds_source_chain_address_pool_timeframe",
        ),
    )
    op.create_table(
        "candle_blocks",
        sa.Column("feed_id", _NUMBER, nullable=False),
        sa.Column("start", _NUMBER, nullable=False),
        sa.Column("count", _NUMBER, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["feed_id"], ["feeds.id"], name="fk_candle_blocks_feed_id_feeds", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("feed_id", "start", name="pk_candle_blocks"),
    )


def _make_simulations() -> None:
    op.create_table(
        "simulations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("bot_id", sa.String(), nullable=False),
        sa.Column("version", _NUMBER, nullable=False),
        sa.Column("user_id", sa.String(), nullable=True),
        sa.Column("anonymous_token", sa.String(), nullable=True),
        sa.Column("feed_id", _NUMBER, nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("thread", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("alert", sa.Boolean(), nullable=False),
        sa.Column("initial_balance", sa.Double(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.Column("start", _NUMBER, nullable=False),
        sa.Column("warm_from", _NUMBER, nullable=True),
        sa.Column("volume_known", sa.Boolean(), nullable=False),
        sa.Column("look_back", _NUMBER, nullable=False),
        sa.Column("program", sa.LargeBinary(), nullable=True),
        sa.Column("run", sa.LargeBinary(), nullable=True),
        sa.Column("next_start", _NUMBER, nullable=True),
        sa.Column("quantity", sa.Double(), nullable=False),
        sa.Column("equity", sa.Double(), nullable=False),
        sa.Column("entry", sa.String(), nullable=True),
        sa.Column("failures", _NUMBER, nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("notify", sa.String(), nullable=False),
        sa.Column("quiet_from", _NUMBER, nullable=True),
        sa.Column("quiet_to", _NUMBER, nullable=True),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("summary_at", _TIME, nullable=True),
        sa.Column("untold", sa.Boolean(), nullable=False),
        sa.Column("told_start", _NUMBER, nullable=True),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name="fk_simulations_bot_id_bots", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_simulations_user_id_users"),
        sa.ForeignKeyConstraint(
            ["anonymous_token"], ["anonymous_users.id"], name="fk_simulations_anonymous_token_anonymous_users"
        ),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name="fk_simulations_feed_id_feeds"),
        sa.PrimaryKeyConstraint("id", name="pk_simulations"),
        sa.UniqueConstraint("key", name="uq_simulations_key"),
    )
    for name, *columns in (
        ("ix_simulations_bot_id", "bot_id"),
        ("ix_simulations_feed_id_state", "feed_id", "state"),
        ("ix_simulations_user_id", "user_id"),
        ("ix_simulations_anonymous_token", "anonymous_token"),
        ("ix_simulations_thread", "platform", "chat", "thread", "state"),
        ("ix_simulations_state_summary_at", "state", "summary_at"),
        ("ix_simulations_untold", "untold"),
    ):
        op.create_index(name, "simulations", columns)
    op.create_index(
        "uq_simulations_running",
        "simulations",
        ["bot_id"],
        unique=True,
        sqlite_where=_RUNNING,
        postgresql_where=_RUNNING,
    )
    op.create_table(
        "simulation_events",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("simulation_id", sa.String(), nullable=False),
        sa.Column("time", _NUMBER, nullable=False),
        sa.Column("place", _NUMBER, nullable=False),
        sa.Column("body", _JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["simulation_id"],
            ["simulations.id"],
            name="fk_simulation_events_simulation_id_simulations",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_simulation_events"),
        sa.UniqueConstraint(
            "simulation_id", "time", "place", name="uq_simulation_events_simulation_id_time_place"
        ),
    )
