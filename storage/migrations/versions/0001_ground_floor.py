"""The ground floor: people, conversations, trading bots, and what came in, was done about it and goes out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)
_JSON = sa.JSON(none_as_null=True)


def upgrade() -> None:
    """Make every table."""
    _make_people()
    _make_what_comes_and_goes()
    _make_trading()
    _make_conversations()
    _make_turns()
    _make_facts()


def downgrade() -> None:
    """Drop every table, with everything that was ever stored: before this version there was nothing."""
    for table in _TABLES:
        op.drop_table(table)


_TABLES = (
    "facts",
    "approvals",
    "journal",
    "turns",
    "messages",
    "chat_threads",
    "conversations",
    "backtests",
    "strategy_versions",
    "bots",
    "deliveries",
    "chat_uses",
    "incoming",
    "platform_identities",
    "anonymous_users",
    "users",
)


def _make_people() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
    )
    op.create_table(
        "anonymous_users",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("chat_count", _NUMBER, nullable=False),
        sa.Column("bot_created", _NUMBER, nullable=False),
        sa.Column("backtest_count", _NUMBER, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_anonymous_users"),
    )
    op.create_table(
        "platform_identities",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=True),
        sa.Column("anonymous_token", sa.String(), nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["anonymous_token"],
            ["anonymous_users.id"],
            name="fk_platform_identities_anonymous_token_anonymous_users",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_platform_identities_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_platform_identities"),
        sa.UniqueConstraint("platform", "user", name="uq_platform_identities_platform_user"),
    )
    op.create_index("ix_platform_identities_anonymous_token", "platform_identities", ["anonymous_token"])
    op.create_index("ix_platform_identities_user_id", "platform_identities", ["user_id"])


def _make_what_comes_and_goes() -> None:
    op.create_table(
        "incoming",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("thread", sa.String(), nullable=False),
        sa.Column("sender_user", sa.String(), nullable=False),
        sa.Column("sender_name", sa.String(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("body", _JSON, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("error_reference", sa.String(), nullable=True),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("received_at", _TIME, nullable=False),
        sa.Column("finished_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_incoming"),
        sa.UniqueConstraint("platform", "external_id", name="uq_incoming_platform_external_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_incoming_error_reference", "incoming", ["error_reference"])
    op.create_index("ix_incoming_state_id", "incoming", ["state", "id"])
    op.create_index("ix_incoming_thread", "incoming", ["platform", "chat", "thread"])
    op.create_table(
        "chat_uses",
        sa.Column("incoming_id", _NUMBER, nullable=False, autoincrement=False),
        sa.Column("user_id", sa.String(), nullable=True),
        sa.Column("anonymous_token", sa.String(), nullable=True),
        sa.Column("at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["incoming_id"], ["incoming.id"], name="fk_chat_uses_incoming_id_incoming"),
        sa.PrimaryKeyConstraint("incoming_id", name="pk_chat_uses"),
    )
    op.create_index("ix_chat_uses_anonymous_token", "chat_uses", ["anonymous_token"])
    op.create_index("ix_chat_uses_at", "chat_uses", ["at"])
    op.create_index("ix_chat_uses_user_id", "chat_uses", ["user_id"])
    op.create_table(
        "deliveries",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("thread", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("payload", _JSON, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("choice", sa.String(), nullable=True),
        sa.Column("reply_to", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", _NUMBER, nullable=False),
        sa.Column("failures", _NUMBER, nullable=False),
        sa.Column("not_before", _TIME, nullable=True),
        sa.Column("first_attempt_at", _TIME, nullable=True),
        sa.Column("receipt", sa.String(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("delivered_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_deliveries_choice", "deliveries", ["choice"])
    op.create_index("ix_deliveries_state_thread", "deliveries", ["state", "platform", "chat", "thread", "id"])


def _make_trading() -> None:
    op.create_table(
        "bots",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=True),
        sa.Column("anonymous_token", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("version", _NUMBER, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Column("deleted_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["anonymous_token"], ["anonymous_users.id"], name="fk_bots_anonymous_token_anonymous_users"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_bots_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_bots"),
        sa.UniqueConstraint("key", name="uq_bots_key"),
    )
    op.create_index("ix_bots_anonymous_token", "bots", ["anonymous_token"])
    op.create_index("ix_bots_user_id", "bots", ["user_id"])
    op.create_index(
        "uq_bots_anonymous_token_name_key",
        "bots",
        ["anonymous_token", "name_key"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL AND user_id IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL AND user_id IS NULL"),
    )
    op.create_index(
        "uq_bots_user_id_name_key",
        "bots",
        ["user_id", "name_key"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "strategy_versions",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("bot_id", sa.String(), nullable=False),
        sa.Column("version", _NUMBER, nullable=False),
        sa.Column("document", _JSON, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name="fk_strategy_versions_bot_id_bots", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_strategy_versions"),
        sa.UniqueConstraint("bot_id", "version", name="uq_strategy_versions_bot_id_version"),
        sa.UniqueConstraint("key", name="uq_strategy_versions_key"),
    )
    op.create_table(
        "backtests",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("bot_id", sa.String(), nullable=False),
        sa.Column("version", _NUMBER, nullable=False),
        sa.Column("user_id", sa.String(), nullable=True),
        sa.Column("anonymous_token", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("request", _JSON, nullable=False),
        sa.Column("result", _JSON, nullable=True),
        sa.Column("chart", sa.LargeBinary(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("finished_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["anonymous_token"], ["anonymous_users.id"], name="fk_backtests_anonymous_token_anonymous_users"
        ),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], name="fk_backtests_bot_id_bots", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_backtests_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_backtests"),
        sa.UniqueConstraint("key", name="uq_backtests_key"),
    )
    op.create_index("ix_backtests_anonymous_token", "backtests", ["anonymous_token"])
    op.create_index("ix_backtests_bot_id", "backtests", ["bot_id"])
    op.create_index("ix_backtests_user_id", "backtests", ["user_id"])


def _make_conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=True),
        sa.Column("anonymous_token", sa.String(), nullable=True),
        sa.Column("bot_id", sa.String(), nullable=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Column("turn_count", _NUMBER, nullable=False),
        sa.Column("total_tokens", _NUMBER, nullable=False),
        sa.Column("total_cost_usd", sa.Numeric(14, 8), nullable=False),
        sa.Column("agents_used", _JSON, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("resolution_type", sa.String(), nullable=True),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["anonymous_token"],
            ["anonymous_users.id"],
            name="fk_conversations_anonymous_token_anonymous_users",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name="fk_conversations_bot_id_bots", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_conversations_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_conversations"),
    )
    op.create_index(
        "ix_conversations_anonymous_token_updated_at", "conversations", ["anonymous_token", "updated_at"]
    )
    op.create_index("ix_conversations_user_id_updated_at", "conversations", ["user_id", "updated_at"])
    op.create_table(
        "chat_threads",
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("thread", sa.String(), nullable=False),
        sa.Column("conversation_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name="fk_chat_threads_conversation_id_conversations",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("platform", "chat", "thread", name="pk_chat_threads"),
    )
    op.create_index("ix_chat_threads_conversation_id", "chat_threads", ["conversation_id"])
    op.create_table(
        "messages",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("conversation_id", sa.String(), nullable=False),
        sa.Column("turn_id", sa.String(), nullable=True),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("sender_name", sa.String(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("body", _JSON, nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name="fk_messages_conversation_id_conversations",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
    )
    op.create_index("ix_messages_conversation_id_id", "messages", ["conversation_id", "id"])
    op.create_index("ix_messages_turn_id", "messages", ["turn_id"])


def _make_turns() -> None:
    op.create_table(
        "turns",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("conversation_id", sa.String(), nullable=False),
        sa.Column("incoming_id", _NUMBER, nullable=True),
        sa.Column("user_id", sa.String(), nullable=True),
        sa.Column("anonymous_token", sa.String(), nullable=True),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("thread", sa.String(), nullable=False),
        sa.Column("reply_to", sa.String(), nullable=True),
        sa.Column("asker_user", sa.String(), nullable=False),
        sa.Column("asker_name", sa.String(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("prompt", sa.String(), nullable=False),
        sa.Column("prompt_message_id", _NUMBER, nullable=True),
        sa.Column("requests", _NUMBER, nullable=False),
        sa.Column("tool_calls", _NUMBER, nullable=False),
        sa.Column("tokens", _NUMBER, nullable=False),
        sa.Column("cost_usd", sa.Numeric(14, 8), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name="fk_turns_conversation_id_conversations",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["incoming_id"], ["incoming.id"], name="fk_turns_incoming_id_incoming", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_turns"),
        sa.UniqueConstraint("incoming_id", name="uq_turns_incoming_id"),
    )
    op.create_index("ix_turns_anonymous_token", "turns", ["anonymous_token"])
    op.create_index("ix_turns_conversation_id_created_at", "turns", ["conversation_id", "created_at"])
    op.create_index("ix_turns_thread_state", "turns", ["platform", "chat", "thread", "state"])
    op.create_index("ix_turns_user_id", "turns", ["user_id"])
    op.create_table(
        "journal",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("turn_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("data", _JSON, nullable=False),
        sa.Column("tokens", _NUMBER, nullable=False),
        sa.Column("duration_ms", _NUMBER, nullable=True),
        sa.Column("at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["turn_id"], ["turns.id"], name="fk_journal_turn_id_turns", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_journal"),
        sa.UniqueConstraint("key", name="uq_journal_key"),
    )
    op.create_index("ix_journal_turn_id_id", "journal", ["turn_id", "id"])
    op.create_table(
        "approvals",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("conversation_id", sa.String(), nullable=True),
        sa.Column("turn_id", sa.String(), nullable=True),
        sa.Column("call_id", sa.String(), nullable=True),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("thread", sa.String(), nullable=False),
        sa.Column("asker_user", sa.String(), nullable=False),
        sa.Column("asker_name", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("options", _JSON, nullable=False),
        sa.Column("payload", _JSON, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("answered_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name="fk_approvals_conversation_id_conversations",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["turn_id"], ["turns.id"], name="fk_approvals_turn_id_turns", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_approvals"),
        sa.UniqueConstraint("turn_id", "call_id", name="uq_approvals_turn_id_call_id"),
    )
    op.create_index("ix_approvals_conversation_id", "approvals", ["conversation_id"])
    op.create_index("ix_approvals_state_expires_at", "approvals", ["state", "expires_at"])
    op.create_index("ix_approvals_thread", "approvals", ["platform", "chat", "thread", "state"])


def _make_facts() -> None:
    op.create_table(
        "facts",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_facts"),
    )
