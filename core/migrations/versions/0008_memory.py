"""What the assistant remembers"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import core.db

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "memory",
        sa.Column("tenant", sa.String(length=200), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("owner", sa.String(length=320), nullable=False),
        sa.Column("author", sa.String(length=320), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("text", sa.String(length=400), nullable=False),
        sa.Column("value", sa.String(length=400), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("made_at", core.db.Moment(timezone=True), nullable=False),
        sa.Column("used_at", core.db.Moment(timezone=True), nullable=False),
        sa.Column("ended_at", core.db.Moment(timezone=True), nullable=True),
        sa.Column("superseded_by", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_memory")),
    )
    with op.batch_alter_table("memory", schema=None) as batch_op:
        batch_op.create_index("ix_memory_owner", ["tenant", "scope", "owner"], unique=False)
    op.create_table(
        "memory_owner",
        sa.Column("tenant", sa.String(length=200), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("owner", sa.String(length=320), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("is_off", sa.Boolean(), nullable=False),
        sa.Column("learns_from", core.db.Moment(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "scope", "owner", name=op.f("pk_memory_owner")),
    )
    op.create_table(
        "memory_forgotten",
        sa.Column("tenant", sa.String(length=200), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("owner", sa.String(length=320), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", core.db.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "scope", "owner", "digest", name=op.f("pk_memory_forgotten")),
    )
    with op.batch_alter_table("ledger", schema=None) as batch_op:
        batch_op.create_index("ix_ledger_principal", ["tenant", "principal", "tool", "made_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("ledger", schema=None) as batch_op:
        batch_op.drop_index("ix_ledger_principal")
    op.drop_table("memory_forgotten")
    op.drop_table("memory_owner")
    op.drop_table("memory")
