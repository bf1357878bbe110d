"""What the texts of a shift were before they were changed."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mingxun.kit.migrate import run_sql

ID = "2026-11-25T00:00:00:000061"
VERSION = "1.38.0"
DESCRIPTION = "texts of shifts before and after a change"

SQL = """
-- Beside the ledger and not in it: what people type can be erased here.
CREATE TABLE shift_change (
    fact uuid NOT NULL REFERENCES fact (id),
    neighbourhood uuid NOT NULL REFERENCES area (id),
    shift uuid NOT NULL REFERENCES shift (id) ON DELETE CASCADE,
    field text NOT NULL CHECK (field IN ('title', 'note')),
    before text NOT NULL,
    after text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (fact, field)
);
CREATE INDEX shift_change_shift ON shift_change (neighbourhood, shift, at);
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="shifts", description=DESCRIPTION)
    manager.add_raw(run_sql(SQL))
    return manager
