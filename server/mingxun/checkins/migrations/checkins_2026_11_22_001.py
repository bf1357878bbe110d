"""Stays and their evidence."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mingxun.kit.migrate import run_sql

ID = "2026-11-22T00:00:00:000008"
VERSION = "1.38.0"
DESCRIPTION = "attendance and evidence"

SQL = """
CREATE TABLE attendance (
    id uuid PRIMARY KEY,
    neighbourhood uuid NOT NULL REFERENCES area (id),
    person uuid NOT NULL REFERENCES person (id),
    shift uuid REFERENCES shift (id),
    location uuid NOT NULL REFERENCES location (id),
    arrived_at timestamptz NOT NULL,
    left_at timestamptz,
    left_assumed boolean NOT NULL DEFAULT false,
    minutes integer GENERATED ALWAYS AS (floor(extract(epoch FROM left_at - arrived_at) / 60)::integer) STORED,
    conflict text CHECK (conflict IN ('left_twice', 'left_before_arriving', 'overlaps')),
    CONSTRAINT attendance_leaves_after_arriving CHECK (left_at >= arrived_at),
    CONSTRAINT attendance_assumes_an_end CHECK (left_at IS NOT NULL OR NOT left_assumed)
);
-- A person is at one place at a time.
CREATE UNIQUE INDEX attendance_one_open ON attendance (person) WHERE left_at IS NULL;
CREATE INDEX attendance_person ON attendance (person, arrived_at DESC, id DESC);
CREATE INDEX attendance_neighbourhood ON attendance (neighbourhood, arrived_at DESC, id DESC);
CREATE INDEX attendance_present ON attendance (neighbourhood, arrived_at DESC, id DESC) WHERE left_at IS NULL;
CREATE INDEX attendance_shift ON attendance (shift, person, arrived_at DESC) WHERE shift IS NOT NULL;
-- For the job that ends forgotten stays.
CREATE INDEX attendance_open_since ON attendance (arrived_at) WHERE left_at IS NULL;

CREATE TABLE evidence (
    id uuid PRIMARY KEY,
    neighbourhood uuid NOT NULL REFERENCES area (id),
    attendance uuid NOT NULL REFERENCES attendance (id),
    direction text NOT NULL CHECK (direction IN ('in', 'out')),
    counts boolean NOT NULL,
    standing smallint NOT NULL CHECK (standing BETWEEN 0 AND 2),
    at timestamptz NOT NULL,
    phone_at timestamptz,
    received_at timestamptz NOT NULL,
    grade text NOT NULL CHECK (grade IN ('rotating_place', 'poster_place', 'poster', 'vouched', 'own_word', 'assumed')),
    flags text[] NOT NULL DEFAULT '{}',
    place text NOT NULL CHECK (place IN ('inside', 'outside', 'unknown')),
    distance text NOT NULL CHECK (distance IN ('within_50_m', 'within_200_m', 'within_1_km', 'beyond_1_km', 'unknown')),
    accuracy integer,
    device_hash bytea,
    code_version integer,
    vouched_by uuid REFERENCES person (id),
    reason text,
    fingerprint bytea,
    CONSTRAINT evidence_vouched CHECK ((grade = 'vouched') = (vouched_by IS NOT NULL) OR standing = 2),
    CONSTRAINT evidence_from_a_phone CHECK ((standing = 0) = (phone_at IS NOT NULL))
);
-- One coming and one going of a stay count; whatever else was said is kept beside them.
CREATE UNIQUE INDEX evidence_that_counts ON evidence (attendance, direction) WHERE counts;
CREATE INDEX evidence_attendance ON evidence (attendance, at);
CREATE INDEX evidence_device ON evidence (device_hash, at) WHERE device_hash IS NOT NULL;
-- For the job that forgets devices.
CREATE INDEX evidence_device_age ON evidence (received_at) WHERE device_hash IS NOT NULL;
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="checkins", description=DESCRIPTION)
    manager.add_raw(run_sql(SQL))
    return manager
