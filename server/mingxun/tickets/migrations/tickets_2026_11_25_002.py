"""Tickets keep what the phone's clock said beside the time that counts."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mingxun.kit.migrate import run_sql

ID = "2026-11-25T00:00:00:000071"
VERSION = "1.38.0"
DESCRIPTION = "both times of a ticket; no stay, which follows from who reported it and when"

SQL = """
ALTER TABLE ticket ADD COLUMN phone_at timestamptz, ADD COLUMN clock_off boolean NOT NULL DEFAULT false, DROP COLUMN attendance;
UPDATE ticket SET phone_at = seen_at, seen_at = least(seen_at, opened_at), clock_off = seen_at > opened_at + interval '2 minutes';
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="tickets", description=DESCRIPTION)
    manager.add_raw(run_sql(SQL))
    return manager
