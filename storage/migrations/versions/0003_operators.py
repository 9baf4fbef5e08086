"""What operators see and decide: the audit, errors, bans, announcements."""

from __future__ import annotations

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of operators."""


def downgrade() -> None:
    """Drop them."""
