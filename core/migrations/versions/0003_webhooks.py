"""What vendors send by themselves"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hook",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=200), nullable=False),
        sa.Column("integration", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("is_bound", sa.Boolean(), nullable=False),
        sa.Column("made_at", core.db.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hook")),
    )
    with op.batch_alter_table("hook", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hook_tenant"), ["tenant"], unique=False)
    op.create_table(
        "webhook_event",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=200), nullable=False),
        sa.Column("integration", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("ref_kind", sa.String(length=64), nullable=False),
        sa.Column("ref_id", sa.String(length=300), nullable=False),
        sa.Column("ref_key", sa.String(length=300), nullable=False),
        sa.Column("ref_url", sa.String(length=1000), nullable=False),
        sa.Column("at", core.db.Moment(timezone=True), nullable=False),
        sa.Column("received_at", core.db.Moment(timezone=True), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_webhook_event")),
        sa.UniqueConstraint("tenant", "integration", "event", name=op.f("uq_webhook_event_tenant_integration_event")),
    )
    with op.batch_alter_table("webhook_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_webhook_event_ref_id"), ["ref_id"], unique=False)


def downgrade() -> None:
    op.drop_table("webhook_event")
    op.drop_table("hook")
