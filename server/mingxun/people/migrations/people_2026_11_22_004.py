"""People, accounts, roles, parties, invitations, sessions and roster imports."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mingxun.kit.migrate import run_sql

ID = "2026-11-22T00:00:00:000004"
VERSION = "1.38.0"
DESCRIPTION = "people, accounts, roles, invitations, sessions, roster imports"

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
    name text NOT NULL CHECK (name <> ''),
    phone text,
    phone_note text NOT NULL DEFAULT '',
    gender text NOT NULL DEFAULT '',
    born text NOT NULL DEFAULT '' CHECK (born ~ '^([0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?)?$'),
    political_status text NOT NULL DEFAULT '',
    building uuid REFERENCES area (id),
    room text NOT NULL DEFAULT '',
    skills text[] NOT NULL DEFAULT '{}',
    availability text NOT NULL DEFAULT '',
    remark text NOT NULL DEFAULT '',
    language text NOT NULL DEFAULT 'zh' CHECK (language IN ('zh', 'en')),
    made_at timestamptz NOT NULL,
    CONSTRAINT person_building_is_theirs FOREIGN KEY (building, neighbourhood) REFERENCES area (id, neighbourhood)
);
CREATE INDEX person_neighbourhood_name ON person (neighbourhood, name, id);
CREATE INDEX person_building ON person (neighbourhood, building, name, id);

CREATE TABLE account (
    person uuid PRIMARY KEY REFERENCES person (id),
    phone text NOT NULL CONSTRAINT account_phone UNIQUE,
    password_hash text NOT NULL,
    made_at timestamptz NOT NULL,
    disabled_at timestamptz
);

CREATE TABLE membership (
    id uuid PRIMARY KEY,
    neighbourhood uuid REFERENCES area (id),
    person uuid NOT NULL REFERENCES person (id),
    role text NOT NULL
        CHECK (role IN ('volunteer', 'building_leader', 'coordinator', 'secretary', 'handler', 'subdistrict_admin')),
    area uuid NOT NULL REFERENCES area (id),
    party uuid,
    from_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT membership_handler_has_party CHECK ((role = 'handler') = (party IS NOT NULL)),
    CONSTRAINT membership_tenancy CHECK ((role = 'subdistrict_admin') = (neighbourhood IS NULL)),
    CONSTRAINT membership_ends_after_it_begins CHECK (ended_at >= from_at),
    CONSTRAINT membership_area_is_there FOREIGN KEY (area, neighbourhood) REFERENCES area (id, neighbourhood),
    CONSTRAINT membership_party_is_there FOREIGN KEY (party, neighbourhood) REFERENCES party (id, neighbourhood)
);
CREATE UNIQUE INDEX membership_once ON membership (person, role, area, party) NULLS NOT DISTINCT WHERE ended_at IS NULL;
CREATE INDEX membership_neighbourhood_role ON membership (neighbourhood, role, person) WHERE ended_at IS NULL;
CREATE INDEX membership_area ON membership (area, role, person) WHERE ended_at IS NULL;
CREATE INDEX membership_party ON membership (party, person) WHERE ended_at IS NULL AND party IS NOT NULL;

CREATE TABLE invitation (
    id uuid PRIMARY KEY,
    neighbourhood uuid REFERENCES area (id),
    person uuid NOT NULL REFERENCES person (id),
    role text NOT NULL,
    area uuid NOT NULL REFERENCES area (id),
    party uuid,
    token_hash bytea NOT NULL CONSTRAINT invitation_token UNIQUE,
    made_at timestamptz NOT NULL,
    made_by uuid REFERENCES person (id),
    expires_at timestamptz NOT NULL,
    accepted_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT invitation_handler_has_party CHECK ((role = 'handler') = (party IS NOT NULL)),
    CONSTRAINT invitation_tenancy CHECK ((role = 'subdistrict_admin') = (neighbourhood IS NULL)),
    CONSTRAINT invitation_has_one_end CHECK (accepted_at IS NULL OR revoked_at IS NULL),
    CONSTRAINT invitation_area_is_there FOREIGN KEY (area, neighbourhood) REFERENCES area (id, neighbourhood),
    CONSTRAINT invitation_party_is_there FOREIGN KEY (party, neighbourhood) REFERENCES party (id, neighbourhood)
);
CREATE INDEX invitation_neighbourhood ON invitation (neighbourhood, id);
CREATE INDEX invitation_person ON invitation (person) WHERE accepted_at IS NULL AND revoked_at IS NULL;
CREATE INDEX invitation_made_by ON invitation (made_by) WHERE accepted_at IS NULL AND revoked_at IS NULL;

CREATE TABLE session (
    id uuid PRIMARY KEY,
    token_hash bytea NOT NULL CONSTRAINT session_token UNIQUE,
    person uuid NOT NULL REFERENCES person (id),
    device text NOT NULL,
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX session_person ON session (person) WHERE ended_at IS NULL;

CREATE TABLE roster_import (
    id uuid PRIMARY KEY,
    neighbourhood uuid NOT NULL REFERENCES area (id),
    file_name text NOT NULL,
    file_sha256 bytea NOT NULL,
    plan jsonb,
    made_by uuid NOT NULL REFERENCES person (id),
    made_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    outcome jsonb,
    CONSTRAINT roster_import_confirmed_once CHECK ((confirmed_at IS NULL) = (outcome IS NULL))
);
CREATE INDEX roster_import_neighbourhood ON roster_import (neighbourhood, made_at);
CREATE INDEX roster_import_waiting ON roster_import (made_at) WHERE plan IS NOT NULL;
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="people", description=DESCRIPTION)
    manager.add_raw(run_sql(SQL))
    return manager
