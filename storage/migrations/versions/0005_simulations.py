"""Simulations: their states, events and the candles that they were given."""

from __future__ import annotations

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of simulations."""


def downgrade() -> None:
    """Drop them."""
