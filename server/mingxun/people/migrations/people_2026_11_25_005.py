"""What was kept of people before it was changed."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mingxun.kit.migrate import run_sql

ID = "2026-11-25T00:00:00:000041"
VERSION = "1.38.0"
DESCRIPTION = "people before and after a change"

SQL = """
-- Beside the ledger and not in it: erasing the person erases these, too.
CREATE TABLE person_change (
    fact uuid NOT NULL REFERENCES fact (id),
    neighbourhood uuid REFERENCES area (id),
    person uuid NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    field text NOT NULL,
    before text NOT NULL,
    after text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (fact, person, field)
);
CREATE INDEX person_change_person ON person_change (person, at);
CREATE INDEX person_change_neighbourhood ON person_change (neighbourhood, at);
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="people", description=DESCRIPTION)
    manager.add_raw(run_sql(SQL))
    return manager
