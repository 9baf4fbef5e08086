"""Accounts: sign-ups, tiers, invitations, link codes, and what is needed to forget people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)
_JSON = sa.JSON(none_as_null=True)
_ERASED = sa.text("erase IS TRUE")


def upgrade() -> None:
    """Make the tables of accounts, and give people and deliveries what accounts need of them."""
    _alter_people()
    _alter_what_comes_and_goes()
    _make_sign_ups()
    _make_codes()


def downgrade() -> None:
    """Drop them; accounts stay as they are, and what was merged stays merged."""
    for table in ("forgotten", "wrong_codes", "link_codes", "invitations", "sign_ups"):
        op.drop_table(table)
    op.drop_index("ix_deliveries_erase", "deliveries")
    with op.batch_alter_table("deliveries", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.drop_column("erase")
        batch.drop_column("about")
    op.drop_index("ix_anonymous_users_user_id", "anonymous_users")
    with op.batch_alter_table("anonymous_users") as batch:
        batch.drop_constraint("fk_anonymous_users_user_id_users", type_="foreignkey")
        batch.drop_column("quota")
        batch.drop_column("user_id")
    op.drop_index("ix_users_merged_into", "users")
    with op.batch_alter_table("users") as batch:
        batch.drop_constraint("fk_users_merged_into_users", type_="foreignkey")
        for column in ("merged_into", "counted_from", "quota", "tier"):
            batch.drop_column(column)


def _alter_people() -> None:
    with op.batch_alter_table("users") as table:
        table.add_column(sa.Column("tier", sa.String(), server_default="free", nullable=False))
        table.add_column(sa.Column("quota", _JSON, nullable=True))
        table.add_column(sa.Column("counted_from", _TIME, nullable=True))
        table.add_column(sa.Column("merged_into", sa.String(), nullable=True))
        table.create_foreign_key("fk_users_merged_into_users", "users", ["merged_into"], ["id"])
    op.create_index("ix_users_merged_into", "users", ["merged_into"])
    with op.batch_alter_table("anonymous_users") as table:
        table.add_column(sa.Column("user_id", sa.String(), nullable=True))
        table.add_column(sa.Column("quota", _JSON, nullable=True))
        table.create_foreign_key("fk_anonymous_users_user_id_users", "users", ["user_id"], ["id"])
    op.create_index("ix_anonymous_users_user_id", "anonymous_users", ["user_id"])


def _alter_what_comes_and_goes() -> None:
    with op.batch_alter_table("deliveries", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.add_column(sa.Column("about", sa.String(), nullable=True))
        table.add_column(sa.Column("erase", sa.Boolean(), server_default=sa.false(), nullable=False))
    # Of what was written before, at least the first pieces can say so.
    op.execute("UPDATE deliveries SET about = reply_to")
    op.create_index(
        "ix_deliveries_erase", "deliveries", ["erase"], sqlite_where=_ERASED, postgresql_where=_ERASED
    )


def _make_sign_ups() -> None:
    op.create_table(
        "sign_ups",
        sa.Column("anonymous_token", sa.String(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("thread", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_at", _TIME, nullable=False),
        sa.Column("decided_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["anonymous_token"], ["anonymous_users.id"], name="fk_sign_ups_anonymous_token_anonymous_users"
        ),
        sa.PrimaryKeyConstraint("anonymous_token", name="pk_sign_ups"),
    )


def _make_codes() -> None:
    op.create_table(
        "invitations",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("made_at", _TIME, nullable=False),
        sa.Column("used_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("digest", name="pk_invitations"),
    )
    op.create_table(
        "link_codes",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("thread", sa.String(), nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("used_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_link_codes_user_id_users"),
        sa.PrimaryKeyConstraint("digest", name="pk_link_codes"),
    )
    op.create_index("ix_link_codes_user_id", "link_codes", ["user_id"])
    op.create_table(
        "wrong_codes",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("user_id", sa.String(), nullable=True),
        sa.Column("anonymous_token", sa.String(), nullable=True),
        sa.Column("at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["anonymous_token"], ["anonymous_users.id"], name="fk_wrong_codes_anonymous_token_anonymous_users"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_wrong_codes_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_wrong_codes"),
    )
    op.create_index("ix_wrong_codes_anonymous_token", "wrong_codes", ["anonymous_token"])
    op.create_index("ix_wrong_codes_user_id", "wrong_codes", ["user_id"])
    op.create_table(
        "forgotten",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("chat_count", _NUMBER, nullable=False),
        sa.Column("bot_created", _NUMBER, nullable=False),
        sa.Column("backtest_count", _NUMBER, nullable=False),
        sa.Column("locked_until", _TIME, nullable=True),
        sa.Column("banned_at", _TIME, nullable=True),
        sa.Column("banned_until", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("digest", name="pk_forgotten"),
    )
