"""People, accounts, memberships, invitations, sessions, parties, roster imports."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mingxun.kit.migrate import run_sql

ID = "2026-11-22T00:00:00:000004"
VERSION = "1.38.0"
DESCRIPTION = "people"

SQL = """
CREATE TABLE party (
    id uuid PRIMARY KEY,
    neighbourhood uuid NOT NULL REFERENCES area (id),
    kind text NOT NULL CHECK (kind IN ('property', 'owners_committee', 'residents_committee', 'department')),
    name text NOT NULL,
    phone text,
    CONSTRAINT party_name UNIQUE (neighbourhood, name),
    UNIQUE (id, neighbourhood)
);

CREATE TABLE person (
    id uuid PRIMARY KEY,
    neighbourhood uuid REFERENCES area (id),
    name text NOT NULL,
    phone text,
    phone_note text NOT NULL DEFAULT '',
    gender text NOT NULL DEFAULT '',
    born text NOT NULL DEFAULT '',
    political_status text NOT NULL DEFAULT '',
    building uuid REFERENCES area (id),
    room text NOT NULL DEFAULT '',
    skills text[] NOT NULL DEFAULT '{}',
    availability text NOT NULL DEFAULT '',
    remark text NOT NULL DEFAULT '',
    language text NOT NULL DEFAULT 'zh' CHECK (language IN ('zh', 'en')),
    made_at timestamptz NOT NULL
);
CREATE INDEX person_neighbourhood ON person (neighbourhood, name, id);
CREATE INDEX person_neighbourhood_phone ON person (neighbourhood, phone);
CREATE INDEX person_building ON person (building);

CREATE TABLE account (
    person uuid PRIMARY KEY REFERENCES person (id),
    phone text NOT NULL,
    password_hash text NOT NULL,
    made_at timestamptz NOT NULL,
    disabled_at timestamptz,
    CONSTRAINT account_phone UNIQUE (phone)
);

CREATE TABLE membership (
    id uuid PRIMARY KEY,
    neighbourhood uuid REFERENCES area (id),
    person uuid NOT NULL REFERENCES person (id),
    role text NOT NULL CHECK (role IN ('volunteer', 'building_leader', 'coordinator', 'secretary', 'handler', 'subdistrict_admin')),
    area uuid NOT NULL REFERENCES area (id),
    party uuid,
    from_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT membership_party CHECK ((role = 'handler') = (party IS NOT NULL)),
    CONSTRAINT membership_tenancy CHECK ((role = 'subdistrict_admin') = (neighbourhood IS NULL)),
    FOREIGN KEY (party, neighbourhood) REFERENCES party (id, neighbourhood)
);
CREATE UNIQUE INDEX membership_once ON membership (person, role, area, party) NULLS NOT DISTINCT WHERE ended_at IS NULL;
CREATE INDEX membership_neighbourhood ON membership (neighbourhood, role, person) WHERE ended_at IS NULL;
CREATE INDEX membership_party_person ON membership (party, person) WHERE ended_at IS NULL;

CREATE TABLE session (
    id uuid PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE,
    person uuid NOT NULL REFERENCES account (person),
    device text NOT NULL,
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX session_person ON session (person, created_at);

CREATE TABLE invitation (
    id uuid PRIMARY KEY,
    neighbourhood uuid REFERENCES area (id),
    person uuid NOT NULL REFERENCES person (id),
    role text NOT NULL,
    area uuid NOT NULL REFERENCES area (id),
    party uuid,
    token_hash bytea NOT NULL UNIQUE,
    made_by uuid REFERENCES person (id),
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    accepted_at timestamptz,
    accept_key text,
    revoked_at timestamptz
);
CREATE INDEX invitation_neighbourhood ON invitation (neighbourhood, made_at DESC, id);

CREATE TABLE roster_import (
    id uuid PRIMARY KEY,
    neighbourhood uuid NOT NULL REFERENCES area (id),
    file_name text NOT NULL,
    file_sha256 bytea NOT NULL,
    plan jsonb NOT NULL,
    made_by uuid NOT NULL REFERENCES person (id),
    made_at timestamptz NOT NULL,
    confirmed_at timestamptz
);
CREATE INDEX roster_import_neighbourhood ON roster_import (neighbourhood, made_at);
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="people", description=DESCRIPTION)
    manager.add_raw(run_sql(SQL))
    return manager
