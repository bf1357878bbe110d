"""Links of the demonstration that sign in once."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mingxun.kit.migrate import run_sql

ID = "2026-11-25T00:00:00:000046"
VERSION = "1.38.0"
DESCRIPTION = "sign-in links of the demonstration"

SQL = """
CREATE TABLE sign_in_link (
    id uuid PRIMARY KEY,
    person uuid NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    token_hash bytea NOT NULL CONSTRAINT sign_in_link_token UNIQUE,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sign_in_link_person ON sign_in_link (person);
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="people", description=DESCRIPTION)
    manager.add_raw(run_sql(SQL))
    return manager
