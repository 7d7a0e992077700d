"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "runs",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("crashes", sa.Integer(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("total_steps", sa.BigInteger(), nullable=False),
        sa.Column("steps_per_epoch", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("started", sa.Double(), nullable=True),
        sa.Column("ended", sa.Double(), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("device", sa.Text(), nullable=True),
        sa.Column("host", sa.Text(), nullable=True),
        sa.Column("pid", sa.Integer(), nullable=True),
        sa.Column("pid_started", sa.Double(), nullable=True),
        sa.Column("lease", sa.Double(), nullable=True),
        sa.Column("heartbeat", sa.Double(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_index("ix_runs_algorithm_created", "runs", ["algorithm", "created"], unique=False)
    op.create_index("ix_runs_created_id", "runs", ["created", "id"], unique=False)
    op.create_index("ix_runs_owner_created", "runs", ["owner", "created"], unique=False)
    op.create_index(
        "ix_runs_state_wanted_created", "runs", ["state", "wanted", "created"], unique=False
    )
    op.create_table(
        "supervisors",
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("pid", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("heartbeat", sa.Double(), nullable=False),
        sa.Column("info", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("host", "pid", name="pk_supervisors"),
    )
    op.create_table(
        "curves",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("run", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_curves_run", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_curves"),
    )
    op.create_index("ix_curves_run_name", "curves", ["run", "name"], unique=True)
    op.create_table(
        "files",
        sa.Column("run", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_files_run", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run", "kind", "name", "step", name="pk_files"),
    )
    op.create_table(
        "notes",
        sa.Column("run", sa.String(length=32), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("values", sa.Text(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_notes_run", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run", "step", "key", name="pk_notes"),
    )
    op.create_table(
        "requests",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("run", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("taken", sa.Double(), nullable=True),
        sa.Column("host", sa.Text(), nullable=True),
        sa.Column("step", sa.BigInteger(), nullable=True),
        sa.Column("answered", sa.Double(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("arrays", sa.LargeBinary(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_requests_run", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_requests"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_requests_kind_answered_id", "requests", ["kind", "answered", "id"], unique=False
    )
    op.create_index("ix_requests_run_kind", "requests", ["run", "kind"], unique=False)
    op.create_table(
        "metrics",
        sa.Column("curve", NUMBER, nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["curve"], ["curves.id"], name="fk_metrics_curve", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("curve", "step", name="pk_metrics"),
        sqlite_with_rowid=False,
    )
