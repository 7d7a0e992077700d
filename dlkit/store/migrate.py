"""Brings an older database to the newest schema; imported only when there is something to do."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(connection: Connection) -> None:
    """Run the missing migrations inside the transaction of `connection`."""
    command.upgrade(config(connection), "head")


def config(connection: Connection) -> Config:
    """Alembic's settings: our folder of migrations, this connection."""
    settings = Config(attributes={"connection": connection})
    settings.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return settings
