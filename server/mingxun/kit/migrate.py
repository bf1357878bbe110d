"""Bringing the database to the tables that this version knows.

Each feature has its own Piccolo migrations; they run in floor order, since a foreign key points down. An advisory lock makes
processes that start together take turns.
"""

import contextlib
import io
from collections.abc import Awaitable, Callable
from pathlib import Path

from piccolo.apps.migrations.commands.forwards import ForwardsMigrationManager
from piccolo.apps.migrations.tables import Migration
from piccolo.conf.apps import AppConfig

from mingxun.kit.database import execute, transaction

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


def app_config(app: str) -> AppConfig:
    """Piccolo's view of a feature: migrations need its folder only, not its code."""
    return AppConfig(app_name=app, migrations_folder_path=str(_PACKAGE / app / "migrations"), table_classes=[])


async def pending() -> list[str]:
    """The migrations that have not run, as `feature: id`. Needs an open pool."""
    async with transaction():
        if not await Migration.table_exists().run():
            ran: set[tuple[str, str]] = set()
        else:
            ran = {(row["app_name"], row["name"]) for row in await Migration.select(Migration.app_name, Migration.name).run()}
    found = []
    for app in APPS:
        config = app_config(app)
        modules = _manager(config).get_migration_modules(config.resolved_migrations_folder_path)
        found += [f"{config.app_name}: {identity}" for identity in sorted(modules) if (config.app_name, identity) not in ran]
    return found


async def migrate() -> list[str]:
    """Run what has not run yet, all or nothing; which ones these were. Needs an open pool."""
    before = await pending()
    if not before:
        return []
    said = io.StringIO()  # Piccolo tells its progress on standard output
    async with transaction():
        await execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
        with contextlib.redirect_stdout(said):
            for app in APPS:
                config = app_config(app)
                manager = _manager(config)
                await manager.create_migration_table()
                result = await manager.run_migrations(config)
                if not result.success:
                    raise RuntimeError(f"{config.app_name}: {result.message}")
    return before


def _manager(config: AppConfig) -> ForwardsMigrationManager:
    return ForwardsMigrationManager(app_name=config.app_name)
