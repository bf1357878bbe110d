"""The ledger. Its triggers, and not good manners, keep it append-only."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mingxun.kit.migrate import run_sql

ID = "2026-11-22T00:00:00:000002"
VERSION = "1.38.0"
DESCRIPTION = "append-only facts"

SQL = """
CREATE TABLE fact (
    id uuid PRIMARY KEY,
    seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    at timestamptz NOT NULL,
    actor uuid,
    kind text NOT NULL,
    neighbourhood uuid,
    subject uuid NOT NULL,
    data jsonb NOT NULL
);
CREATE INDEX fact_neighbourhood_seq ON fact (neighbourhood, seq);
CREATE INDEX fact_subject_seq ON fact (subject, seq);

CREATE FUNCTION fact_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'facts are never changed or removed' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'fact_is_append_only';
END $$;
CREATE TRIGGER fact_no_change BEFORE UPDATE OR DELETE ON fact FOR EACH ROW EXECUTE FUNCTION fact_is_append_only();
CREATE TRIGGER fact_no_truncate BEFORE TRUNCATE ON fact FOR EACH STATEMENT EXECUTE FUNCTION fact_is_append_only();
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)
    manager.add_raw(run_sql(SQL))
    return manager
