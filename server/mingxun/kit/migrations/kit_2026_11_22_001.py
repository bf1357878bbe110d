"""Idempotency keys, rate limits, and the job queue's own tables."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mingxun.kit.job_tables import INSTALL_SQL
from mingxun.kit.migrate import run_sql

ID = "2026-11-22T00:00:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "idempotency keys, rate limits, jobs"

SQL = """
CREATE TABLE idempotency_key (
    owner text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    status integer,
    content_type text,
    reply bytea,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (owner, key)
);
CREATE INDEX idempotency_key_expires_at ON idempotency_key (expires_at);

CREATE TABLE rate_limit (
    bucket text NOT NULL,
    key_hash bytea NOT NULL,
    window_start timestamptz NOT NULL,
    taken integer NOT NULL,
    PRIMARY KEY (bucket, key_hash, window_start)
);
CREATE INDEX rate_limit_window_start ON rate_limit (window_start);
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="kit", description=DESCRIPTION)
    manager.add_raw(run_sql(SQL, INSTALL_SQL))
    return manager
