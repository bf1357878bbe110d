"""Shifts, their needs, and who takes them."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mingxun.kit.migrate import run_sql

ID = "2026-11-22T00:00:00:000006"
VERSION = "1.38.0"
DESCRIPTION = "shifts, needs, assignments"

SQL = """
CREATE TABLE shift (
    id uuid PRIMARY KEY,
    neighbourhood uuid NOT NULL REFERENCES area (id),
    kind text NOT NULL CHECK (kind IN (
        'patrol', 'pioneer_post', 'typhoon_flood', 'hot_weather', 'cold_weather', 'public_space', 'waste_sorting', 'garden')),
    title text NOT NULL,
    location uuid NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    note text NOT NULL,
    supports_property boolean NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'cancelled')),
    cancel_reason text,
    made_by uuid NOT NULL REFERENCES person (id),
    version integer NOT NULL,
    -- The list of a window of time looks at most 24 hours back for shifts that have not ended.
    CONSTRAINT shift_lasts_at_most_a_day CHECK (ends_at > starts_at AND ends_at <= starts_at + interval '24 hours'),
    CONSTRAINT shift_cancelled_with_a_reason CHECK ((state = 'cancelled') = (cancel_reason IS NOT NULL)),
    CONSTRAINT shift_location FOREIGN KEY (location, neighbourhood) REFERENCES location (id, neighbourhood),
    CONSTRAINT shift_times UNIQUE (id, neighbourhood, starts_at, ends_at)
);
CREATE INDEX shift_neighbourhood ON shift (neighbourhood, starts_at, id);
CREATE INDEX shift_location_starts_at ON shift (location, starts_at);

CREATE TABLE need (
    id uuid PRIMARY KEY,
    neighbourhood uuid NOT NULL,
    shift uuid NOT NULL REFERENCES shift (id),
    position integer NOT NULL,
    role text NOT NULL CHECK (role IN ('anyone', 'party_member', 'building_leader', 'first_aid')),
    minimum integer NOT NULL,
    desired integer NOT NULL,
    maximum integer NOT NULL,
    taken integer NOT NULL,
    CONSTRAINT need_in_order CHECK (0 <= minimum AND minimum <= desired AND desired <= maximum),
    CONSTRAINT need_not_overbooked CHECK (0 <= taken AND taken <= maximum),
    CONSTRAINT need_of_shift UNIQUE (shift, id)
);

CREATE TABLE assignment (
    id uuid PRIMARY KEY,
    neighbourhood uuid NOT NULL,
    shift uuid NOT NULL,
    need uuid NOT NULL,
    person uuid NOT NULL REFERENCES person (id),
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('active', 'withdrawn', 'unassigned', 'cancelled')),
    assigned boolean NOT NULL,
    made_by uuid NOT NULL REFERENCES person (id),
    made_at timestamptz NOT NULL,
    ended_by uuid REFERENCES person (id),
    ended_at timestamptz,
    CONSTRAINT assignment_ended CHECK ((state = 'active') = (ended_at IS NULL) AND (ended_at IS NULL) = (ended_by IS NULL)),
    CONSTRAINT assignment_need FOREIGN KEY (shift, need) REFERENCES need (shift, id),
    -- An assignment is always as long as its shift: so the next constraint says what it seems to say, whatever code moves a shift.
    CONSTRAINT assignment_times FOREIGN KEY (shift, neighbourhood, starts_at, ends_at)
        REFERENCES shift (id, neighbourhood, starts_at, ends_at) ON UPDATE CASCADE,
    CONSTRAINT assignment_no_overlap EXCLUDE USING gist (person WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (state = 'active')
);
-- A cancelled shift still shows who was on it, so lists of people and of one's own shifts look for both states.
CREATE UNIQUE INDEX assignment_once ON assignment (shift, person) WHERE state IN ('active', 'cancelled');
CREATE INDEX assignment_person ON assignment (person, starts_at, shift) WHERE state IN ('active', 'cancelled');
CREATE INDEX assignment_need ON assignment (shift, need);
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="shifts", description=DESCRIPTION)
    manager.add_raw(run_sql(SQL))
    return manager
