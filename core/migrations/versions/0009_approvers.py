"""Approvals that are somebody else's to give, and what people thought of answers"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "approver",
        sa.Column("tenant", sa.String(length=200), nullable=False),
        sa.Column("person", sa.String(length=320), nullable=False),
        sa.Column("approval", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person", "approval", name=op.f("pk_approver")),
    )
    with op.batch_alter_table("approver", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_approver_approval"), ["approval"], unique=False)
    with op.batch_alter_table("policy_rule", schema=None) as batch_op:
        batch_op.add_column(sa.Column("approvers", sa.JSON(), nullable=True))
    op.create_table(
        "feedback",
        sa.Column("tenant", sa.String(length=200), nullable=False),
        sa.Column("turn", sa.String(length=80), nullable=False),
        sa.Column("principal", sa.String(length=320), nullable=False),
        sa.Column("value", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("at", core.db.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "turn", "principal", name=op.f("pk_feedback")),
    )


def downgrade() -> None:
    op.drop_table("feedback")
    with op.batch_alter_table("policy_rule", schema=None) as batch_op:
        batch_op.drop_column("approvers")
    with op.batch_alter_table("approver", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_approver_approval"))
    op.drop_table("approver")
