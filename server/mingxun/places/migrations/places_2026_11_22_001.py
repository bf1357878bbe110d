"""Locations and their keys."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mingxun.kit.migrate import run_sql

ID = "2026-11-22T00:00:00:000005"
VERSION = "1.38.0"
DESCRIPTION = "locations and their keys"

SQL = """
CREATE TABLE location (
    id uuid PRIMARY KEY,
    neighbourhood uuid NOT NULL REFERENCES area (id),
    area uuid NOT NULL,
    plate text NOT NULL CHECK (plate ~ '^[0-9A-Z]{1,4}$'),
    name text NOT NULL CHECK (name <> ''),
    address text NOT NULL,
    latitude double precision CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision CHECK (longitude BETWEEN -180 AND 180),
    source_datum text CHECK (source_datum IN ('wgs84', 'gcj02', 'bd09')),
    fence_radius integer NOT NULL CHECK (fence_radius BETWEEN 20 AND 1000),
    key_version integer NOT NULL CHECK (key_version BETWEEN 1 AND 65535),
    made_at timestamptz NOT NULL,
    CONSTRAINT location_position CHECK (num_nulls(latitude, longitude, source_datum) IN (0, 3)),
    CONSTRAINT location_lies_in_its_neighbourhood FOREIGN KEY (area, neighbourhood) REFERENCES area (id, neighbourhood),
    CONSTRAINT location_plate UNIQUE (neighbourhood, plate),
    CONSTRAINT location_name UNIQUE (neighbourhood, name),
    UNIQUE (id, neighbourhood)
);
CREATE INDEX location_order ON location (
    neighbourhood,
    ((lpad(substring(plate FROM '^[0-9]*'), 4, '0') || coalesce(substring(plate FROM '[A-Z].*$'), '')) COLLATE "C"),
    id
);

CREATE TABLE location_key (
    location uuid NOT NULL,
    version integer NOT NULL CHECK (version BETWEEN 1 AND 65535),
    neighbourhood uuid NOT NULL,
    number text NOT NULL CHECK (number ~ '^[1-9][0-9]{5}$'),
    made_at timestamptz NOT NULL,
    retired_at timestamptz,
    PRIMARY KEY (location, version),
    FOREIGN KEY (location, neighbourhood) REFERENCES location (id, neighbourhood),
    CONSTRAINT location_key_number UNIQUE (neighbourhood, number)
);
CREATE UNIQUE INDEX location_key_current ON location_key (location) WHERE retired_at IS NULL;
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="places", description=DESCRIPTION)
    manager.add_raw(run_sql(SQL))
    return manager
