"""What is said unasked, to whom, and what they make of it"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0007"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notice",
        sa.Column("tenant", sa.String(length=200), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=320), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("topic", sa.String(length=100), nullable=False),
        sa.Column("subject", sa.String(length=400), nullable=False),
        sa.Column("signature", sa.String(length=400), nullable=False),
        sa.Column("reply", sa.JSON(), nullable=False),
        sa.Column("why", sa.String(length=500), nullable=False),
        sa.Column("is_urgent", sa.Boolean(), nullable=False),
        sa.Column("is_digest", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("made_at", core.db.Moment(timezone=True), nullable=False),
        sa.Column("due_at", core.db.Moment(timezone=True), nullable=False),
        sa.Column("expires_at", core.db.Moment(timezone=True), nullable=True),
        sa.Column("over_at", core.db.Moment(timezone=True), nullable=True),
        sa.Column("sent_at", core.db.Moment(timezone=True), nullable=True),
        sa.Column("is_snoozed", sa.Boolean(), nullable=False),
        sa.Column("is_judged", sa.Boolean(), nullable=False),
        sa.Column("pressed", sa.String(length=16), nullable=False),
        sa.Column("delivery", sa.String(length=32), nullable=False),
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("trace", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_notice")),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_person"), ["person"], unique=False)
        batch_op.create_index(batch_op.f("ix_notice_status_due_at"), ["status", "due_at"], unique=False)
    op.create_table(
        "notice_taste",
        sa.Column("tenant", sa.String(length=200), nullable=False),
        sa.Column("person", sa.String(length=320), nullable=False),
        sa.Column("topic", sa.String(length=100), nullable=False),
        sa.Column("useful", sa.Float(), nullable=False),
        sa.Column("useless", sa.Float(), nullable=False),
        sa.Column("at", core.db.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person", "topic", name=op.f("pk_notice_taste")),
    )
    op.create_table(
        "recipient",
        sa.Column("tenant", sa.String(length=200), nullable=False),
        sa.Column("person", sa.String(length=320), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("seen_at", core.db.Moment(timezone=True), nullable=True),
        sa.Column("briefed_on", sa.String(length=10), nullable=False),
        sa.Column("preferences", sa.JSON(), nullable=False),
        sa.Column("lease", sa.String(length=32), nullable=False),
        sa.Column("leased_until", core.db.Moment(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "person", name=op.f("pk_recipient")),
    )
    with op.batch_alter_table("webhook_event", schema=None) as batch_op:
        batch_op.add_column(sa.Column("people", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    with op.batch_alter_table("webhook_event", schema=None) as batch_op:
        batch_op.drop_column("people")
    op.drop_table("recipient")
    op.drop_table("notice_taste")
    op.drop_table("notice")
