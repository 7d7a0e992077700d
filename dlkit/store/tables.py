"""The database schema, as the newest migration leaves it."""

import json
import math
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Number = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows only by INTEGER


class Json(TypeDecorator[Any]):
    """JSON kept as text, so that NaN and infinity survive in every database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Python values as text; numpy numbers count as numbers."""
        return None if value is None else json.dumps(value, default=_plain, ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """The text as Python values."""
        return None if value is None else json.loads(value)


class Real(TypeDecorator[float]):
    """A measured number: NaN is kept as NULL, because SQLite knows no NaN. Never None when read."""

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> float | None:
        """NaN as NULL."""
        return None if value is None or math.isnan(value) else float(value)

    def process_result_value(self, value: float | None, dialect: Dialect) -> float:
        """NULL as NaN."""
        return math.nan if value is None else value


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _run_key(*, primary: bool = True) -> Column[str]:
    parent = ForeignKey("runs.id", ondelete="CASCADE")
    return Column("run", String(32), parent, primary_key=primary, nullable=False)


runs = Table(
    "runs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("owner", Text, nullable=False),
    Column("algorithm", Text, nullable=False),
    Column("params", Json, nullable=False),
    Column("state", Text, nullable=False),
    Column("wanted", Text, nullable=False),
    Column("attempt", Integer, nullable=False, default=0),
    Column("crashes", Integer, nullable=False, default=0),
    Column("step", BigInteger, nullable=False, default=0),
    Column("total_steps", BigInteger, nullable=False, default=0),
    Column("steps_per_epoch", BigInteger, nullable=False, default=0),
    Column("created", Double, nullable=False),
    Column("started", Double),
    Column("ended", Double),
    Column("seconds", Double, nullable=False, default=0.0),
    Column("device", Text),
    Column("host", Text),
    Column("pid", Integer),
    Column("pid_started", Double),
    Column("lease", Double),
    Column("heartbeat", Double),
    Column("error", Json),
    Index(None, "created", "id"),
    Index(None, "owner", "created"),
    Index(None, "algorithm", "created"),
    Index(None, "state", "wanted", "created"),
)

curves = Table(  # one row a curve: its number stands for (run, name) in `metrics`; its newest point
    "curves",
    metadata,
    Column("id", Number, primary_key=True),
    _run_key(primary=False),
    Column("name", Text, nullable=False),
    Column("step", BigInteger, nullable=False),
    Column("value", Real),
    Index(None, "run", "name", unique=True),
)

metrics = Table(
    "metrics",
    metadata,
    Column("curve", Number, ForeignKey("curves.id", ondelete="CASCADE"), primary_key=True),
    Column("step", BigInteger, primary_key=True),
    Column("value", Real),
    sqlite_with_rowid=False,
)

notes = Table(
    "notes",
    metadata,
    _run_key(),
    Column("step", BigInteger, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("values", Json, nullable=False),
    Column("created", Double, nullable=False),
)

files = Table(  # arrays, checkpoints and models: `kind` says which; the file itself never changes
    "files",
    metadata,
    _run_key(),
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("step", BigInteger, primary_key=True),
    Column("attempt", Integer, nullable=False),
    Column("file", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("created", Double, nullable=False),
)

requests = Table(  # `taken`: when a play process began; `step`: where a knob took effect
    "requests",
    metadata,
    Column("id", Number, primary_key=True),
    _run_key(primary=False),
    Column("kind", Text, nullable=False),
    Column("body", Json, nullable=False),
    Column("created", Double, nullable=False),
    Column("taken", Double),
    Column("host", Text),
    Column("step", BigInteger),
    Column("answered", Double),
    Column("answer", Json),
    Column("arrays", LargeBinary),
    Column("error", Json),
    Index(None, "run", "kind"),
    Index(None, "kind", "answered", "id"),
    sqlite_autoincrement=True,
)

supervisors = Table(
    "supervisors",
    metadata,
    Column("host", String(255), primary_key=True),
    Column("pid", Integer, primary_key=True, autoincrement=False),
    Column("heartbeat", Double, nullable=False),
    Column("info", Json, nullable=False),
)
