"""Bringing the database to the tables that this version knows.

Each feature has its own Piccolo migrations; they run in floor order, since a foreign key points down. An advisory lock makes
processes that start together take turns.
"""

import contextlib
import io
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mingxun.kit.database import execute, fetch, fetch_value, transaction

if TYPE_CHECKING:
    from piccolo.conf.apps import AppConfig

APPS = ("kit", "ledger", "areas", "people", "places", "shifts", "tickets", "checkins", "notifications")
"""Features with tables, from the lowest floor up."""

_PACKAGE = Path(__file__).resolve().parents[1]
_LOCK = 0x6D696E67  # “ming”; any number does, if all processes use the same


def run_sql(*scripts: str) -> Callable[[], Awaitable[None]]:
    """A step of a migration that runs SQL scripts."""

    async def step() -> None:
        for script in scripts:
            async with transaction():
                await execute(script)

    return step


_ID = re.compile(r'^ID = "([^"]+)"$', re.MULTILINE)


def _known() -> list[tuple[str, str]]:
    """Feature and id of every migration, in the order they run. Read as text: Piccolo's migrations load half a compiler."""
    return [
        (app, found[1])
        for app in APPS
        for path in sorted((_PACKAGE / app / "migrations").glob("*.py"))
        if (found := _ID.search(path.read_text("utf-8")))
    ]


async def pending() -> list[str]:
    """The migrations that have not run, as `feature: id`. Needs an open pool."""
    async with transaction():
        if await fetch_value("SELECT to_regclass('migration')") is None:
            ran = set()
        else:
            ran = {(row["app_name"], row["name"]) for row in await fetch("SELECT app_name, name FROM migration")}
    return [f"{app}: {identity}" for app, identity in _known() if (app, identity) not in ran]


async def migrate() -> list[str]:
    """Run what has not run yet, all or nothing; which ones these were. Needs an open pool."""
    before = await pending()
    if not before:
        return []
    from piccolo.apps.migrations.commands.forwards import ForwardsMigrationManager

    said = io.StringIO()  # Piccolo tells its progress on standard output
    async with transaction():
        await execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
        with contextlib.redirect_stdout(said):
            for app in APPS:
                manager = ForwardsMigrationManager(app_name=app)
                await manager.create_migration_table()
                result = await manager.run_migrations(_app_config(app))
                if not result.success:
                    raise RuntimeError(f"{app}: {result.message}")
    return before


def _app_config(app: str) -> "AppConfig":
    """Piccolo's view of a feature: migrations need its folder only, not its code."""
    from piccolo.conf.apps import AppConfig

    return AppConfig(app_name=app, migrations_folder_path=str(_PACKAGE / app / "migrations"), table_classes=[])
