"""What operators see and decide: the audit, faults, bans, announcements, and what makes counting quick."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)

_TABLES = ("pause_notices", "broadcast_pieces", "broadcasts", "faults", "bans", "audit")
_INDEXES = (
    ("ix_approvals_created_at", "approvals", ["created_at"]),
    ("ix_backtests_created_at_state", "backtests", ["created_at", "state"]),
    ("ix_conversations_updated_at", "conversations", ["updated_at"]),
    ("ix_deliveries_receipt", "deliveries", ["platform", "receipt"]),
    ("ix_incoming_sender", "incoming", ["platform", "sender_user", "id"]),
    ("ix_turns_created_at", "turns", ["created_at"]),
)


def upgrade() -> None:
    """Make the tables of operators, and the indexes for their totals."""
    _make_decisions()
    _make_faults()
    _make_broadcasts()
    for name, table, columns in _INDEXES:
        op.create_index(name, table, columns)


def downgrade() -> None:
    """Drop them."""
    for name, table, _ in _INDEXES:
        op.drop_index(name, table)
    for table in _TABLES:
        op.drop_table(table)


def _make_decisions() -> None:
    op.create_table(
        "audit",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("operator_platform", sa.String(), nullable=False),
        sa.Column("operator_user", sa.String(), nullable=False),
        sa.Column("operator_name", sa.String(), nullable=False),
        sa.Column("command", sa.String(), nullable=False),
        sa.Column("arguments", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=True),
        sa.Column("anonymous_token", sa.String(), nullable=True),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sa.UniqueConstraint("key", name="uq_audit_key"),
    )
    op.create_index("ix_audit_user_id", "audit", ["user_id"])
    op.create_index("ix_audit_anonymous_token", "audit", ["anonymous_token"])
    op.create_table(
        "bans",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("user_id", sa.String(), nullable=True),
        sa.Column("anonymous_token", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("until", _TIME, nullable=True),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("told_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_bans"),
    )
    op.create_index("uq_bans_user_id", "bans", ["user_id"], unique=True)
    op.create_index("uq_bans_anonymous_token", "bans", ["anonymous_token"], unique=True)
    op.create_table(
        "pause_notices",
        sa.Column("pause", sa.String(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("pause", "platform", "user", name="pk_pause_notices"),
    )


def _make_faults() -> None:
    op.create_table(
        "faults",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("traceback", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=True),
        sa.Column("anonymous_token", sa.String(), nullable=True),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("told_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_faults"),
        sa.UniqueConstraint("reference", name="uq_faults_reference"),
    )
    op.create_index("ix_faults_at", "faults", ["at"])
    op.create_index("ix_faults_kind_told_at", "faults", ["kind", "told_at"])
    op.create_index("ix_faults_user_id", "faults", ["user_id"])
    op.create_index("ix_faults_anonymous_token", "faults", ["anonymous_token"])


def _make_broadcasts() -> None:
    op.create_table(
        "broadcasts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("platforms", sa.String(), nullable=False),
        sa.Column("position", _NUMBER, nullable=False),
        sa.Column("receivers", _NUMBER, nullable=False),
        sa.Column("written", _NUMBER, nullable=False),
        sa.Column("delivered", _NUMBER, nullable=False),
        sa.Column("failed", _NUMBER, nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("thread", sa.String(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_broadcasts"),
        sa.UniqueConstraint("key", name="uq_broadcasts_key"),
    )
    op.create_index("ix_broadcasts_state", "broadcasts", ["state"])
    op.create_table(
        "broadcast_pieces",
        sa.Column("delivery_id", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("broadcast_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", name="pk_broadcast_pieces"),
    )
    op.create_index("ix_broadcast_pieces_broadcast_id", "broadcast_pieces", ["broadcast_id"])
